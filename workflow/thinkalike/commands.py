"""The command line: `thinkalike`."""

from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from thinkalike.errors import InputError

if TYPE_CHECKING:
    from thinkalike.study.study import Study

StudyFile = Annotated[Path, typer.Argument(help="A study's YAML file.")]

app = typer.Typer(help="What makes two language models think alike?", no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """Commands around a study; the study itself is run by snakemake."""


@app.command()
def describe(
    model: Annotated[str, typer.Argument(help="Hub id or local folder of a model.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit on the hub.")] = None,
    trust: Annotated[list[str] | None, typer.Option(help="remote_code, if the model comes with Python code.")] = None,
    name: Annotated[str | None, typer.Option(help="The model's name in the study.")] = None,
) -> None:
    """Tell a model's layers, width, parameters, memory and disk, and write its line for a study."""
    from thinkalike.representations.describe import describe_model

    try:
        description = describe_model(model, revision, trust or (), name)
    except InputError as error:
        _fail(error)
    line = description.pop("yaml")
    for key, value in description.items():
        typer.echo(f"{key + ':':20} {'unknown' if value is None else value}")
    typer.echo(f"\n{line}")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the new study; its name becomes the study's.")],
    like: Annotated[str, typer.Option(help="The shipped study to copy, such as paper or digits.")] = "start",
) -> None:
    """Write a study to begin with: config/config.yaml, its grammars, a Snakefile and profiles."""
    from thinkalike.start import start_study

    try:
        written = start_study(folder, like)
    except InputError as error:
        _fail(error)
    for path in written:
        typer.echo(path)
    typer.echo(f"\nNow edit {folder / 'config/config.yaml'}, and in {folder} run: snakemake --cores all")


@app.command()
def check(study: StudyFile) -> None:
    """Check a study's configuration and tell its size, without running anything: paths in it are taken from here."""
    loaded = _load(study)
    layers = _counted(loaded.every_layer["layer"], "layer")
    typer.echo(
        f"{loaded.name}: {_counted(loaded.datasets, 'dataset')}, {_counted(loaded.models, 'model')}, {layers}, "
        f"{_counted(loaded.pairs, 'pair')} of models, measures {', '.join(loaded.measures)}."
    )


@app.command()
def where(study: StudyFile) -> None:
    """Print the folder of a study's results, after the same check: its report.html is `make run`'s report."""
    typer.echo(f"results/{_load(study).name}")


@app.command()
def verify(
    study: StudyFile,
    results: Annotated[Path | None, typer.Option(help="Folder of the study's results.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is wrong, so that it is made again.")] = False,
) -> None:
    """Compare every table of a study with its recorded digest and the study's settings; name what does not agree.

    Ends with 1 where a table is damaged, foreign, stale or missing; tables that no job makes are named alone.
    """
    from thinkalike.verify import remove_tables, verify_study

    loaded = _load(study)
    folder = results or Path("results") / loaded.name
    try:
        findings, count = verify_study(loaded, folder)
    except InputError as error:
        _fail(error)
    for finding in findings:
        typer.echo(f"{finding.kind}: {finding.sentence}")
    wrong = [finding for finding in findings if finding.kind != "extra"]
    if remove:
        removed = remove_tables(folder, wrong)
        typer.echo(f"{removed} files were removed; run the study again to make them.")
    elif wrong:
        typer.echo(f"{len(wrong)} of {count} tables are wrong; `thinkalike verify --remove` removes them.", err=True)
    else:
        typer.echo(f"{count} tables are as they were written, and made with the settings of {study}.")
    raise typer.Exit(bool(wrong) and not remove)


def _load(path: Path) -> "Study":
    from thinkalike.study.problems import StudyError
    from thinkalike.study.reading import load_study
    from thinkalike.study.yaml_file import read_study_file

    try:
        return load_study(read_study_file(path))
    except StudyError as error:
        for sentence in error.sentences:
            typer.echo(f"Error: {sentence}", err=True)
        raise typer.Exit(1) from None
    except InputError as error:
        _fail(error)


def _counted(things: Sized, what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"Error: {error}", err=True)
    raise typer.Exit(1)
