"""Every word gets its own sub-tokens, or an error that names it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import TOKENIZERS, WORDS, byte_level, wordpiece

from thinkalike.errors import InputError
from thinkalike.representations.alignment import align_sentences, find_words, join_words

_LETTERS = st.characters(exclude_categories=("Z", "C"))
_ANY_WORD = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        ["don't", "o'clock", "...", "e-mail", "¿qué", "Straße", "naïve", "日本語", "👩‍🚀", "L'été", "x²", "n't"]
    ),
    st.text(_LETTERS, min_size=1, max_size=8),
)
_made = {name: make() for name, make in TOKENIZERS.items()}


@pytest.mark.parametrize("name", list(TOKENIZERS))
@settings(max_examples=150, deadline=None)
@given(words=st.lists(_ANY_WORD, min_size=1, max_size=7))
def test_ranges_cover_the_words_characters(name: str, words: list[str]) -> None:
    tokenizer = _made[name]
    text = " ".join(words)
    encoding = tokenizer(text)
    try:
        found = align_sentences(tokenizer, [join_words("s", words)])[0]
    except InputError as error:
        # Only a word whose characters the tokenizer drops may be refused.
        assert "no token" in str(error)
        assert name in ("wordpiece", "unigram")
        return
    assert list(found.ids) == encoding["input_ids"]
    start = 0
    for word, (first, end) in zip(words, found.words, strict=True):
        tokens = {encoding.char_to_token(position) for position in range(start, start + len(word))} - {None}
        # The other direction, from characters to tokens: it knows the first token of a character, be it a mere space.
        assert max(tokens) < end
        assert first <= max(tokens) + 1
        start += len(word) + 1
    bounds = [bound for word in found.words for bound in word]
    assert bounds == sorted(bounds)
    covered = {index for word in found.words for index in range(*word)}
    for index in set(range(*found.body)) - covered:
        assert encoding.tokens()[index].strip("▁Ġ") == ""


@pytest.mark.parametrize("make", [wordpiece, lambda: byte_level(add_prefix_space=True)], ids=["wordpiece", "bytes"])
def test_agrees_with_split_words_where_those_are_right(make: Callable[[], Any]) -> None:
    tokenizer = make()

    @settings(max_examples=150, deadline=None)
    @given(
        words=st.lists(st.one_of(st.sampled_from(WORDS), st.text("abcdefghé'.,-", min_size=1, max_size=9)), min_size=1)
    )
    def check(words: list[str]) -> None:
        split = tokenizer(words, is_split_into_words=True)
        last = {word: index for index, word in enumerate(split.word_ids()) if word is not None}
        found = align_sentences(tokenizer, [join_words("s", words)])[0]
        assert list(found.ids) == split["input_ids"]
        assert [end - 1 for _, end in found.words] == [last[word] for word in range(len(words))]

    check()


def test_words_are_not_glued_without_prefix_space() -> None:
    tokenizer = byte_level(add_prefix_space=False)
    words = ["the", "woman", "sees", "dogs"]
    found = align_sentences(tokenizer, [join_words("s", words)])[0]
    pieces = [tokenizer.decode(list(found.ids[slice(*word)])).strip() for word in found.words]
    assert pieces == words
    glued = tokenizer(words, is_split_into_words=True)["input_ids"]
    assert "".join(words) in tokenizer.decode(glued)


@pytest.mark.parametrize("name", list(TOKENIZERS))
def test_every_word_decodes_to_itself(name: str) -> None:
    tokenizer = _made[name]
    found = align_sentences(tokenizer, [join_words("s", WORDS)])[0]
    # The decoder of WordPiece puts spaces around an apostrophe.
    decoded = [tokenizer.decode(list(found.ids[slice(*word)])).replace(" ", "") for word in found.words]
    assert decoded == WORDS


def test_running_text_keeps_its_punctuation() -> None:
    text = "Well, the woman doesn't read."
    words = ["Well", "the", "woman", "does", "n't", "read"]
    found = align_sentences(_made["wordpiece"], [find_words("s", words, text)])[0]
    assert len(found.words) == 6
    with pytest.raises(InputError, match="'t1': word 1, 'man'"):
        find_words("t1", ["woman", "man"], text)


@pytest.mark.parametrize("word", ["\u200b", "\x00", "\ufeff"])
def test_word_without_token_is_named(word: str) -> None:
    found = align_sentences(_made["wordpiece"], [join_words("s7", ["the", word, "dog"])])[0]
    assert found.conflicts == {1: f"the word {word!r} gets no token"} and found.words[1] == (0, 0)


def test_token_over_two_words_is_named() -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    vocabulary = [("<unk>", 0.0), ("the woman", -1.0), *((letter, -5.0) for letter in "thewoman ")]
    unique = list(dict(vocabulary).items())
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.Unigram(unique, unk_id=0)))
    found = align_sentences(tokenizer, [join_words("s3", ["the", "woman", "the"])])[0]
    text = "the token 'the woman' covers both words 'the' and 'woman'"
    assert found.conflicts == {0: text, 1: text} and found.words[:2] == ((0, 0), (0, 0))
    assert found.ids[slice(*found.words[2])]  # the other words have their own


def test_slow_tokenizer_is_refused() -> None:
    from transformers import ByT5Tokenizer

    with pytest.raises(InputError, match="ByT5Tokenizer is a slow tokenizer"):
        align_sentences(ByT5Tokenizer(), [join_words("s", ["a"])])
