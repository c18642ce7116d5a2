"""What processor this is, as Linux describes it in /proc/cpuinfo."""

import re
from pathlib import Path
from typing import Any

from simplenet.training.blas import SKYLAKEX

# Values of OPENBLAS_CORETYPE, and the instructions that their kernels need: without them, a process
# would end in the middle of a product. An OpenBLAS without such kernels keeps to its own choice.
NEEDS = {"Haswell": {"avx2", "fma"}, "SkylakeX": SKYLAKEX}


def described(path: str = "/proc/cpuinfo") -> dict[str, str]:
    """Return what is said about the first core, by name; nothing where there is no such file."""
    try:
        first = Path(path).read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    return dict(re.findall(r"^(.*?)\s*:\s*(.*?)\s*$", first, re.MULTILINE))


def processor(core: dict[str, str]) -> dict[str, Any]:
    """Return vendor, family and model, and whether it has AVX-512; None for what is not said."""
    return {
        "vendor": core.get("vendor_id"),
        "family": core.get("cpu family"),
        "model": core.get("model"),
        "avx512": "SkylakeX" in coretypes(core) if "flags" in core else None,
    }


def coretypes(core: dict[str, str]) -> list[str]:
    """Return the values of OPENBLAS_CORETYPE whose kernels such a core can run."""
    flags = set(core.get("flags", "").split())
    return [name for name, needed in NEEDS.items() if needed <= flags]


def summary(processor: dict[str, Any]) -> str:
    """Return in words what `processor` returns."""
    if processor["vendor"] is None:
        return "not described by this system"
    named = f"{processor['vendor']}, family {processor['family']}, model {processor['model']}"
    return f"{named}, {'with' if processor['avx512'] else 'without'} AVX-512"
