"""What is generated in this repository, one module for each; `scripts/make.py` runs them.

Each has a function `files`, which returns what the files should hold, by their paths from the
repository's root, and writes nothing. So writing is the same for all, and so is comparing.
"""

Files = dict[str, bytes]


class NotHereError(Exception):
    """Something that a generator needs is not here; the message says what."""
