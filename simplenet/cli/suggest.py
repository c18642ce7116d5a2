"""Names that somebody may have meant."""

from collections.abc import Iterable

LONGEST = 100  # characters of a slip that are compared: it may have any number


def like(slip: str, names: Iterable[str]) -> list[str]:
    """Return the names that are like what somebody typed, the likeliest first."""
    import difflib  # only where something is wrong

    small = {name.lower(): name for name in names}
    return [small[name] for name in difflib.get_close_matches(slip[:LONGEST].lower(), small)]


def did_you_mean(slip: str, names: Iterable[str]) -> str:
    """Return a question with the names that are like what somebody typed, if there are any."""
    near = like(slip, names)
    return f"did you mean {' or '.join(near)}?" if near else ""
