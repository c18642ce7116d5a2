"""A trained net for other programs: a few lines of numpy or PyTorch, or an ONNX file."""

# What the name of a file ends with, by its format; of several, the first is meant.
ENDINGS = {"numpy": ".py", "torch": ".py", "onnx": ".onnx"}
