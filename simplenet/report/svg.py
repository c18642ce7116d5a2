"""A chart as SVG inside of a page, whose style gives it colours and fonts."""

from html import escape

from simplenet.report.curves import Axes, Chart, Curve, axes, tick_text

WIDTH, HEIGHT = 340, 210  # of the drawing, in units of about a pixel on a phone
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 34  # margins around the curves
TURN = 137.508  # degrees from the hue of a run to that of the next: no two are close to each other
FIRST = 212  # the hue of the first


def hue(run: int) -> int:
    """Return the hue of a run, in degrees."""
    return round(FIRST + TURN * run) % 360


def chart_svg(chart: Chart) -> str:
    """Return a chart as an element `svg`, whose title says what it shows."""
    scale = axes(chart)
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(chart.title)} by epoch; the table below has the numbers</title>",
    ]
    for tick in scale.ticks:
        y = _y(scale, tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{right}"/>')
        text = tick_text(tick, share=chart.share)
        parts.append(f'<text x="{LEFT - 5}" y="{y}" dy=".35em" text-anchor="end">{text}</text>')
    for epoch in sorted({1, (1 + scale.last) // 2, scale.last}):
        parts.append(
            f'<text x="{_x(scale, epoch)}" y="{bottom + 15}" text-anchor="middle">{epoch}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + right) / 2:g}" y="{bottom + 30}" text-anchor="middle">epoch</text>'
    )
    parts += [_curve(curve, scale) for curve in chart.curves]
    return "\n".join([*parts, "</svg>"])


def key_svg(curve: Curve) -> str:
    """Return a piece of the line that a curve is drawn with."""
    return (
        '<svg class="key" viewBox="0 0 28 10" aria-hidden="true">'
        + _path(curve, "M1 5H27")
        + "</svg>"
    )


def _curve(curve: Curve, scale: Axes) -> str:
    places = [f"{_x(scale, epoch)} {_y(scale, value)}" for epoch, value in curve.points]
    # A line to where it is already: its round ends make a dot of a single epoch.
    return _path(curve, f"M{'L'.join(places)}{'h0' if len(places) == 1 else ''}")


def _path(curve: Curve, line: str) -> str:
    kind = "curve dashed" if curve.dashed else "curve"
    return f'<path class="{kind}" style="--hue:{hue(curve.run)}" d="{line}"/>'


def _x(scale: Axes, epoch: float) -> float:
    return round(LEFT + scale.x(epoch) * (WIDTH - LEFT - RIGHT), 1)


def _y(scale: Axes, value: float) -> float:
    return round(TOP + (1 - scale.y(value)) * (HEIGHT - TOP - BOTTOM), 1)
