"""Charts drawn by matplotlib into a file, PNG or SVG."""

import io
from collections.abc import Sequence
from typing import Any

from simplenet.errors import SimplenetError
from simplenet.extras import EXTRAS, pip_command
from simplenet.report.curves import Chart

# By suffix. Equal curves give equal files: no date, no version, no names drawn by lot.
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}
_SALT = "simplenet"
_MANY = 10  # curves; more find no room in a legend inside of the chart


def check_matplotlib() -> None:
    """Raise SimplenetError, with the command that installs it, where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401, to find out whether it is there
    except ImportError as error:
        raise SimplenetError(
            "expected matplotlib, which draws charts into files, found that it is not installed: "
            f"get it with {pip_command(EXTRAS['plots'].requirement)}; without -o the charts are "
            "drawn in the terminal."
        ) from error


def draw_charts(charts: Sequence[Chart], suffix: str) -> bytes:
    """Return charts side by side as the content of a file with this suffix, one of METADATA."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(5.2 * len(charts), 3.9), layout="constrained", dpi=150)
    for place, chart in zip(figure.subplots(1, len(charts), squeeze=False)[0], charts):
        for curve in chart.curves:
            epochs, values = zip(*curve.points)
            place.plot(
                epochs, values, "--" if curve.dashed else "-", color=f"C{curve.run % 10}",
                label=curve.name.replace("$", r"\$"), marker="." if len(epochs) == 1 else "",
            )  # fmt: skip
        place.set_title(chart.title)
        place.set_xlabel("epoch")
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        if chart.share:
            place.yaxis.set_major_formatter(PercentFormatter(1))
        place.grid(alpha=0.3)
        if len(chart.curves) > 1:
            place.legend(fontsize="small" if len(chart.curves) <= _MANY else "xx-small")
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "path"}):
        figure.savefig(file, format=suffix.removeprefix("."), metadata=METADATA[suffix])
    return file.getvalue()
