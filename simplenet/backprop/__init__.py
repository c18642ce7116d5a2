"""The gear document, its diagrams and its interactive page, with the small nets they show."""

from pathlib import Path


def demo_path() -> Path:
    """Tell where the bundled demo network is: a (784, 40, 10), trained by scripts/make_demo.py."""
    return Path(__file__).with_name("demo.npz")
