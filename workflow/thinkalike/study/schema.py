"""Check a study's configuration against its schema and say in one sentence what is wrong."""

import datetime
import difflib
import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

import jsonschema
import yaml

from thinkalike.study.problems import StudyError

Schema = Mapping[str, Any]
_TYPES = {
    **{"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"},
    **{"array": "a list", "object": "a mapping of keys to values", "null": "nothing"},
}


@cache
def read_schema() -> dict[str, Any]:
    """Return the schema of a study, which must not be changed: every caller gets the same."""
    text = (files("thinkalike.study") / "study.schema.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def validate(config: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return `config` with the schema's defaults filled in, and every number of the type that the schema asks for.

    Raises
    ------
    StudyError
        If keys are wrong, missing or not allowed; each sentence names the key and what is allowed.
    """
    wrong = [*_odd_values(config, "")]
    if wrong:
        raise StudyError(wrong)
    filled = _filled(config, schema, schema)
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(filled), key=_rank)
    if errors:
        raise StudyError(_sentence(jsonschema.exceptions.best_match([error])) for error in errors)
    return filled


def _rank(error: jsonschema.ValidationError) -> tuple[bool, str]:
    """Order errors: a key that does not exist first, because what it was to be may be missing."""
    return error.validator != "additionalProperties", str(error.path)


def _odd_values(value: Any, where: str) -> Iterator[str]:
    """Say which keys are no text, and which numbers are not finite: JSON, and hence the schema, knows neither."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                place = where or "the top level"
                yield f"Configuration: {place} has the key {key!r}, which is no text; put it in quotes."
            yield from _odd_values(part, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _odd_values(part, f"{where}.{number}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"Configuration: {where} is {value} but must be a finite number."


def _filled(value: Any, schema: Schema, root: Schema) -> Any:
    """Copy `value` with defaults for what it leaves out and numbers as the schema has them: 1.0 is the integer 1."""
    if "$ref" in schema:
        value = _filled(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for alternative in schema.get("anyOf", ()):
        value = _filled(value, alternative, root)
    if isinstance(value, Mapping):
        return _filled_mapping(value, schema, root)
    if isinstance(value, list) and "items" in schema:
        return [_filled(item, schema["items"], root) for item in value]
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and schema.get("type") == "number":
        return float(value)
    return value


def _filled_mapping(value: Mapping[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    filled = dict(value)
    properties = schema.get("properties", {})
    for key, part in properties.items():
        if key not in filled and "default" in part:
            filled[key] = part["default"]
    others = schema.get("additionalProperties")
    for key, part in filled.items():
        if key in properties:
            filled[key] = _filled(part, properties[key], root)
        elif isinstance(others, Mapping):
            filled[key] = _filled(part, others, root)
    return filled


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
            return f"Configuration: {where} is {_shown(value)} but must be {_type(rule)}{_remedy(value, rule)}."
        case "pattern" | "maxLength":
            return f"Configuration: the name {value!r} under {where} is not allowed; {_about(schema)}."
        case "anyOf" | "oneOf" | "const":
            remedy = _remedy(value, "number")
            return (
                f"Configuration: {where} is {_shown(value)}, which is none of what it may be; {_about(schema)}{remedy}."
            )
        case _:
            return f"Configuration: {where} is wrong: {_one_line(error.message)}."


def _type(rule: Any) -> str:
    return " or ".join(_TYPES.get(name, name) for name in ([rule] if isinstance(rule, str) else rule))


def _shown(value: Any) -> str:
    """Return a value as a study's file would say it."""
    if value is None:
        return "nothing"
    return str(value) if isinstance(value, datetime.date) else repr(value)


def _remedy(value: Any, rule: Any) -> str:
    if value is None:
        return "; give it a value, or remove the key"
    if rule == "string":
        if isinstance(value, bool):
            return " (YAML reads yes, no, on, off, true and false so); put it in quotes"
        return f"; put it in quotes: '{value}'" if not isinstance(value, Mapping | list) else ""
    number = _number_of(value) if rule in ("number", "integer") and isinstance(value, str) else None
    return "" if number is None else f" (YAML reads this as text); write {number!r}, without quotes"


def _number_of(text: str) -> float | int | None:
    """Return the number that a text looks like: 1e3 and 0o17 are none for YAML."""
    for read in (lambda: int(text, 0), lambda: float(text)):
        try:
            number = read()
        except (ValueError, OverflowError):
            continue
        if math.isfinite(number):
            return int(number) if number == int(number) and abs(number) >= 1 else number
    return None


def _hint(wrong: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(wrong, allowed, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _about(schema: Schema) -> str:
    text = str(schema.get("description") or f"it must match {schema.get('pattern', schema)}").rstrip(".")
    return text[0].lower() + text[1:]


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
