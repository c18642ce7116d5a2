"""The diagrams of the gear document."""

from draw import gears, rack

from making import Files

FOLDER = "simplenet/backprop"


def files() -> Files:
    """Return the two drawings."""
    return {f"{FOLDER}/gears.svg": gears().encode(), f"{FOLDER}/rack.svg": rack().encode()}
