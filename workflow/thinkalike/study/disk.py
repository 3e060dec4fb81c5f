"""How much disk a study needs, said before it runs."""

import shutil
from pathlib import Path

from thinkalike.study.needs import Needs


def disk_message(needs: Needs) -> str:
    """Return a sentence or two: what the vectors take, what is free, which widths are guessed, what can be removed."""
    study = needs.study
    total = sum(needs.bytes_of_vectors(dataset, model) for dataset in study.datasets for model in study.models)
    free = shutil.disk_usage(_existing(needs.results)).free
    stimuli = ", ".join(f"{needs.stimuli(dataset):,} stimuli of {dataset}" for dataset in study.datasets)
    layers = len(study.every_layer["layer"])
    text = (
        f"Disk: the representations ({layers:,} layers, about {stimuli}) take up to {_size(total)}, "
        f"{_size(free)} are free."
    )
    if needs.guessed:
        text += f" The width of {_few(needs.guessed)} is not known before the download; a guess is used."
    if total > free:
        text += " That is not enough: free some, or keep fewer layers."
    return text + " `snakemake remove_representations` frees them once the study is complete."


def _existing(path: Path) -> Path:
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more models"


def _size(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"
