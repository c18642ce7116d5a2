"""What can go wrong for a person, each with the exit code that the command line gives it."""


class SimplenetError(Exception):
    """Base of every error that simplenet raises about data, models and training."""

    exit_code = 1


class DataError(SimplenetError, ValueError):
    """A data set is missing, damaged, or does not fit."""

    exit_code = 3


class ModelError(SimplenetError, ValueError):
    """A model file is missing, damaged, or none of ours."""

    exit_code = 3


class DivergedError(SimplenetError, ArithmeticError):
    """The cost or a weight became infinite or not a number."""

    exit_code = 4
