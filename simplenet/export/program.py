"""A program of a few lines that knows a net: in numpy or PyTorch, its weights in a file beside it.

The weights are an .npz of arrays W0, b0, W1, b1, and so on, each as `simplenet.net` has it.
"""

import io
from itertools import pairwise
from math import isqrt
from pathlib import Path
from typing import IO

import numpy as np

from simplenet.functions import LEAK, Floats
from simplenet.net import Net
from simplenet.version import __version__

# The lines of a function of z that is the activation; none overflows.
NUMPY = {
    "sigmoid": ("return (1 + np.tanh(z / 2)) / 2  # which is 1 / (1 + exp(-z))",),
    "tanh": ("return np.tanh(z)",),
    "relu": ("return np.maximum(z, 0)",),
    "leaky-relu": (f"return np.maximum(z, {LEAK} * z)",),
    "identity": ("return z",),
    "softmax": (
        "e = np.exp(z - z.max(axis=1, keepdims=True))",
        "return e / e.sum(axis=1, keepdims=True)",
    ),
}
TORCH = {
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "leaky-relu": f"nn.LeakyReLU({LEAK})",
    "identity": "nn.Identity()",
    "softmax": "nn.Softmax(dim=1)",
}

_NUMPY = '''\
"""The net {shape}, trained on {data}; written by simplenet {version}.

    python {name}.py images.npy    prints the class of each of the images {sizes}
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
{functions}


activations = {activations}


@cache
def weights():
    """Return the arrays W0, b0, W1, b1, ... from the file beside this one."""
    return read(Path(__file__).with_name({weights!r}))


def outputs(images):
    """Return the activations (n, {outputs}) for images {sizes}.

    They are bytes from 0 to 255, or floats from 0 to 1.
    """
    a = rows(images)
    for l, s in enumerate(activations):
        a = s(a @ weights()[f"W{{l}}"] + weights()[f"b{{l}}"])
    return a
{rows}
if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {name}.py images.npy")
    try:
        print(*outputs(read(sys.argv[1])).argmax(axis=1))
    except ValueError as error:
        sys.exit(f"error: {{error}}")
'''
_TORCH = '''\
"""The net {shape}, trained on {data}; written by simplenet {version}.

    python {name}.py images.npy    prints the class of each of the images {sizes}
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn


def load():
    """Return the net: images (n, {inputs}), floats from 0 to 1, to activations (n, {outputs})."""
    net = nn.Sequential(
{layers}
    ).to(torch.{dtype})
    weights = read(Path(__file__).with_name({weights!r}))
    with torch.no_grad():
        for l, layer in enumerate(net[::2]):  # PyTorch keeps weights as (outputs, inputs)
            layer.weight.copy_(torch.from_numpy(weights[f"W{{l}}"].T))
            layer.bias.copy_(torch.from_numpy(weights[f"b{{l}}"]))
    return net
{rows}
if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {name}.py images.npy")
    try:
        print(*load()(torch.from_numpy(rows(read(sys.argv[1])))).argmax(dim=1).tolist())
    except ValueError as error:
        sys.exit(f"error: {{error}}")
'''
_ROWS = '''

def rows(images):
    """Return images as rows (n, {inputs}) of floats from 0 to 1; bytes are divided by 255."""
    x = np.asarray(images)
    if x.ndim < 2 or x[:1].size not in (0, {inputs}) or x.dtype.kind not in "uif":
        raise ValueError(
            f"expected images {sizes}, found {{x.dtype}} of shape {{x.shape}}"
        )
    whole, x = x.dtype.kind in "ui", x.reshape(len(x), {inputs}).astype(np.{dtype})
    x = x / 255 if whole else x
    if x.size and not 0 <= x.min() <= x.max() <= 1:
        raise ValueError("expected bytes from 0 to 255, or floats from 0 to 1, found others")
    return x


def read(path):
    """Return the array, or the arrays by name, that numpy has saved in a file."""
    try:
        found = np.load(path)
        return found if isinstance(found, np.ndarray) else dict(found)
    except OSError as error:
        raise ValueError(f"{{path}}: cannot be read: {{error.strerror}}") from error
    except Exception as error:  # whatever is wrong with a file that numpy has not written
        raise ValueError(f"{{path}}: expected a file that numpy.save has written") from error

'''


def numpy_program(net: Net, path: Path, data: str) -> str:
    """Return a program in numpy that is to be saved as `path`, of a net trained on such data."""
    names = {name: name.replace("-", "_") for name in net.activations}
    functions = ("\n    ".join([f"\n\ndef {names[name]}(z):", *NUMPY[name]]) for name in names)
    activations = ", ".join(names[name] for name in net.activations)
    return _NUMPY.format(
        **_facts(net, path, data),
        functions="\n".join(functions),
        activations=f"[{activations}]",
    )


def torch_program(net: Net, path: Path, data: str) -> str:
    """Return a program in PyTorch that is to be saved as `path`, of a net trained on such data."""
    layers = (
        f"        nn.Linear({inputs}, {outputs}), {TORCH[name]},"
        for (inputs, outputs), name in zip(pairwise(net.shape), net.activations)
    )
    return _TORCH.format(**_facts(net, path, data), layers="\n".join(layers))


def _facts(net: Net, path: Path, data: str) -> dict[str, object]:
    """Return what both kinds of program say of a net."""
    inputs, side = net.shape[0], isqrt(net.shape[0])
    sizes = f"(n, {inputs})" + f" or (n, {side}, {side})" * (side * side == inputs)
    return {
        "shape": "-".join(map(str, net.shape)),
        "data": _plain(data),
        "version": __version__,
        "name": _plain(path.stem),
        "weights": weights_path(path).name,
        "inputs": inputs,
        "outputs": net.shape[-1],
        "dtype": dtype_of(net),
        "sizes": sizes,
        "rows": _ROWS.format(sizes=sizes, inputs=inputs, dtype=dtype_of(net)),
    }


def _plain(text: str) -> str:
    """Return text from elsewhere as it may stand in a docstring, whatever it holds."""
    return "".join(c if c.isalnum() or c in " -_.," else "?" for c in text)


def weights_path(path: Path) -> Path:
    """Return where the weights are that belong to a program: `digits-weights.npz` beside it."""
    return path.with_name(f"{path.stem}-weights.npz")


def dtype_of(net: Net) -> np.dtype[np.floating]:
    """Return the floats that other programs compute such a net in: float32 or float64."""
    return np.dtype(np.float64 if net.params.dtype.itemsize > 4 else np.float32)


def layers_of(net: Net) -> dict[str, Floats]:
    """Return the weights and biases of each layer, by the names W0, b0, W1, ..."""
    return {
        f"{name}{l}": array.astype(dtype_of(net))
        for l, layer in enumerate(zip(net.W, net.b))
        for name, array in zip("Wb", layer)
    }


def write_weights(net: Net, file: IO[bytes]) -> None:
    """Write the weights of a net as an .npz."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **layers_of(net))
    file.write(content.getbuffer())
