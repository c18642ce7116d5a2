"""What the page computes, run in Node, against numbers from the Python.

network.mjs is net.py once more, prepare.mjs is pictures/prepare.py, and packed.mjs reads numbers.
"""

import base64
import json
import re
import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pytest
from boxes import NETS, drawn, standing, strokes
from golden import AFTER, COST, COST_AFTER, COST_AFTER_BIASES_HELD, GRADIENTS, PASSES, PATHS

from simplenet import backprop, init_net, load_data
from simplenet.backprop.digest import digest
from simplenet.backprop.example import LR, X, Y, example_net, trace, weight_index
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import forces, machine, positions
from simplenet.backprop.mechanism import given as place
from simplenet.backprop.page import Shown
from simplenet.backprop.page import _data as page_data
from simplenet.backprop.scene import as_data, band_path, pose, transform
from simplenet.errors import DataError
from simplenet.functions import ACTIVATIONS, COSTS, HIDDEN
from simplenet.net import backward, forward, net_around, optimize, zero_grad
from simplenet.pictures.prepare import prepare

NODE = shutil.which("node")
WEB = backprop.bundled_path().parent / "web"
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

# What is asked of the modules, each with what it is given.
RUNNER = """
import { readFileSync } from "node:fs";
const load = (name) => import(new URL(name, process.argv[1]));
const network = await load("network.mjs");
const { decode, decodeParts } = await load("packed.mjs");
const { prepare } = await load("prepare.mjs");
const scenes = await load("scene.mjs");
const machines = await load("machine.mjs");
const states = await load("state.mjs");
const lists = (value) =>
  ArrayBuffer.isView(value) ? Array.from(value)
  : Array.isArray(value) ? value.map(lists)
  : value && typeof value === "object"
  ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, lists(v)])) : value;
const netOf = ({ net, params, format }) => network.netAround(net, decode(bytesOf(params), format));
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const ask = {
  names: () => Object.keys(network.ACTIVATIONS),
  pass: (given) => {
    const net = netOf(given);
    const pass = network.forward(net, given.x);
    const back = network.backward(net, pass, given.y);
    const grads = network.gradients(back);
    const paths = net.W.map((_, l) =>
      Array.from(pass.a[l], (_, k) => network.paths(net, back, l, k)));
    const step = grads.slice();
    if (given.held) step.fill(0, step.length - net.b.reduce((n, b) => n + b.length, 0));
    network.optimize(net, step, given.lr ?? 0);
    const after = { params: net.params, a: network.forward(net, given.x).a };
    return { ...pass, ...back, grads, paths, after };
  },
  turns: (given) => {
    const net = netOf(given);
    const pass = network.forward(net, given.x);
    const back = network.backward(net, pass, given.y);
    return given.turns.map(([l, k, j, amount]) => {
      const index = network.indexOf(net, l, k, j);
      const ratios = network.ratios(net, pass, back, l, k, j);
      const turned = network.turned(net, pass, given.y, { l, k, j }, amount);
      return { index, ratios, turned };
    });
  },
  poses: ({ scene, at }) => ({
    poses: Object.values(scene.bodies).map((body) => scenes.pose(body, at)),
    transforms: Object.values(scene.bodies).map((body) => scenes.transform(body, at)),
    bands: scene.bands.map((band) => scenes.bandPath(band, at)),
  }),
  learn: (given) => {
    const net = netOf(given);
    const shown = { ...net, net, inputs: Float64Array.from(given.x), targets: given.y };
    states.chooseNet(shown, given.scene, 0);
    const { state } = states;
    return given.steps.map(() => {
      states.learn(1, given.lr);
      const { parts, pass, back, y, base } = state;
      const at = machines.standing(state.net, parts, { ...pass, C: back.C }, y);
      const felt = machines.pulls(state.net, parts, pass, back, y);
      const drawn = scenes.atEnds(machines.withWays(at, base), given.scene.ends, given.scene.slots);
      const all = [pass.z, pass.a, back.dc_dz, back.dc_dW, back.dc_dx, Object.values(at),
        Object.values(felt), Object.values(drawn), [back.C], state.costs];
      const finite = all.flat().every((v) => [v].flatMap((u) => Array.from(u.length ? u : [u]))
        .every(Number.isFinite));
      const params = given.all ? state.net.params.slice() : [];
      return { C: back.C, refusal: state.refusal, finite, params };
    });
  },
  held: ({ scene, at, odd }) => {
    odd.forEach((name, i) => { at[name] = [NaN, Infinity, -Infinity][i % 3]; });
    const drawn = scenes.atEnds(at, scene.ends, scene.slots);
    const texts = [...Object.values(scene.bodies).map((body) => scenes.transform(body, drawn)),
      ...scene.bands.map((band) => scenes.bandPath(band, drawn))];
    return { drawn, texts, beyond: scenes.pastEnds(at, drawn) };
  },
  machine: (given) => {
    const net = netOf(given);
    const { x, y, whole, weight } = given;
    const pass = network.forward(net, x);
    const back = network.backward(net, pass, y);
    const route = machines.routeOf(net, whole, weight, back, y);
    const parts = machines.partsOf(net, route);
    const at = machines.standing(net, parts, { ...pass, C: back.C }, y);
    const down = Array.from(machines.downstream(net, parts, weight));
    return { at, felt: machines.pulls(net, parts, pass, back, y), route, down };
  },
  decode: ({ text, format }) => Array.from(decode(bytesOf(text), format), (v) =>
    Object.is(v, -0) ? "-0" : v),
  parts: ({ parts }) => decodeParts(parts.map((p) => ({ ...p, bytes: bytesOf(p.bytes) }))),
  prepare: ({ text, rows, columns, side }) => {
    const rgba = Uint8ClampedArray.from(Buffer.from(text, "base64"));
    const image = prepare(rgba, columns, rows, side);
    return image && Buffer.from(image).toString("base64");
  },
};
const cases = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map(([what, given]) => lists(ask[what](given)))));
"""


def node(*cases):
    """Ask many things at once: pairs of a name in RUNNER's `ask` and what it is given."""
    command = [NODE, "--input-type=module", "-e", RUNNER, f"{WEB.as_uri()}/"]
    asked = json.dumps(cases, default=text_of_bytes)
    result = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return json.loads(result.stdout)


def text_of(array):
    return text_of_bytes(np.ascontiguousarray(array).tobytes())


def text_of_bytes(value):
    return base64.b64encode(value).decode()


def given(net, x, y, **more):
    """Describe a net and a sample, x (inputs,) and y (outputs,), as the page has them."""
    about = {"shape": net.shape, "activations": net.activations, "cost": net.cost}
    kind = {"<f2": "float16", "<f8": "float64"}[net.params.dtype.str]
    params = {"params": text_of(net.params), "format": kind}
    return {"net": about, **params, "x": np.ravel(x).tolist(), "y": np.ravel(y).tolist(), **more}


def same(found, expected, rtol):
    """Compare to so much of each number, and of what is lost where large ones cancel."""
    expected = np.ravel(expected)
    atol = rtol / 1000 * max(np.abs(expected).max(initial=0), 1e-300)
    np.testing.assert_allclose(np.ravel(found), expected, rtol, atol)


def same_pass(found, net, x, y, rtol):
    """Compare everything that one forward and one backward pass compute."""
    t = trace(net, np.ravel(x), np.ravel(y))
    same(found["C"], t.cost, rtol)
    for name in "z", "a", "dc_da", "slope", "dc_dz", "dc_dW", "dc_db":
        parts = getattr(t, name)
        assert len(found[name]) == len(parts), name
        for part, expected in zip(found[name], parts):
            if expected is None:
                assert part is None, name
            else:
                same(part, expected, rtol)
    same(found["grads"], net.grads, rtol)
    same(found["dc_dx"], net.W[0] @ t.dc_dz[0], rtol)
    for l, paths in enumerate(found["paths"]):
        assert len(paths) == net.shape[l]
        for k, parts in enumerate(paths):
            same(parts, t.paths(net, l, k), rtol)
            same(np.sum(parts), found["dc_da"][l - 1][k] if l else found["dc_dx"][k], rtol)


# --- the worked example ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example():
    """Return the example's passes: all parameters learning, and with the biases held."""
    return node(*(("pass", given(example_net(), X, Y, lr=LR, held=held)) for held in (False, True)))


def test_the_example_is_the_python_s_to_1e_12(example):
    same_pass(example[0], example_net(), X, Y, 1e-12)
    net = example_net()
    trace(net, X[0], Y[0])
    optimize(net, LR)
    same(example[0]["after"]["params"], net.params, 1e-12)
    same(example[0]["after"]["a"][-1], forward(net, X), 1e-12)


def test_the_example_has_the_golden_numbers(example):
    """They were computed to 30 digits."""
    found = example[0]
    for name, parts in PASSES.items():
        for part, expected in zip(found[name], parts, strict=True):
            same(part, expected, 1e-12)
    same(found["C"], COST, 1e-12)
    for number, ratio in GRADIENTS.items():
        l, k, j = weight_index(number)
        same(found["dc_dW"][l][2 * k + j], ratio, 1e-12)
        same(found["after"]["params"][4 * l + 2 * k + j], AFTER[number], 1e-12)
    for paths, expected in zip(found["paths"][1], PATHS, strict=True):
        same(paths, expected, 1e-12)
    for passed, C in zip(example, (COST_AFTER, COST_AFTER_BIASES_HELD)):
        same(0.5 * ((np.array(passed["after"]["a"][-1]) - Y) ** 2).sum(), C, 1e-12)


# --- real networks --------------------------------------------------------------------------------


def test_a_network_as_large_as_the_bundled_one_agrees_to_1e_10():
    """Its weights are stored as float16, as the page has them, and computed with in float64."""
    half = init_net(backprop.bundled().net.shape, rng=0, dtype=np.float16)
    half.params += np.random.default_rng(1).normal(0, 0.3, half.params.size).astype(np.float16)
    net = net_around(half.params.astype(np.float64), half.shape, half.activations, half.cost)
    images, labels = load_data("sample").test
    samples = [(images[n].ravel() / 255, np.eye(10)[labels[n]]) for n in (0, 700, 1500, 2999)]
    asked = [("pass", given(half, x, y)) for x, y in samples]
    for found, (x, y) in zip(node(*asked), samples):
        same_pass(found, net, x, y, 1e-10)


def every_net(shape=(4, 3, 3, 2)):
    """Return a net of each activation of hidden layers, cost and output activation."""
    hidden = list(HIDDEN)
    for cost, outputs in COSTS.items():
        for output in outputs:
            for activation in hidden:
                names = {"activation": activation, "output_activation": output, "cost": cost}
                net = init_net(shape, rng=3, dtype=np.float64, **names)
                net.params += np.random.default_rng(4).normal(0, 0.3, net.params.size)
                yield net


def test_every_activation_and_cost_is_there_and_agrees():
    rng = np.random.default_rng(0)
    problems = [
        (net, rng.normal(0, 1, 4), np.eye(2)[n % 2]) for net in every_net() for n in range(3)
    ]
    names, *passes = node(("names", {}), *(("pass", given(*problem)) for problem in problems))
    assert names == list(ACTIVATIONS)
    for found, problem in zip(passes, problems):
        same_pass(found, *problem, 1e-11)


@pytest.mark.parametrize("cost", COSTS)
def test_saturated_outputs_agree_too(cost):
    for output in COSTS[cost]:
        net = init_net((2, 2), rng=0, dtype=np.float64, output_activation=output, cost=cost)
        net.params[:] = [900, -900, 0, 5, 0, 0]
        for y in [1, 0], [0, 1]:
            x = [1.0, 0.0]
            (found,) = node(("pass", given(net, x, y)))
            same_pass(found, net, x, y, 1e-12)


def fine(net):
    """Return the net, to compute with float64."""
    return net_around(net.params.astype(float), net.shape, net.activations, net.cost)


@pytest.mark.parametrize("cost", ["half-squared-error", "cross-entropy"])
@pytest.mark.parametrize("title", ["the example", "bundled"])
def test_learning_at_any_rate_stays_with_the_python_and_with_numbers(title, cost):
    """Where a step leads to what is no number, the page does not take it, and says so."""
    _, scene, _ = drawn(NETS[title])
    small = title == "the example"
    images, labels = load_data("sample").test
    x, y = (X, Y) if small else (images[:1].reshape(1, -1) / 255, np.eye(10)[labels[:1]])
    y = y if small else np.roll(y, 3)  # wrong: there is something to learn
    data = {**as_data(scene, []), "whole": small}
    rates = (1e2, 1e3, 1e6, 1e30, 1e300, 1e308)
    asked = []
    for rate in rates:
        net = fine(NETS[title])
        net.cost = cost
        more = {"scene": data, "lr": rate, "steps": [0] * 4, "all": small}
        asked.append(("learn", given(net, x, y, **more)))
    for rate, steps in zip(rates, node(*asked), strict=True):
        net = fine(NETS[title])
        net.cost = cost
        for found in steps:
            assert found["finite"]
            assert "too large to compute with" in found["refusal"] or not found["refusal"]
            if found["refusal"] or (cost == "half-squared-error" and not small):
                break  # of a softmax the Python has cross-entropy alone
            with np.errstate(all="ignore"):
                zero_grad(net)
                forward(net, x)
                backward(net, y)
                optimize(net, rate)
                forward(net, x)
                C = backward(net, y)
            assert found["C"] == pytest.approx(C, rel=1e-6, abs=1e-12)
            if small:
                same(found["params"], net.params, 1e-6)


# --- gears ----------------------------------------------------------------------------------------


def every_parameter(net):
    """Return (l, k, j) of each, in the order of params; k is None for a bias."""
    for l, (n, m) in enumerate(pairwise(net.shape)):
        yield from ((l, k, j) for k in range(n) for j in range(m))
    yield from ((l, None, j) for l, m in enumerate(net.shape[1:]) for j in range(m))


def test_ratios_are_the_gradient_and_what_small_turns_do():
    """The chain rule run forwards: a second way, for every parameter of every kind of net."""
    x, y, amount = np.array([0.3, -0.8, 0.5, 1.1]), np.array([0.0, 1.0]), 1e-6
    nets = [example_net(), *every_net()]
    samples = [(X[0], Y[0]), *[(x, y)] * (len(nets) - 1)]
    asked = [
        ("turns", given(net, *sample, turns=[[*p, amount] for p in every_parameter(net)]))
        for net, sample in zip(nets, samples)
    ]
    for net, (x, y), turns in zip(nets, samples, node(*asked)):
        t = trace(net, x, y)
        assert [turn["index"] for turn in turns] == list(range(net.params.size))
        same([turn["ratios"]["dC"] for turn in turns], net.grads, 1e-11)
        for (l, k, j), turn in zip(every_parameter(net), turns):
            ratios, turned = turn["ratios"], turn["turned"]
            same(ratios["dz"][l][j], 1 if k is None else t.a[l][k], 1e-12)
            for i in range(len(net.W)):
                for name, before, after in (
                    ("dz", t.z[i], turned["z"][i]),
                    ("da", t.a[i + 1], turned["a"][i + 1]),
                ):
                    if i < l:
                        assert not np.any(ratios[name][i])
                        same(after, before, 1e-12)
                    else:
                        moved = (np.array(after) - before) / amount
                        np.testing.assert_allclose(moved, ratios[name][i], rtol=1e-4, atol=1e-5)
            moved = (turned["C"] - t.cost) / amount
            np.testing.assert_allclose(moved, ratios["dC"], rtol=1e-4, atol=1e-5)


def test_a_turn_computes_everything_again():
    """However large it is; the golden ratios of turns of w5 and w1 are told of the example."""
    turns = [(5, 1e-3, 0.0821609), (5, 0.1, 0.0815322), (5, 1, 0.0741581)]
    turns += [(1, 1e-3, 0.000438566), (1, 0.1, 0.000438416), (1, 1, 0.000436968)]
    asked = [[*weight_index(number), amount] for number, amount, _ in turns]
    (found,) = node(("turns", given(example_net(), X, Y, turns=asked)))
    before = trace(example_net(), X[0], Y[0]).cost
    for (_, amount, golden), turn in zip(turns, found):
        assert (turn["turned"]["C"] - before) / amount == pytest.approx(golden, rel=2e-6)
        net = example_net()
        net.params[turn["index"]] += amount
        t = trace(net, X[0], Y[0])
        same(turn["turned"]["C"], t.cost, 1e-12)
        for name in "z", "a":
            for part, expected in zip(turn["turned"][name], getattr(t, name)):
                same(part, expected, 1e-12)


# --- stored numbers -------------------------------------------------------------------------------


def test_stored_numbers_are_read_exactly():
    rng = np.random.default_rng(0)
    halves = np.arange(65536, dtype=np.uint16).view("<f2")
    arrays = {
        "float16": halves[np.isfinite(halves)],  # every one that there is
        "float32": np.append(rng.normal(0, 1e9, 500), [0, -0.0, 1e-45, 3.4e38]).astype("<f4"),
        "float64": np.append(rng.normal(0, 1e-9, 500), [0, -0.0, 5e-324, 1.7e308]).astype("<f8"),
        "uint8": np.arange(256, dtype=np.uint8),
        "int8": np.arange(-128, 128).astype(np.int8),
    }
    asked = [("decode", {"text": text_of(array), "format": name}) for name, array in arrays.items()]
    for found, array in zip(node(*asked), arrays.values()):
        expected = array.astype(np.float64)
        found = np.array([float(value) for value in found])
        assert found.tobytes() == expected.tobytes()  # -0 is not 0 here


def test_parameters_arrive_exactly_whether_a_byte_tells_each_or_not():
    rng = np.random.default_rng(5)
    plain, bytes_each, with_rows = (init_net((6, 5, 3), rng=seed) for seed in range(3))
    for net in bytes_each, with_rows:
        for W in net.W:
            W[:] = rng.integers(-127, 128, W.shape) * 2.0 ** -rng.integers(3, 14, W.shape[1])
    with_rows.W[0][[0, 3]] = 0
    asked = []
    for net, formats in (plain, 1), (bytes_each, 3), (with_rows, 3):
        parts = page_data(Shown("", net, np.eye(3)[:1], x=np.zeros((1, 6))))["params"]
        assert len(parts) == formats
        asked.append(("parts", {"parts": parts}))
    for found, net in zip(node(*asked), (plain, bytes_each, with_rows), strict=True):
        assert np.array_equal(np.array(found), net.params.astype(np.float64))


# --- the preparation of a picture -----------------------------------------------------------------


def pictures():
    """Return pictures and sides: digits, and everything that might be computed differently."""
    rng = np.random.default_rng(0)

    def opaque(light):
        light = np.clip(np.rint(light), 0, 255).astype(np.uint8)
        return np.dstack([light, light, light, np.full_like(light, 255)])

    digits = load_data("sample").test.images[::50]  # six of each class
    for number, digit in enumerate(digits):
        wide = np.kron(digit, np.ones((1 + number % 11, 1 + number % 7)))
        wide = np.pad(wide, ((number, 3 * number % 50), (number % 40, 7)))
        yield opaque(255 - digit), 28
        yield opaque(wide), 28
        light = np.linspace(90, 240, wide.shape[1])
        yield opaque(light * (1 - wide / 300) + rng.normal(0, number % 9, wide.shape)), 28
    for _ in range(150):  # noise of all sizes, colours, transparencies
        rows, columns = rng.integers(1, 100, 2) if rng.random() < 0.8 else rng.integers(150, 250, 2)
        picture = rng.integers(0, 256, (rows, columns, 4), dtype=np.uint8)
        if rng.random() < 0.5:  # blotches
            picture = np.kron(picture[:9, :9], np.ones((7, 5, 1), np.uint8))
        if rng.random() < 0.5:  # few values: ties
            picture = picture // 85 * 85
        if rng.random() < 0.4:
            picture[:, :, 3] = 255
        yield picture, int(rng.choice([1, 2, 8, 14, 28, 28, 28, 33, 64]))
    for rows, columns in (1, 1), (1, 2), (2, 1), (1, 900), (900, 1), (3, 700), (700, 2), (168, 169):
        for _ in range(3):
            yield opaque(rng.integers(0, 2, (rows, columns)) * 255), 28
            line = np.zeros((rows, columns))
            line[rows // 2, : 1 + columns // 3] = 200
            yield opaque(line), 28
    for size in 27, 167, 168, 169, 336, 337:  # rings and lines around the sizes where steps change
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        for width in 0.03, 0.15, 0.5:
            yield opaque(255 * (np.abs(np.hypot(x, y) - 0.6) < width)), 28
            yield opaque(255 - 230 * (np.abs(x - y / 3) < width) * (np.abs(y) < 0.9)), 28
        yield opaque(120 + 100 * x), 28
    for height in 9, 10, 11:  # a piece cut by the edge, around twice the ink of one inside
        ink = np.zeros((60, 60))
        ink[:height, 20:24] = ink[30:35, 20:24] = 255
        yield opaque(ink), 28
    for number in range(
        90
    ):  # dots and thin lines, of which a small net's pixels keep next to nothing
        ink = np.zeros(rng.integers(20, 250, 2))
        for _ in range(rng.integers(2, 4)):
            row, column = (int(rng.integers(0, n)) for n in ink.shape)
            ink[row : row + int(rng.choice([1, 1, 60])), column] = rng.integers(60, 256)
        yield opaque(ink), 1 + number % 9
    for number in range(40):  # lines, frames, a corner, a desk, colours as light as others
        ink = np.pad(np.kron(digits[number], np.ones((4, 4))) / 255, 20 + number % 5)
        y, x = np.mgrid[: len(ink), : len(ink[0])]
        for axis, slope in ((y, x), (x, y)) if number % 3 else ((y, x),):
            off = (axis + rng.uniform(-0.1, 0.1) * slope) % rng.integers(20, 60)
            ink = np.maximum(ink, rng.choice([0, 0.3, 1]) * (off < rng.uniform(1, 9)))
        if number % 2:
            ink = np.pad(np.pad(ink, 9), 1 + number % 4, constant_values=1)
        light = 230 - 200 * ink
        light[: int(rng.integers(1, 40)), : int(rng.integers(1, 90))] = 20
        yield opaque(np.pad(light, number % 4 * 9, constant_values=40)), 28
        pen, paper = rng.integers(0, 256, (2, 3))
        colours = opaque(light)
        colours[:, :, :3] = np.where(light[:, :, None] < 128, pen, paper)
        yield colours, 28
    for white in 0, 22, 23, 24, 25, 255:  # ink that is told by its transparency, or by its colour
        clear = np.full((28, 28, 4), 255, np.uint8)
        clear[:, :, 3], clear[:9, :, :3] = digits[1], 255 - white
        yield clear, 28
    for contrast in 22, 23, 24, 25, 26:  # around what is blank
        yield opaque(100 + contrast * (np.kron(digits[0], np.ones((2, 2))) > 99)), 28


def test_every_pixel_of_a_prepared_picture_is_the_python_s():
    cases = list(pictures())
    asked = [
        (
            "prepare",
            {"text": text_of(rgba), "rows": len(rgba), "columns": len(rgba[0]), "side": side},
        )
        for rgba, side in cases
    ]
    blank = 0
    for (rgba, side), found in zip(cases, node(*asked), strict=True):
        try:
            expected = text_of(prepare(rgba, side))
        except DataError:
            expected, blank = None, blank + 1
        assert found == expected, (rgba.shape, side)
    assert len(cases) > 570 and 10 < blank < 150


def test_a_drawing_is_prepared_while_the_pen_moves():
    """The page does this at each movement, on a canvas of 280 x 280: far below a second here."""
    code = """
    const { prepare } = await import(process.argv[1]);
    const rgba = new Uint8ClampedArray(280 * 280 * 4).fill(255);
    for (let i = 0; i < 280; i++) rgba.fill(0, (i * 280 + 100) * 4, (i * 280 + 120) * 4);
    const times = Array.from({ length: 9 }, () => {
      const began = performance.now();
      prepare(rgba, 280, 280);
      return performance.now() - began;
    });
    console.log(Math.min(...times));
    """
    command = [NODE, "--input-type=module", "-e", code, f"{WEB.as_uri()}/prepare.mjs"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert float(result.stdout) < 200, result.stderr  # 6 ms on a machine with time to spare


# --- the machine ----------------------------------------------------------------------------------


def test_what_is_drawn_moves_as_in_python():
    net = example_net()
    made = machine(net)
    scene = machine_scene(made)
    rng = np.random.default_rng(4)
    start = place(net, X[0], Y[0])
    for _ in range(5):
        at = positions(made, {name: value + rng.normal() for name, value in start.items()})
        [found] = node(("poses", {"scene": as_data(scene, []), "at": at}))
        for body, posed, moved in zip(
            scene.bodies.values(), found["poses"], found["transforms"], strict=True
        ):
            np.testing.assert_allclose(posed, pose(body, at), atol=3e-2)
            assert (moved == "") == (transform(body, at) == "")
        for band, path in zip(scene.bands, found["bands"], strict=True):
            wanted = band_path(band, at)
            numbers = [list(map(float, re.findall(r"-?[\d.]+", d))) for d in (path, wanted)]
            np.testing.assert_allclose(*numbers, atol=0.02)
            assert re.sub(r"[-\d. ]", "", path) == re.sub(r"[-\d. ]", "", wanted)


@pytest.mark.parametrize("title", NETS)
def test_whatever_the_values_all_is_drawn_within_the_view(title):
    """A lever, a rack and a groove have ends, and there a part stays; numbers may go on."""
    made, scene, _ = drawn(NETS[title])
    data = as_data(scene, [])
    assert set(made.values) - set("C") <= set(scene.ends) | set(scene.slots)
    rng = np.random.default_rng(2)
    names = sorted({*standing(made, scene, rng, 0), *made.values})
    asked = []
    for power in 0, 0.5, 2, 9, 300:
        sizes = rng.choice([-1, 1], len(names)) * 10 ** (rng.uniform(0, power, len(names)))
        at = dict(zip(names, map(float, sizes)))
        odd = list(rng.choice(names, 9)) if power == 300 else []
        asked.append(("held", {"scene": data, "at": at, "odd": odd}))
    for (_, given_it), found in zip(asked, node(*asked), strict=True):
        at, odd, at_end = given_it["at"], given_it["odd"], found["drawn"]
        assert not re.search(r"NaN|Infinity|e[+-]?\d", "".join(found["texts"]))
        for part, _, line, half in strokes(scene, at_end):
            for x, y in line:
                assert -0.01 <= x - half <= x + half <= scene.width + 0.01, part
                assert -0.01 <= y - half <= y + half <= scene.height + 0.01, part
        for product, (w, a, *_) in scene.slots.items():
            assert at_end[product] == pytest.approx(at_end[w] * at_end[a])
        told = {name for name in at if name in odd or abs(at[name] - at_end[name]) > 0.02}
        assert set(found["beyond"]) == told


def test_what_can_be_drawn_is_drawn_where_it_is():
    made = machine(example_net())
    at = positions(made, place(example_net(), X[0], Y[0]))
    scene = machine_scene(made)
    [found] = node(("held", {"scene": as_data(scene, []), "at": at, "odd": []}))
    assert found["beyond"] == []
    assert found["drawn"] == pytest.approx(at, abs=1e-12)


@pytest.mark.parametrize("cost", ["half-squared-error", "cross-entropy"])
def test_where_everything_stands_and_what_it_feels_is_what_the_machine_has(cost):
    net = example_net()
    net.cost = cost
    made = machine(net)
    at = positions(made, place(net, X[0], Y[0]))
    felt, _ = forces(made, at)
    weight = {"l": 0, "k": 0, "j": 0}
    [found] = node(("machine", given(net, X, Y, whole=True, weight=weight)))
    for name in made.values:
        assert found["at"][name] == pytest.approx(at[name], rel=1e-12), name
        if name in found["felt"]:
            assert found["felt"][name] == pytest.approx(felt[name], rel=1e-12), name
    missing = set(made.values) - set(found["felt"])
    assert missing == ({"y1", "y2"} if cost == "cross-entropy" else set())
    assert set(found["down"]) == set("w1 p1 z.h1 h1 p5 p7 z.o1 z.o2 o1 o2 c1 c2 C".split())
    assert found["at"]["r.h1"] == pytest.approx(0, abs=1e-15)


def test_a_path_through_a_large_net_stands_where_the_net_does():
    net = backprop.bundled().net
    net = net_around(net.params.astype(float), net.shape, net.activations, net.cost)
    images, labels = load_data("sample").test
    x, y = images[3].ravel() / 255, np.eye(10)[labels[3]]
    t = trace(net, x, y)
    k, j = np.unravel_index(np.abs(t.dc_dW[0]).argmax(), t.dc_dW[0].shape)
    weight = {"l": 0, "k": int(k), "j": int(j)}
    [found] = node(("machine", given(net, x, y, whole=False, weight=weight)))
    first, hidden, outputs = found["route"]
    assert (first, hidden) == ([k], [j])
    assert len(outputs) == 2 and labels[3] in outputs
    names = [part.output for part in digest(net).parts] + [*digest(net).held, *digest(net).cranks]
    assert set(names) <= set(found["at"])
    at, felt = found["at"], found["felt"]
    assert at["x1"] == pytest.approx(x[k]) and at["h1"] == pytest.approx(t.a[1][j])
    assert at["p1"] + at["r.h1"] + at["b.h1"] == pytest.approx(t.z[0][j])
    assert felt["w1"] == pytest.approx(t.dc_dW[0][k, j])
    assert felt["h1"] == pytest.approx(t.paths(net, 1, j).sum())
    for name, output in zip(("o1", "o2"), outputs):
        # A softmax unit is a sigmoid that the others have clamped elsewhere.
        shifted = at[f"z.{name}"] - at[f"s.{name}"]
        assert at[name] == pytest.approx(1 / (1 + np.exp(-shifted))) == t.a[2][output]
        assert felt[f"z.{name}"] == pytest.approx(t.dc_dz[1][output])
        # The slope of C = -ln(a of the right class), the other outputs held.
        assert felt[name] == pytest.approx(-y[output] / t.a[2][output])
    assert at["C"] == pytest.approx(t.cost) == at["c1"] + at["c2"] + at["r.C"]


def test_squared_error_of_a_softmax_which_the_page_alone_has():
    net = init_net((3, 4), rng=2, dtype=np.float64, cost="cross-entropy")
    net.cost = "half-squared-error"
    x, y = np.array([0.4, -1.2, 0.7]), np.eye(4)[2]

    def cost_of(params):
        other = net_around(params, net.shape, net.activations, "cross-entropy")
        return 0.5 * ((forward(other, x[None])[0] - y) ** 2).sum()

    [found] = node(("pass", given(net, x, y)))
    assert found["C"] == pytest.approx(cost_of(net.params), rel=1e-12)
    for i in range(net.params.size):
        ahead, behind = net.params.copy(), net.params.copy()
        ahead[i] += 1e-5
        behind[i] -= 1e-5
        slope = (cost_of(ahead) - cost_of(behind)) / 2e-5
        assert found["grads"][i] == pytest.approx(slope, rel=1e-6, abs=1e-10)
