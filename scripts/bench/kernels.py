"""Which kernels the matrix products of this process use, as the library that computes them says.

Each function asks what is loaded already, and returns a few words for a table.
"""

import ctypes
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

UNKNOWN = "unknown"
NAMES = "scipy_openblas_get_corename64_", "scipy_openblas_get_corename"  # in numpy's wheels


def of_numpy() -> str:
    """Return what numpy computes with, such as "OpenBLAS 0.3.31 SkylakeX".

    It is what `simplenet.training.blas.kernels` says where simplenet may be imported.
    """
    configuration: Any = np.show_config(mode="dicts")
    built_with = configuration["Build Dependencies"]["blas"]
    for path in Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*"):
        library = ctypes.CDLL(str(path))  # numpy has loaded it already
        for name in NAMES:
            core = getattr(library, name, None)
            if core is not None:
                core.restype = ctypes.c_char_p
                version = ".".join(built_with["version"].split(".")[:3])
                return f"OpenBLAS {version} {core().decode()}"
    return f"{built_with['name']} {built_with['version']}"


def of_torch(torch: Any) -> str:
    """Return what PyTorch computes with, such as "MKL, AVX-512"."""
    if not torch.backends.mkl.is_available() or os.name != "posix":
        built_with = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        return built_with.group(1) if built_with else UNKNOWN
    with tempfile.TemporaryFile() as file:
        before = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            with torch.backends.mkl.verbose(torch.backends.mkl.VERBOSE_ON):
                torch.ones(2, 2) @ torch.ones(2, 2)  # the first product says who computes it
            ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(before, 1)
            os.close(before)
        file.seek(0)
        return of_mkl(file.read().decode(errors="replace"))


def of_mkl(printed: str) -> str:
    """Return its name and its instructions, from what MKL prints where it is verbose."""
    return "MKL" + (", AVX-512" * ("AVX-512" in printed) or ", AVX2" * ("AVX2" in printed))


def of_xla(compiled: Any) -> str:
    """Return what a function that JAX has compiled computes with, such as "XLA, AVX-512".

    Its text names a library that products were given to. Its code names the instructions that it
    was compiled for; the library chooses its own.
    """
    text = compiled.as_text()
    library = " with YNNPACK" * ("ynn_fusion" in text) + " with oneDNN" * ("onednn" in text)
    executable = compiled.runtime_executable()
    code = executable.client.serialize_executable(executable)
    instructions = ", AVX-512" * (b"+avx512f" in code) or ", AVX2" * (b"+avx2" in code)
    return f"XLA{library}{instructions}"
