"""A trained net for other programs: a few lines of numpy or PyTorch, or an ONNX file."""

import sys

# What the name of a file ends with, by its format; of several, the first is meant.
ENDINGS = {"numpy": ".py", "torch": ".py", "onnx": ".onnx"}
# Modules that a program needs, and what these import: in its folder, none may be called like them.
TAKEN = {name.lower() for name in sys.stdlib_module_names} | {
    "filelock", "fsspec", "jinja2", "markupsafe", "mpmath", "networkx", "numpy", "simplenet",
    "sympy", "torch", "typing_extensions",
}  # fmt: skip
