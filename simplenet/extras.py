"""The libraries that simplenet needs, and those that only some commands do: how to get each."""

import shlex
import sys
from importlib.util import find_spec
from typing import NamedTuple

# Those of pyproject.toml, as pip takes them; a test holds the two equal.
REQUIRED = ("numpy>=2.0", "click>=8.2", "tqdm>=4.64")


class Extra(NamedTuple):
    """A library that only some commands need."""

    module: str
    requirement: str
    purpose: str


EXTRAS = {
    "images": Extra("PIL", "pillow>=10", "predict reads pictures with it"),
    "plots": Extra("matplotlib", "matplotlib>=3.8", "plot draws into files with it"),
    "onnx": Extra("onnx", "onnx>=1.17", "export writes ONNX with it"),
    "dask": Extra("distributed", "distributed>=2024.1", "sweep runs on a Dask cluster with it"),
    "notebook": Extra("notebook", "notebook>=7", "the workshop is worked through in it"),
}


def pip_command(*arguments: str) -> str:
    """Return the command that installs something for the very Python that runs.

    An environment without pip has been made by uv, which has its own.
    """
    python = sys.executable or "python3"
    words = [python, "-m", "pip", "install", *arguments]
    if find_spec("pip") is None:
        words = ["uv", "pip", "install", "--python", python, *arguments]
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(words)
    return shlex.join(words)
