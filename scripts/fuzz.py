"""Try a great many hostile cases of one kind, and record what came of them.

    python scripts/fuzz.py idx
    python scripts/fuzz.py models --seed 1 --count 1000000

The record goes to scripts/results/. A campaign that was cut short goes on where it was, as long as
the code is the same; --first with another number tries cases again, and records nothing.
"""

import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy loads: processes are forked

import click
from fuzzing.campaign import Record, recorded, run, say, source, write
from fuzzing.kinds import KINDS
from report import RESULTS


@click.command()
@click.argument("name", metavar="KIND", type=click.Choice(list(KINDS)))
@click.option("--count", type=click.IntRange(1), help="Of cases.  [default: that of the kind]")
@click.option("--seed", default=0, show_default=True, help="From which the cases follow.")
@click.option(
    "--first", type=click.IntRange(0), help="Number to begin with.  [default: where the record is]"
)
@click.option(
    "-o", "--output", default=RESULTS, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for fuzz.json and fuzz.md.  [default: scripts/results]",
)  # fmt: skip
def main(name: str, count: int | None, seed: int, first: int | None, output: Path) -> None:
    """Try so many cases of a KIND; exit with 1 if one of them fails.

    With --first N, --count counts from there; else it is how many there are to be in all.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so as to tidy up
    kind, record, keeps = KINDS[name], Record(name, seed, source()), True
    total = count or kind.count
    old = recorded(output).get(name, {})
    same = (old.get("seed"), old.get("source")) == (seed, record.source)
    done = old["count"] if same else 0
    if first is None:
        first = 0 if same and old["finished"] and (total or 0) <= done else done
        total = None if total is None else total - first
    else:
        keeps = first == done > 0  # a record has every number from 0 on
        if count is None and total is not None:
            total = max(total - first, 1)
    if not keeps:
        say("cases that are tried again, or by themselves, are not recorded")
    if first and keeps:
        say(f"{name}: {done:,} cases have been tried; going on from there")
        record = Record(**{key: old[key] for key in vars(record)})
    asked = f"{name} --seed {seed}" + (f" --count {count}" if count else "")

    def save(record: Record) -> None:
        if keeps:
            write(output, record, asked, KINDS)

    try:
        run(name, kind, record, total, first, save)
    except KeyboardInterrupt:
        say(f"{name}: interrupted after {record.count:,} cases")
        sys.exit(130)
    say(f"{name}: {record.count:,} cases, {record.failed:,} failures")
    sys.exit(1 if record.failed else 0)


if __name__ == "__main__":
    main()
