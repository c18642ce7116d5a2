"""`python -m simplenet` and the command `simplenet`: quiet about Ctrl-C while Python imports."""

import os

# Nothing else is imported here: until `main` begins, Ctrl-C shows a traceback.


def main() -> None:
    """Run the command line."""
    try:
        import signal

        for name in "SIGINT", "SIGTERM", "SIGHUP":  # Windows has no SIGHUP
            number = getattr(signal, name, signal.SIGTERM)
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _leave)
    except KeyboardInterrupt:
        os._exit(130)
    from simplenet.cli import main as run_commands

    run_commands()


def _leave(number: int, frame: object) -> None:
    """End at once: nothing has been done yet that could be left half done."""
    try:
        os.write(2, b"Error: interrupted.\n" if number == 2 else b"Error: terminated.\n")
    finally:
        os._exit(128 + number)


if __name__ == "__main__":
    main()
