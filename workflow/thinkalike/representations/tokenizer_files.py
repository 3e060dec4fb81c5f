"""Load a model's tokenizer, or say what is the matter with it."""

import json
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from thinkalike.errors import InputError

_FILES = ("tokenizer.json", "*.model", "vocab*", "*.tiktoken", "tekken.json", "*.vocab", "bpe.codes", "*-vocab-*")
# Tokenizers of bytes or characters have no vocabulary, and do not say which characters their tokens cover.
_WITHOUT_VOCABULARY = {
    "canine": "CanineTokenizer", "perceiver": "PerceiverTokenizer", "byt5": "ByT5Tokenizer",
}  # fmt: skip
_BYTES = (259, 384)  # sizes of ByT5's vocabulary, whose model_type is t5


def load_tokenizer(folder: Path, name: str, remote_code: bool = False, gguf: str | None = None) -> Any:
    """Return the tokenizer that lies beside a model.

    Raises
    ------
    InputError
        When there is none, or one that does not say which characters its tokens cover.
    """
    if gguf is not None:
        return _from_gguf(folder, name, gguf)
    # Without any file, transformers makes an empty tokenizer of the class that goes with the model.
    if not any(found for pattern in _FILES for found in folder.glob(pattern)):
        raise InputError(f"Model '{name}': {_absent(folder)}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=remote_code, use_fast=True)
    except Exception as error:  # tokenizers raises plain Exception
        raise InputError(
            f"Model '{name}': its tokenizer cannot be loaded from {folder} ({' '.join(str(error).split())[:200]}); "
            "save the tokenizer beside the model."
        ) from error
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(
            f"Model '{name}': {type(tokenizer).__name__} is a slow tokenizer, which does not say which characters its "
            "tokens cover; use a model with a fast one (a tokenizer.json)."
        )
    return tokenizer


def _from_gguf(folder: Path, name: str, file: str) -> Any:
    try:
        return AutoTokenizer.from_pretrained(folder, gguf_file=file, trust_remote_code=False)
    except Exception as error:  # a converter of transformers may raise anything
        raise InputError(
            f"Model '{name}': the tokenizer inside {file} cannot be read ({' '.join(str(error).split())[:200]}); give "
            "the model's safetensors with its tokenizer."
        ) from error


def _absent(folder: Path) -> str:
    settings, config = (_read(folder / file) for file in ("tokenizer_config.json", "config.json"))
    kind = str(settings.get("tokenizer_class") or _WITHOUT_VOCABULARY.get(str(config.get("model_type")), ""))
    if config.get("model_type") in ("t5", "mt5") and config.get("vocab_size") in _BYTES:
        kind = kind or "ByT5Tokenizer"
    if kind in _WITHOUT_VOCABULARY.values():
        return (
            f"its tokenizer, {kind}, reads single bytes or characters and does not say which word they belong to, so "
            "that no word has a vector; compute its responses elsewhere and give them as 'activations'."
        )
    return f"{folder} holds no tokenizer; save the model's tokenizer beside it (tokenizer.json)."


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
