"""Random numbers for the sample, in integers, so that they are the same everywhere.

numpy's own generators may differ between versions. Fixed-point units: a standard deviation is 1024,
a full turn of a wave is 65536.
"""

import hashlib

import numpy as np

SEED = 20
SIGMA, TURN = 1024, 65536
WAVE = 4096  # height of wave()


def scramble(words: np.ndarray) -> np.ndarray:
    """Mix the bits of uint64 words of any shape (the finaliser of splitmix64)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def random_words(split: int, indices: np.ndarray, purpose: str, count: int) -> np.ndarray:
    """Return (len(indices), count) random uint64 words.

    Every purpose has a stream of its own, so that a change to one step leaves the others alone.
    """
    stream = hashlib.sha256(f"{SEED}/{split}/{purpose}".encode()).digest()
    keys = scramble(indices.astype(np.uint64) ^ np.uint64(int.from_bytes(stream[:8], "big")))
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return scramble(keys[:, None] + steps)


def below(words: np.ndarray, limit: int) -> np.ndarray:
    """Turn words into int64 numbers 0 .. limit - 1, all equally likely."""
    return ((words >> np.uint64(32)) * np.uint64(limit) >> np.uint64(32)).astype(np.int64)


def bell(words: np.ndarray) -> np.ndarray:
    """Turn words into nearly normal int64 numbers with mean 0 and standard deviation 1024.

    The sum of a word's four 16-bit parts has the mean 131070 and the standard deviation 37837.
    """
    total = np.zeros(words.shape, np.int64)
    for shift in (0, 16, 32, 48):
        total += (words >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64)
    return (total - 131_070) * SIGMA // 37_837


def wave(phase: np.ndarray) -> np.ndarray:
    """Return a wave of period 65536 and height 4096: two parabolas, close to a sine."""
    phase = phase & (TURN - 1)
    half = phase & (TURN // 2 - 1)
    arch = half * (TURN // 2 - half) >> 16
    return np.where(phase < TURN // 2, arch, -arch)
