"""Tell what `predict`, and the page, make of digits that were drawn by hand, in several styles.

    python scripts/drawings.py [MODEL...] [--page] [--pictures FOLDER] [-o FILE]

They are in making/drawings.txt, point by point; no network, and nothing in the preparation, is
chosen by them. As pictures they are black on white, with the pen of each hand. In the page they are
drawn by a mouse in a real browser, with the page's own pen.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from bench.tables import table
from making.strokes import BASIS, Point, parse, spline
from numpy.typing import NDArray
from report import as_json

from simplenet import load_model
from simplenet.backprop import bundled
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import seen
from simplenet.training.evaluation import outputs
from simplenet.training.run import Run

FILE = Path(__file__).parent / "making" / "drawings.txt"
RESULTS = Path(__file__).parent / "results" / "drawings.json"
SHEET = 280  # pixels to each side, as the page's paper
SMALL = 100  # pixels: a digit that is no larger is not drawn in the page, whose pen is 22 wide

Path2 = NDArray[np.float64]  # (points, 2): x and y, in pixels of the sheet


class Drawing(NamedTuple):
    """A digit, the hand that drew it, the width of its pen and its size, and its strokes."""

    hand: str
    digit: int
    pen: float
    size: float
    strokes: list[Path2]


def drawings(text: str) -> list[Drawing]:
    """Return the drawings that a text such as making/drawings.txt describes."""
    found = []
    for line in filter(None, text.splitlines()):
        if line[0] == "#":
            continue
        if line[0] != " ":
            hand, *numbers = line.split()[:5]
            pen, left, top, size = map(float, numbers)
            straight = line.endswith(" straight")
            continue
        digit, shape = line.strip().split(maxsplit=1)
        strokes = [
            np.array([left, top]) + smooth(points, straight) * size / 100 for points in parse(shape)
        ]
        found.append(Drawing(hand, int(digit), pen, size, strokes))
    return found


def smooth(points: list[Point], straight: bool) -> Path2:
    """Return a way through points, (n, 2), that bends as a hand does, unless it is straight."""
    corners = np.array([(point.x, point.y) for point in points], float)
    if straight:
        return corners
    way = np.array(spline([points])) @ corners / BASIS
    return np.vstack([corners[:1], way, corners[-1:]])


def picture(drawing: Drawing) -> NDArray[np.uint8]:
    """Return the sheet with a drawing, as RGBA, black on white with smooth edges."""
    y, x = np.mgrid[:SHEET, :SHEET] + 0.5
    away = np.full((SHEET, SHEET), np.inf)
    for (x0, y0), (x1, y1) in (piece for stroke in drawing.strokes for piece in pairwise(stroke)):
        across, down = x1 - x0, y1 - y0
        along = ((x - x0) * across + (y - y0) * down) / max(across**2 + down**2, 1e-9)
        along = along.clip(0, 1)
        far = np.hypot(x0 + along * across - x, y0 + along * down - y)
        np.minimum(away, far, out=away)
    ink = np.clip(drawing.pen / 2 + 0.5 - away, 0, 1)
    grey = np.rint(255 * (1 - ink)).astype(np.uint8)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def as_png(rgba: NDArray[np.uint8]) -> bytes:
    """Return a picture as a file that somebody might give to `predict`."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    return file.getvalue()


def read(run: Run, drawing: Drawing) -> int:
    """Return the digit that `predict` reads in the picture of a drawing."""
    rgba = read_image(io.BytesIO(as_png(picture(drawing))), name=drawing.hand)
    return int(outputs(run.network, seen(rgba, run.net.shape[0])[None])[0].argmax())


def read_in_page(found: list[Drawing]) -> Iterator[int]:
    """Draw with the pen of the page, in a browser, and give the digit that the page reads."""
    from click.testing import CliRunner
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.by import By

    from simplenet.cli import cli

    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1280,1000"):
        options.add_argument(f"--{argument}")
    driver = Service(shutil.which("chromedriver"))  # else selenium asks the network for one
    with tempfile.TemporaryDirectory() as folder, webdriver.Chrome(options, driver) as browser:
        file = Path(folder) / "gears.html"
        CliRunner().invoke(cli, ["gears", "-o", str(file)], catch_exceptions=False)
        browser.get(file.as_uri())
        browser.find_element(By.ID, "net-1").click()
        browser.find_element(By.ID, "tab-draw").click()
        canvas = browser.find_element(By.ID, "canvas")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
        box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", canvas)
        for drawing in found:
            browser.find_element(By.ID, "clear").click()
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
            for stroke in drawing.strokes:
                mouse = ActionBuilder(browser, duration=0)
                corner = np.array([box["left"], box["top"]])
                places = np.rint(corner + stroke * box["width"] / SHEET).astype(int).tolist()
                for step, (x, y) in enumerate(places):
                    mouse.pointer_action.move_to_location(x, y)
                    if step == 0:
                        mouse.pointer_action.pointer_down()
                mouse.pointer_action.pointer_up()
                mouse.perform()
            says = "const {pass} = modules.sketch.sketch; return Array.from(pass.a.at(-1))"
            yield int(np.argmax(browser.execute_script(says)))


def tally(found: list[Drawing], readings: list[int]) -> dict[str, Any]:
    """Return how many of each hand's were read right, and which were not."""
    right: dict[str, list[int]] = {}
    wrong = []
    for drawing, reading in zip(found, readings, strict=True):
        counts = right.setdefault(drawing.hand, [0, 0])
        counts[0] += reading == drawing.digit
        counts[1] += 1
        if reading != drawing.digit:
            wrong.append(f"{drawing.hand} {drawing.digit} read as {reading}")
    hands = {hand: f"{a} of {n}" for hand, (a, n) in right.items()}
    every = sum(a for a, _ in right.values())
    return {"all": f"{every} of {len(found)}", "hands": hands, "wrong": wrong}


@click.command()
@click.argument("models", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--page", "in_page", is_flag=True, help="Draw them in the page, too (Chromium).")
@click.option("--pictures", type=click.Path(path_type=Path), help="Write each as a PNG.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write what was read.")
def main(
    models: tuple[Path, ...], in_page: bool, pictures: Path | None, output: Path | None
) -> None:
    """Tell what each of some MODELS, or the bundled network, reads of the drawings."""
    found = drawings(FILE.read_text(encoding="utf-8"))
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
        for drawing in found:
            (pictures / f"{drawing.hand}-{drawing.digit}.png").write_bytes(as_png(picture(drawing)))
    runs = {model.name: load_model(model) for model in models} or {"bundled": bundled()}
    results = {name: tally(found, [read(run, one) for one in found]) for name, run in runs.items()}
    if in_page:
        large = [drawing for drawing in found if drawing.size > SMALL]
        results["in the page"] = tally(large, list(read_in_page(large)))
    hands = list(dict.fromkeys(drawing.hand for drawing in found))
    rows = [
        [name, result["all"], *(result["hands"].get(hand, "") for hand in hands)]
        for name, result in results.items()
    ]
    click.echo(table(["", "all", *hands], rows))
    for name, result in results.items():
        click.echo(f"{name}: {'; '.join(result['wrong']) or 'all read'}")
    if output:
        output.write_text(as_json("drawings.py --page", results), encoding="utf-8")


if __name__ == "__main__":
    main()
