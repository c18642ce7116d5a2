"""The process of one contestant: prepare once, then run when asked.

    python -m bench.worker NAME WORK.json

rounds.py starts these. A contestant reads commands from stdin, one a line, and answers
each with one line of JSON; between them it waits for the next, and uses no core.

    run           do the work once, from the same start each time: its seconds, its mean cost
    leave PATH    save what the last run came to: the weights, or the classes it predicted
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.contestants import CONTESTANTS
from bench.kernels import UNKNOWN
from bench.work import Contestant, Work


def kernels(contestant: Contestant) -> str:
    """Return which kernels it uses, as far as its libraries tell."""
    try:
        return contestant.kernels()
    except Exception:  # another version of a library may not be asked in this way
        return UNKNOWN


def main(name: str, path: str) -> None:
    """Prepare, run once to warm up (and to compile, where that is done), then obey."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    work = Work(**json.loads(Path(path).read_text(encoding="utf-8")))
    if work.cores:
        os.sched_setaffinity(0, work.cores)
    try:
        contestant = CONTESTANTS[name](work)
        answer: dict[str, Any] = contestant.timed()
        answer |= {"note": contestant.note, "equal": contestant.equal}
        answer["kernels"] = kernels(contestant)
    except Exception as error:  # it is left out, by name and with this reason
        answer = {"error": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"}
    answers.write(json.dumps(answer) + "\n")
    for line in sys.stdin if "error" not in answer else ():
        command, _, path = line.strip().partition(" ")
        answer = contestant.timed() if command == "run" else contestant.leave(path)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
