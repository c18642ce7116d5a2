"""What a sweep tries: every combination of some values, or random ones, out of ranges too."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, product
from typing import Any, NamedTuple

import numpy as np

from simplenet.options import checked
from simplenet.streams import stream

DIGITS = 4  # of a number that is drawn: more would only make tables wide


class Range(NamedTuple):
    """Numbers from low to high, both included, for random search."""

    text: str  # as a person typed it
    low: float
    high: float
    whole: bool  # only whole numbers
    log: bool  # as many between 1 and 10 as between 10 and 100

    def draw(self, rng: np.random.Generator) -> float:
        """Return a number of the range."""
        low, high = self.low, self.high + self.whole
        if self.log:
            number = math.exp(rng.uniform(math.log(low), math.log(high)))
        else:
            number = rng.uniform(low, high)
        number = math.floor(number) if self.whole else float(f"{number:.{DIGITS}g}")
        return min(max(number, self.low), self.high)


Space = Mapping[str, Sequence[Any]]  # by the name of an option, its values and ranges


def grid(space: Space) -> Iterator[dict[str, Any]]:
    """Yield every combination; the values of the last option change first."""
    return (dict(zip(space, values)) for values in product(*space.values()))


def drawn(space: Space) -> Iterator[dict[str, Any]]:
    """Yield random combinations without end, always the same ones in the same order."""
    for number in count(1):
        rng = stream(0, "sweep", number)
        setting = {}
        for name, values in space.items():
            value = values[int(rng.integers(len(values)))]
            if isinstance(value, Range):
                value = checked(name, value.draw(rng))
            setting[name] = value
        yield setting
