"""The outline of a real gear, with involute teeth, as the `d` of an SVG path."""

from cmath import phase as phase_of
from cmath import rect
from math import cos, pi, radians, sqrt, tan

PRESSURE = radians(20)  # the usual angle: 14 teeth mesh with 26 at most without undercut
BACKLASH = 0.12  # play between two flanks, in modules, so that their outlines stay apart


def number(value: float) -> str:
    """Return a coordinate in two decimals at most: the same text on every machine."""
    # The tiny shift decides ties, which the last bit of a sine would decide differently elsewhere.
    return f"{value + 1e-9:.2f}".replace("-0.00", "0.00").rstrip("0").rstrip(".")


def gear_path(teeth: int, module: float, phase: float = 0.0) -> str:
    """Return the outline of a gear around (0, 0) as the `d` of an SVG path.

    Tips are 1 module above the pitch circle of radius teeth * module / 2, roots 1.25 below; the
    middle of the first tooth points in the direction `phase`, in radians. A flank is an involute
    of the base circle, as a cubic curve with its ends and tangents: within 0.005 modules of it.
    """
    pitch = teeth * module / 2
    base, tip, root = pitch * cos(PRESSURE), pitch + module, pitch - 1.25 * module
    # An involute is drawn by the end of a thread: this is it when t radians are off the spool.
    # It moves along rect(t), at the speed t, which gives a cubic's two inner points.
    t0, t1 = (sqrt(max(radius / base, 1) ** 2 - 1) for radius in (max(base, root), tip))
    third = (t1 - t0) / 3
    inner = (t0, 0), (t0, third), (t1, -third), (t1, 0)
    flank = [rect(base, t) * complex(1 + step * t, -t) for t, step in inner]
    flank.insert(0, rect(root, phase_of(flank[0])))
    half = (pi - BACKLASH) / (2 * teeth) + tan(PRESSURE) - PRESSURE  # of a tooth, at the base
    parts = []
    for tooth in range(teeth):
        middle = phase + 2 * pi * tooth / teeth
        rising = [point * rect(1, middle - half) for point in flank]
        falling = [point.conjugate() * rect(1, middle + half) for point in flank[::-1]]
        p = [f"{number(point.real)} {number(point.imag)}" for point in rising + falling]
        p = [text.replace(" -", "-") for text in p]
        parts.append(f"L{p[0]}L{p[1]}C{' '.join(p[2:5])}L{p[5]}C{' '.join(p[6:9])}L{p[9]}")
    return f"M{''.join(parts)[1:]}Z"
