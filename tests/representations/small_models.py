"""Small random checkpoints of many architectures, built with their real classes and saved as a user's would be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

_TEXT = (
    "the a woman women man men dog dogs chases chase sees see who which old small unbelievable reads read herself "
    "himself does do not didn't , . ? is are running quickly yesterday"
)
WORDS = _TEXT.split()
WIDTH, DEPTH, HEADS = 32, 3, 4


def random_sentences(count: int, seed: int = 0, longest: int = 9) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return tables of sentences and of all their words as stimuli."""
    import numpy as np

    rng = np.random.default_rng(seed)
    names = [f"s{number:05d}" for number in range(count)]
    words = [rng.choice(WORDS, rng.integers(1, longest + 1)).tolist() for _ in names]
    rows = [
        {"stimulus_id": f"{name}-{position}", "sentence_id": name, "position": position, "word": word}
        for name, sentence in zip(names, words, strict=True)
        for position, word in enumerate(sentence)
    ]
    return pd.DataFrame({"sentence_id": names, "words": words, "text": None}), pd.DataFrame(rows)


CORPUS = [" ".join(WORDS), *(" ".join(words) for words in random_sentences(200, 1)[0]["words"])]


def wordpiece() -> transformers.PreTrainedTokenizerFast:
    """Return a lower-casing WordPiece tokenizer with [CLS] and [SEP]."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=90, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return _wrap(tokenizer, pad="[PAD]", unk="[UNK]", cls="[CLS]", sep="[SEP]", mask="[MASK]")


def byte_level(add_prefix_space: bool = False) -> transformers.PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer such as GPT-2's and GPT-NeoX's: no token around the text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=330, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    return _wrap(tokenizer, bos="<|endoftext|>", eos="<|endoftext|>", unk="<|endoftext|>")


def metaspace_bpe() -> transformers.PreTrainedTokenizerFast:
    """Return a BPE over spaces marked by a prefix, with a beginning-of-sequence token, such as Llama's."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=380, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return _wrap(tokenizer, unk="<unk>", bos="<s>", eos="</s>")


def unigram() -> transformers.PreTrainedTokenizerFast:
    """Return a Unigram tokenizer with an end-of-sequence token, such as T5's."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(
        CORPUS, trainers.UnigramTrainer(vocab_size=90, special_tokens=special, unk_token="<unk>")
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return _wrap(tokenizer, pad="<pad>", unk="<unk>", eos="</s>")


def _wrap(tokenizer: Tokenizer, **special: str) -> transformers.PreTrainedTokenizerFast:
    names = {f"{key}_token": value for key, value in special.items()}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], **names
    )


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "wordpiece": wordpiece,
    "byte_level": byte_level,
    "metaspace": metaspace_bpe,
    "unigram": unigram,
}

_HF = {"hidden_size": WIDTH, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS, "intermediate_size": 64}
_LLAMA = {**_HF, "num_key_value_heads": 2, "max_position_embeddings": 64}
_SIZED = {"hidden_size": WIDTH, "num_hidden_layers": DEPTH}
_GEMMA = {**_LLAMA, "head_dim": 8}

# Architecture: (tokenizer, model class, configuration class, its settings).
ARCHITECTURES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "bert": ("wordpiece", "BertForMaskedLM", "BertConfig", {**_HF, "max_position_embeddings": 64}),
    "roberta": (
        "byte_level", "RobertaForMaskedLM", "RobertaConfig", {**_HF, "max_position_embeddings": 66, "pad_token_id": 1},
    ),
    "modernbert": (
        "byte_level", "ModernBertForMaskedLM", "ModernBertConfig",
        {**_HF, "global_attn_every_n_layers": 2, "local_attention": 8, "pad_token_id": 0, "cls_token_id": 0,
         "sep_token_id": 0, "bos_token_id": 0, "eos_token_id": 0},
    ),
    "albert": ("wordpiece", "AlbertForMaskedLM", "AlbertConfig", {**_HF, "embedding_size": 16}),
    "t5": (
        "unigram", "T5ForConditionalGeneration", "T5Config",
        {"d_model": WIDTH, "d_kv": 8, "d_ff": 64, "num_layers": DEPTH, "num_decoder_layers": 2, "num_heads": HEADS,
         "decoder_start_token_id": 0},
    ),
    "gpt2": ("byte_level", "GPT2LMHeadModel", "GPT2Config",
             {"n_embd": WIDTH, "n_layer": DEPTH, "n_head": HEADS, "n_positions": 64}),
    "gptj": (
        "byte_level",
        "GPTJForCausalLM",
        "GPTJConfig",
        {"n_embd": WIDTH, "n_layer": DEPTH, "n_head": HEADS, "rotary_dim": 4, "n_positions": 64},
    ),
    "gpt_neox": ("byte_level", "GPTNeoXForCausalLM", "GPTNeoXConfig", {**_HF, "max_position_embeddings": 64}),
    "opt": ("byte_level", "OPTForCausalLM", "OPTConfig",
            {"hidden_size": WIDTH, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS, "ffn_dim": 64,
             "word_embed_proj_dim": WIDTH, "max_position_embeddings": 64}),
    "bloom": ("byte_level", "BloomForCausalLM", "BloomConfig",
              {"hidden_size": WIDTH, "n_layer": DEPTH, "n_head": HEADS}),
    "llama": ("metaspace", "LlamaForCausalLM", "LlamaConfig", _LLAMA),
    "mistral": ("metaspace", "MistralForCausalLM", "MistralConfig", {**_LLAMA, "sliding_window": 8}),
    "qwen2": ("byte_level", "Qwen2ForCausalLM", "Qwen2Config", _LLAMA),
    "qwen3": ("byte_level", "Qwen3ForCausalLM", "Qwen3Config", _GEMMA),
    "gemma": ("metaspace", "GemmaForCausalLM", "GemmaConfig", _GEMMA),
    "gemma2": ("metaspace", "Gemma2ForCausalLM", "Gemma2Config", {**_GEMMA, "sliding_window": 8}),
    "falcon": ("byte_level", "FalconForCausalLM", "FalconConfig", {**_SIZED, "num_attention_heads": HEADS}),
    "mpt": ("byte_level", "MptForCausalLM", "MptConfig",
            {"d_model": WIDTH, "n_layers": DEPTH, "n_heads": HEADS, "max_seq_len": 64}),
    "mamba": ("byte_level", "MambaForCausalLM", "MambaConfig", {**_SIZED, "state_size": 8}),
    "mamba2": ("byte_level", "Mamba2ForCausalLM", "Mamba2Config",
               {**_SIZED, "state_size": 8, "num_heads": 8, "head_dim": 8, "n_groups": 1, "expand": 2}),
    "falcon_mamba": ("byte_level", "FalconMambaForCausalLM", "FalconMambaConfig", {**_SIZED, "state_size": 8}),
    "rwkv": ("byte_level", "RwkvForCausalLM", "RwkvConfig",
             {**_SIZED, "attention_hidden_size": WIDTH, "rescale_every": 0, "context_length": 64}),
    "recurrent_gemma": ("metaspace", "RecurrentGemmaForCausalLM", "RecurrentGemmaConfig",
                        {**_HF, "num_key_value_heads": 1, "lru_width": WIDTH, "attention_window_size": 8,
                         "block_types": ["recurrent", "recurrent", "attention"], "head_dim": 8}),
    "lstm": ("byte_level", "LSTMForCausalLM", "LSTMConfig", _SIZED),
}  # fmt: skip


def save_model(folder: Path, architecture: str, seed: int = 0, **settings: Any) -> Path:
    """Save a random model of an architecture with its tokenizer, and return its folder."""
    tokenizer_name, model_class, config_class, defaults = ARCHITECTURES[architecture]
    tokenizer = TOKENIZERS[tokenizer_name]()
    special = {
        key: value
        for key in ("bos_token_id", "eos_token_id", "pad_token_id")
        if (value := getattr(tokenizer, key)) is not None
    }
    config = _find(config_class)(**{"vocab_size": len(tokenizer), **special, **defaults, **settings})
    torch.manual_seed(seed)
    model = _find(model_class)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than the usual start, so that attention is not flat, and norms differ from the identity.
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _find(name: str) -> Any:
    from thinkalike.representations import lstm

    return getattr(lstm, name, None) or getattr(transformers, name)
