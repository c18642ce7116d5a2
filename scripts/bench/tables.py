"""Write the figures of the bench as Markdown."""

from typing import Any

from bench.processor import summary


def seconds(value: float) -> str:
    """Return seconds with three digits or so, and their unit."""
    return (
        f"{1000 * value:.3g} ms"
        if value < 0.1
        else f"{value:.3g} s"
        if value < 100
        else f"{value:,.0f} s"
    )


def percent(value: float | None) -> str:
    """Return a share as text; nothing if there is none."""
    return "" if value is None else f"{100 * value:.2f} %"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; all columns but the first are aligned to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def of_group(group: dict[str, Any]) -> str:
    """Return the section of a group of contestants."""
    threads = "one core" if group["threads"] == 1 else f"{group['threads']} cores"
    shape = "-".join(map(str, group["shape"]))
    how = f"minibatch {group['batch']}, lr {group['lr']:g}, " if group["kind"] == "epoch" else ""
    text = f"## {group['title']}\n\n{shape}, {how}{group['images']:,} images, "
    text += f"{group['functions']}, {threads}, rounds: {group['rounds']}\n\n"
    rows, notes = [], []
    for name, row in group["contestants"].items():
        same = row.get("agrees")
        if group["kind"] == "epoch":
            apart = f"{row['weights_apart']:.0e} apart" if "weights_apart" in row else ""
        else:
            apart = f"{row['differing']} differ" if "differing" in row else ""
        apart = f"**not equal work**: {apart}" if same is False else apart
        rows.append(
            [
                name, seconds(row["median"]), f"{seconds(row['low'])} to {seconds(row['high'])}",
                f"{row['ratio']:.2f}" if row["ratio"] < 100 else f"{row['ratio']:,.0f}",
                percent(row.get("accuracy")), "" if name == "simplenet" else apart,
                seconds(row["first"]), row["kernels"],
            ]
        )  # fmt: skip
        notes += [f"- {name}: {row['note']}"] * bool(row["note"])
    against = "weights" if group["kind"] == "epoch" else "classes"
    head = ["", "median", "middle half", "/ simplenet", "test accuracy", against, "first time",
            "kernels"]  # fmt: skip
    return text + table(head, rows) + "\n" + "\n".join(notes) + "\n\n"


def of_prompt(prompt: dict[str, Any]) -> str:
    """Return the section of whole programs."""
    text = "## From the prompt to a test accuracy\n\nWhole processes, with imports, reading four "
    text += "gzipped files, and measuring; one core, one seed a round. The recipes were chosen by "
    text += "test accuracy, from about 110 settings for simplenet, 30 for scikit-learn, "
    text += "and a dozen each for PyTorch and JAX.\n\n"
    rows = []
    for target, tools in prompt["targets"].items():
        for tool, row in tools.items():
            missed = "" if row["reached"] else " (missed)"
            rows.append(
                [
                    f"{100 * float(target):.0f} % {tool}", seconds(row["median"]),
                    f"{seconds(row['low'])} to {seconds(row['high'])}", f"{row['ratio']:.2f}",
                    f"{percent(row['accuracy'])}{missed}", row["recipe"],
                ]
            )  # fmt: skip
    head = ["", "median", "middle half", "/ simplenet", "median accuracy", "recipe"]
    return text + table(head, rows) + "\n"


def of_size(size: dict[str, Any]) -> str:
    """Return the section of what images cost where there are many of them."""
    text = "## Size\n\nDefault net, one core, raw files, just written and so in the system's cache "
    text += "as far as there is room.\n\n"
    rows = []
    for row in size["rows"]:
        held = [row["anonymous_bytes"], row["file_bytes"]]
        rows.append(
            [
                f"{row['images']:,}", str(row["epochs"]),
                f"{1e6 * row['seconds_per_image']:.2f} µs", seconds(row["load_seconds"]),
                *("unknown" if bytes_ is None else f"{bytes_ / 1e6:,.0f} MB" for bytes_ in held),
            ]
        )  # fmt: skip
    head = ["images", "epochs", "an image", "loading", "anonymous memory", "mapped files"]
    return text + table(head, rows) + "\n"


def markdown(report: dict[str, Any]) -> str:
    """Return the whole report as Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    data = report["data"]
    text = f"# The bench\n\n{report['date']}, {report['machine']}; {versions}. "
    text += f"Data: {data['name']}, {data['images']:,} training images"
    text += ".\n" if data["name"] == "mnist" else ", repeated where more are asked for.\n"
    text += f"Processor: {summary(report['processor'])}.\n"
    if "kernels" in report:
        rates = report["kernels"]["gflops"].items()
        tried = ", ".join(f"{name} {rate:.0f}" for name, rate in rates)
        text += f"GFLOP/s of a large matrix product on one core: {tried}.\n"
    if not report["pinned"]:
        text += "This system cannot pin a process to a core.\n"
    text += f"\n    {report['command']}\n\n"
    for name, why in report["left_out"].items():
        text += f"- Left out: {name} ({why}).\n"
    text += "\n" * bool(report["left_out"])
    text += "".join(of_group(group) for group in report["groups"].values())
    text += of_prompt(report["prompt"]) if "prompt" in report else ""
    text += of_size(report["size"]) if "size" in report else ""
    if report["reach"]:
        rows = [
            [
                goal["what"], f"{goal['found']:.3g}",
                f"{'at least' if goal['at_least'] else 'at most'} {goal['goal']:g}",
                f"{goal['better']:g}" if goal["better"] else "", "yes" if goal["reached"] else "no",
            ]
            for goal in report["reach"]
        ]  # fmt: skip
        text += "## What was to be reached\n\n"
        text += table(["", "found", "goal", "better still", "reached"], rows)
    return text.rstrip("\n") + "\n"
