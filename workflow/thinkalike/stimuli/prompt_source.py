"""Stimuli from prompts: one stimulus per prompt, represented by its last token or the mean of its tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thinkalike.errors import InputError
from thinkalike.stimuli.sources import ROW_KEYS, RawStimuli, check_keys, keep_sentences
from thinkalike.stimuli.text_rows import DEFAULT_FEATURES, TextFiles, text_frame, with_identifiers

_KEYS = ("prompts", "sentences", "text", "id", *ROW_KEYS)


def read_prompt_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `prompts`.

    Keys: `prompts` (path of a file of rows, or several; or a `.txt` file with one prompt per line), `text` (the column
    that holds the prompt, `text` by default, or a template such as `"{sentence} {option1} or {option2}?"`), `id` (the
    column that names prompts), `sentences` (keep that many prompts, drawn with the seed), `columns`, `separator`,
    `quotes`, `encoding`, `decimal`.
    """
    check_keys(source, _KEYS, name=name)
    files = TextFiles(source, "prompts", {"text": "text"}, name=name, base=base)
    kept = keep_sentences(files, source, name=name, seed=seed, location=files.location)
    if not kept:
        raise InputError(f"{files.location}: there is no prompt in the file; write one a line.")
    rows, places = [], []
    for identifier, record in with_identifiers(kept):
        rows.append({"sentence_id": identifier, "word": record.texts[0], **record.features})
        places.append(record.place)
    sentences, frame = text_frame(rows)
    return RawStimuli(
        sentences, frame, [*DEFAULT_FEATURES], {}, by_word=False, place=places.__getitem__, decimal=files.decimal,
        renamed=files.renamed, notes=files.notes,
    )  # fmt: skip
