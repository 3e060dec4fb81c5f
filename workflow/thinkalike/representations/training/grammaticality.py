"""Does a model prefer the grammatical sentence of a minimal pair?"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations.lstm import register
from thinkalike.representations.training.scan import fast_mamba

_COLUMNS = ("phenomenon", "grammatical", "ungrammatical")
_BATCH_SIZE = 64
Scores = NDArray[np.float64]


def evaluate_agreement(model_folder: str | Path, minimal_pairs: pd.DataFrame) -> pd.DataFrame:
    """Count how often the grammatical sentence of a pair gets the larger score.

    A causal model's score is the log-probability of the whole sentence with its end. A masked model's is the
    pseudo-log-likelihood: every sub-token is predicted from the sentence while it and those after it in the same word
    are hidden (Salazar et al., 2020; Kauf and Ivanova, 2023: with one hidden at a time, the pieces of a word would
    give each other away). The critical word alone would not do: the number of hidden pieces tells a model much about
    the word before any grammar does.

    Parameters
    ----------
    model_folder
        A checkpoint that `train_model` saved.
    minimal_pairs
        `phenomenon`, `grammatical` and `ungrammatical` (lists of words); other columns are left alone.

    Returns
    -------
    DataFrame
        `phenomenon, accuracy, n`: in the order of first appearance; accuracy in 0..1, half a point for a tie, .5 for a
        model that guesses; n pairs. No row without pairs.

    Raises
    ------
    InputError
        If a column is missing, or the folder holds no model.
    """
    missing = [column for column in _COLUMNS if column not in minimal_pairs]
    if missing:
        raise InputError(f"The table of minimal pairs has no column '{missing[0]}': it needs {', '.join(_COLUMNS)}.")
    if minimal_pairs.empty:
        return pd.DataFrame({"phenomenon": pd.Series(dtype=str), "accuracy": np.empty(0), "n": np.empty(0, dtype=int)})
    pairs = minimal_pairs.reset_index(drop=True)
    score = _scorer(Path(model_folder))
    scores = [score([list(words) for words in pairs[form]]) for form in ("grammatical", "ungrammatical")]
    outcome = pd.DataFrame({"phenomenon": pairs["phenomenon"], "right": (np.sign(scores[0] - scores[1]) + 1) / 2})
    grouped = outcome.groupby("phenomenon", sort=False)["right"]
    return grouped.agg(accuracy="mean", n="size").reset_index()


def _scorer(folder: Path) -> Callable[[Sequence[Sequence[str]]], Scores]:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no model (config.json): train it first.")
    register()
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    masked = any(name.endswith("ForMaskedLM") for name in config.architectures or [])
    loader = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    model = loader.from_pretrained(folder, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    function = _masked_scores if masked else _causal_scores
    return lambda sentences: function(model, tokenizer, sentences)


def _causal_scores(model: Any, tokenizer: Any, sentences: Sequence[Sequence[str]]) -> Scores:
    encoded = tokenizer(list(sentences), is_split_into_words=True)["input_ids"]
    return _totals(
        model,
        list(encoded),
        [[*ids[1:], tokenizer.eos_token_id] for ids in encoded],
        owners=np.arange(len(encoded)),
    )


def _masked_scores(model: Any, tokenizer: Any, sentences: Sequence[Sequence[str]]) -> Scores:
    encoded = tokenizer(list(sentences), is_split_into_words=True)
    inputs, targets, owners = [], [], []
    for owner, ids in enumerate(encoded["input_ids"]):
        words = encoded.word_ids(owner)
        for place in (place for place, word in enumerate(words) if word is not None):
            hidden = [here >= place and words[here] == words[place] for here in range(len(ids))]
            inputs.append([tokenizer.mask_token_id if hide else token for hide, token in zip(hidden, ids, strict=True)])
            targets.append([token if here == place else -1 for here, token in enumerate(ids)])
            owners.append(owner)
    return _totals(model, inputs, targets, np.array(owners))


def _totals(model: Any, inputs: list[list[int]], targets: list[list[int]], owners: NDArray[np.intp]) -> Scores:
    """Return for each owner the summed log-probability of its targets (-1: nothing predicted)."""
    lengths = np.array([len(ids) for ids in inputs])
    totals = np.zeros(owners.max() + 1)
    for length in np.unique(lengths):
        members = np.flatnonzero(lengths == length)
        for chosen in np.array_split(members, -(-len(members) // _BATCH_SIZE)):
            ids = torch.tensor([inputs[index] for index in chosen])
            wanted = torch.tensor([targets[index] for index in chosen])
            predicted = wanted >= 0
            values = torch.zeros(wanted.shape, dtype=torch.float64)
            with torch.no_grad(), fast_mamba():
                log_probabilities = model(input_ids=ids).logits[predicted].double().log_softmax(-1)
            values[predicted] = log_probabilities.gather(-1, wanted[predicted].unsqueeze(-1)).squeeze(-1)
            np.add.at(totals, owners[chosen], values.sum(-1).numpy())
    return totals
