"""What --json prints is what its document says."""

import json
import re

import click
import pytest
from conftest import ROOT
from PIL import Image

from simplenet.cli import COMMANDS
from simplenet.cli import cli as group
from simplenet.cli.show import SCHEMA

TEXT = (ROOT / "simplenet" / "cli" / "JSON.md").read_text(encoding="utf-8")
SECTIONS = {
    name: set(re.findall(r"^\| `(.*?)` \|", section, re.MULTILINE))
    for name, section in re.findall(
        r"^## simplenet (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.DOTALL
    )
}
CALLS = {
    "train": ["train", "--data", "../data", "--epochs", 1, "-o", "n.npz"],
    "eval": ["eval", "m.npz"],
    "predict": ["predict", "m.npz", "digit.png", "two.png", "none.png"],
    "sweep": ["sweep", "--lr", "1,2", "--epochs", 1, "--workers", 1],
    "info": ["info", "m.npz"],
    "gears": ["gears", "m.npz", "--data", "../data"],
    "check": ["check", "--shape", "4,3,2"],
    "doctor": ["doctor"],
}


def paths(value, documented, at=""):
    """Yield the path of each field, as deep as the document goes."""
    if isinstance(value, dict) and (not at or any(p.startswith(f"{at}.") for p in documented)):
        for name, inner in value.items():
            yield from paths(inner, documented, f"{at}.{name}".lstrip("."))
    elif isinstance(value, list) and any(p.startswith(f"{at}[]") for p in documented):
        for inner in value:
            yield from paths(inner, documented, f"{at}[]")
    else:
        yield at


def test_every_command_with_json_has_a_section():
    context = click.Context(group)
    those = [
        name
        for name in COMMANDS
        if any(param.name == "as_json" for param in group.get_command(context, name).params)
    ]
    assert sorted(SECTIONS) == sorted(those) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_fields_are_those_of_the_document(cli, make_data, monkeypatch, name):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data()))
    cli("train", "--epochs", 1, "--hidden", 4, "-o", "m.npz")
    digit = Image.new("L", (28, 28), 255)
    digit.paste(0, (12, 4, 15, 24))
    digit.save("digit.png")
    two = Image.new("L", (60, 28), 255)
    two.paste(0, (12, 4, 15, 24))
    two.paste(0, (40, 4, 43, 24))
    two.save("two.png")
    result = cli(*CALLS[name], "--json", code=3 if name == "predict" else 0)
    printed = json.loads(result.stdout)
    assert set(paths(printed, SECTIONS[name])) == SECTIONS[name]
    if isinstance(printed, dict):
        assert next(iter(printed)) == "schema" and printed["schema"] == SCHEMA
    assert f"the version of this document, {SCHEMA}:" in TEXT
