"""What jobs need (memory, minutes) and what a study leaves on disk, estimated from N, D, layers and parameters.

The constants come from benchmarks/workflow_costs.py on one core; each estimate is meant to be enough for nine jobs in
ten and grows with every attempt, so that the tenth runs at the second. Estimates change no result and rerun nothing.
"""

import shutil
from collections.abc import Callable
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

from thinkalike.catalogue import MOST_CELL_PAIRS
from thinkalike.study.model_size import ModelSize, model_size
from thinkalike.study.study import Study

# Python with numpy, scipy, pandas, pyarrow, beside it the two Snakemakes of a SLURM job (150 MB each); the same with
# torch and transformers (MB).
_BASE = 800
_BASE_TORCH = 2_000
_WORDS_PER_SENTENCE = 4
_STIMULI_UNKNOWN = 2_000
# Measures whose cost grows with the square of N are computed on at most this many stimuli.
_MOST_STIMULI_IN_PAIRS = 10_000
# Vectors of pairs beyond this are kept on disk by the comparison (MB).
_SHELF = 2_048
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
# One CPU core: floating-point operations a second in a forward pass, and in a matrix product with what follows it.
_FORWARD_SPEED = 1e10
_PRODUCT_SPEED = 1e10
# Seconds per million pairs of stimuli: ranking and summing the distances of a layer, and comparing two vectors of them.
_SECONDS_PER_MILLION_PAIRS = 0.4
_SECONDS_PER_MILLION_COMPARED = 0.02
# Seconds per pair of layers whose dynamics are compared, by 200 steps of a search.
_SECONDS_PER_SEARCH = 1.5
# Seconds per pair of layers whose similarity is divided among features; millions of sums that a layer is kept as where
# features have few levels; bytes for each pair of combinations of feature values.
_SECONDS_PER_DIVISION = 0.003
_SUMS_PER_LAYER = 1.0
_BYTES_PER_CELL_PAIR = 1_400
# More held-out pairs than this are scored on a sample.
_MOST_PAIRS = 5_000_000
_SAFETY = 4


def growing(amount: int) -> Callable[[Any, int], int]:
    """Return `amount` for the first attempt, twice as much for the second, and so on."""

    def grown(wildcards: Any, attempt: int) -> int:
        return amount * attempt

    return grown


def _megabytes(estimate: "Callable[[Needs, Any], float]") -> "Callable[[Needs, Any, int], int]":
    """Make an estimate what a rule gives as `mem_mb`: whole hundreds, more with every attempt."""

    def mem_mb(self: "Needs", wildcards: Any, attempt: int) -> int:
        return 100 * ceil(estimate(self, wildcards) / 100) * attempt

    return mem_mb


def _minutes(estimate: "Callable[[Needs, Any], float]") -> "Callable[[Needs, Any, int], int]":
    """Make an estimate in seconds what a rule gives as `runtime`: minutes, with a margin, more with every attempt."""

    def runtime(self: "Needs", wildcards: Any, attempt: int) -> int:
        return (10 + ceil(_SAFETY * estimate(self, wildcards) / 60)) * attempt

    return runtime


class Needs:
    """Estimates of one study; the methods with `memory` and `minutes` in their names go into rules as they are.

    Parameters
    ----------
    study
        The study.
    results
        Its folder of results: what is there already makes estimates exact.
    """

    def __init__(self, study: Study, results: str | Path) -> None:
        self.study = study
        self.results = Path(results)
        self._stimuli: dict[str, int] = {}

    def stimuli(self, dataset: str) -> int:
        """Return the number of stimuli: of the table, once it is there, else what the study asks for."""
        if dataset not in self._stimuli:
            number = _rows(self.results / dataset / "stimuli.parquet")
            if number is None:
                entry = self.study.datasets[dataset]
                if "balance_words" in entry:
                    return entry["balance_words"]["stimuli"]
                sentences = entry.get("sentences", "all")
                return _STIMULI_UNKNOWN if sentences == "all" else sentences * _WORDS_PER_SENTENCE
            self._stimuli[dataset] = number
        return self._stimuli[dataset]

    @cached_property
    def sizes(self) -> dict[str, ModelSize]:
        """Size of every model."""
        return {name: model_size(model) for name, model in self.study.models.items()}

    def bytes_of_vectors(self, dataset: str, model: str) -> int:
        """Return how much disk a model's representations take: float32, N x units x layers."""
        return 4 * self.stimuli(dataset) * self.sizes[model].units * len(self.study.models[model].layers)

    @property
    def guessed(self) -> list[str]:
        """Models whose width is not known yet."""
        return [name for name, size in self.sizes.items() if not size.known]

    def _millions(self, dataset: str, model: str) -> float:
        """Return millions of numbers in one layer."""
        return self.stimuli(dataset) * self.sizes[model].units / 1e6

    def _pairs(self, dataset: str, most: int | None = None) -> float:
        """Return millions of pairs of stimuli."""
        n = self.stimuli(dataset)
        return min(n, most or n) ** 2 / 2e6

    @_megabytes
    def train_memory(self, wildcards: Any) -> float:
        return _BASE_TORCH + 100 * self.sizes[wildcards.model].parameters / 1e6

    @_minutes
    def train_minutes(self, wildcards: Any) -> float:
        model = self.study.models[wildcards.model]
        steps = model.settings.get("steps", 1000)
        return 60 + steps * (model.blocks or 1) * (self.sizes[wildcards.model].units / 128) ** 1.5 * 0.02

    @_megabytes
    def stimuli_memory(self, wildcards: Any) -> float:
        return max(2_000, *(self._model_memory(wildcards.dataset, name) for name in self._asked(wildcards.dataset)), 0)

    @_megabytes
    def report_memory(self, wildcards: Any) -> float:
        # Each stimulus stands in a few tables as Python objects; the products of numeric features are sorted sums.
        return _BASE + 4e-3 * self.stimuli(wildcards.dataset)

    @_minutes
    def report_minutes(self, wildcards: Any) -> float:
        return 2e-3 * self.stimuli(wildcards.dataset)

    def _asked(self, dataset: str) -> list[str]:
        """Return the models whose tokenizers decide which sentences are left out."""
        return list(self.study.leaving_out(dataset).get("models", ()))

    def _model_memory(self, dataset: str, model: str) -> float:
        dtype = self.study.extraction_settings(dataset, model).get("dtype", "float32")
        return _BASE_TORCH + 1.5 * _BYTES[dtype] * self.sizes[model].parameters / 1e6

    @_megabytes
    def extract_memory(self, wildcards: Any) -> float:
        name = wildcards.model
        model = self.study.models[name]
        if model.kind == "activations":
            # The file is read as a whole, and once more in the order of the stimuli.
            return _BASE + 12 * self._millions(wildcards.dataset, name) * len(model.layers)
        return self._model_memory(wildcards.dataset, name)

    @_minutes
    def extract_minutes(self, wildcards: Any) -> float:
        model = self.study.models[wildcards.model]
        numbers = self._millions(wildcards.dataset, wildcards.model) * len(model.layers)
        # A word has about one and a half sub-tokens, and each weight costs a multiplication and an addition.
        operations = 3 * self.stimuli(wildcards.dataset) * self.sizes[wildcards.model].parameters
        return 30 + operations / _FORWARD_SPEED + 0.05 * numbers

    @_megabytes
    def mlem_memory(self, wildcards: Any) -> float:
        # The vectors as they are stored, in double precision and centred; held-out distances, their order and ranks.
        folds = self.study.mlem["folds"]
        held_out = self._pairs(wildcards.dataset) / folds**2
        # With levels nearly every held-out pair has a pattern of its own; for the ceiling by values, of the pairs that
        # are scored, where most stimuli have a combination of values of their own.
        if self.study.mlem["coding"] == "levels":
            scoring = 500 * held_out
        else:
            own = min(1.0, self._cells(wildcards.dataset) / self.stimuli(wildcards.dataset)) ** 2
            scored = min(held_out, self.study.mlem.get("max_pairs", _MOST_PAIRS) / 1e6)
            scoring = 64 * held_out + (_BYTES_PER_CELL_PAIR * own * scored if self.study.mlem["ceiling"] else 0)
        return _BASE + 24 * self._millions(wildcards.dataset, wildcards.model) + scoring

    @_minutes
    def mlem_minutes(self, wildcards: Any) -> float:
        dataset, name = wildcards.dataset, wildcards.model
        product = self.stimuli(dataset) * 1e6 * self._millions(dataset, name) / _PRODUCT_SPEED
        return self._repetitions() * (product + _SECONDS_PER_MILLION_PAIRS * self._pairs(dataset))

    def _repetitions(self) -> float:
        inference = self.study.mlem.get("inference", {})
        draws = self.study.mlem["resamples"] + 2 * self.study.mlem["halvings"]
        levels = self.study.mlem["coding"] == "levels"
        # In units of one cross-validation of differences; of levels it is four and a half, with differences beside it.
        resampled = (0.2 if levels else 0.13) * (draws + inference.get("n_resamples", 0))
        permuted = (0.7 if levels else 0.13) * inference.get("n_permutations", 0)
        repeated = resampled + permuted + (4.5 if levels else 0)
        # Interactions, numeric features and other distances meet every pair instead of summing over cells; the two that
        # cannot be told from the configuration alone are allowed for.
        return repeated + (10 if self.study.mlem["interactions"] else 2)

    @_megabytes
    def similarity_memory(self, wildcards: Any) -> float:
        names = (wildcards.model_a, wildcards.model_b)
        layers = [len(self.study.models[name].layers) for name in names]
        numbers = sum(
            count * self._millions(wildcards.dataset, name) for count, name in zip(layers, names, strict=True)
        )
        pairs = self._pairs(wildcards.dataset, _MOST_STIMULI_IN_PAIRS)
        return _BASE + 20 * numbers + min(_SHELF, 4 * pairs * sum(layers)) + 40 * pairs

    @_minutes
    def similarity_minutes(self, wildcards: Any) -> float:
        dataset = wildcards.dataset
        names = (wildcards.model_a, wildcards.model_b)
        counts = [len(self.study.models[name].layers) for name in names]
        pairs = self._pairs(dataset, _MOST_STIMULI_IN_PAIRS)
        once = 0.0
        for count, name in zip(counts, names, strict=True):
            product = self.stimuli(dataset) * 1e6 * self._millions(dataset, name) / _PRODUCT_SPEED
            once += count * (product + _SECONDS_PER_MILLION_PAIRS * pairs)
        repeated = 1 + sum(self.study.similarity.get(key, 0) for key in ("permutations", "resamples"))
        each = _SECONDS_PER_SEARCH if wildcards.measure == "dsa" else _SECONDS_PER_MILLION_COMPARED * pairs
        return repeated * (once + counts[0] * counts[1] * each)

    @_megabytes
    def explained_memory(self, wildcards: Any) -> float:
        # Ranks of all layers, on disk beyond a limit; one layer's vectors and distances; sums per pair of cells, over
        # all pairs and over both halves of five halvings, at most one for each pair.
        pairs = self._divided_pairs(wildcards.dataset)
        layers = len(self.study.every_layer["layer"])
        largest = max(self._millions(wildcards.dataset, name) for name in self.study.models)
        cells = min(pairs, self._cells(wildcards.dataset) ** 2 / 2e6)
        sums = 8 * layers * min(pairs * 4, max(_SUMS_PER_LAYER, 4 * cells)) + _BYTES_PER_CELL_PAIR * cells
        sums += 4 * 8 * 80 * layers**2 / 1e6  # parts without each block of stimuli
        return _BASE + 20 * largest + min(_SHELF, 4 * pairs * layers) + 100 * pairs + sums

    def _divided_pairs(self, dataset: str) -> float:
        """Return millions of pairs of stimuli whose similarity is divided among features."""
        most = self.study.similarity.get("max_stimuli", _MOST_STIMULI_IN_PAIRS)
        pairs = self._pairs(dataset, most)
        too_many = "max_stimuli" not in self.study.similarity and self._cells(dataset) ** 2 / 2 > MOST_CELL_PAIRS
        return min(pairs, MOST_CELL_PAIRS / 1e6) if too_many else pairs

    def _cells(self, dataset: str) -> int:
        """Return about how many combinations of values features and controls have; 0 until the stimuli are there."""
        # Words that are controls make a few times as many as there are without.
        return 3 * _cells(self.results / dataset / "stimuli.parquet")

    @_minutes
    def explained_minutes(self, wildcards: Any) -> float:
        dataset = wildcards.dataset
        pairs = self._divided_pairs(dataset)
        layers = {name: len(model.layers) for name, model in self.study.models.items()}
        once = sum(
            count * (self.stimuli(dataset) * 1e6 * self._millions(dataset, name) / _PRODUCT_SPEED + 4 * pairs)
            for name, count in layers.items()
        )
        each = once + sum(layers.values()) ** 2 * _SECONDS_PER_DIVISION
        return 30 + 2.5 * each  # with intervals


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


def _rows(table: Path) -> int | None:
    """Return the number of rows of a Parquet file, or None where there is none that can be read."""
    if not table.exists():
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(table).num_rows
    except (pa.ArrowException, OSError):
        return None


def _cells(stimuli: Path) -> int:
    """Return the number of combinations of feature values of a table of stimuli; 0 where it is not there."""
    if not _rows(stimuli):
        return 0
    from thinkalike.tables import read_metadata

    return int(read_metadata(stimuli).get("counts", {}).get("cells", 0))
