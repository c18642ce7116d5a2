"""The documents say what is so: commands run, figures were measured, files exist."""

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, served
from PIL import Image

from simplenet.datasets import sources
from simplenet.presets import PRESETS

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "simplenet" / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "scripts" / "results"
COMMANDS = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
LINKED = [
    *ROOT.glob("*.md"),
    *(
        path
        for folder in ("data", "simplenet", "scripts/notes", "scripts/results")
        for path in ROOT.glob(f"{folder}/**/*.md")
    ),
]


def figures(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_command_of_the_readme_runs(cli, make_data, monkeypatch):
    for name in "mnist", "fashion-mnist":
        folder = make_data(name, suffix=".gz", size=(28, 28), classes=10, train=500)
        known = served(folder)
        monkeypatch.setitem(sources.DATASETS, name, known)
    make_data("here/my-digits")
    stroke = np.full((60, 60), 255, np.uint8)
    stroke[10:50, 27:33] = 0
    Image.fromarray(stroke).save("my-digit.png")
    Path("my-pictures/1").mkdir(parents=True)
    Image.fromarray(stroke).save("my-pictures/1/a.png")
    ran = 0
    for line in COMMANDS:
        for command in line.split(" && "):
            program, *words = shlex.split(command)
            if words[:2] == ["-m", "simplenet"]:
                program, words = "simplenet", words[2:]
            if program.rpartition("/")[2] == "simplenet":
                cli(*words)
                ran += 1
            else:  # set-up and pytest, which .ci/run runs as they are written
                assert program in ("python3", ".venv/bin/pip", ".venv/bin/python"), command
    assert ran >= 10


def test_the_two_commands_are_one_line_each_with_all_the_set_up():
    run, test = COMMANDS[:2]
    for command in run, test:
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -e ")
    assert "'.[images]'" in run  # what predict needs
    assert "simplenet train" in run
    assert "simplenet eval" in run
    assert test.endswith("&& .venv/bin/python -m pytest")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README + MAP, re.DOTALL))
def test_every_program_of_the_readmes_runs(code, capsys):
    scope = {}
    exec(compile(code, "README.md", "exec"), scope)
    if "optimize(net" in code:
        net, images = scope["net"], scope["images"]
        np.testing.assert_array_less(0.8, _accuracy(net, images, scope["labels"]))


def _accuracy(net, images, labels):
    from simplenet import evaluate

    return evaluate(net, images, labels).accuracy


def test_results_are_what_scripts_measured_and_nothing_else():
    """What a person wrote about them stands in scripts/notes/."""
    for path in RESULTS.iterdir():
        if path.is_dir():
            # Logs and the class of every test image; what terminals show.
            assert path.name in ("presets", "screens")
        elif path.suffix == ".json":
            assert "python scripts/" in figures(path.stem)["command"], path.name
        else:
            made = (
                "bench.md", "fuzz.md", "kernels.md", "presets.md", "misread.png",
                "first-run.txt", "mnist-run.txt",
            )  # fmt: skip
            assert path.name in made


def test_every_figure_of_the_readme_was_measured():
    accuracy, sample, speed = figures("accuracy"), figures("sample"), figures("speed")
    test = accuracy["test_accuracy"]
    assert (accuracy["seeds"], len(test["each"])) == (10, 10)
    rows = (
        f"| {test['mean']:.2%} ± {test['standard_deviation']:.2%} |",
        f"| {test['min']:.2%} |",
        f"| {speed['train_seconds']['median']:.1f} s; {speed['eval_seconds']['median']:.2f} s |",
        f"| {speed['train_peak_megabytes']:.0f} MB |",
        f"| {speed['help_milliseconds']['median']:.0f} ms |",
        f"| {sample['on_mnist']['mean']:.1%} |",
    )
    table = README.split("## What it reaches")[1].split("Measured by")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][-len(rows) :]
    for line, row in zip(lines, rows):
        assert line.replace(" %", "%").endswith(row), (line, row)


def test_the_errors_of_the_presets_are_those_of_the_runs():
    recorded = figures("presets")["presets"]
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \| (\d+) \|$", README, re.MULTILINE)
    assert [name for name, *_ in rows] == list(PRESETS) == list(recorded)
    for name, error, seeds in rows:
        runs, spread = recorded[name]["runs"], recorded[name]["standard_deviation"]
        said = f"{recorded[name]['mean']:.2f} %" + (f" ± {spread:.2f} %" if spread else "")
        assert (error, int(seeds)) == (said, runs), name
        each = [RESULTS / "presets" / f"{name}-{seed}.txt" for seed in range(runs)]
        assert all(len(path.read_text().replace("\n", "")) == 10_000 for path in each)


def test_the_figures_of_the_choices_were_measured():
    relu, loops = figures("relu"), figures("loops")
    assert f"reaches {100 * relu['test_accuracy']['mean']:.2f} % on MNIST (mean of seeds" in README
    assert f"simplenet train {relu['options']}" in README
    assert f"is {loops['times_faster']:,.0f} times faster" in " ".join(README.split())


def test_the_bench_is_quoted_as_it_was_measured():
    bench, text = figures("bench"), " ".join(README.split())
    names = ("JAX scanned", "JAX stepwise", "PyTorch compiled", "PyTorch eager", "scikit-learn")
    alone, hundred = (bench["groups"][f"default-{size}"]["contestants"] for size in (20, 100))
    scanned, stepwise, compiled, eager, sklearn = (f"{alone[name]['ratio']:.2f}" for name in names)
    assert (
        f"JAX {scanned} in one scan and {stepwise} step by step, PyTorch {compiled} compiled and "
        f"{eager} eager, scikit-learn {sklearn}, "
        f"Python loops {alone['Python loops']['ratio']:,.0f}."
    ) in text
    ratios = ", ".join(f"{hundred[name]['ratio']:.2f}" for name in names)
    assert f"With minibatches of 100: {ratios}." in text
    wide = bench["groups"]["adam-1500-100-all"]["contestants"]
    quicker = ("JAX scanned", "PyTorch compiled", "PyTorch eager", "scikit-learn")
    ratios = ", ".join(f"{name} {wide[name]['ratio']:.2f}" for name in quicker)
    assert f"with Adam, minibatches of 100, two cores: {ratios}." in text
    largest = max(bench["size"]["rows"], key=lambda row: row["images"])
    quoted = f"{largest['images']:,} images takes {largest['anonymous_bytes'] / 1e6:.0f} MB"
    for document in "simplenet/README.md", "CHANGELOG.md":
        assert quoted in (ROOT / document).read_text(encoding="utf-8")


def test_what_the_sample_is_worth_was_measured():
    text, sample = (ROOT / "data" / "README.md").read_text(encoding="utf-8"), figures("sample")
    for images in "on_mnist", "on_sample":
        row = " | ".join(f"{100 * sample[images][name]:.1f} %" for name in ("mean", "min", "max"))
        assert f"| {row} |" in text


def test_the_output_shown_in_the_readme_is_real():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL).group(1)
    printed = (RESULTS / "mnist-run.txt").read_text(encoding="utf-8")
    assert printed.startswith(shown)  # the table of classes would fill the screen
    assert "accuracy" in shown.splitlines()[-1]
    fallback = (RESULTS / "first-run.txt").read_text(encoding="utf-8")
    assert f"```text\n{fallback}```" in (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_the_readme_fits_its_reader():
    assert len(README.splitlines()) < 200


def test_the_map_names_every_module():
    tree = MAP.split("```")[1]
    package = tree.split("data/  ")[0]
    here = {path.name for path in (ROOT / "simplenet").glob("*.py")}
    assert set(re.findall(r"^  (\w+\.py)", package, re.M)) == here - {"__init__.py", "__main__.py"}
    rooms = {path.parent.name for path in (ROOT / "simplenet").glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/", package, re.M)) == rooms


def test_every_link_to_a_file_leads_somewhere():
    for document in LINKED:
        for link in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_script_that_a_document_names_is_there():
    for document in *LINKED, ROOT / "pyproject.toml":
        for name in re.findall(r"\bscripts/[\w./-]*\w", document.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{document.name}: {name}"


def test_the_data_readme_names_every_digest():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for dataset in sources.DATASETS.values():
        for known in dataset.files.values():
            assert known.sha256 in text


def test_the_documents_do_not_name_a_python_that_is_not_ours():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (least,) = re.findall(r'requires-python = ">=(.*?)"', project)
    assert f"Python {least}" in README
    assert sys.version_info >= tuple(map(int, least.split(".")))


def test_nothing_suggests_the_project_that_has_our_name_on_the_package_index():
    """An install of it by name brings somebody else's, whatever extra is asked for."""
    by_name = re.compile(r"pip\S* install\b[^`\n]*?\s['\"]?simplenet\b(?!/)")
    files = [*LINKED, *ROOT.glob("simplenet/**/*.py"), *ROOT.glob("scripts/**/*.py")]
    files += [ROOT / "pyproject.toml", ROOT / ".ci" / "run"]
    found = [path for path in files if by_name.search(path.read_text(encoding="utf-8"))]
    assert found == [ROOT / "README.md"]
    assert len(by_name.findall(README)) == 1 and "Do not `pip install simplenet`" in README
    set_up = README.partition("Do not `pip install simplenet`")[0]
    assert "pip install -q" in set_up and set_up.count("\n") < 50  # where somebody might type it
