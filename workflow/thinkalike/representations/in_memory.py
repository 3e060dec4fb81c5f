"""The vectors of some sentences in every layer of a model, in memory: what a notebook begins with."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.representations.extraction import open_layers
from thinkalike.representations.storage import refuse_not_finite

Per = Literal["word", "sentence"]
_ACTIVATIONS = (".npz", ".parquet")


class LayerVectors(Mapping[str, NDArray[np.float32]]):
    """The vectors of the same stimuli in every layer of a model: a mapping of layer labels to arrays.

    Attributes
    ----------
    stimuli
        One row per stimulus, in the order of the arrays' rows: `stimulus_id`, `sentence_id` (the sentence's place in
        the list, from 0) and, for words, `position` (from 0) and `word`.
    metadata
        What made the vectors: source, revision, architecture, numbering of the layers, sub-token, versions.
    """

    def __init__(
        self, layers: Mapping[str, NDArray[np.float32]], stimuli: pd.DataFrame, metadata: Mapping[str, Any]
    ) -> None:
        self._layers = dict(layers)
        self.stimuli = stimuli
        self.metadata = dict(metadata)

    def __getitem__(self, layer: str | int) -> NDArray[np.float32]:
        """Return the float32 array of shape (n_stimuli, n_units) of a layer, by its label or number."""
        if str(layer) not in self._layers:
            raise KeyError(f"there is no layer '{layer}'; the layers are {', '.join(self)}")
        return self._layers[str(layer)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    # A mapping would compare its arrays, whose equality has no truth value.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def take(self, rows: ArrayLike) -> "LayerVectors":
        """Return the vectors of some stimuli alone.

        Parameters
        ----------
        rows
            A truth value per stimulus, or the numbers of the wanted rows.
        """
        chosen = np.arange(len(self.stimuli))[np.asarray(rows)]
        layers = {label: vectors[chosen] for label, vectors in self._layers.items()}
        return LayerVectors(layers, self.stimuli.iloc[chosen].reset_index(drop=True), self.metadata)

    def summary(self) -> pd.DataFrame:
        """Return one row per layer: `layer`, `stimuli`, `units`, and `length`, the vectors' mean Euclidean length."""
        rows = [
            (label, *vectors.shape, float(np.linalg.norm(vectors.astype(np.float64), axis=1).mean()))
            for label, vectors in self._layers.items()
        ]
        return pd.DataFrame(rows, columns=["layer", "stimuli", "units", "length"])

    def __repr__(self) -> str:
        return f"{self._headline()}\n{self.summary().to_string(index=False, float_format='{:.3g}'.format)}"

    def _repr_html_(self) -> str:
        return f"<p>{self._headline()}</p>{self.summary().to_html(index=False, float_format='{:.3g}'.format)}"

    def _headline(self) -> str:
        sentences = self.stimuli["sentence_id"].nunique()
        what = f"{len(self.stimuli)} words of {sentences}" if "word" in self.stimuli else f"{len(self.stimuli)}"
        return f"{self.metadata.get('source', 'vectors')}: {what} sentences in {len(self)} layers"


def extract(
    model: str | Path | Mapping[str, Any],
    sentences: Iterable[Any],
    *,
    layers: Iterable[str | int] | None = None,
    per: Per = "word",
    unit: str | None = None,
    numbering: str = "blocks",
    bos: str = "tokenizer",
    dtype: str = "float32",
    tokens_per_batch: int = 512,
    device: str = "auto",
    threads: int = 1,
) -> LayerVectors:
    """Return the vectors of the words of some sentences, or of whole sentences, in every layer of a model.

    The vectors are those that the workflow would write to files: the same code makes both.

    Parameters
    ----------
    model
        Id of a model on the hub, a folder with a model, a model of an installed package ("package:name/folder"), or a
        file of activations (.npz, .parquet) whose stimulus ids are those of `stimuli` ("0-2" is word 2 of sentence 0).
        A mapping gives more, with the keys of a model in a study: `{"hub": ..., "revision": ..., "trust": [...]}`.
    sentences
        Texts, which are split into words at white space, or lists of words.
    layers
        Labels or numbers: 0 is the input of the first block, i the raw output of block i, "final" what comes after the
        final norm, "last" the last of them. None for all that the model has.
    per
        `word` for one vector per word, `sentence` for one per sentence.
    unit
        `last`, `first` or `mean` sub-token of a word; `final`, `mean` or `cls` token of a sentence. The default is
        `last` for words and `final` for sentences.
    numbering
        `blocks`, or `hidden_states` for the list that transformers returns.
    bos
        Whether the beginning-of-sequence token comes first: as the `tokenizer` does it, `always` or `never`.
    dtype
        float32, bfloat16, float16 or int8 for the computation; the vectors are float32.
    tokens_per_batch
        The most tokens of one forward pass; halved when memory does not suffice.
    device
        `auto` (a GPU where there is one), `cpu`, `cuda`, `cuda:1`.
    threads
        Number of threads of torch on the CPU.

    Returns
    -------
    LayerVectors
        By layer label a float32 array of shape (n_stimuli, n_units), with the table of the stimuli.

    Raises
    ------
    InputError
        For a model that cannot be read, sentences without words, and everything else that the user has to mend.

    Examples
    --------
    >>> vectors = extract("openai-community/gpt2", ["the dog barks", "a cat sleeps"])  # doctest: +SKIP
    >>> vectors["4"].shape  # doctest: +SKIP
    (6, 768)
    """
    if per not in get_args(Per):
        raise InputError(f"per is '{per}' but must be one of {', '.join(get_args(Per))}.")
    if per == "word" and unit in ("final", "cls"):
        raise InputError(f"unit is '{unit}', a token of a whole sentence; give per='sentence', or a unit of words.")
    table = _sentence_table(sentences)
    stimuli = _words(table) if per == "word" else _whole(table)
    labels = None if layers is None else [layers] if isinstance(layers, str | int) else list(layers)
    found: dict[str, NDArray[np.float32]] = {}
    with open_layers(
        _source(model), table, stimuli, layers=labels, numbering=numbering, unit=unit, bos=bos,
        dtype=dtype, tokens_per_batch=tokens_per_batch, device=device, threads=threads,
    ) as stream:  # fmt: skip
        for rows, vectors in stream.batches:
            for label, values in vectors.items():
                refuse_not_finite(values, stimuli["stimulus_id"].to_numpy()[rows], f"layer {label}")
                if label not in found:
                    found[label] = np.empty((len(stimuli), values.shape[1]), dtype=np.float32)
                found[label][rows] = values
    return LayerVectors({label: found[label] for label in stream.layers}, stimuli, stream.metadata)


def _source(model: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(model, Mapping):
        if not {"hub", "checkpoint", "activations"} & set(model):
            keys = ", ".join(map(str, model)) or "none at all"
            raise InputError(f"The model's keys ({keys}) do not say where it is; give 'hub', an id or a folder.")
        return model
    if not isinstance(model, str | Path):
        raise InputError(
            f"The model is given as {type(model).__name__}; give the id of a model on the hub, or the folder in which "
            "it was saved (save_pretrained, of the model and of its tokenizer)."
        )
    return {"activations" if str(model).endswith(_ACTIVATIONS) else "hub": str(model)}


def _sentence_table(sentences: Iterable[Any]) -> pd.DataFrame:
    """Return `sentence_id` and `words`; texts are split at white space."""
    if isinstance(sentences, str):
        raise InputError("The sentences are a single text; give a list of texts or of lists of words.")
    rows = [_split(place, sentence) for place, sentence in enumerate(sentences)]
    if not rows:
        raise InputError("There are no sentences; give at least one.")
    return pd.DataFrame({"sentence_id": [str(place) for place in range(len(rows))], "words": rows})


def _split(place: int, sentence: Any) -> list[str]:
    words = sentence.split() if isinstance(sentence, str) else sentence
    words = list(words) if isinstance(words, Iterable) else [words]
    if not all(isinstance(word, str) for word in words):
        raise InputError(f"Sentence {place} is {sentence!r}; give a text or a list of words.")
    if not words:
        raise InputError(f"Sentence {place} has no words; leave it out.")
    return [str(word) for word in words]


def _words(table: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (f"{name}-{position}", name, position, word)
        for name, words in zip(table["sentence_id"], table["words"], strict=True)
        for position, word in enumerate(words)
    ]
    return pd.DataFrame(rows, columns=["stimulus_id", "sentence_id", "position", "word"])


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"stimulus_id": table["sentence_id"], "sentence_id": table["sentence_id"]})
