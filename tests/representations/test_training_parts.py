import math

import numpy as np
import pytest
import torch
from transformers import MambaConfig, MambaForCausalLM

from thinkalike.errors import InputError
from thinkalike.representations.training.batches import EncodedCorpus, hide, with_masks
from thinkalike.representations.training.scan import fast_mamba
from thinkalike.representations.training.tokenizer import END, MASK, START, WordEncoder, train_tokenizer

SENTENCES = [["the", "queen", "sings", "."], ["the", "queens", "sing", "."], ["the", "boy", "laughs", "!"]] * 5


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_tokenizer_splits_rare_words_and_gives_them_back(objective) -> None:
    tokenizer = train_tokenizer(SENTENCES, 40, objective, 16)
    encoder = WordEncoder(tokenizer)
    counts = {word: len(encoder(word)) for words in SENTENCES for word in words}
    assert counts["the"] == 1 and max(counts.values()) > 1
    for words in SENTENCES[:3]:
        encoded = tokenizer(words, is_split_into_words=True)
        assert encoded["input_ids"] == encoder.sentence(words)[: None if objective == "masked" else -1]
        assert tokenizer.decode(encoded["input_ids"], skip_special_tokens=True) == " ".join(words)
        lengths = np.bincount([word for word in encoded.word_ids() if word is not None])
        assert lengths.tolist() == [len(encoder(word)) for word in words]
    assert tokenizer.convert_tokens_to_ids(tokenizer.mask_token) == MASK
    start, end = ("cls", "sep") if objective == "masked" else ("bos", "eos")
    assert getattr(tokenizer, f"{start}_token_id") == START and getattr(tokenizer, f"{end}_token_id") == END


def test_tokenizer_depends_on_the_words_not_on_their_order() -> None:
    backward = [words[::-1] for words in SENTENCES[::-1]]
    versions = [train_tokenizer(part, 40, "causal", 16).backend_tokenizer.to_str() for part in (SENTENCES, backward)]
    assert versions[0] == versions[1]


def test_both_objectives_share_their_sub_words() -> None:
    causal, masked = (train_tokenizer(SENTENCES, 40, objective, 16) for objective in ("causal", "masked"))
    encode = [WordEncoder(causal), WordEncoder(masked)]
    assert all(encode[0](word) == encode[1](word) for words in SENTENCES for word in words)


def test_unwritable_words_are_refused() -> None:
    encoder = WordEncoder(train_tokenizer(SENTENCES, 40, "causal", 16))
    for word in ("zebra", ""):
        with pytest.raises(InputError, match="cannot be written"):
            encoder(word)


def test_batches_hold_every_sentence_once_and_never_two_lengths() -> None:
    encoder = WordEncoder(train_tokenizer(SENTENCES, 40, "causal", 16))
    corpus = EncodedCorpus(SENTENCES, encoder, 16)
    expected = sorted(encoder.sentence(words) for words in SENTENCES)
    assert sorted(row for batch in corpus.ordered(4) for row in batch.tolist()) == expected
    batches = corpus.shuffled(4, np.random.default_rng(0))
    number = sum(math.ceil(len(group) / 4) for group in corpus.groups)
    passes = [[next(batches).tolist() for _ in range(number)] for _ in range(2)]
    assert passes[0] != passes[1]
    for batches_ in passes:
        assert sorted(row for batch in batches_ for row in batch) == expected
        assert max(len(batch) for batch in batches_) == 4
    for group, members in zip(corpus.groups, corpus.members, strict=True):
        assert group.tolist() == [encoder.sentence(SENTENCES[index]) for index in members]


def test_hidden_places_are_inside_and_as_many_as_asked() -> None:
    ids = np.tile([START, 7, 8, 9, 10, 11, END], (4000, 1))
    hidden = hide(ids, 0.3, np.random.default_rng(0))
    assert not hidden[:, [0, -1]].any() and hidden.any(axis=1).all()
    expected = 0.3 + 0.7**5 / 5  # at least one each
    assert hidden[:, 1:-1].mean() == pytest.approx(expected, abs=0.01)
    masked = with_masks(ids, hidden)
    assert (masked[hidden] == MASK).all() and (masked[~hidden] == ids[~hidden]).all()


def test_fast_mamba_has_the_values_and_gradients_of_transformers() -> None:
    torch.manual_seed(0)
    config = MambaConfig(vocab_size=20, hidden_size=16, num_hidden_layers=2, state_size=4, use_cache=False)
    model = MambaForCausalLM(config).double().train()
    ids = torch.randint(0, 20, (3, 7))
    mask = torch.tensor([[1] * 7, [1] * 5 + [0] * 2, [1] * 7])
    results = []
    for fast in (False, True):
        model.zero_grad()
        if fast:
            with fast_mamba():
                logits = model(ids, attention_mask=mask).logits
        else:
            logits = model(ids, attention_mask=mask).logits
        (logits * torch.arange(20.0)).sin().sum().backward()
        results.append([logits, *(parameter.grad.clone() for parameter in model.parameters())])
    for slow, quick in zip(*results, strict=True):
        # transformers casts parts of its recurrence to float32.
        torch.testing.assert_close(quick, slow, rtol=1e-4, atol=1e-4)


def test_fast_mamba_gives_back_what_it_replaced() -> None:
    from transformers.models.mamba import modeling_mamba

    before = modeling_mamba.mamba_selective_scan
    with pytest.raises(RuntimeError), fast_mamba():
        assert modeling_mamba.mamba_selective_scan is not before
        raise RuntimeError
    assert modeling_mamba.mamba_selective_scan is before
