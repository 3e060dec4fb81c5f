"""The page of every key of a study, config/README.md, made from the schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from thinkalike.study.schema import read_schema

_HEAD = """# Configuration

A study is one YAML file. `config.yaml` here is the default one; `snakemake --configfile FILE` runs another, which
replaces the default study and is never merged with it. `thinkalike check FILE` lists all that is wrong with a study
before anything runs. Paths in it are relative to the folder in which snakemake is run.

As a module of another workflow, the study is what the module's `config:` gets, for instance the part of a larger
configuration under the key `thinkalike` (docs/elsewhere.md):

```yaml
thinkalike:
  study: my-study
  datasets:
    words: {grammar: config/grammars/short_sentences.fcfg}
  models:
    gpt2: {hub: openai-community/gpt2, layers: 12}
```

All keys follow, as `workflow/thinkalike/study/study.schema.yaml` has them. This page is made from it by
`python -m thinkalike.study.key_page > config/README.md`; a test compares the two. A key without a default may be left
out unless it is **required**.
"""
_TYPES = {
    **{"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"},
    **{"array": "list", "object": "mapping", "null": "nothing"},
}


def key_page(schema: Mapping[str, Any]) -> str:
    """Return the page as Markdown: a table of keys for the study and for each mapping in it."""
    sections = [_table("The study", schema, schema)]
    for name, part in schema["properties"].items():
        if "properties" in part:
            sections += _sections(f"`{name}`", part, schema)
    for name, part in schema["$defs"].items():
        for mapping in (one for one in (part, *part.get("anyOf", ())) if "properties" in one):
            described = {"description": part["description"], **mapping}
            sections += _sections(f"A {name.replace('_', ' ')}", described, schema)
    return "\n".join([_HEAD, *sections])


def _sections(title: str, part: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a mapping, and those of the mappings that stand in it."""
    yield _table(title, part, root)
    for key, inner in part["properties"].items():
        if "properties" in inner:
            yield from _sections(f"{title}, its `{key}`", inner, root)


def _table(title: str, part: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    lines = [f"## {title}", "", *([part["description"], ""] if "description" in part else [])]
    lines += ["| key | what it means | values | default |", "| --- | --- | --- | --- |"]
    for key, described in part["properties"].items():
        whole = _resolved(described, root)
        default = "**required**" if key in part.get("required", ()) else _default(described)
        cells = (f"`{key}`", whole.get("description", ""), _values(described, root), default)
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _resolved(part: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key's description with what it refers to; what it says itself comes first."""
    referred = root["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
    return {**referred, **part}


def _default(part: Mapping[str, Any]) -> str:
    value = part.get("default")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "" if value is None or value == {} else f"`{value}`".replace("'", "")


def _values(part: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Return in words what a key may hold."""
    if "$ref" in part and "properties" in _resolved(part, root):
        name = part["$ref"].rpartition("/")[2].replace("_", " ")
        return f"a {name}, below"
    part = _resolved(part, root)
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(_values(one, root) for one in part["anyOf"]))
    if "const" in part:
        return f"`{str(part['const']).lower() if isinstance(part['const'], bool) else part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    kinds = part.get("type", "string" if "pattern" in part else "object")
    kind = " or ".join(_TYPES[one] for one in ([kinds] if isinstance(kinds, str) else kinds))
    if kinds == "array":
        return f"list of {_values(part.get('items', {}), root)}"
    if kinds == "object" and isinstance(part.get("additionalProperties"), Mapping) and "properties" not in part:
        return f"mapping of names to {_values(part['additionalProperties'], root)}"
    return "mapping, below" if "properties" in part else kind + _bounds(part)


def _bounds(part: Mapping[str, Any]) -> str:
    said = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    found = [f"{words} {part[key]}" for key, words in said.items() if key in part]
    found += [f"a multiple of {part['multipleOf']}"] if "multipleOf" in part else []
    return f", {', '.join(found)}" if found else ""


if __name__ == "__main__":
    print(key_page(read_schema()), end="")
