"""The package as a whole: what it exports, and which module may know which."""

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import simplenet
from simplenet.net import Net

PACKAGE = Path(simplenet.__file__).parent
# A module may import only what stands before it.
ORDER = """
    version errors checks functions memory net sharing penalties optimizers schedules options
    presets streams files extras
    pictures pictures.kinds pictures.kinds.parts pictures.kinds.declared pictures.kinds.tags
    pictures.kinds.png pictures.kinds.jpeg pictures.kinds.gif pictures.kinds.tiff
    pictures.kinds.others pictures.kinds.known pictures.source
    pictures.pixels pictures.pieces pictures.prepare pictures.several pictures.decode
    pictures.folders pictures.terminal
    datasets datasets.idx datasets.opener datasets.download datasets.sources datasets.find
    datasets.data datasets.folders datasets.sorted datasets.load
    training training.blas training.container training.order training.distort
    training.batches training.mistakes training.evaluation training.committee
    training.wide training.block training.run training.measured training.modelcheck
    training.modelfile training.processes training.space training.sweep training.sweeplog
    pictures.doubt
    export export.program export.onnx_model export.save
    report report.confusion report.curves report.text report.figure report.svg report.png
    report.weights report.page
    layout graphs autodiff values neurons
    witnesses witnesses.rounding witnesses.compare witnesses.expression
    backprop backprop.source backprop.example backprop.svg backprop.mechanism backprop.scene
    backprop.fittings backprop.layout backprop.digest backprop.bundle backprop.page
    cli.signals cli.show cli.suggest cli cli.advice cli.bars cli.parameters cli.compute
    cli.config cli.data cli.drawing cli.output cli.resume cli.health
    cli.space cli.executors cli.ranking
    cli.reading cli.train cli.evaluate cli.predict cli.gears cli.digits cli.plot cli.info
    cli.check cli.graph cli.sweep cli.export cli.fetch cli.doctor
    __init__ __main__
""".split()
NAMES = """
    init_net forward backward optimize zero_grad minibatches train evaluate predict
    load_data save_model load_model Run start advance outputs optimizer
""".split()


def module_of(path):
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__") if "." in name else name


def imported(path):
    """Return the names of all simplenet modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        else:
            continue
        for name in names:
            package, _, module = name.partition(".")
            if package == "simplenet":
                yield module or "__init__"


def test_imports_go_one_way():
    paths = list(PACKAGE.rglob("*.py"))
    assert sorted(map(module_of, paths)) == sorted(ORDER)
    for path in paths:
        place = ORDER.index(module_of(path))
        for name in imported(path):
            # The command line uses the public names, as everyone does.
            if name == "__init__" and path.parent.name == "cli":
                continue
            assert ORDER.index(name) < place, f"{path.name} imports {name}"


def test_only_the_command_line_prints():
    for path in set(PACKAGE.rglob("*.py")) - set((PACKAGE / "cli").glob("*.py")):
        calls = [
            node.func
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        ]
        assert not [call for call in calls if getattr(call, "id", None) == "print"], path


def test_a_beginner_reads_the_heart_in_ten_minutes():
    """Code is read at about 150 words a minute, names, comments and all."""
    text = (PACKAGE / "net.py").read_text(encoding="utf-8")
    assert len(text.split()) <= 10 * 150
    assert "out=" not in text  # equations, rather than what they are written into
    assert len(dataclasses.fields(Net)) <= 12


def test_the_heart_imports_no_data_no_click_no_tqdm():
    code = "import sys, simplenet.net; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    ).stdout.split()
    assert "numpy" in loaded
    assert not {
        "click",
        "tqdm",
        "simplenet.options",
        "simplenet.datasets.load",
        "simplenet.datasets.idx",
    } & set(loaded)


def test_the_public_names_are_there_and_documented():
    assert {*NAMES, "__version__"} == set(simplenet.__all__) == {*simplenet._HOMES, "__version__"}
    for name in NAMES:
        assert getattr(simplenet, name).__doc__, name
        assert name in dir(simplenet)
    with pytest.raises(AttributeError, match="'simplenet' has no attribute 'trian'"):
        simplenet.trian()
    assert (PACKAGE / "py.typed").exists()


def test_importing_the_package_is_quick_and_leaves_threads_alone():
    code = (
        "import os; before = dict(os.environ); import sys, simplenet;"
        "assert 'numpy' not in sys.modules; simplenet.forward;"
        "assert 'numpy' in sys.modules; assert before == dict(os.environ)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_function_and_class_has_a_docstring():
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path}: {node.name}"
