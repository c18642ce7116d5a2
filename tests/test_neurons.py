"""Neurons, layers and nets of values: what they compute, how they are made, and how they learn."""

import copy
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest

import simplenet
from simplenet.autodiff import Tensor
from simplenet.net import forward, init_net, optimize
from simplenet.neurons import MLP, Layer, Neuron, stepper
from simplenet.optimizers import OPTIMIZERS, optimizer
from simplenet.values import Value

XS = np.array([[2, 3, -1], [3, -1, 0.5], [0.5, 1, 1], [1, 1, -1]])
YS = np.array([1, -1, -1, 1])


def close(actual, expected, rtol=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-12)


# --- What they compute ----------------------------------------------------------------------------


def test_neuron():
    neuron = Neuron(2, weights=[-3, 1], bias=6.8813735870195432)
    out = neuron([2, 0])
    out.backward()
    close(out.data, np.sqrt(0.5))
    close([p.grad for p in neuron.parameters()], [1, 0, 0.5])
    assert all(type(p) is Value for p in neuron.parameters())


@pytest.mark.parametrize(
    ("activation", "s"),
    [
        ("tanh", np.tanh), ("relu", lambda z: np.maximum(z, 0)), ("linear", lambda z: z),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    ],
)  # fmt: skip
def test_every_activation(activation, s):
    for x in ([1.0, -2.0], [-1.0, 2.0]):
        neuron = Neuron(2, activation, weights=[0.5, -0.25], bias=0.1)
        close(neuron(x).data, s(np.dot(x, [0.5, -0.25]) + 0.1))


def test_a_single_output_comes_alone_and_several_in_a_list():
    assert isinstance(Layer(3, 1)([1, 2, 3]), Value)
    assert [type(y) for y in Layer(3, 2)([1, 2, 3])] == [Value, Value]
    assert isinstance(MLP(3, [4, 1])([1, 2, 3]), Value)
    assert len(MLP(3, [4, 2])([1, 2, 3])) == 2
    assert isinstance(MLP(1, [1, 1, 1])(0.5), Value)  # nor does a single input need a list
    assert isinstance(MLP(1, [1, 2, 1])(np.array([0.5, 1.0])[None]), Tensor)


def test_it_computes_what_a_net_of_the_heart_with_its_weights_does():
    net = init_net((3, 4, 2), rng=0, dtype=np.float64)
    net.b[0][:], net.b[1][:] = [0.1, -0.2, 0.3, 0], [0.5, -0.5]
    same = MLP(3, [4, 2], "sigmoid", weights=net.W, biases=net.b)
    expected = forward(net, XS)
    for x, row in zip(XS, expected):
        close([float(y) for y in same(x)], row)
    close(np.stack([y.data for y in same(XS.T)], axis=1), expected)  # all samples at once


def test_each_layer_may_have_an_activation_of_its_own():
    net = MLP(2, [3, 3, 1], activation=("tanh", "relu", "linear"))
    assert [neuron.activation for layer in net.layers for neuron in layer.neurons] == (
        ["tanh"] * 3 + ["relu"] * 3 + ["linear"]
    )
    assert repr(net) == "MLP([Layer(2, 3, 'tanh'), Layer(3, 3, 'relu'), Layer(3, 1, 'linear')])"
    assert repr(Neuron(2, "relu")) == "Neuron(2, 'relu')"


def test_layers_without_kinks_or_bends_are_one_layer():
    net = MLP(3, [5, 4, 2], activation="linear", biases=[[1] * 5, [2] * 4, [3] * 2], rng=1)
    W, b = np.eye(3), np.zeros(3)
    for layer in net.layers:
        own = np.array([[float(w) for w in neuron.weights] for neuron in layer.neurons]).T
        W, b = W @ own, b @ own + [float(neuron.bias) for neuron in layer.neurons]
    one = Layer(3, 2, "linear", weights=W, biases=b)
    for x in XS:
        close([float(y) for y in net(x)], [float(y) for y in one(x)])


def test_an_input_is_one_node_of_the_graph_however_many_neurons_read_it():
    outputs = Layer(2, 3)([1.0, 2.0])
    total = outputs[0] + outputs[1] + outputs[2]
    assert sum(not node.requires_grad for node in total._history()) == 2


# --- How they are made ----------------------------------------------------------------------------


def test_parameters_come_in_one_order_and_a_seed_gives_the_same():
    net, again = (MLP(3, [4, 4, 1], rng=seed) for seed in (0, np.random.default_rng(0)))
    assert len(net.parameters()) == 41
    assert [float(p) for p in net.parameters()] == [float(p) for p in again.parameters()]
    assert len({float(p) for p in net.parameters()}) == 41 - 8  # biases are 0
    other, another = MLP(3, [4, 4, 1]), MLP(3, [4, 4, 1])  # without a seed, each its own
    assert [float(p) for p in other.parameters()] != [float(p) for p in another.parameters()]


def test_columns_of_the_weights_are_neurons():
    layer = Layer(2, 3, weights=[[1, 2, 3], [4, 5, 6]], biases=[7, 8, 9])
    assert [[float(p) for p in neuron.parameters()] for neuron in layer.neurons] == [
        [1, 4, 7], [2, 5, 8], [3, 6, 9]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Neuron(0), "inputs: expected at least 1 input, found 0"),
        (lambda: Neuron(2, "selu"), "activation: expected one of tanh, relu, sigmoid, linear; fou"),
        (lambda: Neuron(2, weights=[1]), r"weights: expected numbers of shape \(2,\), found \(1,"),
        (lambda: Neuron(2, weights=["a", 1]), r"weights: expected numbers of shape \(2,\), found"),
        (lambda: Neuron(2, bias="0"), "bias: expected a"),
        (lambda: Neuron(2, rng="0"), "rng: expected"),
        (lambda: Layer(2, 0), "outputs: expected at least 1 output, found 0"),
        (lambda: Layer(2, 3, weights=np.ones((3, 2))), r"weights: expected .* \(2, 3\), found \(3"),
        (
            lambda: Layer(2, 3, biases=[1, 2]),
            r"biases: expected numbers of shape \(3,\), found \(2",
        ),
        (lambda: MLP(2, []), "sizes: expected the size of each of one or more layers, found none"),
        (
            lambda: MLP(2, [3, 1], ("relu",)),
            "activation: expected one for each of 2 layers, found 1",
        ),
        (
            lambda: MLP(2, [3, 1], weights=[[1]]),
            "weights: expected one for each of 2 layers, found 1",
        ),
        (lambda: MLP(2, [3, 1], biases=[]), "biases: expected one for each of 2 layers, found 0"),
        (lambda: Neuron(2)([1]), "expected 2 inputs, one for each weight; found 1"),
        (lambda: MLP(2, [3, 1])([1, 2, 3]), "expected 2 inputs, one for each weight; found 3"),
        (lambda: MLP(2, [1])(5), "expected 2 inputs, one for each weight; found 1"),
    ],
)
def test_what_makes_no_net_is_refused_in_a_sentence(make, words):
    with pytest.raises(ValueError, match=f"^{words}") as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MLP(2, 3), "sizes: expected the size of each layer, such as .*, found 3"),
        (lambda: MLP(2, "31"), "sizes: expected the size of each layer, such as .*, found '31'"),
        (lambda: MLP(2, [1], activation=None), "activation: expected one for each layer, found N"),
        (lambda: MLP(2, [1], weights=3), "weights: expected one for each layer, found 3"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(make, words):
    with pytest.raises(TypeError, match=f"^{words}"):
        make()


def test_weights_are_finite():
    with pytest.raises(ValueError, match="weights: expected finite numbers, found"):
        Neuron(2, weights=[1, math.nan])


# --- How they learn -------------------------------------------------------------------------------


def cost(net):
    return ((net(XS.T) - YS) ** 2).sum()  # each input is a row: its numbers in the examples


def test_it_learns_four_examples_and_one_by_one_is_the_same():
    net = MLP(3, [4, 4, 1], rng=0)
    assert cost(net).data > 2
    for _ in range(40):
        net.zero_grad()
        cost(net).backward()
        for p in net.parameters():
            p.data -= 0.1 * p.grad
    assert cost(net).data < 0.05
    alone = sum((net(x) - y) ** 2 for x, y in zip(XS, YS))
    close(alone.data, cost(net).data)
    net.zero_grad()
    alone.backward()
    gradients = [p.grad for p in net.parameters()]
    assert all(type(g) is float for g in gradients)
    net.zero_grad()
    cost(net).backward()
    close([p.grad for p in net.parameters()], gradients)
    net.zero_grad()
    assert all(p.grad == 0 for p in net.parameters())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_the_table_steps_as_it_steps_a_net(name):
    """A net of the heart, and its numbers one by one: the same gradients, the same steps."""
    rng = np.random.default_rng(0)
    net = init_net((3, 2), rng=rng, dtype=np.float64)
    values = [Value(p) for p in net.params]
    settings = {"weight_decay": 0.0, "momentum": 0.5, "clip": 0.7}
    rule, step = optimizer(name, **settings), stepper(values, optimizer(name, **settings))
    for _ in range(5):
        gradient = rng.normal(size=net.params.size)
        net.grads[:], net.samples = gradient, 1
        for value, g in zip(values, gradient):
            value.grad = float(g)
        optimize(net, 0.1, rule)
        step(0.1)
        close([v.data for v in values], net.params)
        assert all(type(v.data) is float for v in values)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_the_table_trains(name):
    net = MLP(3, [4, 4, 1], rng=0)
    step = stepper(net.parameters(), simplenet.optimizer(name))
    first = float(cost(net))
    for _ in range(30):
        net.zero_grad()
        cost(net).backward()
        step(0.02)
    assert float(cost(net)) < first / 5


def test_tensors_of_any_shape_are_stepped_and_keep_it():
    w, b, s = Tensor(np.ones((2, 3), np.float32), True), Tensor([1, 2], True), Value(3)
    unused = Tensor([5.0], True)
    (w.sum() + (b * b).sum() + s * s).backward()
    step = stepper([w, b, s, unused])
    step(0.5)
    close(w.data, np.full((2, 3), 0.5))
    close(b.data, [0, 0])
    assert w.data.dtype == np.float32 and b.data.dtype == np.float64
    assert (s.data, unused.data.tolist()) == (0, [5])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: stepper([]), ValueError, "parameters: expected at least one tensor, found none"),
        (lambda: stepper([1.0]), TypeError, "parameters: expected tensors that require a gradient"),
        (lambda: stepper([Tensor(1)]), TypeError, "parameters: expected tensors that require a gr"),
        (lambda: stepper(MLP(2, [1])), TypeError, r"parameters: .* found MLP.*: put it in a list"),
        (lambda: stepper(Tensor([1.0], True)), TypeError, r"parameters: .*: put it in a list"),
        (lambda: stepper([Value(1) * 2]), TypeError, r"parameters: .*the result of \*: a step"),
        (lambda: stepper([Value(1)], "adam"), TypeError, "rule: expected what simplenet.optimizer"),
        (lambda: stepper([Value(1)])(-1), ValueError, "lr: expected"),
    ],
)
def test_what_cannot_be_stepped_is_refused_in_a_sentence(call, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        call()


@pytest.mark.parametrize("x", [np.arange(3.0), Tensor(np.arange(3.0)), [np.arange(3.0)]])
def test_one_input_may_come_alone_or_in_a_list(x):
    neuron = Neuron(1, "linear", weights=[2.0], bias=1.0)
    close(neuron(x).data, [1, 3, 5])
    close(neuron(np.array(2.0)).data, 5)
    close(neuron(np.array([2.0])).data, 5)


@pytest.mark.parametrize(
    ("x", "kind", "words"),
    [
        (None, TypeError, "expected 2 inputs, numbers or arrays; found None"),
        ("ab", TypeError, "expected 2 inputs, numbers or arrays; found 'ab'"),
        (1.0, ValueError, "expected 2 inputs, one for each weight; found 1"),
        (np.ones((3, 2)), ValueError, "expected 2 inputs, one for each weight; found 3"),
    ],
)
def test_what_is_no_input_is_refused_in_a_sentence(x, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        MLP(2, [3, 1])(x)


def test_a_net_can_be_copied_to_keep_the_best_of_it():
    net = MLP(2, [3, 1], rng=0)
    kept = copy.deepcopy(net)
    again = pickle.loads(pickle.dumps(net))
    before = net((1, 2)).data
    net((1, 2)).backward()
    stepper(net.parameters())(0.1)
    assert kept((1, 2)).data == again((1, 2)).data == before != net((1, 2)).data
    assert all(p.grad is None for p in kept.parameters())


def test_sizes_are_paired_as_in_the_docstring():
    layers = MLP(3, [4, 4, 1]).layers
    assert len(layers) == 3
    for one, other in pairwise(layers):
        assert len(one.neurons) == len(other.neurons[0].weights)
