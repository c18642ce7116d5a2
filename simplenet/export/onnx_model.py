"""A net as an ONNX model, which runs in many languages and on many devices.

It computes in the floats of the net. In float32, a sum of hundreds of products depends in its last
digits on the order in which they are added, and each library has its own: outputs then differ from
the net's by up to 2e-6 (1.9e-6 on 5,000 test images of MNIST and 3,000 of the sample, for the
bundled network and one at the defaults; one output in 2,000 by more than 1e-6). Both are as far
from what float64 gives. To compute in float64 would bring the model nearer to that, not to the net,
and many devices cannot; a net that is float64 is exported as one.
"""

from itertools import chain
from typing import Any

from simplenet.errors import SimplenetError
from simplenet.export.program import dtype_of, layers_of
from simplenet.extras import EXTRAS, pip_command
from simplenet.functions import LEAK
from simplenet.net import Net
from simplenet.version import __version__

# The operator that an activation is, and its attributes.
OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("Relu", {}),
    "leaky-relu": ("LeakyRelu", {"alpha": LEAK}),
    "identity": ("Identity", {}),
    "softmax": ("Softmax", {"axis": 1}),
}
# Of 2020 and 2021: what every runtime since then reads.
OPSET, IR_VERSION = 13, 7
MOST_BYTES = 2_000_000_000  # of a file that is one message of protobuf


def onnx_model(net: Net, data: str) -> bytes:
    """Return a net that was trained on such data as an ONNX file.

    Its input `images` is (n, inputs), floats in [0, 1], its output `activations` (n, outputs).
    Raise SimplenetError where the package onnx is missing, and for a net too large for such a file.
    """
    try:
        from onnx import checker, helper, numpy_helper
    except ImportError as error:
        raise SimplenetError(
            "expected the package onnx, which writes such files, found that it is not installed: "
            f"get it with {pip_command(EXTRAS['onnx'].requirement)}."
        ) from error
    if net.params.size * dtype_of(net).itemsize > MOST_BYTES:
        raise SimplenetError(
            f"expected a net of at most {MOST_BYTES:,} bytes, as ONNX keeps them in one file, "
            f"found {net.params.size:,} parameters: export it with --format numpy."
        )
    last = len(net.W) - 1
    nodes = chain.from_iterable(
        (
            helper.make_node("Gemm", [f"a{l}" if l else "images", f"W{l}", f"b{l}"], [f"z{l}"]),
            helper.make_node(operator, [f"z{l}"], ["activations" if l == last else f"a{l + 1}"],
                             **attributes),
        )
        for l, (operator, attributes) in enumerate(map(OPERATORS.__getitem__, net.activations))
    )  # fmt: skip
    kind = helper.np_dtype_to_tensor_dtype(dtype_of(net))
    graph = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info("images", kind, ["n", net.shape[0]])],
        [helper.make_tensor_value_info("activations", kind, ["n", net.shape[-1]])],
        [numpy_helper.from_array(array, name) for name, array in layers_of(net).items()],
        doc_string=f"{'-'.join(map(str, net.shape))}, trained on {data}",
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="simplenet",
        producer_version=__version__,
    )
    checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content
