"""Stimuli from prompts: one stimulus a prompt, represented by its last token or the mean of its tokens."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.row_files import UNDEFINED_TEXTS, batches, column_names, json_lines
from thinkalike.stimuli.sources import RawStimuli, check_keys, keep_sentences, source_path

_KEYS = ("prompts", "sentences", "text", "id")
_PLACE = re.compile(r"\{(\w+)\}")


def read_prompt_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `prompts`.

    Keys: `prompts` (path of a JSON-lines, CSV, TSV or Parquet file), `text` (the column that holds the prompt, `text`
    by default, or a template such as `"{sentence} {option1} or {option2}?"`), `id` (the column that names prompts),
    `sentences` (keep that many prompts, drawn with the seed).
    """
    check_keys(source, _KEYS, name=name)
    path = source_path(source, "prompts", name=name, base=base)
    template = source.get("text", "text")
    if not isinstance(template, str) or not template:
        raise InputError(f"Dataset '{name}', text: the value is {template!r} but must be a column or a template.")
    places = _PLACE.findall(template) or [template]
    columns = list(dict.fromkeys([*places, *([source["id"]] if "id" in source else []), *_declared(source)]))
    kept = keep_sentences(_records(path, columns), source, name=name, seed=seed, location=str(path))
    rows = []
    for index, (place, record) in kept:
        prompt = _PLACE.sub(lambda found, record=record: str(record[found[1]]), template)  # type: ignore[misc]
        prompt = prompt if _PLACE.search(template) else str(record[template] or "")
        if not prompt.strip():
            raise InputError(f"{path}, {place}: the prompt is empty; fill it in or remove it.")
        identifier = str(record[source["id"]]) if "id" in source else f"p{index:05d}"
        rows.append({"sentence_id": identifier, "word": prompt, **{key: record[key] for key in _declared(source)}})
    if not rows:
        raise InputError(f"{path}: there is no prompt in the file; write one a line.")
    frame = pd.DataFrame(rows, dtype=object)
    repeated = frame["sentence_id"].duplicated()
    if repeated.any():
        raise InputError(
            f"{path}: the id '{frame.loc[repeated, 'sentence_id'].iloc[0]}' is there twice; make it unique."
        )
    frame.insert(1, "position", pd.Series(pd.NA, index=frame.index, dtype="Int64"))
    sentences = pd.DataFrame(
        {"sentence_id": frame["sentence_id"], "words": frame["word"].str.split(), "text": frame["word"]}
    )
    return RawStimuli(sentences, frame, ["sentence_length"], {}, by_word=False)


def _declared(source: Mapping[str, Any]) -> list[str]:
    """Return the columns that the file must have beside the prompt itself."""
    names = [*(source.get("features") or []), *source.get("controls", [])]
    return [key for key in names if key not in DERIVED]


def _records(path: Path, columns: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each record with its place in the file, which has all the columns."""
    if path.suffix in (".jsonl", ".json"):
        if not path.is_file():
            raise InputError(f"{path}: there is no such file; correct the dataset's key 'prompts'.")
        for number, record in json_lines(path):
            for column in columns:
                if column not in record:
                    raise InputError(
                        f"{path}, line {number}: there is no '{column}'; the object has {', '.join(record)} (write "
                        f"null where a feature is undefined)."
                    )
            yield f"line {number}", record
        return
    available = column_names(path)
    for column in columns:
        if column not in available:
            raise InputError(f"{path}: there is no column '{column}'; the file has {', '.join(available)}.")
    row = 0
    for batch in batches(path, columns):
        for record in batch.to_pylist():
            row += 1
            yield f"row {row}", {key: None if value in UNDEFINED_TEXTS else value for key, value in record.items()}
