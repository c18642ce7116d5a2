"""`python -m simplenet` and the command `simplenet`: quiet about Ctrl-C while Python imports."""

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)
    from simplenet.cli import main as run_commands

    run_commands()


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: nothing has been done yet that could be left half done."""
    os._exit(128 + number)


if __name__ == "__main__":
    main()
