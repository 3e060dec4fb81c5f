"""Stimuli from a treebank in CoNLL-U: its annotation becomes the features."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import conllu
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.dataset import IDENTIFIERS
from thinkalike.stimuli.row_files import own_name
from thinkalike.stimuli.running_text import given_text, rebuilt_text
from thinkalike.stimuli.sources import RawStimuli, check_keys, keep_sentences, source_paths
from thinkalike.stimuli.text_files import encoding_notes
from thinkalike.stimuli.treebank_file import TreebankSentence, read_treebank

_KEYS = ("conllu", "sentences", "multiword", "encoding")
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
_COLUMNS = ("lemma", "part_of_speech", "language_part_of_speech", "dependency_relation", "dependency_depth")
# What a treebank's own name must not replace.
_PACKAGE = {*IDENTIFIERS, "context_group", *_COLUMNS}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read_conllu_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `conllu`.

    Keys: `conllu` (a path, or several), `sentences` (keep that many, drawn with the seed), `encoding`, `multiword`:
    `surface` (the default) puts a multiword token such as French "du" in the sentence as it is written, but makes no
    stimulus of it, because its words ("de", "le") differ in their features; `split` puts the words in its place. Empty
    nodes are not written and are skipped.

    Columns: `lemma`, `part_of_speech` (UPOS), `language_part_of_speech` (XPOS), `dependency_relation`,
    `dependency_depth` (0 for the root, undefined where heads are), and every name in FEATS and MISC in small letters
    (`Number` is `number`, `VerbForm` is `verb_form`, a `Freq` in MISC is `freq`). A name that is one of the package's
    is kept with `feats_` or `misc_` before it, and so is a name of MISC that FEATS has too.
    """
    check_keys(source, _KEYS, name=name)
    multiword = source.get("multiword", "surface")
    if multiword not in ("surface", "split"):
        raise InputError(f"Dataset '{name}', multiword: the value is {multiword!r} but must be 'surface' or 'split'.")
    paths = source_paths(source, "conllu", name=name, base=base)
    location = ", ".join(map(str, paths))
    parsed = keep_sentences(_sentences(paths, source.get("encoding")), source, name=name, seed=seed, location=location)
    if not parsed:
        raise InputError(f"{location}: there is no sentence in the file; check that it is CoNLL-U.")
    _check_forms([sentence for _, sentence in parsed])
    counts = {"empty_nodes_left_out": 0, "multiword_tokens": 0, "texts_that_differ": 0}
    columns = _Columns()
    sentences, rows, places = [], [], []
    seen: dict[str, str] = {}
    for index, sentence in parsed:
        identifier = str(sentence.name or f"s{index:05d}")
        if identifier in seen:
            raise InputError(
                f"{sentence.place()}: the sent_id '{identifier}' is there twice, first in {seen[identifier]}; make it "
                f"unique."
            )
        seen[identifier] = sentence.place()
        words = _surface(sentence.tokens, multiword, counts)
        sentences.append(
            (identifier, [token["form"] for token in words], _text(sentence.tokens, words, multiword, counts))
        )
        depths, lines = (
            _depths(sentence),
            {token["id"]: line for token, line in zip(sentence.tokens, sentence.lines, strict=True)},
        )
        for position, token in enumerate(words):
            if isinstance(token["id"], int):
                annotation: dict[Any, Any] = {**columns.own(token), **_annotation(token, depths)}
                rows.append({"sentence_id": identifier, "position": position, "word": token["form"]} | annotation)
                places.append((sentence.path, lines[token["id"]]))
    names = columns.names()
    frame = pd.DataFrame(rows, dtype=object).rename(columns=names)
    frame = frame.where(frame.notna(), None).astype({"position": "int64"})
    table = pd.DataFrame(sentences, columns=["sentence_id", "words", "text"])
    notes = [note for path in paths for note in encoding_notes(path, source.get("encoding"))]
    return RawStimuli(
        table, frame, [column for column in _DEFAULT if column in frame], counts,
        place=lambda label: f"{places[label][0]}, line {places[label][1]}", notes=(*notes, *columns.notes()),
    )  # fmt: skip


def _sentences(paths: Sequence[Path], encoding: str | None) -> Iterator[TreebankSentence]:
    for path in paths:
        yield from read_treebank(path, encoding)


def _check_forms(sentences: Sequence[TreebankSentence]) -> None:
    """Refuse words whose form is a placeholder such as an underscore: some licences withhold the text."""
    hidden = [sentence for sentence in sentences if _is_hidden(sentence)]
    if hidden:
        mark = next(form for token in hidden[0].tokens if not any(map(str.isalnum, form := token["form"])))
        raise InputError(
            f"{hidden[0].place()}: the forms are withheld (they are {mark}) in {len(hidden)} of {len(sentences)} "
            f"sentences; fill in the text as the treebank's README describes, or remove these sentences."
        )


def _is_hidden(sentence: TreebankSentence) -> bool:
    """Return whether forms are withheld: an underscore that is no sign, or nothing but underscores or asterisks."""
    words = [token for token in sentence.tokens if isinstance(token["id"], int)]
    if (sentence.tokens.metadata.get("text") or "").strip() == "_":
        return False
    signs = ("PUNCT", "SYM", "X", "_", None)
    content = [token["form"] for token in words if token["upos"] not in signs]
    if len(content) > 1 and len({*"".join(content)}) == 1 and not content[0].isalnum():
        return True  # "***": every word is some of one and the same mark
    underscores = [token for token in words if token["form"] == "_"]
    return len(underscores) == len(words) or any(token["upos"] not in signs for token in underscores)


class _Columns:
    """The treebank's own names in FEATS and MISC, and the columns that they become."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], None] = {}

    def own(self, token: conllu.Token) -> dict[tuple[str, str], str]:
        """Return a token's own annotation by (field, name as written)."""
        values = {("feats", key): value for key, value in (token["feats"] or {}).items()}
        values |= {("misc", key): value for key, value in (token["misc"] or {}).items() if key != "SpaceAfter"}
        self._found.update(dict.fromkeys(values))
        return values

    def names(self) -> dict[tuple[str, str], str]:
        """Return the column of each (field, name): in small letters, unless that is taken."""
        columns: dict[tuple[str, str], str] = {}
        taken = set(_PACKAGE)
        for kind in ("feats", "misc"):
            for key in (name for field, name in self._found if field == kind):
                column = _CAMEL.sub("_", key).lower()
                if column in taken:
                    column = own_name(kind, column)
                while column in taken:
                    column = own_name(kind, key) if own_name(kind, key) not in taken else f"{column}_"
                taken.add(column)
                columns[kind, key] = column
        return columns

    def notes(self) -> tuple[str, ...]:
        """Say which names are kept under another one."""
        return tuple(
            f"the treebank's '{key}' in {kind.upper()} is kept as '{column}', because another column has its name."
            for (kind, key), column in self.names().items()
            if column != _CAMEL.sub("_", key).lower()
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


def _text(tokens: conllu.TokenList, words: Sequence[conllu.Token], multiword: str, counts: dict[str, int]) -> str:
    """Return the running text: the given one where it holds these words and nothing else, else a rebuilt one."""
    given = tokens.metadata.get("text")
    forms = [token["form"] for token in words]
    if text := given_text(given, forms):
        return text
    written = [token for token in tokens if not (isinstance(token["id"], tuple) and token["id"][1] == ".")]
    surface = rebuilt_text(written, split=False)
    counts["texts_that_differ"] += given is not None and "".join(given.split()) != "".join(surface.split())
    return rebuilt_text(written, split=True) if multiword == "split" else surface


def _depths(sentence: TreebankSentence) -> dict[int, int | None]:
    """Return how many steps each word is below the root; None where a head on the way is undefined."""
    indices = {token["id"]: index for index, token in enumerate(sentence.tokens) if isinstance(token["id"], int)}
    heads = {word: sentence.tokens[index]["head"] for word, index in indices.items()}
    depths: dict[int, int | None] = {}
    for word in heads:
        above, steps = heads[word], 0
        while above:
            if above not in heads or steps > len(heads):
                raise InputError(
                    f"{sentence.place(indices[word])}: the heads above word {word} do not lead to the root; correct "
                    f"column 7."
                )
            above, steps = heads[above], steps + 1
        depths[word] = None if above is None else steps
    return depths


def _annotation(token: conllu.Token, depths: Mapping[int, int | None]) -> dict[str, Any]:
    return {
        "lemma": _given(token["lemma"], token["form"]),
        "part_of_speech": _given(token["upos"]),
        "language_part_of_speech": _given(token["xpos"]),
        "dependency_relation": _given(token["deprel"]),
        "dependency_depth": depths[token["id"]],
    }


def _given(value: str | None, form: str = "") -> str | None:
    """Return None for the underscore that stands for nothing; only the lemma of an underscore is one."""
    return None if value == "_" != form else value
