"""From the times of the bench to its figures: medians, spread, ratios, and goals reached."""

import statistics
from typing import Any

Rows = dict[str, dict[str, Any]]  # by the name of a contestant: its times, and what comes of them

AVX2 = "simplenet, AVX2 kernels"  # to be left behind where there is AVX-512
# What was set as a goal: group, numerator, denominator, the ratio to be reached, a better one.
GOALS = (
    ("default-20", "simplenet", "matrix products", 2.0, 1.6),
    ("default-20", "simplenet", "JAX scanned", 1.15, 1.0),
    ("default-20", "simplenet", AVX2, 0.8, 0.7),
    ("default-100", "simplenet", "matrix products", 1.7, 1.4),
    ("default-100", "simplenet", "JAX scanned", 1.1, 0.95),
    ("default-500", "simplenet", "matrix products", 1.4, 1.2),
    ("default-500", "simplenet", "JAX scanned", 0.95, 0.85),
    ("default-20", "PyTorch eager", "simplenet", 6.0, 8.0),
    ("default-20", "scikit-learn", "simplenet", 4.5, 6.0),
    ("deep", "simplenet", "PyTorch eager", 1.0, 0.9),
    ("deep", "simplenet", "matrix products", 1.2, 1.1),
    ("adam-1500-100-one", "simplenet", "matrix products", 1.35, 1.2),
    ("adam-1500-100-one", "simplenet", "PyTorch eager", 0.8, 0.6),
    ("adam-1500-100-one", "simplenet", "JAX scanned", 1.2, 1.0),
    ("adam-1500-100-all", "simplenet", "PyTorch eager", 0.9, 0.7),
    ("adam-1500-100-all", "simplenet", "JAX scanned", 1.5, 1.2),
    ("adam-1500-500-all", "simplenet", "PyTorch compiled", 0.9, 0.7),
    ("busy-800", "simplenet, a core busy", "simplenet, one thread, a core busy", 1.1, 1.0),
    ("busy-1500", "simplenet, a core busy", "simplenet, one thread, a core busy", 1.1, 1.0),
)
PROMPT = ("0.95", 2.0, 1.2)  # seconds
# At the largest size: megabytes, and its time per image to that of 60,000.
ANONYMOUS, PER_IMAGE = (300, 200), (1.1, 1.0)


def summed_up(rows: Rows) -> Rows:
    """Add to each contestant's times their median, their spread, and its ratio to simplenet."""
    ours = rows["simplenet"]["each"]
    for row in rows.values():
        each = row["each"]
        quarters = statistics.quantiles(each, n=4, method="inclusive") if each[1:] else each * 3
        row |= {"median": quarters[1], "low": quarters[0], "high": quarters[2]}
        row["ratio"] = statistics.median(mine / our for mine, our in zip(each, ours))
    return rows


def reached(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each goal that was measured, and whether what was found reaches it."""
    found: list[dict[str, Any]] = []
    for group, above, below, goal, better in GOALS:
        rows = report["groups"].get(group, {}).get("contestants", {})
        if below == AVX2 and not report["processor"]["avx512"]:
            continue
        if above in rows and below in rows:
            pairs = zip(rows[above]["each"], rows[below]["each"])
            ratio = statistics.median(one / other for one, other in pairs)
            least = below == "simplenet"
            found.append(
                {
                    "what": f"{report['groups'][group]['title']}: {above} / {below}",
                    "found": ratio,
                    "goal": goal,
                    "better": better,
                    "at_least": least,
                    "reached": ratio >= goal if least else ratio <= goal,
                }
            )

    def at_most(what: str, value: float, goal: float, better: float) -> None:
        found.append(
            {
                "what": what, "found": value, "goal": goal, "better": better, "at_least": False,
                "reached": value <= goal,
            }
        )  # fmt: skip

    ours = report.get("prompt", {}).get("targets", {}).get(PROMPT[0], {}).get("simplenet")
    if ours and ours["reached"]:
        at_most("Prompt to 95 %: seconds", ours["median"], *PROMPT[1:])
    if rows := report.get("size", {}).get("rows"):
        largest = max(rows, key=lambda row: row["images"])
        usual = [row["seconds_per_image"] for row in rows if row["images"] == 60_000]
        if usual and largest["images"] > 60_000:
            ratio = largest["seconds_per_image"] / statistics.mean(usual)
            at_most(f"Time per image, {largest['images']:,} / 60,000", ratio, *PER_IMAGE)
        if largest["anonymous_bytes"]:
            held = largest["anonymous_bytes"] / 1e6
            at_most(f"Anonymous memory at {largest['images']:,}, in MB", held, *ANONYMOUS)
    return found
