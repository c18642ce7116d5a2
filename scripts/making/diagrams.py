"""The diagrams of the gear document."""

from making import Files
from simplenet.backprop.draw import gears, rack

FOLDER = "simplenet/backprop"


def files() -> Files:
    """Return the two drawings."""
    return {f"{FOLDER}/gears.svg": gears().encode(), f"{FOLDER}/rack.svg": rack().encode()}
