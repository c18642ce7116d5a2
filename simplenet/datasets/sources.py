"""The data sets with a name: where each comes from, and how to know that it came whole."""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simplenet.errors import DataError, reason
from simplenet.files import open_regular, remove_debris

if TYPE_CHECKING:  # most commands know the names of the sets, and download nothing
    from simplenet.datasets.download import Progress

PARTS = ("train-images", "train-labels", "test-images", "test-labels")
FILES = {
    "train-images": "train-images-idx3-ubyte.gz",
    "train-labels": "train-labels-idx1-ubyte.gz",
    "test-images": "t10k-images-idx3-ubyte.gz",
    "test-labels": "t10k-labels-idx1-ubyte.gz",
}


class Known(NamedTuple):
    """A file of a known data set, in the form in which it is published."""

    size: int  # bytes
    sha256: str
    raw_size: int | None = None  # unpacked, where that has been published too
    raw_sha256: str | None = None


class Dataset(NamedTuple):
    """A data set with a name: what it is, where it comes from, how to know it."""

    about: str
    mirrors: tuple[str, ...]  # https, which must not fall back to http
    files: Mapping[str, Known]  # empty for one that is not downloaded
    folder: Path | None = None  # of one that comes with the package


def sample_folder() -> Path:
    """Return the folder of the embedded digits: in an installed package, or data/ of a clone."""
    inside = Path(__file__).parents[1] / "sample"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "data" / "sample"


DATASETS = {
    "mnist": Dataset(
        "70,000 handwritten digits (LeCun, Cortes, Burges)",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images": Known(
                9912422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                47040016,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            "train-labels": Known(
                28881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                60008,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            "test-images": Known(
                1648877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                7840016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            "test-labels": Known(
                4542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                10008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
    ),
    "fashion-mnist": Dataset(
        "70,000 pictures of clothes (Zalando Research)",
        ("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",),
        {
            "train-images": Known(
                26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
            ),
            "train-labels": Known(
                29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
            ),
            "test-images": Known(
                4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
            ),
            "test-labels": Known(
                5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
            ),
        },
    ),
    "kmnist": Dataset(
        "70,000 cursive Japanese characters (CODH, Kuzushiji-MNIST)",
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
        {
            "train-images": Known(
                18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"
            ),
            "train-labels": Known(
                29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"
            ),
            "test-images": Known(
                3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"
            ),
            "test-labels": Known(
                5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"
            ),
        },
    ),
    "sample": Dataset(
        "digits drawn by simplenet itself, which come with it", (), {}, sample_folder()
    ),
}


def fetch(
    name: str,
    offline: bool = False,
    *,
    timeout: float = 20,
    progress: "Progress | None" = None,
) -> Path:
    """Download what the cache lacks of a named data set; return its folder, checked and complete.

    Only files that are missing or wrong are downloaded, none if `offline`. Raise DataError, with
    what is wrong and what could not be downloaded.
    """
    from simplenet.datasets.download import download

    folder, mirrors = cache_folder() / name, list(DATASETS[name].mirrors)
    remove_debris(folder)
    wrong = verify(name)
    if wrong and offline:
        raise DataError(
            f"{name}: expected the four files in {folder}, but {'; '.join(wrong.values())}; and "
            f"nothing may be downloaded: run `simplenet fetch {name}` with a network."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in wrong:
            known = DATASETS[name].files[part]
            served = download(
                FILES[part], mirrors, folder / FILES[part],
                size=known.size, sha256=known.sha256, timeout=timeout, progress=progress,
            )  # fmt: skip
            # First the one that served: a dead one would cost its timeout for every file.
            mirrors.sort(key=lambda mirror: mirror != served)
    except DataError as error:
        missing = [FILES[part] for part in wrong if not (folder / FILES[part]).is_file()]
        if len(missing) < 2:
            raise
        raise DataError(f"{error} Missing there: {', '.join(missing)}.") from error
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: expected to write there, found: {reason(error)}. Free or "
            "unlock it, or give a folder that has the files with --data or SIMPLENET_DATA."
        ) from error
    return folder


def verify(name: str) -> dict[str, str]:
    """Compare the cached files of a data set with their published digests.

    Return a sentence for each part that is missing or wrong, by the part; none if all are right.
    """
    wrong = {}
    for part, known in DATASETS[name].files.items():
        path = cache_folder() / name / FILES[part]
        try:
            if (size := os.stat(path).st_size) > 2 * known.size:  # nor does it take long to say
                wrong[part] = f"{path.name} has {size:,} bytes, expected {known.size:,}"
            elif (found := _file_sha256(path)) != known.sha256:
                wrong[part] = f"{path.name} has SHA-256 {found}, expected {known.sha256}"
        except FileNotFoundError:
            wrong[part] = f"{path.name} is missing"
        except OSError as error:
            wrong[part] = f"{path.name} cannot be read: {reason(error)}"
    return wrong


def cache_folder() -> Path:
    """Return the folder for downloads: `simplenet` in the user's cache, wherever the system has it.

    XDG_CACHE_HOME, if it names an absolute path, says where on every system. Raise DataError
    where there is no home.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "simplenet"
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path.home() / ".cache"
    except RuntimeError as error:
        raise DataError(
            f"expected a home folder to keep downloads in, found none ({error}): set "
            "XDG_CACHE_HOME, or give a folder with the files with --data or SIMPLENET_DATA."
        ) from error
    return base / "simplenet"


def is_known(path: Path, known: Known) -> bool:
    """Return whether this is that file, packed or not; only a file of the right size is read."""
    wanted = {known.size: known.sha256, known.raw_size: known.raw_sha256}
    size = path.stat().st_size
    return size in wanted and _file_sha256(path) == wanted[size]


def _file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as it is."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
