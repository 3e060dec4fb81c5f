"""Loss on held-out sentences, and the least that any model could have on the same sub-tokens."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from thinkalike.representations.training.batches import EncodedCorpus, Ids, hide, with_masks
from thinkalike.representations.training.settings import Objective
from thinkalike.representations.training.tokenizer import PAD, WordEncoder

# Sentences and places to hide -> -log p of each hidden sub-token given the visible ones, under the grammar.
MaskedFloor = Callable[[Sequence[Sequence[str]], Sequence[Sequence[int]], WordEncoder], float]

_BATCH_SIZE = 128
# The same for every model, whatever it was trained with.
_MASK_SEED = 0
_MASK_RATE = 0.15


def losses(model: PreTrainedModel, ids: Ids, targets: Ids) -> Tensor:
    """Return the loss in nats of each sub-token to predict, float32 (predicted,).

    Parameters
    ----------
    model
        A model with a language-modelling head.
    ids
        Input, int64 (sentences, tokens).
    targets
        What belongs at each place of the output, same shape; `PAD` where nothing is predicted.
    """
    logits = model(input_ids=torch.from_numpy(ids)).logits
    wanted = torch.from_numpy(targets)
    chosen = wanted != PAD
    return functional.cross_entropy(logits[chosen], wanted[chosen], reduction="none")


def causal_task(ids: Ids) -> tuple[Ids, Ids]:
    """Return input and targets of next-token prediction: every sub-token of every word, and the end."""
    return ids[:, :-1], ids[:, 1:]


def masked_task(ids: Ids, hidden: np.ndarray) -> tuple[Ids, Ids]:
    """Return input and targets of the prediction of hidden sub-tokens."""
    return with_masks(ids, hidden), np.where(hidden, ids, PAD)


class HeldOut:
    """Held-out sentences with what is to be predicted in them, the same for every model and step.

    Parameters
    ----------
    rows
        Held-out rows of the corpus: `words` and `log_probability`.
    encoder
        Gives the sub-tokens of a word.
    positions
        Longest sentence the model can read.
    objective
        `causal`: all sub-tokens and the end are predicted; `masked`: a fixed random choice of 15 % of the
        sub-tokens, at least one a sentence.
    masked_floor
        The exact loss of an ideal masked model; without it the masked floor is unknown (NaN).

    Attributes
    ----------
    floor
        The least mean loss in nats per predicted sub-token: for a causal model the mean of -log p of the sentences
        over the number of their predicted sub-tokens, which is exact because words and sub-tokens determine each
        other; for a masked one the mean of -log p of each hidden sub-token given all visible ones.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        encoder: WordEncoder,
        positions: int,
        objective: Objective,
        masked_floor: MaskedFloor | None = None,
    ) -> None:
        sentences = [list(words) for words in rows["words"]]
        corpus = EncodedCorpus(sentences, encoder, positions)
        if objective == "causal":
            self._tasks = [causal_task(ids) for ids in corpus.ordered(_BATCH_SIZE)]
            predicted = sum(targets.size for _, targets in self._tasks)
            self.floor = float(-rows["log_probability"].sum() / predicted)
            return
        rng = np.random.default_rng(_MASK_SEED)
        hidden = [hide(group, _MASK_RATE, rng) for group in corpus.groups]
        self._tasks = [
            masked_task(group[start : start + _BATCH_SIZE], places[start : start + _BATCH_SIZE])
            for group, places in zip(corpus.groups, hidden, strict=True)
            for start in range(0, len(group), _BATCH_SIZE)
        ]
        self.floor = float("nan")
        if masked_floor is not None:
            order = np.concatenate(corpus.members)
            # Position 0 is the start, so that the first sub-token of the first word has number 0 here.
            places = [(np.flatnonzero(row) - 1).tolist() for group in hidden for row in group]
            self.floor = masked_floor([sentences[index] for index in order], places, encoder)

    def loss(self, model: PreTrainedModel) -> float:
        """Return the model's mean loss in nats per predicted sub-token."""
        model.eval()
        with torch.no_grad():
            values = [losses(model, *task).double() for task in self._tasks]
        return float(torch.cat(values).mean())

    def unigram_loss(self, counts: np.ndarray[Any, Any]) -> float:
        """Return the mean loss of a model that knows nothing but how frequent each sub-token is.

        Parameters
        ----------
        counts
            How often each sub-token is a target in the training sentences, (vocabulary,).
        """
        smoothed = counts + 1.0
        cost = -np.log(smoothed / smoothed.sum())
        targets = np.concatenate([targets[targets != PAD] for _, targets in self._tasks])
        return float(cost[targets].mean())
