"""What a piece of work takes: seconds of the processor, and bytes of memory."""

import time

SECONDS, MEMORY = 1.0, 64 * 2**20  # that a hostile file may take, above what was there before


class Watch:
    """Seconds of work, and bytes of memory above what was there before, where Linux tells.

    Work is counted rather than time: another program, or a pause, changes nothing.
    """

    def __enter__(self) -> "Watch":
        self.resident, self.began = _status("VmRSS"), time.process_time()
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # the peak begins anew
        except OSError:
            self.resident = _status("VmHWM")
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.memory = time.process_time() - self.began, self.more()

    def more(self) -> int:
        """Return how many bytes more than at the beginning there have been."""
        return _status("VmHWM") - self.resident


def _status(key: str) -> int:
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))
    except OSError:
        return 0
