"""The study of eleven large models, scaled down: its prompts and settings on small models of their architectures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from small_models import WIDTH

from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.stimuli.build import build_dataset
from thinkalike.study.reading import load_study

ROOT = Path(__file__).parents[2]
ARCHITECTURE = {
    "bloom": "bloom", "falcon": "falcon", "galactica": "opt", "gpt-j": "gptj", "llama": "llama", "mpt": "mpt",
    "open-llama": "llama", "opt": "opt", "pythia": "gpt_neox", "redpajama": "gpt_neox", "stablelm": "gpt_neox",
}  # fmt: skip


@pytest.fixture(scope="module")
def study() -> Any:
    """Return config/llm.yaml."""
    return load_study(yaml.safe_load((ROOT / "config" / "llm.yaml").read_text()), ROOT)


def test_study_has_the_models(study: Any) -> None:
    assert set(study.models) == set(ARCHITECTURE)
    assert {model.layers for model in study.models.values()} == {("last",)}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["winogrande", "humaneval"])
def test_scaled_down(dataset: str, study: Any, tmp_path: Path) -> None:
    from small_models import save_model

    data = build_dataset(study.datasets[dataset], name=dataset, seed=study.seed, base=ROOT)
    for name in sorted(study.models):
        architecture = ARCHITECTURE[name]
        model = tmp_path / "models" / architecture
        if not model.exists():
            # Prompts are longer than sentences.
            key = {"bloom": None, "mpt": "max_seq_len", "gptj": "n_positions"}.get(
                architecture, "max_position_embeddings"
            )
            save_model(model, architecture, **({key: 512} if key else {}))
        source = {**study.source(name), "hub": str(model)}
        settings = study.extraction_settings(dataset, name)
        extract_to_folder(
            source, data.sentences, data.stimuli, layers=study.models[name].layers, folder=tmp_path / name,
            device="cpu", metadata={"dataset": dataset, "model": name}, **settings,
        )  # fmt: skip
        found = read_representation(layer_path(tmp_path / name, "last"))
        assert found.vectors.shape == (24, WIDTH)
        assert found.stimulus_ids.tolist() == data.stimuli["stimulus_id"].tolist()
        assert (found.metadata["dtype"], found.metadata["subtoken"]) == ("bfloat16", "final")
        # Prompts with another ending have another vector.
        assert len(np.unique(found.vectors, axis=0)) > 1


def test_last_layer_is_after_the_final_norm(study: Any, saved_model: Callable[[str], Path], tmp_path: Path) -> None:
    data = build_dataset(study.datasets["winogrande"], name="w", seed=0, base=ROOT)
    short = data.stimuli[:3]
    model = saved_model("falcon")
    extract_to_folder(
        {"hub": str(model)}, data.sentences, short, layers=["last", "final"], folder=tmp_path / "r", device="cpu"
    )
    last, final = (read_representation(layer_path(tmp_path / "r", layer)).vectors for layer in ("last", "final"))
    np.testing.assert_array_equal(last, final)
