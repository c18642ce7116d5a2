"""The kinds of campaigns there are."""

from fuzzing.campaign import Kind

_LITTLE = "within 1 s and 64 MB"

KINDS = {
    "idx": Kind(
        "fuzzing.idx", "damaged data files, plain and gzipped",
        f"read as a plain reading of them says, or one DataError; {_LITTLE}", 450_000,
    ),
    "pictures": Kind(
        "fuzzing.pictures", "damaged pictures of nine kinds",
        f"what a net sees, or one DataError; {_LITTLE}", 350_000,
    ),
    "configurations": Kind(
        "fuzzing.configurations", "configuration files, whole and damaged",
        f"options that are read again as they are printed, or one usage error; {_LITTLE}", 150_000,
    ),
    "answers": Kind(
        "fuzzing.network", "what a server may answer to a download",
        f"the right file, or one DataError and nothing left behind; {_LITTLE}", 50_000,
    ),
    "models": Kind(
        "fuzzing.models", "model files that were damaged, or changed with care and signed again",
        f"a model that can be used, saved and gone on with, or one ModelError; {_LITTLE}", 100_000,
    ),
    "bombs": Kind(
        "fuzzing.bombs", "data files, models, configurations and pictures that declare or unpack "
        "to far more than they are", f"one error, or what is meant; {_LITTLE}",
    ),
    "commands": Kind(
        "fuzzing.commands", "command lines at random, with files that are right, wrong or none",
        "no traceback, a documented exit code with a sentence, nothing that a terminal obeys, and "
        "no file changed that was not to be", 10_000, limited=False,
    ),
    "calls": Kind(
        "fuzzing.calls", "every argument of every public function, with what it cannot be",
        "a TypeError, ValueError or SimplenetError that says what was expected and found",
        limited=False,
    ),
    "kills": Kind(
        "fuzzing.kills", "trainings killed at any moment, half of them while they save",
        "the file is whole, and there if it ever was; resumed, it is that of a run never stopped, "
        "and nothing else is left", 1_000, limited=False,
    ),
    "resumes": Kind(
        "fuzzing.resumes", "runs of all kinds, stopped at random points and gone on with",
        "the final file is that of a run never stopped", 100, limited=False,
    ),
    "disk": Kind(
        "fuzzing.disk", "commands of which one system call on a file fails, each in turn",
        "a sentence and a documented exit code, or the right result; what was there is whole, "
        "and after the next run all is as ever", limited=False,
    ),
}  # fmt: skip
