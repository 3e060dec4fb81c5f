"""The training corpus of the small models: draws from a grammar, with the exact probability of each.

Both splits are independent draws from the same distribution: the grammar's, given that the sentence is none of the
probing sentences (these never occur in either). The mean of `-log_probability` over the held-out split is therefore
an unbiased estimate of the entropy, the loss that no model can beat on average, however long it trains. Held-out
sentences are not kept out of the training split: dropping frequent short ones from it would train the models on
another distribution than they are tested on. How many occur in both is in the metadata.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.dataset import Dataset
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.stimuli.sources import source_path

_KEYS = ("grammar", "sentences", "heldout")


def build_corpus(
    source: Mapping[str, Any], *, dataset: Dataset | pd.DataFrame, seed: int, base: str | Path = "."
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Draw the training corpus of a dataset.

    Parameters
    ----------
    source
        The dataset entry's `corpus`: `grammar` (path), `sentences` (number of training sentences, 50000),
        `heldout` (2000).
    dataset
        The probing dataset, or its sentence table; its sentences occur in neither split.
    seed
        Seed of the draws.
    base
        Folder from which relative paths are resolved.

    Returns
    -------
    corpus
        `split` ("train" or "heldout"), `words` (lists), `log_probability` (float64, nats; of the whole sentence
        with its end, given that it is no probing sentence).
    metadata
        The grammar, the seed, and `counts`.

    Raises
    ------
    InputError
        If a key is wrong, the grammar is at fault, or a probing sentence is not in the grammar's language.
    """
    for key in source:
        if key not in _KEYS:
            raise InputError(f"corpus: unknown key '{key}'; allowed are {', '.join(_KEYS)}.")
    sizes = {split: _size(source, key, default) for split, key, default in _SPLITS}
    automaton = Automaton(read_grammar(source_path(source, "grammar", name="corpus", base=base)), annotate=False)
    sentences = dataset.sentences if isinstance(dataset, Dataset) else dataset
    excluded = {tuple(words) for words in sentences["words"]}
    mass = excluded_probability(automaton, excluded, source=str(source["grammar"]))
    rng = np.random.default_rng(seed)
    words: list[tuple[str, ...]] = []
    rejected = 0
    while len(words) < sum(sizes.values()):
        sentence = automaton.sample(rng).words
        if sentence in excluded:
            rejected += 1
        else:
            words.append(sentence)
    splits = np.repeat(list(sizes), list(sizes.values()))
    corpus = pd.DataFrame(
        {
            "split": splits.astype(object),
            "words": [list(sentence) for sentence in words],
            "log_probability": automaton.log_probabilities(words) - np.log1p(-mass),
        }
    )
    train = set(words[: sizes["train"]])
    counts = {
        **sizes,
        "distinct_train": len(train),
        "heldout_also_in_train": sum(sentence in train for sentence in words[sizes["train"] :]),
        "vocabulary": len(automaton.words()),
        "excluded_sentences": len(excluded),
        "excluded_probability": mass,
        "rejected_draws": rejected,
        "ambiguous": automaton.count_derivations() != automaton.count_sentences(),
    }
    name = {"dataset": dataset.name} if isinstance(dataset, Dataset) else {}
    return corpus, {**name, "grammar": str(source["grammar"]), "seed": seed, "counts": counts}


_SPLITS = (("train", "sentences", 50_000), ("heldout", "heldout", 2_000))


def excluded_probability(automaton: Automaton, excluded: set[tuple[str, ...]], *, source: str) -> float:
    """Return the probability that a draw is one of the excluded sentences.

    Raises
    ------
    InputError
        If one of them has probability zero: a model trained on this language is no subject for that probe.
    """
    probabilities = {words: automaton.probability(words) for words in sorted(excluded)}
    outside = [words for words, probability in probabilities.items() if probability == 0.0]
    if outside:
        raise InputError(
            f"{source}: the corpus grammar does not generate {len(outside)} of the probing sentences, such as "
            f"'{' '.join(outside[0])}'; widen it, so that the models are probed on the language they were trained on."
        )
    mass = float(sum(probabilities.values()))
    if mass > 0.5:
        raise InputError(
            f"{source}: the probing sentences make up {mass:.0%} of the corpus grammar's language, which leaves too "
            f"little to train on; widen the corpus grammar."
        )
    return mass


def _size(source: Mapping[str, Any], key: str, default: int) -> int:
    value = source.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"corpus, {key}: the value is {value!r} but must be a positive number.")
    return value


def load_automaton(grammar: str | Path, *, base: str | Path = ".") -> Automaton:
    """Return the automaton of a grammar file, for `masked_reference` and `minimal_pairs`."""
    return Automaton(read_grammar(Path(base) / grammar), annotate=False)


def entropy_floor(corpus: pd.DataFrame, split: str = "heldout") -> float:
    """Return the mean of -log p (nats per sentence) of a split: what an ideal model would reach on it."""
    return float(-corpus.loc[corpus["split"] == split, "log_probability"].mean())
