"""`simplenet fetch`: download a data set, or check that it came whole."""

import click

from simplenet.cli.bars import download_bar
from simplenet.cli.parameters import Checked, Grouped, GroupedOption, quiet_option
from simplenet.cli.show import echo
from simplenet.datasets.sources import DATASETS, FILES, cache_folder, fetch, verify
from simplenet.errors import DataError
from simplenet.options import OneOf

NAMES = tuple(name for name, dataset in DATASETS.items() if dataset.mirrors)


@click.command("fetch", cls=Grouped)
@click.argument(
    "name", type=Checked("NAME", OneOf(NAMES)), default="mnist", metavar=f"[{'|'.join(NAMES)}]"
)
@click.option(
    "--verify", "only_verify", is_flag=True, cls=GroupedOption, group="Data",
    help="Only compare what is there with the published SHA-256.",
)  # fmt: skip
@click.option(
    "--offline", is_flag=True, cls=GroupedOption, group="Data", help="Never download anything."
)
@quiet_option("No bar.")
def command(name: str, only_verify: bool, offline: bool, quiet: bool) -> None:
    """Download a data set, check it, and print the folder it is in.

    Without a name it is mnist. What is there and right is not downloaded again.

    \b
    Examples:
      simplenet fetch
      simplenet fetch fashion-mnist
      simplenet fetch mnist --verify
    """
    if only_verify:
        wrong = verify(name)
        for part, file in FILES.items():
            echo(wrong.get(part, f"{file} is right"))
        if wrong:
            raise DataError(
                f"{cache_folder() / name}: {len(wrong)} of {len(FILES)} files "
                f"{'is' if len(wrong) == 1 else 'are'} missing or "
                f"wrong: `simplenet fetch {name}` brings them."
            )
        return
    with download_bar(quiet) as progress:
        echo(fetch(name, offline, progress=progress))
