"""Where the boxes of a graph stand, and which way its arrows go: from left to right, in layers.

The steps are those of Sugiyama, Tagawa and Toda (1981): a layer for each box, an order within each
layer that crosses few arrows, and heights that keep arrows level. A box is a number here, from 0.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

Arrow = tuple[int, int]  # from the first box to the second
Point = tuple[float, float]

ROUNDS = 12  # of looking for a better order, and for better heights
GAP, BETWEEN = 14.0, 36.0  # between boxes of a layer, between layers
THIN = 4.0  # the room that an arrow takes on its way through a layer


class Layout(NamedTuple):
    """The middle of the left side of each box, the points of each arrow's way, and the room."""

    places: list[Point]
    ways: list[list[Point]]  # level from each second point to the next, curved between
    width: float
    height: float


def lay_out(sizes: Sequence[Point], arrows: Sequence[Arrow]) -> Layout:
    """Return where boxes of these widths and heights stand, the last result on the right.

    Boxes never overlap, and arrows go around them. The arrows must not lead in a circle.
    """
    layers = layers_of(len(sizes), arrows)
    order, ways = _first_order(layers, arrows)
    links = [link for way in ways for link in pairwise(way)]
    order = _ordered(order, links)

    def tall(node: int) -> float:
        return sizes[node][1] if node < len(sizes) else THIN

    y = _heights(order, links, tall)
    rooms: dict[int, Point] = {}  # from where to where the layer of a node reaches
    x: dict[int, float] = {}
    right = 0.0
    for layer in reversed(order):
        wide = max(sizes[node][0] for node in layer if node < len(sizes))
        for node in layer:
            rooms[node] = right, right + wide
            x[node] = right + (wide - sizes[node][0]) / 2 if node < len(sizes) else right
        right += wide + BETWEEN
    lines = []
    for (start, end), way in zip(arrows, ways):
        line = [(x[start] + sizes[start][0], y[start]), (rooms[start][1], y[start])]
        for node in way[1:-1]:
            line += [(edge, y[node]) for edge in rooms[node]]
        lines.append([*line, (rooms[end][0], y[end]), (x[end], y[end])])
    height = max(y[node] + tall(node) / 2 for node in y)
    places = [(x[node], y[node]) for node in range(len(sizes))]
    return Layout(places, lines, right - BETWEEN, height)


def _first_order(
    layers: Sequence[int], arrows: Sequence[Arrow]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return the nodes of each layer as one meets them on the way back, and the way of each arrow.

    A long arrow has a node in each layer that it passes, which keeps boxes out of its way.
    """
    order: list[list[int]] = [[] for _ in range(max(layers) + 1)]
    into: dict[int, list[int]] = {}
    for number, (_, end) in enumerate(arrows):
        into.setdefault(end, []).append(number)
    ways: dict[int, list[int]] = {}
    extra = len(layers)
    met: set[int] = set()
    todo = [node for node, layer in enumerate(layers) if layer == 0][::-1]
    while todo:
        node = todo.pop()
        if node in met:
            continue
        met.add(node)
        order[layers[node]].append(node)
        for number in into.get(node, ()):
            start = arrows[number][0]
            passed = range(extra, extra + layers[start] - layers[node] - 1)
            for l, point in enumerate(passed, layers[node] + 1):
                order[l].append(point)
            extra += len(passed)
            ways[number] = [start, *reversed(passed), node]
        todo += [arrows[number][0] for number in reversed(into.get(node, ()))]
    return order, [ways[number] for number in range(len(arrows))]


def layers_of(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """Return the layer of each node, the last result in layer 0: operands lie to the left.

    A node is one layer before the first of its results, so that what is read late stands late.
    """
    layers = [0] * count
    results: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count  # results that have no layer yet
    before: list[list[int]] = [[] for _ in range(count)]
    for start, end in arrows:
        results[start].append(end)
        before[end].append(start)
        missing[start] += 1
    ready = [node for node in range(count) if not missing[node]]
    for node in ready:  # which grows on the way
        layers[node] = max((layers[end] + 1 for end in results[node]), default=0)
        for start in before[node]:
            missing[start] -= 1
            if not missing[start]:
                ready.append(start)
    return layers


def crossings(order: Sequence[Sequence[int]], links: Sequence[Arrow]) -> int:
    """Return how many pairs of links between neighbouring layers cross."""
    at = {node: place for layer in order for place, node in enumerate(layer)}
    layer_of = {node: l for l, layer in enumerate(order) for node in layer}
    into: list[list[Arrow]] = [[] for _ in order]
    for start, end in links:
        into[layer_of[end]].append((at[start], at[end]))
    total = 0
    for own in into:
        total += sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(own) for c, d in own[:i])
    return total


def _ordered(order: list[list[int]], links: Sequence[Arrow]) -> list[list[int]]:
    """Return the layers with nodes near the mean place of their neighbours, to cross few links."""
    ahead, behind = _neighbours(links)
    best, fewest = order, crossings(order, links)
    for turn in range(ROUNDS):
        if not fewest:
            break
        neighbours = behind if turn % 2 else ahead
        order = [list(layer) for layer in order]
        at = {node: float(place) for layer in order for place, node in enumerate(layer)}
        for l in range(len(order))[:: 1 if neighbours is ahead else -1]:
            order[l].sort(
                key=lambda node: _mean([at[n] for n in neighbours.get(node, [])], at[node])
            )
            at.update((node, float(place)) for place, node in enumerate(order[l]))
        found = crossings(order, links)
        if found < fewest:
            best, fewest = order, found
    return best


def _neighbours(links: Sequence[Arrow]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the ends of the links from each node, and the starts of those to it."""
    ahead: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    for start, end in links:
        ahead.setdefault(start, []).append(end)
        behind.setdefault(end, []).append(start)
    return ahead, behind


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def spread(wanted: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Return the places nearest to those wanted, in least squares, that keep so far apart.

    `apart[i]` is the least distance from place i to the next. (Pool adjacent violators: blocks that
    are too near to each other are joined, and stand at the mean of what their members want.)
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    blocks: list[tuple[float, int]] = []  # the mean, and how many members
    for want, offset in zip(wanted, offsets):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, members = blocks.pop()
            mean = (mean * size + other * members) / (size + members)
            size += members
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets)]


def _heights(
    order: list[list[int]], links: Sequence[Arrow], tall: Callable[[int], float]
) -> dict[int, float]:
    """Return the middle of each node from the top, so that links are as level as they can be."""
    ahead, behind = _neighbours(links)
    y = {node: 0.0 for layer in order for node in layer}

    def settle(layer: list[int], wanted: list[float]) -> None:
        apart = [(tall(a) + tall(b)) / 2 + GAP for a, b in pairwise(layer)]
        y.update(zip(layer, spread(wanted, apart)))

    for layer in order:
        settle(layer, [0.0] * len(layer))
    for turn in range(ROUNDS):
        for l in range(len(order))[:: -1 if turn % 2 else 1]:
            wanted = [
                _mean([y[n] for n in (*ahead.get(node, ()), *behind.get(node, ()))], y[node])
                for node in order[l]
            ]
            settle(order[l], wanted)
    top = min(y[node] - tall(node) / 2 for node in y)
    return {node: middle - top for node, middle in y.items()}
