"""Compare the tables of a study with what they say of themselves and with the study: digest, job, settings, inputs."""

import hashlib
import json
from ast import literal_eval
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from thinkalike.content_digest import content_digest
from thinkalike.errors import InputError
from thinkalike.job_record import recorded_digest
from thinkalike.study.job_settings import Settings, job_settings
from thinkalike.study.products import Product, expected_settings, products
from thinkalike.study.study import Study
from thinkalike.tables import read_record

Kind = Literal["damaged", "foreign", "stale", "missing", "extra"]
_VECTORS = "representations"
_SAME_TIME = 0.01  # seconds: what is left of a time after it has been written as text


@dataclass(frozen=True)
class Note:
    """What Snakemake remembers of a file that one of its jobs has made.

    Attributes
    ----------
    time
        The file's time of change when its job had ended, in seconds; None where it was not kept.
    settings
        The job's parameters as Python writes them, in any order.
    """

    time: float | None
    settings: list[str]


@dataclass(frozen=True)
class Finding:
    """What is wrong with one table.

    Attributes
    ----------
    kind
        `damaged`: it is not what was written. `foreign`: another job, or none of a study, wrote it. `stale`: it was
        made with other settings, or of tables that have changed since. `missing`: it is not there, although
        others are. `extra`: no job of the study makes a table of this name, as after a model has left the study.
    path
        The table, relative to the study's folder of results.
    sentence
        What is wrong, with the table's path.
    """

    kind: Kind
    path: str
    sentence: str


def verify_study(study: Study, results: str | Path) -> tuple[list[Finding], int]:
    """Return what is wrong with the tables below a study's folder of results, and how many tables it has."""
    results, rules = Path(results), job_settings(study)
    if not results.is_dir():
        raise InputError(f"{results}: there are no results of this study yet; run it first.")
    findings: list[Finding] = []
    expected_paths: set[str] = set()
    count = 0
    for product in products(study):
        expected = expected_settings(study, product, rules)
        for path in product.paths:
            count += 1
            finding = _verify(results, path, product, expected)
            findings += [finding] if finding else _verify_vectors(results, path)
            expected_paths.add(path)
    return findings + _extra(results, expected_paths), count


def first_foreign(
    study: Study,
    results: str | Path,
    note_of: Callable[[str], Note | None],
    is_unfinished: Callable[[str], bool],
) -> str | None:
    """Return what is wrong with the first result that is not of this study and that Snakemake takes for it.

    Snakemake compares a result's settings and sources with what it has noted itself (in `.snakemake/`), whatever the
    file says. Results that were copied here, brought back from a backup or written by hand are none that it has noted.

    Parameters
    ----------
    study
        The study.
    results
        Its folder of results.
    note_of
        Snakemake's note of a file, or None where it has none.
    is_unfinished
        Whether Snakemake knows that a file's job was ended before it was done: it makes the file again.
    """
    rules = job_settings(study)
    for product in products(study):
        for path in product.paths:
            place = Path(results) / path
            if not place.is_file():
                continue
            note = note_of(str(place))
            if note is not None and note.time is not None and abs(note.time - place.stat().st_mtime) < _SAME_TIME:
                continue
            different = _of_another_study(place, product, expected_settings(study, product, rules), note)
            if different and not is_unfinished(str(place)):
                return f"{place} {different}"
    return None


def _of_another_study(place: Path, product: Product, expected: Settings | None, note: Note | None) -> str | None:
    try:
        record = read_record(place)
    except InputError as error:
        return f"cannot be read ({str(error).splitlines()[0]})."
    if not record:
        return "does not say what made it; no job of a study has written it."
    different = _of_other_job(record, product)
    if different:
        return different
    # A file that Snakemake has noted, although its date has changed: what it was made with is compared there.
    if note is not None and _in_one_order(record.get("settings", {}).values()) == _in_one_order(
        map(_noted, note.settings)
    ):
        return None
    return _of_other_settings(record, product, expected)


def _in_one_order(settings: Iterable[Any]) -> list[str]:
    """Return settings as text, whatever the order of their keys is: a record sorts them, Snakemake's note does not."""
    return sorted(json.dumps(value, sort_keys=True, default=str) for value in settings)


def _noted(text: str) -> Any:
    """Return a setting of Snakemake's note, which keeps them as Python writes them."""
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def remove_tables(results: str | Path, findings: Iterable[Finding]) -> int:
    """Remove the tables that findings name, with the CSV files beside them; return how many files were removed.

    Tables that no job makes stay: they harm nothing, and a model that comes back needs them. Of vectors the table of
    layers goes too, so that the model is run again.
    """
    removed = 0
    for finding in findings:
        place = Path(results) / finding.path
        of_vectors = [place.parents[1] / "layers.parquet"] if place.parent.name == _VECTORS else []
        for path in (place, place.with_suffix(".csv"), *of_vectors):
            if finding.kind != "extra" and path.is_file():
                path.unlink()
                removed += 1
    return removed


def _verify(results: Path, path: str, product: Product, expected: Settings | None) -> Finding | None:
    place = results / path

    def finding(kind: Kind, what: str) -> Finding:
        return Finding(kind, path, f"{place} {what}")

    if not place.is_file():
        return finding("missing", "is not there; run the study.")
    try:
        record = read_record(place)
        digest = content_digest(pq.read_table(place))
    except (InputError, OSError, ValueError, KeyError) as error:
        return finding("damaged", f"cannot be read ({str(error).splitlines()[0]}).")
    if not record:
        return finding("foreign", "does not say what made it; no job of a study has written it.")
    if digest != record.get("digest"):
        return finding("damaged", "holds other values than were written.")
    if "csv" in record and not _same_csv(place.with_suffix(".csv"), record["csv"]):
        return finding("damaged", "has a CSV file beside it with other content, or none.")
    different = _of_other_job(record, product)
    if different:
        return finding("foreign", different)
    different = _of_other_settings(record, product, expected) or _of_other_inputs(record, place)
    return finding("stale", different) if different else None


def _verify_vectors(results: Path, path: str) -> list[Finding]:
    """Compare the vectors of a model, if they are still there, with the digests in its table of layers."""
    table, folder = results / path, (results / path).with_name(_VECTORS)
    if table.name != "layers.parquet" or not folder.is_dir():
        return []
    findings = []
    for row in pq.read_table(table, columns=["layer", "sha256"]).to_pylist():
        place = folder / f"layer-{row['layer']}.parquet"
        name = str(place.relative_to(results))
        if not place.is_file():
            findings.append(Finding("missing", name, f"{place} is not there, although other layers are."))
        elif _file_digest(place) != row["sha256"]:
            findings.append(Finding("damaged", name, f"{place} holds other vectors than were written."))
    return findings


def _extra(results: Path, expected: set[str]) -> list[Finding]:
    """Name the tables that no job of the study makes; vectors are not tables, and what jobs took is of every run."""
    found = [
        path.relative_to(results)
        for path in sorted(results.rglob("[!.]*.parquet"))
        if not {_VECTORS, "checkpoint"} & set(path.relative_to(results).parts)
    ]
    return [
        Finding("extra", str(path), f"{results / path} is a table that no job of this study makes; it is used nowhere.")
        for path in found
        if str(path) not in expected
    ]


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _same_csv(path: Path, digest: str) -> bool:
    return path.is_file() and _file_digest(path) == digest


def _of_other_job(record: dict[str, Any], product: Product) -> str | None:
    found = record.get("rule"), record.get("wildcards")
    # A workflow that uses this one as a module may put something before or behind the names of its rules.
    if product.rule in str(found[0]) and found[1] == product.wildcards:
        return None
    names = ", ".join(f"{name} {value}" for name, value in (found[1] or {}).items())
    return f"was written by another job ({found[0]}: {names}); it has been copied here or renamed."


def _of_other_settings(record: dict[str, Any], product: Product, expected: Settings | None) -> str | None:
    if expected is None:
        return None
    wanted = json.loads(json.dumps(expected))
    found = record.get("settings") or {}
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            was, now = _difference(found.get(name), wanted.get(name), name)
            return f"was made with other settings: {was}, and the study says {now}."
    return None


def _difference(found: Any, wanted: Any, name: str) -> tuple[str, str]:
    """Return the part in which two settings differ, as short as it can be named."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            if found.get(key) != wanted.get(key):
                return _difference(found.get(key), wanted.get(key), f"{name}.{key}")
    return f"{name} was {_short(found)}", _short(wanted)


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _of_other_inputs(record: dict[str, Any], place: Path) -> str | None:
    for path, digest in (record.get("inputs") or {}).items():
        source = place.parent / path
        try:
            if source.is_file() and recorded_digest(source) != digest:
                return f"was made of another {source.resolve().name} than there is now."
        except InputError:
            return f"was made of {source.resolve().name}, which can no longer be read."
    return None
