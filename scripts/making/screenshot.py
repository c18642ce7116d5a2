"""A picture of the interactive page, for the README: one weight turned, in a real browser."""

import io
import tempfile
import time
from pathlib import Path

from making import Files, NotHereError

PATH = "simplenet/backprop/page.png"
SIZE = 1280, 760  # pixels
SETTLING = 1  # seconds: colours fade, and gears turn
TURN = "0.6"  # of w5: enough for the needles to part
COLOURS = 160  # with fewer, gears of two kinds look alike


def files() -> Files:
    """Return the picture. Raise NotHereError without selenium, Chromium and Pillow."""
    try:
        from PIL import Image
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.by import By
    except ImportError as error:
        raise NotHereError(
            f"expected Pillow and selenium, found that {error.name} is missing: pip install -e "
            "'.[images,browser]'."
        ) from error
    from click.testing import CliRunner

    from simplenet.cli import cli

    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{argument}")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "gears.html"
        CliRunner().invoke(cli, ["gears", "-o", str(page)], catch_exceptions=False)
        try:
            browser = webdriver.Chrome(options)
        except WebDriverException as error:
            raise NotHereError(f"expected Chromium and its driver, found: {error.msg}") from error
        with browser:
            frame = browser.execute_script("return window.outerHeight - window.innerHeight")
            browser.set_window_size(SIZE[0], SIZE[1] + frame)
            browser.get(page.as_uri())
            box = browser.find_element(By.ID, "turn-number")
            box.clear()
            box.send_keys(TURN + "\n")
            browser.execute_script("document.activeElement.blur()")
            time.sleep(SETTLING)
            shot = browser.get_screenshot_as_png()
    packed = io.BytesIO()
    with Image.open(io.BytesIO(shot)) as image:
        image.convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return {PATH: packed.getvalue()}
