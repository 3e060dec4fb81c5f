"""One meaning of a layer in every architecture, and vectors that do not depend on the batch."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from small_models import ARCHITECTURES, DEPTH
from transformers import AutoModel, AutoTokenizer

from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation

Dataset = tuple[pd.DataFrame, pd.DataFrame]
SavedModel = Callable[[str], Path]
WITHOUT_FINAL = {"bert", "roberta", "albert", "lstm"}
BLOCKS = [str(number) for number in range(DEPTH + 1)]


def labels_of(architecture: str) -> list[str]:
    """Return all layers of one of the small models."""
    return BLOCKS if architecture in WITHOUT_FINAL else [*BLOCKS, "final"]


def extracted(folder: Path, model: Path, dataset: Dataset, labels: list[str], **options: Any) -> dict[str, np.ndarray]:
    """Extract and read back."""
    extract_to_folder({"hub": str(model)}, *dataset, layers=labels, folder=folder, device="cpu", **options)
    return {label: read_representation(layer_path(folder, label)).vectors for label in labels}


def one_at_a_time(model_folder: Path, dataset: Dataset) -> list[np.ndarray]:
    """Return transformers' own hidden states of each word's last sub-token: no code of the package takes part."""
    from thinkalike.representations import lstm

    lstm.register()
    model = AutoModel.from_pretrained(model_folder).eval()
    model = model.get_encoder() if model.config.is_encoder_decoder else model
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    sentences, stimuli = dataset
    rows: dict[str, list[np.ndarray]] = {}
    for name, words in zip(sentences["sentence_id"], sentences["words"], strict=True):
        encoding = tokenizer(" ".join(words), return_tensors="pt")
        with torch.inference_mode():
            states = model(encoding["input_ids"], output_hidden_states=True).hidden_states
        end = -1
        for position, word in enumerate(words):
            end += len(word) + (position > 0)
            spans = {token: encoding.token_to_chars(token) for token in range(encoding["input_ids"].shape[1])}
            token = max(token for token, span in spans.items() if span and span.end == end + 1)
            rows[f"{name}-{position}"] = [layer[0, token].numpy() for layer in states]
    return [np.stack(layer) for layer in zip(*(rows[name] for name in stimuli["stimulus_id"]), strict=True)]


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference relative to the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_layers_are_exact_and_mean_the_same(
    architecture: str,
    saved_model: SavedModel,
    dataset: Dataset,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    model = saved_model(architecture)
    labels = labels_of(architecture)
    batched = extracted(tmp_path / "batched", model, dataset, labels, tokens_per_batch=200)
    single = extracted(tmp_path / "single", model, dataset, labels, tokens_per_batch=1)
    reference = one_at_a_time(model, dataset)

    worst = max(difference(batched[label], single[label]) for label in labels)
    meaning = []
    for states in reference:
        # Layers of one model are far apart, so the nearest is the same or none is.
        nearest = min(labels, key=lambda label: difference(batched[label], states))
        worst = max(worst, difference(batched[nearest], states))
        meaning.append(nearest)
    assert worst < 1e-5
    assert meaning == documented_meaning(architecture)
    metadata = read_representation(layer_path(tmp_path / "batched", "1")).metadata
    assert metadata["layers"] == labels
    record_property(
        "representations",
        f"{architecture:16} {worst:.0e}  blocks: {metadata['blocks']:28} layers: {labels[0]}..{labels[-1]:6} "
        f"hidden_states: {', '.join(meaning)}",
    )


def documented_meaning(architecture: str) -> list[str]:
    """Return what docs/models.md says about the entries of hidden_states, for the depth of the small models."""
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) +\| [^|]+ \| ([^|]+?) +\| ([^|]+?) +\|$", text, flags=re.MULTILINE)
    for names, final, entries in rows:
        if architecture in re.findall(r"[a-z0-9_]+", names):
            assert (final == "yes") == (architecture not in WITHOUT_FINAL)
            return {
                "0, 1, ..., L": BLOCKS,
                "0, 1, ..., L-1, final": [*BLOCKS[:-1], "final"],
                "1, 2, ..., L, final": [*BLOCKS[1:], "final"],
            }[entries]
    raise AssertionError(f"docs/models.md has no row of {architecture}")


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "mamba", "t5"])
def test_hidden_states_numbering_gives_transformers_list(
    architecture: str, saved_model: SavedModel, dataset: Dataset, tmp_path: Path
) -> None:
    model = saved_model(architecture)
    reference = one_at_a_time(model, dataset)
    labels = [str(number) for number in range(len(reference))]
    found = extracted(tmp_path / "r", model, dataset, labels, numbering="hidden_states")
    for label, states in zip(labels, reference, strict=True):
        assert difference(found[label], states) < 1e-5


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "mamba"])
def test_company_in_a_batch_changes_nothing(
    architecture: str, saved_model: SavedModel, dataset: Dataset, tmp_path: Path
) -> None:
    sentences, stimuli = dataset
    model = saved_model(architecture)
    everything = extracted(tmp_path / "a", model, dataset, ["3"])["3"]
    few = stimuli["sentence_id"].isin(sentences["sentence_id"][::7]).to_numpy()
    some = extracted(tmp_path / "b", model, (sentences[::7], stimuli[few]), ["3"])["3"]
    assert difference(some, everything[few]) < 1e-5


@pytest.mark.parametrize("architecture", ["bert", "mamba", "lstm"])
def test_same_call_same_bytes(architecture: str, saved_model: SavedModel, dataset: Dataset, tmp_path: Path) -> None:
    for name in ("a", "b"):
        extracted(tmp_path / name, saved_model(architecture), dataset, labels_of(architecture))
    for label in labels_of(architecture):
        assert layer_path(tmp_path / "a", label).read_bytes() == layer_path(tmp_path / "b", label).read_bytes()


def test_prefixes_of_a_causal_model_do_not_see_the_future(saved_model: SavedModel, tmp_path: Path) -> None:
    sentences = pd.DataFrame({"sentence_id": ["a", "b"], "words": [["the", "dog", "sees"], ["the", "dog", "."]]})
    stimuli = pd.DataFrame({"stimulus_id": ["a-1", "b-1"], "sentence_id": ["a", "b"], "position": [1, 1]})
    for architecture, same in (("gpt2", True), ("mamba", True), ("lstm", True), ("bert", False), ("t5", False)):
        found = extracted(tmp_path / architecture, saved_model(architecture), (sentences, stimuli), ["2"])["2"]
        assert (difference(found[:1], found[1:]) < 1e-5) == same
