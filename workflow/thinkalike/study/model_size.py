"""How wide and how large a model is, as far as files that are already here tell; nothing is downloaded or loaded."""

import ast
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from thinkalike.study.study import Model

# What transformers' configurations call the number of units of a layer, and the number of layers.
_WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
_VOCABULARIES = ("vocab_size",)
_TRAINED_WIDTH = 128
_TRAINED_VOCABULARY = 400
_GUESSED_WIDTH = 1024
_GUESSED_VOCABULARY = 50_000
_LONGEST_HEADER = 10_000  # bytes of an array's header: what numpy itself reads
# Weights of a block as a multiple of its width squared: 12 in a Transformer, less in the other architectures.
_WEIGHTS_PER_BLOCK = 12


@dataclass(frozen=True)
class ModelSize:
    """Size of one model.

    Attributes
    ----------
    units
        Numbers in one vector.
    parameters
        Weights of the model; 0 for activations computed elsewhere.
    known
        Whether `units` was read from a file or the study, not guessed.
    """

    units: int
    parameters: int
    known: bool


def model_size(model: Model) -> ModelSize:
    """Return what is known of a model's size before it has run, a cautious guess where nothing is."""
    if model.kind == "train":
        return _from_numbers(model, model.settings.get("width", _TRAINED_WIDTH), _TRAINED_VOCABULARY, known=True)
    if model.kind == "activations":
        return _of_activations(model)
    configuration = configuration_of(model.location)
    if configuration is None:
        return _from_numbers(model, _GUESSED_WIDTH, _GUESSED_VOCABULARY, known=False)
    units = _first(configuration, _WIDTHS)
    vocabulary = _first(configuration, _VOCABULARIES) or _GUESSED_VOCABULARY
    return _from_numbers(model, units or _GUESSED_WIDTH, vocabulary, known=units is not None)


def configuration_of(location: str) -> dict[str, Any] | None:
    """Return the config.json of a local folder or of a model in the hub's cache, or None."""
    folder = Path(location).expanduser()
    candidates = [folder / "config.json"] if folder.is_dir() else _cached(location)
    for path in candidates:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            return content
    return None


def hub_cache() -> Path:
    """Return the folder in which the hub's models are kept, by the variables that the hub's own library reads."""
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    return Path(os.environ.get("HF_HUB_CACHE", str(Path(home) / "hub"))).expanduser()


def _cached(name: str) -> list[Path]:
    folder = hub_cache() / f"models--{name.replace('/', '--')}" / "snapshots"
    return sorted(folder.glob("*/config.json"))


def _first(configuration: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    # Models of text and images nest the text's part.
    for content in (configuration, configuration.get("text_config") or {}):
        for key in keys:
            if isinstance(content.get(key), int):
                return content[key]
    return None


def _from_numbers(model: Model, units: int, vocabulary: int, known: bool) -> ModelSize:
    blocks = model.blocks or len(model.layers)
    return ModelSize(units, _WEIGHTS_PER_BLOCK * blocks * units**2 + vocabulary * units, known)


def _of_activations(model: Model) -> ModelSize:
    """Return the width of the first layer in the file, from its header alone."""
    path = Path(model.location)
    try:
        units = _npz_units(path) if path.suffix == ".npz" else _parquet_units(path)
    except Exception:  # whatever is wrong with the file, the extraction says it better
        units = None
    return ModelSize(units or _GUESSED_WIDTH, 0, known=units is not None)


def layers_in_file(path: Path) -> list[str] | None:
    """Return the names of the layers in a file of activations, from its head alone; None where it cannot be read."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                names = [name.removesuffix(".npy") for name in archive.namelist()]
            return [name for name in names if name != "stimulus_id"]
        import pyarrow as pa
        import pyarrow.parquet as pq

        tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
        return [field.name for field in pq.read_schema(path) if any(test(field.type) for test in tests)]
    except Exception:  # whatever is wrong with the file, the extraction says it better
        return None


def _npz_units(path: Path) -> int | None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                shape = _npy_shape(file)
            if len(shape) == 2:
                return int(shape[1])
    return None


def _npy_shape(file: IO[bytes]) -> tuple[int, ...]:
    """Return the shape that the header of an array in NumPy's format tells: a Python literal after its length."""
    major = file.read(8)[6]
    size = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    if size > _LONGEST_HEADER:
        raise ValueError("this is no header of an array of numbers")
    return ast.literal_eval(file.read(size).decode("utf-8" if major > 2 else "latin-1"))["shape"]


def _parquet_units(path: Path) -> int | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = [field.type for field in pq.read_schema(path)]
    fixed = [kind.list_size for kind in kinds if pa.types.is_fixed_size_list(kind)]
    if fixed:
        return fixed[0]
    names = [field.name for field in pq.read_schema(path) if pa.types.is_list(field.type)]
    batch = next(pq.ParquetFile(path).iter_batches(batch_size=1, columns=names[:1]), None)
    return len(batch.column(0)[0].as_py()) if batch is not None and names else None
