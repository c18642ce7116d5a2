"""Run the bench: `python scripts/bench`, with --help for its options."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts a folder that it runs on its path; the package bench is found in the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from bench.command import main

    main(prog_name="python scripts/bench")
