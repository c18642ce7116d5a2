"""Draw the diagrams of the gear document, simplenet/backprop/gears.svg and rack.svg."""

from pathlib import Path

import click
from draw import gears, rack

FOLDER = Path(__file__).parents[1] / "simplenet" / "backprop"


@click.command()
@click.option("--check", is_flag=True, help="Compare the files; write nothing.")
def main(check: bool) -> None:
    """Draw the two diagrams."""
    for name, text in (("gears.svg", gears()), ("rack.svg", rack())):
        path = FOLDER / name
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_bytes() != text.encode():
            raise click.ClickException(f"{path} is stale: run scripts/make_diagrams.py.")


if __name__ == "__main__":
    main()
