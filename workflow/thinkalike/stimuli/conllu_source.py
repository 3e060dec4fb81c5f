"""Stimuli from a treebank in CoNLL-U: its annotation becomes the features."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import conllu
import pandas as pd
from conllu.exceptions import ParseException

from thinkalike.errors import InputError
from thinkalike.stimuli.row_files import check_encoding
from thinkalike.stimuli.sources import RawStimuli, check_keys, keep_sentences, source_path

_KEYS = ("conllu", "sentences", "multiword")
_DEFAULT = (
    "gender",
    "number",
    "part_of_speech",
    "tense",
    "person",
    "mood",
    "case",
    "dependency_relation",
    "dependency_depth",
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read_conllu_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `conllu`.

    Keys: `conllu` (path), `sentences` (keep that many, drawn with the seed), `multiword`: `surface` (the default) puts
    a multiword token such as French "du" in the sentence as it is written, but makes no stimulus of it, because its
    words ("de", "le") differ in their features; `split` puts the words in its place. Empty nodes are not written and
    are skipped.

    Columns: `lemma`, `part_of_speech` (UPOS), `language_part_of_speech` (XPOS), `dependency_relation`,
    `dependency_depth` (0 for the root), and every name in FEATS and MISC in small letters (`Number` is `number`,
    `VerbForm` is `verb_form`, a `Freq` in MISC is `freq`).
    """
    check_keys(source, _KEYS, name=name)
    multiword = source.get("multiword", "surface")
    if multiword not in ("surface", "split"):
        raise InputError(f"Dataset '{name}', multiword: the value is {multiword!r} but must be 'surface' or 'split'.")
    path = source_path(source, "conllu", name=name, base=base)
    parsed = keep_sentences(_parse(path), source, name=name, seed=seed, location=str(path))
    sentences, rows = [], []
    counts = {"empty_nodes_left_out": 0, "multiword_tokens": 0}
    seen: set[str] = set()
    for index, tokens in parsed:
        identifier = str(tokens.metadata.get("sent_id") or f"s{index:05d}")
        if identifier in seen:
            raise InputError(f"{path}: the sent_id '{identifier}' is there twice; make it unique.")
        seen.add(identifier)
        words = _surface(tokens, multiword, counts)
        text = tokens.metadata.get("text") if multiword == "surface" else None
        sentences.append((identifier, [token["form"] for token in words], _text(text, words)))
        depths = _depths(tokens, path, identifier)
        rows += [
            {"sentence_id": identifier, "position": position, "word": token["form"], **_annotation(token, depths)}
            for position, token in enumerate(words)
            if isinstance(token["id"], int)
        ]
    if not rows:
        raise InputError(f"{path}: there is no sentence in the file; check that it is CoNLL-U.")
    frame = pd.DataFrame(rows).astype(object)
    frame = frame.where(frame.notna(), None).astype({"position": "int64"})
    table = pd.DataFrame(sentences, columns=["sentence_id", "words", "text"])
    return RawStimuli(table, frame, [column for column in _DEFAULT if column in frame], dict(counts))


def _parse(path: Path) -> Iterator[conllu.TokenList]:
    if not path.is_file():
        raise InputError(f"{path}: there is no such treebank; correct the dataset's key 'conllu'.")
    if not path.stat().st_size:
        raise InputError(f"{path}: the file is empty where a treebank in CoNLL-U was expected.")
    check_encoding(path)
    number = 0
    with path.open(encoding="utf-8-sig") as file:
        sentences = conllu.parse_incr(file)
        while True:
            number += 1
            try:
                sentence = next(sentences, None)
            except ParseException as error:
                reason = " ".join(str(error).split())
                raise InputError(f"{path}, sentence {number}: this is not CoNLL-U ({reason}); correct it.") from error
            if sentence is None:
                return
            _check_fields(sentence, path, number)
            yield sentence


def _check_fields(sentence: conllu.TokenList, path: Path, number: int) -> None:
    for token in sentence:
        if {"id", "form", "upos", "feats", "head", "deprel", "misc"} <= set(token):
            continue
        raise InputError(
            f"{path}, sentence {number}: the line of '{token.get('form')}' has fewer than the ten columns of CoNLL-U; "
            f"separate them by tabulators and write _ where there is nothing."
        )


def _surface(tokens: conllu.TokenList, multiword: str, counts: dict[str, int]) -> list[conllu.Token]:
    """Return the tokens that stand in the sentence, in order."""
    kept, covered = [], 0
    for token in tokens:
        identifier = token["id"]
        if isinstance(identifier, tuple) and identifier[1] == ".":
            counts["empty_nodes_left_out"] += 1
        elif isinstance(identifier, tuple):
            counts["multiword_tokens"] += 1
            if multiword == "surface":
                covered = identifier[2]
                kept.append(token)
        elif identifier > covered:
            kept.append(token)
    return kept


def _text(text: str | None, words: list[conllu.Token]) -> str | None:
    """Return the sentence as written, if it holds the words in their order."""
    start = 0
    for token in words:
        start = (text or "").find(token["form"], start)
        if start < 0 or not text:
            return None
        start += len(token["form"])
    return text


def _depths(tokens: conllu.TokenList, path: Path, identifier: str) -> dict[int, int]:
    """Return how many steps each word is below the root."""
    heads = {token["id"]: token["head"] for token in tokens if isinstance(token["id"], int)}
    depths = {}
    for word in heads:
        above, steps = heads[word], 0
        while above:
            if above not in heads or steps > len(heads):
                raise InputError(
                    f"{path}: in sentence '{identifier}' the heads above word {word} do not lead to the root; correct "
                    f"column 7."
                )
            above, steps = heads[above], steps + 1
        depths[word] = steps
    return depths


def _annotation(token: conllu.Token, depths: Mapping[int, int]) -> dict[str, Any]:
    given = {**(token["misc"] or {}), **(token["feats"] or {})}
    columns = {_CAMEL.sub("_", key).lower(): value for key, value in given.items()}
    columns.pop("space_after", None)
    return {
        **columns,
        "lemma": _given(token["lemma"], token["form"]),
        "part_of_speech": _given(token["upos"]),
        "language_part_of_speech": _given(token["xpos"]),
        "dependency_relation": _given(token["deprel"]),
        "dependency_depth": depths[token["id"]],
    }


def _given(value: str | None, form: str = "") -> str | None:
    """Return None for the underscore that stands for nothing; only the lemma of an underscore is one."""
    return None if value == "_" != form else value
