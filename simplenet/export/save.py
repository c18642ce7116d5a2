"""Export a net: everything that belongs to it is written, or nothing is."""

from pathlib import Path

from simplenet.export.onnx_model import onnx_model
from simplenet.export.program import numpy_program, torch_program, weights_path, write_weights
from simplenet.files import atomic_write
from simplenet.net import Net

PROGRAMS = {"numpy": numpy_program, "torch": torch_program}


def export_net(net: Net, path: Path, form: str, data: str, *, overwrite: bool = False) -> None:
    """Write a net in one of the formats of `ENDINGS`; `data` is what it was trained on, in a word.

    A program has its weights beside it. Raise FileExistsError for a file that is there and may not
    be overwritten, SimplenetError where ONNX cannot be written.
    """
    if form not in PROGRAMS:
        content = onnx_model(net, data)
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(content)
        return
    program = PROGRAMS[form](net, path, data).encode()
    # The weights get their name first: without them the program would be of no use.
    with (
        atomic_write(path, overwrite=overwrite) as file,
        atomic_write(weights_path(path), overwrite=overwrite) as weights,
    ):
        file.write(program)
        file.flush()
        write_weights(net, weights)
