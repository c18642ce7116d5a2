"""The diagrams of the gear document."""

from draw import gears_drawing, rack_drawing
from draw_parts import machine_drawing, parts_drawing

from making import Files

FOLDER = "simplenet/backprop"
DRAWINGS = {
    "gears.svg": gears_drawing,
    "machine.svg": machine_drawing,
    "parts.svg": parts_drawing,
    "rack.svg": rack_drawing,
}


def files() -> Files:
    """Return the drawings."""
    return {f"{FOLDER}/{name}": drawing().svg().encode() for name, drawing in DRAWINGS.items()}
