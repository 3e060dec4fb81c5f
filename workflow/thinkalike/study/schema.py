"""Check a study's configuration against its schema and say in one sentence what is wrong."""

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from thinkalike.errors import InputError


@cache
def read_schema() -> dict[str, Any]:
    """Return the schema of a study, which must not be changed: every caller gets the same."""
    text = (files("thinkalike.study") / "study.schema.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def validate(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with the schema's defaults filled in.

    Raises
    ------
    InputError
        If a key is wrong, missing or not allowed; the message names the key and what is allowed.
    """
    filled = _with_defaults(config, schema)
    error = jsonschema.exceptions.best_match(_validator(schema).iter_errors(filled))
    if error is not None:
        raise InputError(_sentence(error))
    return filled


def refuse_duplicate_keys(path: str | Path) -> None:
    """Raise InputError if a mapping of a YAML file holds a key twice: YAML itself keeps the last and says nothing."""
    try:
        tree = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: this is not a readable YAML file ({_one_line(error)}).") from error
    for key in _duplicates(tree):
        line = key.start_mark.line + 1
        raise InputError(
            f"{path}, line {line}: the key '{key.value}' stands twice in one mapping; rename or remove one."
        )


def _validator(schema: Mapping[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema)


def _with_defaults(instance: Any, schema: Mapping[str, Any]) -> Any:
    """Copy `instance`, filling in `default` of the properties that it leaves out, level by level."""
    if not isinstance(instance, Mapping):
        return instance
    filled = dict(instance)
    for key, part in schema.get("properties", {}).items():
        if key not in filled and "default" in part:
            filled[key] = part["default"]
        if key in filled:
            filled[key] = _with_defaults(filled[key], part)
    return filled


def _duplicates(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _duplicates(value)


def _sentence(error: jsonschema.ValidationError) -> str:
    """Say what is wrong with one key, in a sentence for people who do not read JSON schemas."""
    where = ".".join(str(part) for part in error.absolute_path) or "the top level"
    value, schema, rule = (cast(Any, part) for part in (error.instance, error.schema, error.validator_value))
    match error.validator:
        case "additionalProperties":
            allowed = sorted(schema.get("properties", {}))
            wrong = sorted(set(value) - set(allowed))[0]
            known = ", ".join(allowed)
            return f"Configuration: {where} has an unknown key '{wrong}'{_hint(wrong, allowed)}; allowed are {known}."
        case "required":
            missing = next(key for key in rule if key not in value)
            return f"Configuration: {where} lacks the key '{missing}'; add it."
        case "enum":
            allowed = [str(item) for item in rule]
            return f"Configuration: {where} is '{value}'{_hint(str(value), allowed)}; allowed are {', '.join(allowed)}."
        case "type":
            return f"Configuration: {where} is {value!r} but must be of type {rule}."
        case "pattern" | "propertyNames":
            return f"Configuration: the name '{value}' under {where} is not allowed; {_about(schema)}."
        case "anyOf" | "oneOf" | "const":
            return f"Configuration: {where} is {value!r}, which is none of what it may be; {_about(schema)}."
        case _:
            return f"Configuration: {where} is wrong: {_one_line(error.message)}."


def _hint(wrong: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(wrong, allowed, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _about(schema: Mapping[str, Any]) -> str:
    text = str(schema.get("description") or f"it must match {schema.get('pattern', schema)}").rstrip(".")
    return text[0].lower() + text[1:]


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
