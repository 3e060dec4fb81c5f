"""The sub-word tokenizer that all models trained here share."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from tokenizers.decoders import WordPiece
from transformers import PreTrainedTokenizerFast

from thinkalike.errors import InputError
from thinkalike.representations.training.settings import Objective

# The first five entries of every vocabulary, so that a sub-word has the same number in all models.
PAD, UNKNOWN, START, END, MASK = range(5)
_SPECIAL = {
    "causal": ["[PAD]", "[UNK]", "[BOS]", "[EOS]", "[MASK]"],
    "masked": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
}


def train_tokenizer(
    sentences: Iterable[Sequence[str]], vocabulary: int, objective: Objective, positions: int
) -> PreTrainedTokenizerFast:
    """Learn sub-words from the words of a corpus.

    Words are split greedily into the longest known sub-words (WordPiece); the sub-words come from merging the
    commonest pairs, so frequent words stay whole and rare ones split. A causal model's tokenizer puts a start before
    every sentence, a masked one's also an end after it, as in training.

    Parameters
    ----------
    sentences
        Words of the training sentences.
    vocabulary
        Number of entries without the five special ones; at least the number of letters, at the beginning of a word and
        inside it.
    objective
        `causal` or `masked`.
    positions
        Longest sentence the model can read, in sub-tokens with the special ones (`model_max_length`).

    Raises
    ------
    InputError
        If there is no word, or the vocabulary cannot hold every letter.
    """
    counts = Counter(word for words in sentences for word in words)
    if not counts:
        raise InputError("The training corpus holds no word: its 'train' split needs sentences.")
    special = _SPECIAL[objective]
    tokenizer = Tokenizer(models.WordPiece(_sub_words(counts, special, vocabulary), unk_token=special[UNKNOWN]))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = WordPiece(cleanup=False)
    pattern = f"{special[START]} $A" + (f" {special[END]}" if objective == "masked" else "")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=pattern, special_tokens=[(special[START], START), (special[END], END)]
    )
    names = ("cls_token", "sep_token") if objective == "masked" else ("bos_token", "eos_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=special[PAD],
        unk_token=special[UNKNOWN],
        mask_token=special[MASK],
        padding_side="right",
        model_max_length=positions,
        model_input_names=["input_ids", "attention_mask"],
        **{names[0]: special[START], names[1]: special[END]},
    )


def _sub_words(counts: Counter[str], special: list[str], vocabulary: int) -> dict[str, int]:
    """Return the number of every sub-word."""
    # Declared as special, letters inside words get fixed numbers. The library would number them in the order of a
    # hash table that differs from run to run, and ties between merges are broken by these numbers.
    inside = [f"##{letter}" for letter in sorted({letter for word in counts for letter in word[1:]})]
    learner = Tokenizer(models.WordPiece(unk_token=special[UNKNOWN]))
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    size = vocabulary + len(special)
    learner.train_from_iterator(
        (" ".join([word] * counts[word]) for word in sorted(counts)),
        trainers.WordPieceTrainer(vocab_size=size, special_tokens=special + inside, show_progress=False),
    )
    if learner.get_vocab_size() > size:
        raise InputError(
            f"A vocabulary of {vocabulary} cannot hold every letter of the corpus: "
            f"give at least {learner.get_vocab_size() - len(special)}."
        )
    return learner.get_vocab()


class WordEncoder:
    """Sub-tokens of words: each distinct word is tokenised once, which is exact because words never join.

    Parameters
    ----------
    tokenizer
        A tokenizer that `train_tokenizer` returned.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def __call__(self, word: str) -> list[int]:
        """Return the sub-tokens of one word.

        Raises
        ------
        InputError
            If the word holds a character that the training sentences lack, or has no sub-token at all.
        """
        if word not in self._known:
            ids = self._tokenizer.encode(word, add_special_tokens=False)
            if not ids or UNKNOWN in ids:
                raise InputError(
                    f"The word '{word}' cannot be written with the sub-words of the training sentences: "
                    "put its characters into the corpus or take the word out."
                )
            self._known[word] = ids
        return self._known[word]

    def sentence(self, words: Sequence[str]) -> list[int]:
        """Return start, sub-tokens of all words, end."""
        return [START, *(token for word in words for token in self(word)), END]
