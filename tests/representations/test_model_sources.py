"""Unsafe, broken and absent models are refused in one sentence."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import ARCHITECTURES, save_model

from thinkalike.errors import InputError
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.loading import load_model
from thinkalike.representations.storage import read_representation

SENTENCES = pd.DataFrame({"sentence_id": ["s"], "words": [["dogs", "chase"]]})
STIMULI = pd.DataFrame({"stimulus_id": ["a"], "sentence_id": ["s"], "position": [1]})


def load(folder: Any, **source: Any) -> Any:
    """Load a model, and turn it once."""
    return load_model({"hub": str(folder), **source}, device="cpu")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a checkpoint of the test's own."""
    return save_model(tmp_path / "model", "gpt2")


def edit_config(folder: Path, **changes: Any) -> None:
    """Change entries of config.json."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def edit_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    """Change weights."""
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_pickled_weights_need_to_be_allowed(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    torch.save(weights, model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"pytorch_model\.bin\) are pickled.*'trust: \[pickle\]'"):
        load(model)
    assert load(model, trust=["pickle"]).metadata["architecture"] == "GPT2Model"


class Harmful:
    """An object that touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_runs_no_code_even_where_it_is_allowed(model: Path) -> None:
    was_run = model / "was-run"
    torch.save({**load_file(model / "model.safetensors"), "more": Harmful(was_run)}, model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    for trust in ([], ["pickle"]):
        with pytest.raises(InputError, match=r"cannot be loaded|pickled"):
            load(model, trust=trust)
        assert not was_run.exists()
    # The object does what it says where it is unpickled without a check.
    torch.load(model / "pytorch_model.bin", weights_only=False)
    assert was_run.exists()


def test_remote_code_needs_to_be_allowed(model: Path) -> None:
    edit_config(model, model_type="odd", auto_map={"AutoConfig": "odd.OddConfig", "AutoModel": "odd.OddModel"})
    (model / "odd.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('was-run').touch()\n"
        "from transformers import GPT2Config, GPT2Model\n"
        "class OddConfig(GPT2Config):\n    model_type = 'odd'\n"
        "class OddModel(GPT2Model):\n    config_class = OddConfig\n"
    )
    with pytest.raises(InputError, match=r"needs Python code that comes with it.*'trust: \[remote_code\]'"):
        load(model)
    assert load(model, trust=["remote_code"]).metadata["architecture"] == "OddModel"
    with pytest.raises(InputError, match="only pickle, remote_code and unused_weights can be allowed"):
        load(model, trust=["everything"])


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_truncated_weights(model: Path, share: float) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: int(share * weights.stat().st_size)])
    with pytest.raises(InputError, match=r"model\.safetensors are truncated or damaged"):
        load(model)


def test_missing_shard(tmp_path: Path) -> None:
    from transformers import AutoModel

    folder = save_model(tmp_path / "model", "gpt2")
    AutoModel.from_pretrained(folder).save_pretrained(folder, max_shard_size="20KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert load(folder).metadata["architecture"] == "GPT2Model"
    shards[-1].unlink()
    with pytest.raises(InputError, match=r"model-.*\.safetensors are missing"):
        load(folder)


@pytest.mark.parametrize(
    ("depth", "message"),
    [(4, r"weights are not in the checkpoint.*states 4 blocks"), (2, r"has 3 blocks but config\.json states 2")],
)
def test_wrong_number_of_layers(model: Path, depth: int, message: str) -> None:
    edit_config(model, n_layer=depth)
    with pytest.raises(InputError, match=message):
        load(model)


def test_wrong_width(model: Path) -> None:
    edit_config(model, n_embd=64)
    with pytest.raises(InputError, match="shapes"):
        load(model)


def test_weights_that_are_not_finite(model: Path) -> None:
    edit_weights(model, lambda weights: weights["transformer.h.1.mlp.c_fc.bias"].fill_(float("nan")))
    with pytest.raises(InputError, match=r"h\.1\.mlp\.c_fc\.bias holds values that are not finite"):
        load(model)


def test_tokenizer_of_another_model(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", "gpt2", vocab_size=40)
    with pytest.raises(InputError, match=r"gives the token id \d+ but the model has 40 embeddings"):
        extract_to_folder({"hub": str(folder)}, SENTENCES, STIMULI, layers=["1"], folder=tmp_path / "r", device="cpu")


def test_folder_without_model_or_tokenizer(model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no config\.json"):
        load(tmp_path / "empty")
    with pytest.raises(InputError, match="there is no such folder"):
        load(tmp_path / "nothing")
    (model / "tokenizer.json").unlink()
    (model / "tokenizer_config.json").unlink()
    with pytest.raises(InputError, match="holds no tokenizer"):
        load(model)
    (model / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"holds no model\.safetensors"):
        load(model)


def test_unreadable_configuration(model: Path) -> None:
    (model / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be loaded"):
        load(model)


def test_blocks_by_name(model: Path) -> None:
    assert load(model, blocks="h").named_blocks == "h"
    with pytest.raises(InputError, match="has no list of blocks 'layers'; it has h"):
        load(model, blocks="layers")


def test_checkpoint_of_an_untrained_head_is_no_matter(tmp_path: Path) -> None:
    """BERT's masked checkpoints have no pooler, which no layer depends on."""
    assert load(save_model(tmp_path / "model", "bert")).metadata["architecture"] == "BertModel"


@pytest.mark.parametrize("offline", ["1", "0"])
def test_hub_without_network_fails_fast(offline: str, tmp_path: Path) -> None:
    """An endpoint where nobody listens stands for a machine without network."""
    code = (
        "from thinkalike.errors import InputError\nfrom thinkalike.representations.hub import locate\n"
        "try:\n    locate('some-user/some-model')\nexcept InputError as error:\n    print(error)"
    )
    environment = {"HF_HUB_OFFLINE": offline, "HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9", "PATH": ""}
    start = time.monotonic()
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "is not in the cache" in found.stdout, found.stderr
    assert ("HF_HUB_OFFLINE is set" in found.stdout) == (offline == "1")
    assert time.monotonic() - start < 15


@pytest.mark.slow
def test_hub_cache_is_used_and_the_commit_recorded(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "hub" / "models--some-user--some-model"
    save_model(cache / "snapshots" / commit, "gpt2")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    SENTENCES.to_parquet(tmp_path / "sentences.parquet")
    STIMULI.to_parquet(tmp_path / "stimuli.parquet")
    code = (
        "import sys, pandas as pd\nfrom thinkalike.representations.extraction import extract_to_folder\n"
        "extract_to_folder({'hub': 'some-user/some-model'}, pd.read_parquet('sentences.parquet'), "
        "pd.read_parquet('stimuli.parquet'), layers=['1'], folder='r', device='cpu')"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True,
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found = read_representation(tmp_path / "r" / "layer-1.parquet").metadata
    assert (found["source"], found["revision"]) == ("some-user/some-model", commit)


def test_int8_and_device_map_say_what_they_need(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in ("bitsandbytes",) else find(name, *rest)
    )
    with pytest.raises(InputError, match="pip install bitsandbytes"):
        load_model({"hub": str(model)}, dtype="int8", device="cpu")


def test_device_map_runs_like_any_other(model: Path, tmp_path: Path, caplog: Any) -> None:
    pytest.importorskip("accelerate")
    import numpy as np

    found = []
    for name, extra in (("a", {}), ("b", {"device_map": "cpu"})):
        with caplog.at_level(logging.WARNING):
            extract_to_folder(
                {"hub": str(model), **extra}, SENTENCES, STIMULI, layers=["last"], folder=tmp_path / name, device="cpu"
            )
        found.append(read_representation(tmp_path / name / "layer-last.parquet").vectors)
    np.testing.assert_array_equal(*found)


def test_absent_device(model: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(InputError, match="torch finds no CUDA device"):
        load_model({"hub": str(model)}, device="cuda:0")


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_int8_stays_near_float32(tmp_path: Path, architecture: str) -> None:
    pytest.importorskip("bitsandbytes")
    import numpy as np

    folder = save_model(tmp_path / architecture, architecture)
    found = {}
    for dtype in ("float32", "int8"):
        extract_to_folder(
            {"hub": str(folder)}, SENTENCES, STIMULI,
            layers=["last"], folder=tmp_path / dtype, dtype=dtype, device="cpu",
        )  # fmt: skip
        found[dtype] = read_representation(tmp_path / dtype / "layer-last.parquet")
    assert found["int8"].metadata["dtype"] == "int8"
    exact, rounded = found["float32"].vectors, found["int8"].vectors
    error = np.linalg.norm(exact - rounded) / np.linalg.norm(exact)
    print(f"{architecture}: {error:.4f}")
    # The rounding of eight bits, neither none at all nor garbage.
    assert 1e-5 < error < 0.05
