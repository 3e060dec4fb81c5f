"""Read a study's YAML file, and say by line what YAML would read otherwise than it is written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from thinkalike.errors import InputError

# More than any study holds; a few lines of aliases of aliases can stand for billions.
_MOST_VALUES = 200_000
_READ_AS = {"bool": "a truth value", "int": "a number", "float": "a number", "null": "nothing", "timestamp": "a date"}
# What YAML takes for another number than people do: 010 is 8, 1:30 is 90.
_OTHER_NUMBER = re.compile(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-5]?[0-9])+(\.[0-9_]*)?)")


def read_study_file(path: str | Path) -> dict[str, Any]:
    """Return what a study's YAML file holds.

    Raises
    ------
    InputError
        If the file cannot be read as YAML in UTF-8, is not a mapping, holds a key twice or one that YAML does not read
        as text, a number that YAML reads as another, or no key `study`.
    """
    text = _text(Path(path))
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        if _count(tree, {}) > _MOST_VALUES:
            raise InputError(
                f"{path}: it stands for more than {_MOST_VALUES:,} values, since its aliases (*) repeat each other; "
                "write what is meant one by one."
            )
        for sentence in (*_odd_name(tree), *_oddities(tree)):
            raise InputError(f"{path}, {sentence}")
        content = yaml.safe_load(text)
    except InputError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: this is not a readable YAML file ({' '.join(str(error).split())}).") from error
    except RecursionError as error:
        raise InputError(
            f"{path}: its mappings and lists hold each other without end; write them one by one."
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: a study is a mapping of keys to values (study, datasets, models); this file is not.")
    if "study" not in content:
        raise InputError(f"{path}: the key 'study' is missing; add `study:` and the study's name.")
    return content


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file; correct the path.") from error
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content:
        raise InputError(f"{path}: the file is written in UTF-16 or UTF-32, or is no text; save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: byte {error.start} is not UTF-8 (the file may be in Latin-1); save it as UTF-8."
        ) from error


def _odd_name(tree: yaml.Node | None) -> Iterator[str]:
    """Say whether YAML reads the study's name as something else than text."""
    for key, value in tree.value if isinstance(tree, yaml.MappingNode) else ():
        kind = value.tag.rpartition(":")[2]
        if key.value != "study" or kind not in _READ_AS:
            continue
        if kind == "null":
            yield f"line {_line(key)}: the key 'study' holds nothing; write the study's name."
        else:
            yield (
                f"line {_line(value)}: YAML reads the study's name {value.value} as {_READ_AS[kind]}; put it in "
                f"quotes: '{value.value}'."
            )


def _count(node: yaml.Node | None, counted: dict[int, int]) -> int:
    """Return how many values a node stands for, all that its aliases repeat among them."""
    if id(node) not in counted:
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        counted[id(node)] = 1 + sum(_count(part, counted) for part in parts)
    return counted[id(node)]


def _oddities(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            yield from _odd_key(key, seen)
            yield from _oddities(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _oddities(value)
    elif (
        isinstance(node, yaml.ScalarNode)
        and node.tag.endswith((":int", ":float"))
        and _OTHER_NUMBER.fullmatch(node.value)
    ):
        number = yaml.safe_load(node.value)
        yield (
            f"line {_line(node)}: YAML reads {node.value} as the number {number}; write {number}, or put it in "
            f"quotes: '{node.value}'."
        )


def _is_number(node: yaml.Node | None) -> TypeGuard[yaml.ScalarNode]:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith((":int", ":float"))


def _odd_key(key: yaml.Node, seen: set[str]) -> Iterator[str]:
    if not isinstance(key, yaml.ScalarNode):
        yield f"line {_line(key)}: a key is a list or a mapping; write a name."
        return
    kind = key.tag.rpartition(":")[2]
    if kind in _READ_AS:
        yield f"line {_line(key)}: YAML reads the key {key.value} as {_READ_AS[kind]}; put it in quotes: '{key.value}'."
    if key.value in seen:
        yield f"line {_line(key)}: the key '{key.value}' stands twice in one mapping; rename or remove one."
    seen.add(key.value)


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
