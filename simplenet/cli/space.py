"""What to sweep, as a person types it: the values of each option, ranges, seeds."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.config import ABOVE_FILES, given_by, without_outvoted
from simplenet.cli.show import as_typed
from simplenet.options import OPTIONS, Option, choices_of, integer, shown

if TYPE_CHECKING:
    from simplenet.training.space import Space

MOST_TRIALS = 100_000
SAME = 100  # random settings in a row that have been drawn before: there are no others
_RANGE = re.compile(r"(?P<low>[^.,:]*(?:\.[^.,:]+)?)\.\.(?P<high>[^,:]+)(?P<log>:log)?")
_SEEDS = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?", re.ASCII)
# Options of which others are idle under some values: where they vary, so do those that apply.
_CHOOSERS = {option.needs[0] for option in OPTIONS.values() if option.needs} | {"elastic", "shape"}


class Several:
    """A check for what a person gives of an option: a value, several, or a range.

    Commas stand between values, except where a value may have commas of its own.
    """

    def __init__(self, option: Option) -> None:
        self.option, self.choices = option, choices_of(option.check)

    def __call__(self, text: Any) -> tuple[Any, ...]:
        """Return the values and ranges, checked."""
        alone = "," in self.option.metavar or not isinstance(text, str)
        return tuple(map(self.one, [text] if alone else text.split(",")))

    def one(self, part: Any) -> Any:
        """Return a value or a range."""
        found = _RANGE.fullmatch(part) if isinstance(part, str) else None
        return self.option.check(part) if found is None else _range(self.option, found)


def _range(option: Option, found: re.Match[str]) -> Any:
    """Return a range of numbers. Raise ValueError unless both of its ends can be values."""
    from simplenet.training.space import Range

    whole = option.metavar.startswith("N") and not option.metavar.startswith("NAME")
    for end in found["low"], found["high"]:
        option.check(end)
    try:
        low, high = map(int if whole else float, found.group("low", "high"))
    except ValueError:
        low = high = 0
    if not low < high or (found["log"] and low <= 0):
        least = "above 0 " if found["log"] else ""
        raise ValueError(
            f"expected a range of numbers such as 1..10, its low end {least}below its high end; "
            f"found {shown(found[0])}"
        )
    return Range(found[0], low, high, whole, bool(found["log"]))


def seeds(given: Any) -> tuple[int, ...]:
    """Read seeds such as 0-9 or 0,3,7, in the order given."""
    check, text = integer(0, 2**32 - 1), str(given)  # of a file it may be a number
    found = [_SEEDS.fullmatch(part) for part in text.split(",")]
    ranges = []
    for match in found:
        first = check(match["first"]) if match else 1
        last = check(match["last"] or first) if match else 0
        if not first <= last < first + MOST_TRIALS:
            raise ValueError(f"expected seeds such as 0-9 or 0,3,7; found {shown(text)}")
        ranges.append(range(first, last + 1))
    return tuple(chain.from_iterable(ranges))


def settings_of(
    space: "Space", trials: int | None, ranks: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return all settings of a space, or so many random ones: each once, without what is idle.

    `ranks` are those of the places that gave the options.

    Raise a usage error for a range without random search, and for more than anybody can wait for.
    """
    from simplenet.training.space import Range, drawn, grid

    ranks = {
        name: 2 * ranks[name] + int(name in _CHOOSERS and len(space[name]) > 1) for name in space
    }
    candidates = (without_outvoted(given, ranks) for given in (drawn if trials else grid)(space))
    if trials:
        return _distinct(candidates, trials)
    for name, values in space.items():
        for value in values:
            if isinstance(value, Range):
                raise click.BadParameter(
                    f"expected values, found the range {value.text}: --trials N draws from it.",
                    param_hint=f"--{name.replace('_', '-')}",
                )
    count = math.prod(map(len, space.values()))
    if count > MOST_TRIALS:
        raise click.UsageError(
            f"expected at most {MOST_TRIALS:,} settings, found {count:,}: --trials N draws some."
        )
    return list({repr(each): each for each in candidates}.values())


def _distinct(candidates: Iterable[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return so many of the candidates, each once; fewer if there seem to be no others."""
    settings: dict[str, dict[str, Any]] = {}
    same = 0
    for setting in candidates:
        known = len(settings)
        settings.setdefault(repr(setting), setting)
        same = same + 1 if len(settings) == known else 0
        if len(settings) == count or same == SAME:
            break
    return list(settings.values())


def asked_space(
    options: Mapping[str, tuple[tuple[Any, ...], ...]],
) -> tuple[dict[str, tuple[Any, ...]], dict[str, int], list[str]]:
    """Return the values of those options that somebody gave, each once, and what `given_by` ranks.

    The last is what was given more than once, such as `--lr 1`. Raise a usage error.
    """
    given, ranks = given_by(options)
    measures_nothing = set(chain.from_iterable(given.get("validation", ((None,),)))) == {0}
    if measures_nothing and ranks["validation"] < ABOVE_FILES:
        del given["validation"]  # a preset may well learn from all images: here none can
    space, twice = {}, []
    for name, values in given.items():
        typed = list(chain.from_iterable(values))
        space[name] = tuple(dict.fromkeys(typed))
        twice += [f"{flag(name)} {text_of(value)}" for value in repeated(typed)]
    return space, ranks, twice


def repeated(values: Sequence[Any]) -> list[Any]:
    """Return the values that are there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def flag(name: str) -> str:
    """Return an option of the table as it stands on the command line."""
    return f"--{name.replace('_', '-')}"


def text_of(value: Any) -> str:
    """Return a value or a range as a person types it."""
    return str(getattr(value, "text", as_typed(value)))
