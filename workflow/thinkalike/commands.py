"""The command line: `thinkalike`."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from thinkalike.errors import InputError

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
def check(study: Annotated[Path, typer.Argument(help="A study's YAML file.")]) -> None:
    """Check a study's configuration and tell its size, without running anything."""
    import yaml

    from thinkalike.study.reading import load_study
    from thinkalike.study.schema import refuse_duplicate_keys

    try:
        refuse_duplicate_keys(study)
        content = yaml.safe_load(study.read_text(encoding="utf-8"))
        loaded = load_study(content)
    except (InputError, FileNotFoundError) as error:
        _fail(error)
    layers = len(loaded.every_layer["layer"])
    typer.echo(
        f"{loaded.name}: {len(loaded.datasets)} datasets, {len(loaded.models)} models, {layers} layers, "
        f"{len(loaded.pairs)} pairs of models, measures {', '.join(loaded.measures)}."
    )


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"Error: {error}", err=True)
    raise typer.Exit(1)
