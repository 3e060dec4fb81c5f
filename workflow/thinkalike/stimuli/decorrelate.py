"""Choose sentences so that the features of their words can be told apart."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.stimuli.differences import level_codes

_CANDIDATES = 32
_PATIENCE = 60
_NUMERIC_BINS = 10


def decorrelate(stimuli: pd.DataFrame, features: Mapping[str, Feature], n_sentences: int, seed: int) -> list[str]:
    """Choose sentences that minimise the correlation of the feature differences of their stimuli.

    A random choice is improved by exchanging one chosen sentence for one that is not, always the best of 32 exchanges
    drawn at random, until 60 draws in a row bring nothing. What is minimised is the mean squared correlation of
    differences over pairs of features (controls do not count; numeric features count as ten bins of equal width).
    A feature that varies in the whole set stays varying: one that does not counts as correlating fully.

    Parameters
    ----------
    stimuli, features
        What `read_stimuli` returned.
    n_sentences
        The number of sentences to choose.
    seed
        Seed of the choice; the same seed chooses the same sentences.

    Returns
    -------
    list of str
        The chosen `sentence_id`s, in the order of the stimuli.

    Raises
    ------
    InputError
        If there are fewer sentences, or fewer than two features.
    """
    identifiers = list(dict.fromkeys(stimuli["sentence_id"]))
    compared = {name: feature for name, feature in features.items() if feature.role == "feature"}
    if not 1 <= n_sentences <= len(identifiers):
        raise InputError(f"decorrelate: {n_sentences} sentences were asked for but must be 1 to {len(identifiers)}.")
    if len(compared) < 2:
        raise InputError("decorrelate: at least two features are needed; declare more or remove the key.")
    tables = _Tables(stimuli, compared, identifiers)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(identifiers))
    chosen, left = order[:n_sentences], order[n_sentences:]
    counts = tables.of_sentences[chosen].sum(axis=0)
    best, idle = float(tables.objective(counts[None])[0]), 0
    while idle < _PATIENCE and len(left):
        out, into = rng.integers(len(chosen), size=_CANDIDATES), rng.integers(len(left), size=_CANDIDATES)
        candidates = counts - tables.of_sentences[chosen[out]] + tables.of_sentences[left[into]]
        values = tables.objective(candidates)
        winner = int(values.argmin())
        idle += 1
        if values[winner] < best - 1e-12:
            best, counts, idle = float(values[winner]), candidates[winner], 0
            chosen[out[winner]], left[into[winner]] = left[into[winner]], chosen[out[winner]]
    return [identifiers[index] for index in np.sort(chosen)]


class _Tables:
    """Two-way tables of counts, a sentence per row: everything that the correlations depend on is a sum of rows."""

    def __init__(self, stimuli: pd.DataFrame, features: Mapping[str, Feature], identifiers: list[str]) -> None:
        codes = [_binned(stimuli[name], feature) for name, feature in features.items()]
        sentence = stimuli["sentence_id"].map({name: index for index, name in enumerate(identifiers)}).to_numpy()
        self._slots: list[tuple[int, int, slice, int]] = []
        blocks: list[NDArray[np.float64]] = [np.bincount(sentence, minlength=len(identifiers))[:, None].astype(float)]
        start = 1
        for a in range(len(codes)):
            for b in range(a, len(codes)):
                width = int(codes[b].max(initial=0)) + 1
                size = (int(codes[a].max(initial=0)) + 1) * width
                both = (codes[a] >= 0) & (codes[b] >= 0)
                block = np.zeros((len(identifiers), size))
                np.add.at(block, (sentence[both], codes[a][both] * width + codes[b][both]), 1.0)
                self._slots.append((a, b, slice(start, start + size), width))
                blocks.append(block)
                start += size
        self.of_sentences = np.concatenate(blocks, axis=1)
        self._n_features = len(codes)
        total = self._correlations(self.of_sentences.sum(axis=0)[None])[0]
        self._varies = ~np.isnan(np.diag(total))

    def objective(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean squared correlation for each row of counts."""
        correlations = self._correlations(counts)
        wanted = np.triu(np.outer(self._varies, self._varies), k=1)
        return (np.where(np.isnan(correlations), 1.0, correlations)[:, wanted] ** 2).mean(axis=1)

    def _correlations(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        n = counts[:, 0]
        pairs = np.maximum(n * (n - 1) / 2, 1.0)
        products = np.zeros((len(counts), self._n_features, self._n_features))
        for a, b, slot, width in self._slots:
            table = counts[:, slot].reshape(len(counts), -1, width)
            rows, columns = table.sum(axis=2), table.sum(axis=1)
            alike = (_squares(rows) + _squares(columns) - (table**2).sum(axis=(1, 2))) if a != b else _squares(rows)
            differing = (rows.sum(axis=1) ** 2 - alike) / 2
            products[:, a, b] = products[:, b, a] = differing / pairs
        means = np.diagonal(products, axis1=1, axis2=2)
        covariance = products - means[:, :, None] * means[:, None, :]
        variance = np.diagonal(covariance, axis1=1, axis2=2)
        deviation = np.sqrt(np.where(variance > 1e-12, variance, np.nan))
        return covariance / (deviation[:, :, None] * deviation[:, None, :])


def _squares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return (counts**2).sum(axis=1)


def _binned(column: pd.Series, feature: Feature) -> NDArray[np.int64]:
    if feature.kind == "numeric" and column.nunique() > _NUMERIC_BINS:
        column = pd.Series(pd.cut(column.astype(float), _NUMERIC_BINS, labels=False), index=column.index)
    return level_codes(column, feature)
