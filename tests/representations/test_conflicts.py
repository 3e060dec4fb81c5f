"""Sentences that a model cannot be asked about: only stimuli matter, all are counted at once, and left out for all."""

from pathlib import Path

import pandas as pd
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

from thinkalike.errors import InputError
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.leaving_out import leave_out
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.dataset import Dataset

TREEBANK = """# text = He said (so).
1\tHe\the\tPRON\t_\t_\t2\tnsubj\t_\t_
2\tsaid\tsay\tVERB\t_\t_\t0\troot\t_\t_
3\t(\t(\tPUNCT\t_\t_\t4\tpunct\t_\tSpaceAfter=No
4\tso\tso\tADV\t_\t_\t2\tadvmod\t_\tSpaceAfter=No
5\t)\t)\tPUNCT\t_\t_\t4\tpunct\t_\tSpaceAfter=No
6\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_

# text = so so so so so so so
"""


def treebank(words: int) -> str:
    rows = [f"{i}\tso\tso\tADV\t_\t_\t{0 if i == 1 else 1}\tdep\t_\t_\n" for i in range(1, words + 1)]
    return TREEBANK + "".join(rows) + "\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that reads ten tokens, whose tokenizer has one for `).`."""
    folder = tmp_path_factory.mktemp("model")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: index for index, letter in enumerate([*letters, ").", "so", "Ġso"])}
    merges = [(")", "."), ("s", "o"), ("Ġ", "so")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    size = {"n_embd": 8, "n_layer": 1, "n_head": 1, "n_positions": 14}
    GPT2Model(GPT2Config(vocab_size=len(vocabulary), **size)).save_pretrained(folder)
    return str(folder)


def dataset(folder: Path, words: int = 7, **entry: object) -> Dataset:
    (folder / "t.conllu").write_text(treebank(words))
    source = {"conllu": "t.conllu", "features": ["word_length"], "deduplicate": False, **entry}
    return build_dataset(source, name="own", seed=0, base=folder)


def extract(built: Dataset, model: str, folder: Path) -> None:
    extract_to_folder({"hub": model}, built.sentences, built.stimuli, layers=["0"], folder=folder / "vectors")


@pytest.mark.parametrize("multiword", ["surface", "split"])
def test_marks_that_are_no_stimuli_may_share_a_token(model: str, tmp_path: Path, multiword: str) -> None:
    extract(dataset(tmp_path, multiword=multiword), model, tmp_path)
    assert (tmp_path / "vectors" / "layer-0.parquet").is_file()


def test_all_conflicts_are_counted_at_once(model: str, tmp_path: Path) -> None:
    built = dataset(tmp_path, 20, punctuation=True)
    message = (
        r"2 of 26 stimuli, in 1 of 2 sentences, have no sub-token of their own \(in sentence 's00000' the token '\).' "
        r"covers both words '\)' and '.'\); and 1 of 2 sentences are longer than the model reads: sentence 's00001' "
        r"has 20 tokens but the model reads at most 14, so that the word 'so' would be cut off. Set leave_out: "
        r"\[shared_tokens, too_long\]"
    )
    with pytest.raises(InputError, match=message):
        extract(built, model, tmp_path)


def test_sentences_are_left_out_for_all_models(model: str, tmp_path: Path) -> None:
    built = dataset(tmp_path, 20, punctuation=True)
    entry = {"m": {"source": {"hub": model}, "settings": {}}}
    rest = built.without(*leave_out(built.stimuli, built.sentences, entry, ["too_long"]))
    assert rest.sentences["sentence_id"].tolist() == ["s00000"] and len(rest.stimuli) == 6
    counts = rest.metadata["counts"]
    assert counts["left_out"] == {"m": {"too_long": 1}} and counts["sentences_left_out"] == 1
    assert counts["stimuli_left_out"] == 20 and counts["stimuli"] == 6
    assert rest.metadata["notes"][-1] == (
        "1 of 2 sentences, with 20 stimuli, are left out for all models: 1 with more tokens than the model reads in m."
    )
    with pytest.raises(InputError, match="every sentence is in conflict"):
        leave_out(built.stimuli, built.sentences, entry, ["shared_tokens", "too_long"])
    short = dataset(tmp_path, 7, punctuation=True)
    kept, sentences, _ = leave_out(short.stimuli, short.sentences, entry, ["shared_tokens"])
    pd.testing.assert_series_equal(
        sentences["sentence_id"], pd.Series(["s00001"], name="sentence_id"), check_dtype=False
    )
    extract(Dataset("own", kept, sentences, short.features, {}), model, tmp_path)
