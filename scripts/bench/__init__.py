"""Measure simplenet beside what else one could train this network with, on equal work.

    pip install -e '.[bench]'
    SIMPLENET_DATA=FOLDER python scripts/bench

Everything is measured in one run, because only then do the times have the same machine, the same
neighbours on it, and the same temperature. Each contestant (contestants.py, peers.py) is a process
of its own, pinned to the same core as the others, with as many threads as cores. In every round
each does the work once, one after the other, in an order that moves on by one each round; a ratio
is the median over rounds of two times from the same round. After the last round the weights that
each has come to are compared: where they differ from simplenet's, it was not equal work, and the
table and the exit code say so.

simplenet and the matrix products use those kernels of OpenBLAS that the command line would choose,
and simplenet shares its work among threads by itself, as there. All others are left to what their
libraries choose. The tables say which kernels each has used.
"""
