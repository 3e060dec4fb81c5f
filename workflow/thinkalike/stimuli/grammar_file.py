"""The notation of grammar files.

A grammar file is plain NLTK (`nltk.grammar.FeatureGrammar` reads it). Three conventions give it the rest:

* Features in capitals (`NUM=?n`) are syntax: they unify, and decide which words go together.
* Features in small letters (`number=?n`, `gender=female`, `+question`) are annotations: they never constrain
  anything, they are what a word is marked with. A word inherits those of the phrases above it; the nearest wins.
* A comment line `# weight: 3` gives every alternative of the next line that weight (1 otherwise). A category
  chooses among its productions in proportion to the weights; a production with several ways to bind its variables
  shares its weight equally among those that lead to a sentence.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nltk.featstruct import TYPE
from nltk.grammar import FeatStructNonterminal, FeatureGrammar
from nltk.sem import Variable

from thinkalike.errors import InputError
from thinkalike.stimuli.text_files import open_text

Atom = str | int | bool

_WEIGHT = re.compile(r"#\s*weight:\s*(\S+)\s*$")
_START = re.compile(r"%\s*start\s+(\S+)\s*$")


@dataclass(frozen=True)
class Part:
    """A category as written in a rule: its values are atoms or variables."""

    name: str
    syntax: dict[str, Atom | Variable]
    annotations: dict[str, Atom | Variable]


@dataclass(frozen=True)
class Rule:
    """A production as written, with its weight and line."""

    left: Part
    right: tuple["Part | str", ...]
    weight: float
    line: int


def _read_text(path: str | Path) -> str:
    try:
        with open_text(Path(path), newline=None) as file:
            text = file.read()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError(f"{path}: there is no such grammar file; correct the dataset's key 'grammar'.") from error
    if not text.strip():
        raise InputError(f"{path}: the file is empty where a feature grammar was expected.")
    return text


def read_rules(path: str | Path) -> tuple[str, list[Rule]]:
    """Return the start symbol and the rules of a grammar file.

    The file is read line by line, so that a message can name the line and a weight finds its rule.

    Raises
    ------
    InputError
        If the file is missing, empty, not UTF-8, or a line is not a production.
    """
    source, text = str(path), _read_text(path)
    start, weight, rules, pending = "", 1.0, [], ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = (pending + raw).strip()
        pending = ""
        if line.endswith("\\"):
            pending = line[:-1]
        elif found := _WEIGHT.match(line):
            weight = _read_weight(source, number, found.group(1))
        elif found := _START.match(line):
            start = found.group(1)
        elif line and not line.startswith("#"):
            rules.extend(_read_line(source, number, line, weight))
            weight = 1.0
    if not rules:
        raise InputError(f"{source}: there is no production in the grammar; write lines such as S -> NP VP.")
    start = start or rules[0].left.name
    _check_names(source, start, rules)
    return start, rules


def _read_weight(source: str, number: int, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0.0 < weight < float("inf"):
        raise InputError(f"{source}, line {number}: the weight is '{text}' but must be a positive number.")
    return weight


def _read_line(source: str, number: int, line: str, weight: float) -> list[Rule]:
    try:
        productions = FeatureGrammar.fromstring(line).productions()
    except ValueError as error:
        reason = " ".join(str(error).split()).removeprefix("Unable to parse line 1: ")
        raise InputError(f"{source}, line {number}: this is not a production that NLTK reads ({reason}).") from error
    rules = []
    for production in productions:
        if not production.rhs():
            raise InputError(
                f"{source}, line {number}: the production is empty on its right side; write one production with the "
                f"constituent and one without it."
            )
        left = _read_part(source, number, production.lhs())
        right = tuple(part if isinstance(part, str) else _read_part(source, number, part) for part in production.rhs())
        for part in right:
            if not isinstance(part, str) and part.annotations:
                name = next(iter(part.annotations))
                raise InputError(
                    f"{source}, line {number}: '{name}' stands on the right side of a production in small letters, "
                    f"which are annotations and make nothing agree; write features that must agree in capitals "
                    f"('{name.upper()}') wherever they stand, and annotations on the left side only."
                )
        _check_annotations(source, number, left, right)
        rules.append(Rule(left, right, weight, number))
    return rules


def _check_annotations(source: str, number: int, left: Part, right: tuple[Part | str, ...]) -> None:
    """Refuse an annotation whose variable no feature in capitals binds: the words below would have none."""
    parts = [left, *(part for part in right if not isinstance(part, str))]
    bound = {value for part in parts for value in part.syntax.values() if isinstance(value, Variable)}
    for name, value in left.annotations.items():
        if isinstance(value, Variable) and value not in bound:
            raise InputError(
                f"{source}, line {number}: '{name}={value}' is an annotation, but no feature in capitals of this line "
                f"has {value}; write {name.upper()}={value} where it must agree, and {name}={value} beside it to mark "
                f"the words."
            )


def _read_part(source: str, number: int, nonterminal: FeatStructNonterminal) -> Part:
    syntax: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    for name, value in nonterminal.items():
        if name is TYPE:
            continue
        if not isinstance(name, str) or not isinstance(value, str | int | bool | Variable):
            raise InputError(
                f"{source}, line {number}: feature {name} of {nonterminal[TYPE]} must be a word, a number, +/- or a "
                f"?variable; nested features and slash categories such as S/NP are not supported: give the category a "
                f"name or a feature of its own."
            )
        (syntax if name.isupper() else annotations)[name] = value
    return Part(str(nonterminal[TYPE]), syntax, annotations)


def _check_names(source: str, start: str, rules: list[Rule]) -> None:
    by_name = {rule.left.name for rule in rules}
    if start not in by_name:
        raise InputError(f"{source}: the start symbol {start} has no production; correct the line '% start {start}'.")
    for rule in rules:
        for part in rule.right:
            if not isinstance(part, str) and part.name not in by_name:
                raise InputError(
                    f"{source}, line {rule.line}: {part.name} has no production; add one or quote it if it is a word."
                )
