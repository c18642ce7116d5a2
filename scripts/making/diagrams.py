"""The diagrams of the gear document, and the film of the README."""

from draw import gears_drawing, rack_drawing
from draw_parts import machine_drawing, parts_drawing
from film import film_svg

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
    drawings = {name: drawing().svg() for name, drawing in DRAWINGS.items()}
    return {
        f"{FOLDER}/{name}": text.encode()
        for name, text in (drawings | {"film.svg": film_svg()}).items()
    }
