"""The gear document, its diagrams and its interactive page, with the small nets they show."""

from pathlib import Path


def demo_path() -> Path:
    """Return where the bundled network is: a (784, 40, 10), made by scripts/making/demo.py."""
    return Path(__file__).with_name("demo.npz")
