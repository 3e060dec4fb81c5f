"""The least loss that a masked model could have, from the grammar that the corpus was drawn from."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from thinkalike.representations.training.heldout import MaskedFloor
from thinkalike.representations.training.tokenizer import WordEncoder


def grammar_floor(grammar: str | Path, probing: Iterable[Sequence[str]] = ()) -> MaskedFloor:
    """Return what computes the exact loss of an ideal masked model, for `train_model(masked_floor=...)`.

    Nothing is read before it is called, and causal models never call it: their floor is in the corpus.

    Parameters
    ----------
    grammar
        The grammar file of the corpus.
    probing
        The probing sentences, which the corpus was conditioned not to hold.

    Returns
    -------
    callable
        Takes sentences (words), for each the numbers of its hidden sub-tokens (without the start), and what gives a
        word's sub-tokens; returns the mean of -log p(hidden sub-token | visible ones) in nats.
    """

    def floor(sentences: Sequence[Sequence[str]], hidden: Sequence[Sequence[int]], encoder: WordEncoder) -> float:
        from thinkalike.stimuli.corpus import load_automaton
        from thinkalike.stimuli.masked import masked_reference

        def pieces(word: str) -> list[str]:
            return [str(token) for token in encoder(word)]

        return masked_reference(
            load_automaton(grammar), sentences, hidden, pieces, excluded=[list(words) for words in probing]
        )

    return floor
