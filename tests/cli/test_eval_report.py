"""`simplenet eval`: confusions, mistakes and the report, for one model and for committees."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from simplenet import init_net, load_data, load_model, outputs, save_model
from simplenet.errors import with_article
from simplenet.pictures.terminal import draw


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def models(data):
    """Return the names of two models that have learned nothing, and misread much."""
    for seed in 1, 2:
        save_model(f"{seed}.npz", init_net((64, 5, 3), rng=seed))
    return ["1.npz", "2.npz"]


@pytest.fixture
def wrong(models, data):
    """Return the mistakes of the committee: index, truth, prediction and output."""
    test = load_data(data).test
    mean = np.mean([outputs(load_model(name).net, test.images) for name in models], axis=0)
    rows = enumerate(
        zip(test.labels.tolist(), mean.argmax(axis=1).tolist(), mean.max(axis=1).tolist())
    )
    found = [(n, truth, read, output) for n, (truth, read, output) in rows if truth != read]
    assert len(found) > 20
    return sorted(found, key=lambda row: (-row[3], row[0]))


def test_without_an_option_nothing_more_is_printed(cli, models, data):
    plain = cli("eval", *models, "--data", data).stdout
    assert len(plain.splitlines()) == 3 + 2 + 3
    more = cli("eval", *models, "--data", data, "--confusion", "--mistakes", 2).stdout
    assert more.startswith(plain) and len(more) > len(plain)
    assert cli("eval", *models, "--data", data, "--mistakes", 0).stdout == plain


def test_the_confusion_matrix_is_printed_with_the_commonest_mistakes(cli, models, data):
    found = json.loads(cli("eval", *models, "--data", data, "--json").stdout)["confusion"]
    stdout = cli("eval", *models, "--data", data, "--confusion").stdout
    _, _, table = stdout.partition("taken for\n\n")
    rows = [line.split()[1:] for line in table.split("\n\n")[0].splitlines()[1:]]
    assert [[int(cell.replace(".", "0")) for cell in row] for row in rows] == found
    counts = {
        f"{truth} as {read}": found[truth][read]
        for truth in range(3) for read in range(3) if truth != read
    }  # fmt: skip
    told = re.findall(r"(\d as \d) \((\d+)\)", stdout.splitlines()[-1])
    assert stdout.splitlines()[-1].startswith("most often misread: ")
    assert [int(count) for _, count in told] == sorted(filter(None, counts.values()))[::-1][:4]
    assert all(counts[name] == int(count) for name, count in told)


def test_the_surest_mistakes_are_drawn(cli, models, data, wrong):
    stdout = cli("eval", *models, "--data", data, "--mistakes", 3).stdout
    assert f"\nthe 3 of {len(wrong)} mistakes with the largest output\n" in stdout
    captions = re.findall(r"(\d+): (\d) read as (\d), (\d\.\d\d)", stdout)
    assert captions == [(str(n), str(t), str(p), f"{output:.2f}") for n, t, p, output in wrong[:3]]
    for n, *_ in wrong[:3]:
        assert all(
            line.strip() in stdout for line in draw(load_data(data).test.images[n]).splitlines()
        )


def test_mistakes_are_drawn_in_ascii_where_there_is_nothing_else(shell, models, data):
    env = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    stdout = shell("eval", *models, "--data", data, "--mistakes", 3, "--confusion", env=env).stdout
    assert stdout.isascii() and "read as" in stdout


@pytest.mark.parametrize(
    ("asked", "count"), [([], 20), (["--mistakes", 3], 3), (["--mistakes", 0], 0)]
)
def test_json_has_the_surest_mistakes(cli, models, data, wrong, asked, count):
    found = json.loads(cli("eval", *models, "--data", data, "--json", *asked).stdout)
    names = "index", "truth", "prediction", "output"
    assert found["mistakes"] == [dict(zip(names, row)) for row in wrong[:count]]


def test_where_there_are_no_mistakes_it_says_so(cli, make_data):
    data = make_data("one", classes=1)
    save_model("one.npz", init_net((64, 1), rng=0))
    stdout = cli("eval", "one.npz", "--data", data, "--mistakes", 3, "--confusion").stdout
    assert stdout.endswith("truth   0\n    0  60\n\nno mistakes\n")


# --- the report -----------------------------------------------------------------------------------


def test_the_report_is_a_page_with_all_of_it(cli, models, data, wrong):
    plain = cli("eval", *models, "--data", data).stdout
    stdout = cli("eval", *models, "--data", data, "--report", "r.html").stdout
    assert stdout == f"{plain}\nsaved r.html\n"
    page = Path("r.html").read_text(encoding="utf-8")
    accuracy = re.search(r"accuracy \S+ %", plain)[0]
    assert accuracy in page and "The outputs are the mean of the outputs of 2 models." in page
    assert page.count('alt="image ') == 20 and page.count('alt="weights of neuron') == 10
    assert f"image {wrong[0][0]}, {with_article(wrong[0][1])} taken for {wrong[0][2]}" in page


def test_the_report_beside_json_and_with_as_many_mistakes_as_are_asked_for(cli, models, data):
    args = "eval", models[0], "--data", data, "--mistakes", 2
    found = cli(*args, "--json", "--report", "r.html").stdout
    assert len(json.loads(found)["mistakes"]) == 2
    assert Path("r.html").read_text(encoding="utf-8").count('alt="image ') == 2


def test_the_report_of_a_trained_run_has_its_curves(cli, data):
    cli("train", "--data", data, "--hidden", 4, "--epochs", 2)
    cli("eval", "model.npz", "--data", data, "--report", "r.html")
    page = Path("r.html").read_text(encoding="utf-8")
    assert page.count('<svg class="chart"') == 2 and "Epochs of model.npz" in page


def test_a_report_that_is_there_is_replaced_only_if_told_to(cli, models, data):
    Path("r.html").write_text("mine")
    args = "eval", models[0], "--data", data, "--report", "r.html"
    result = cli(*args, code=2)
    assert "--report: expected the name of a new file, found that r.html exists" in result.stderr
    assert result.stdout == "" and Path("r.html").read_text() == "mine"
    cli(*args, "--overwrite")
    assert Path("r.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(os.listdir()) == ["1.npz", "2.npz", "r.html"]


def test_a_report_never_replaces_a_model(cli, models, data):
    before = Path("2.npz").read_bytes()
    args = "eval", *models, "--data", data, "--report", "./2.npz", "--overwrite"
    stderr = cli(*args, code=2).stderr
    assert "--report: expected another file than the model, found 2.npz" in stderr
    assert Path("2.npz").read_bytes() == before


def test_images_without_rows_have_mistakes_that_cannot_be_drawn(cli, make_data, models):
    data = make_data("flat", size=(64,))
    args = "eval", *models, "--data", data
    stderr = cli(*args, "--mistakes", 3, code=3).stderr
    assert "expected images of rows and columns, found the shape (60, 64)" in stderr
    assert len(json.loads(cli(*args, "--mistakes", 3, "--json").stdout)["mistakes"]) == 3
    cli(*args, "--report", "r.html")
    assert 'alt="image' not in Path("r.html").read_text(encoding="utf-8")


def test_a_bad_model_leaves_no_report(cli, data):
    cli("eval", "none.npz", "--data", data, "--report", "r.html", code=3)
    assert not Path("r.html").exists()
