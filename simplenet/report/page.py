"""The report of an evaluation: one HTML page without a script, which asks nobody for anything."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from simplenet.errors import counted, with_article
from simplenet.pictures.pixels import Pixels, area, fitted
from simplenet.report.confusion import commonest
from simplenet.report.curves import Chart, charts, value_text
from simplenet.report.png import png
from simplenet.report.svg import chart_svg, key_svg
from simplenet.report.weights import first_weights, size_of_images
from simplenet.training.evaluation import Score
from simplenet.training.mistakes import Mistake
from simplenet.training.run import Run

FEW = 3  # models whose names fit into a title
MOST_CLASSES = 40  # of a matrix that somebody might read
MOST_NEURONS = 100  # whose weights are shown, of all models together
FEWEST_NEURONS = 4  # and of each at least
COMMONEST = 10  # confusions that are listed
LARGEST = 112  # pixels of a side of a picture: more would not be seen, and fill the file
DEEPEST = 55  # percent of colour in a cell of the matrix, on which the ink can still be read


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What was measured, of which models, and on what."""

    names: Sequence[str]  # of the models
    runs: Sequence[Run]
    data: str  # the name of the data set
    images: Pixels  # (n, ...), its test images
    score: Score
    how: str = ""  # a sentence on what the outputs are the mean of, if they are a mean
    classes: Sequence[str] = ()  # their names, if these are not their numbers

    def called(self, label: int) -> str:
        """Return what people call a class."""
        return self.classes[label] if self.classes else str(label)


def page(found: Evaluation) -> str:
    """Return the page as text."""
    names = ", ".join(found.names) if len(found.names) <= FEW else f"{len(found.names)} models"
    title = f"{names} on {found.data}"
    sections = _summary, _classes, _matrix, _mistakes, _weights, _history
    body = "\n".join(section(found) for section in sections)
    template = Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), body=body)


# --- the sections ---------------------------------------------------------------------------------


def _summary(found: Evaluation) -> str:
    score, images = found.score, int(found.score.total.sum())
    cost = "" if score.cost is None else f", cost {score.cost:.4f}"
    wrong = images - int(score.correct.sum())
    rows = [
        (name, "-".join(map(str, run.net.shape)), f"{run.net.params.size:,}",
         str(run.data.get("name", "not recorded")), str(run.epoch))
        for name, run in zip(found.names, found.runs)
    ]  # fmt: skip
    return "\n".join(
        [
            f"<p><strong>accuracy {_percent(score.accuracy)}</strong>{cost}: {wrong:,} of "
            f"{counted(images, 'test image')} of {escape(found.data)} "
            f"{'was' if wrong == 1 else 'were'} taken for another class.</p>",
            f'<p class="soft">{escape(found.how)}</p>' if found.how else "",
            _table("Models", ["model", "layers", "parameters", "trained on", "epochs"], rows),
        ]
    )


def _classes(found: Evaluation) -> str:
    score = found.score
    rows = [
        (
            found.called(number),
            f"{total:,}",
            f"{correct:,}",
            _percent(correct / total) if total else "-",
        )
        for number, (correct, total) in enumerate(zip(score.correct.tolist(), score.total.tolist()))
    ]
    table = _table("Each class", ["class", "images", "correct", "accuracy"], rows)
    return f"<h2>Classes</h2>\n{table}"


def _matrix(found: Evaluation) -> str:
    confusion = found.score.confusion
    rows = [
        (found.called(truth), found.called(prediction), f"{count:,}")
        for truth, prediction, count in commonest(confusion, COMMONEST)
    ]
    heading = "<h2>Confusion</h2>"
    worst = _table("The commonest confusions", ["class", "taken for", "images"], rows)
    if len(confusion) > MOST_CLASSES:
        why = f"The matrix of {len(confusion)} classes is too large to be shown."
        return f'{heading}\n<p class="soft">{why}</p>\n{worst}'
    names = [escape(found.called(number)) for number in range(len(confusion))]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    is_right = np.eye(len(confusion), dtype=bool)
    most = float(shares[~is_right].max(initial=0)) or 1.0
    shades = DEEPEST * np.where(is_right, shares, shares / most)
    lines = [
        f'<tr><th scope="row">{name}</th>{_cells(truth, counts, shades[truth].tolist())}</tr>'
        for truth, (name, counts) in enumerate(zip(names, confusion.tolist()))
    ]
    caption = "Rows are classes, columns what images were taken for"
    matrix = _scrolling(
        caption,
        f'<table class="matrix"><caption>{caption}</caption>\n'
        f'<thead><tr><th scope="col">class</th>{head}</tr></thead>\n'
        "<tbody>\n" + "\n".join(lines) + "\n</tbody></table>",
    )
    return f"{heading}\n{matrix}\n{worst if rows else ''}"


def _cells(truth: int, counts: list[int], shades: list[float]) -> str:
    """Return a row of the matrix: the larger a share is among its like, the more colour it has."""
    cells = []
    for prediction, (count, shade) in enumerate(zip(counts, shades)):
        kind = "right" if prediction == truth else "wrong" if count else "none"
        cells.append(f'<td class="{kind}" style="--shade:{shade:.1f}">{count:,}</td>')
    return "".join(cells)


def _mistakes(found: Evaluation) -> str:
    wrong = int(found.score.total.sum() - found.score.correct.sum())
    heading = "<h2>Mistakes</h2>"
    if not found.score.mistakes:
        return f"{heading}\n<p>There are none{' to be shown' * bool(wrong)}.</p>"
    lead = f"<p>The {len(found.score.mistakes)} of {wrong:,} with the largest output.</p>"
    pictures = _list("pictures", (_mistake(found, one) for one in found.score.mistakes))
    return f"{heading}\n{lead}\n{pictures}"


def _mistake(found: Evaluation, mistake: Mistake) -> str:
    images = found.images
    truth, prediction = found.called(mistake.truth), found.called(mistake.prediction)
    told = f"{with_article(truth)} taken for {prediction}"
    picture = ""
    if images.ndim == 3:  # images without rows cannot be drawn
        picture = _image(np.asarray(images[mistake.index]), f"image {mistake.index}, {told}")
    return (
        f"<figure>{picture}<figcaption>{escape(told)}, output {mistake.output:.2f} "
        f"(image {mistake.index})</figcaption></figure>"
    )


def _weights(found: Evaluation) -> str:
    most = max(MOST_NEURONS // len(found.runs), FEWEST_NEURONS)
    parts = ["<h2>Weights of the first layer</h2>"]
    for name, run in zip(found.names, found.runs):
        if len(found.runs) > 1:
            parts.append(f"<h3>{escape(name)}</h3>")
        neurons, size = run.net.shape[1], size_of_images(run)
        if size is None:
            parts.append("<p>Its inputs are no images of a known size.</p>")
            continue
        shown = list(range(min(neurons, most)))
        of = counted(neurons, "neuron")
        of = f"The first {len(shown)} of {of}" if len(shown) < neurons else of
        parts.append(
            f'<p class="soft">{of}. Where a picture is blue, light adds to the neuron; '
            "where it is orange, light takes away from it.</p>"
        )
        net = run.network
        pictures = (_neuron(first_weights(net, number, size), number) for number in shown)
        parts.append(_list("pictures weights", pictures))
    return "\n".join(parts)


def _neuron(weights: Pixels, number: int) -> str:
    picture = _image(weights, f"weights of neuron {number}", PALETTE)
    return f"<figure>{picture}<figcaption>{number}</figcaption></figure>"


def _history(found: Evaluation) -> str:
    drawn = charts(list(zip(found.names, found.runs)))
    if not drawn:
        return "<h2>Training</h2>\n<p>No history is recorded.</p>"
    blocks = "\n".join(f"<div>{_chart(chart)}</div>" for chart in drawn)
    tables = "\n".join(
        _epochs(name, run) for name, run in zip(found.names, found.runs) if run.history
    )
    return (
        f'<h2>Training</h2>\n<div class="charts">\n{blocks}\n</div>\n'
        f"<details><summary>The numbers</summary>\n{tables}\n</details>"
    )


def _chart(chart: Chart) -> str:
    keys = "".join(f"<li>{key_svg(curve)}{escape(curve.name)}</li>" for curve in chart.curves)
    return f'<h3>{chart.title}</h3>\n{chart_svg(chart)}\n<ul class="keys">{keys}</ul>'


def _epochs(name: str, run: Run) -> str:
    rows = [
        (str(record.epoch), value_text(record.cost, share=False), _percent(record.accuracy),
         _percent(record.validation_accuracy), f"{record.lr:g}")
        for record in run.history
    ]  # fmt: skip
    heads = ["epoch", "cost", "accuracy", "validation", "learning rate"]
    return _table(f"Epochs of {name}", heads, rows)


# --- the pieces -----------------------------------------------------------------------------------


def _palette() -> Pixels:
    """Return a colour (256, 3) for each weight: orange below 0, nearly white at it, blue above."""
    ends = np.array([[176, 72, 16], [247, 246, 242], [22, 84, 168]])
    places = np.arange(256)
    mixed = [np.interp(places, [1, 128, 255], colour) for colour in ends.T]
    return np.stack(mixed, axis=1).round().astype(np.uint8)


PALETTE = _palette()


def _image(pixels: Pixels, text: str, palette: Pixels | None = None) -> str:
    """Return a picture that is in the page itself, with a text for those who cannot see it."""
    if max(pixels.shape) > LARGEST:
        pixels = area(pixels, *fitted(pixels.shape, LARGEST))
    data = base64.b64encode(png(pixels, palette)).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'


def _list(kind: str, items: Iterable[str]) -> str:
    return f'<ul class="{kind}">\n' + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column names the rows."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    lines = [
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + "</tr>"
        for name, *cells in rows
    ]
    return _scrolling(
        caption,
        f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        "<tbody>\n" + "\n".join(lines) + "\n</tbody></table>",
    )


def _scrolling(name: str, table: str) -> str:
    """Return a table that is scrolled by itself where it is too wide, with the keyboard, too."""
    return f'<div class="wide" role="group" aria-label="{escape(name)}" tabindex="0">{table}</div>'


def _percent(share: float | None) -> str:
    return "-" if share is None else value_text(share, share=True)
