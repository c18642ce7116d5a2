"""What can go wrong for a person, each with the exit code that the command line gives it."""

import re

# Whatever happens, the command line ends with one of these. The help says so.
EXIT_CODES = {
    "fine": (0,),
    "failure": (1,),
    "usage": (2,),
    "bad data or model": (3,),
    "diverged": (4,),
    "interrupted": (129, 130, 143),  # 128 and the number of the signal, as shells have it
}


class SimplenetError(Exception):
    """Base of every error that simplenet raises about data, models and training."""

    exit_code = 1


class DataError(SimplenetError, ValueError):
    """A data set is missing, damaged, or does not fit."""

    exit_code = 3


class ModelError(SimplenetError, ValueError):
    """A model file is missing, damaged, or none of ours."""

    exit_code = 3


class DivergedError(SimplenetError, ArithmeticError):
    """The cost or a weight became infinite or not a number."""

    exit_code = 4


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number and what it counts, as a sentence has them: 1 image, 1,000 images."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def with_article(what: object) -> str:
    """Return a number or a name with its article, as it is said: a 7, an 8, an axe, a box."""
    vowel = re.match(r"8|1[18]$|(?!one\b|uni|eu|us)[aeiou]", str(what), re.IGNORECASE)
    return f"{'an' if vowel else 'a'} {what}"


def reason(error: object) -> str:
    """Return what a system or library says went wrong, for a sentence: without its full stop."""
    why = str(getattr(error, "strerror", None) or error).rstrip(".")
    return why or type(error).__name__
