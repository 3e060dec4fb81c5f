"""Stimuli from minimal pairs: an acceptable and an unacceptable text of one item, as BLiMP has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thinkalike.errors import InputError
from thinkalike.stimuli.sources import ROW_KEYS, RawStimuli, check_keys, keep_sentences
from thinkalike.stimuli.text_rows import DEFAULT_FEATURES, TextFiles, text_frame, with_identifiers

_KEYS = ("pairs", "sentences", "good", "bad", "id", *ROW_KEYS)


def read_pair_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `pairs`.

    Keys: `pairs` (path of a file of rows, or several), `good` and `bad` (the columns of the two texts, or templates;
    `sentence_good` and `sentence_bad` by default), `id` (the column that names items), `sentences` (keep that many
    pairs, drawn with the seed), `columns`, `separator`, `quotes`, `encoding`, `decimal`.

    Each text is a stimulus. `acceptable` (true or false) is a feature that tells the two of an item apart; `item_id`
    names the pair, and folds never split one. Columns of the file are features of both.
    """
    check_keys(source, _KEYS, name=name)
    templates = {"good": "sentence_good", "bad": "sentence_bad"}
    files = TextFiles(source, "pairs", templates, name=name, base=base, made=("acceptable",))
    kept = keep_sentences(files, source, name=name, seed=seed, location=files.location)
    if not kept:
        raise InputError(f"{files.location}: there is no pair in the file; write one a line.")
    rows, places = [], []
    for item, record in with_identifiers(kept):
        good, bad = record.texts
        if good == bad:
            raise InputError(f"{record.place}: the two texts of the pair are the same; correct or remove the pair.")
        for text, acceptable in ((good, True), (bad, False)):
            identifier = f"{item}-{'good' if acceptable else 'bad'}"
            rows.append(
                {"sentence_id": identifier, "word": text, **record.features, "acceptable": acceptable, "item_id": item}
            )
            places.append(record.place)
    sentences, frame = text_frame(rows)
    return RawStimuli(
        sentences, frame, ["acceptable", *DEFAULT_FEATURES], {"pairs": len(kept)}, by_word=False,
        place=places.__getitem__, decimal=files.decimal, renamed=files.renamed, notes=files.notes,
    )  # fmt: skip
