"""The conda environments ask for what pyproject.toml asks for."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What conda-forge calls a package of PyPI.
NAMES = {
    "matplotlib-base": "matplotlib",
    "seaborn-base": "seaborn",
    "snakemake-minimal": "snakemake",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
}
# What reports need, which snakemake's extra brings on PyPI.
ONLY_CONDA = {"python", "pygments"}


def bounds(requirements: list[str]) -> dict[str, str]:
    """Return the version bounds by package."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([A-Za-z0-9_.-]+?)(\[[^\]]*\])?\s*([<>=!~].*)?", requirement)
        assert match, requirement
        found[match[1].lower()] = match[3] or ""
    return found


def environment(name: str) -> dict[str, str]:
    content = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    assert set(content) == {"name", "channels", "dependencies"}
    # Snakemake copies the file before it builds it: nothing in it may be relative to where it lies.
    assert all(isinstance(entry, str) for entry in content["dependencies"])
    packages = bounds(content["dependencies"])
    return {NAMES.get(package, package): bound for package, bound in packages.items()}


@pytest.mark.parametrize(("name", "extras"), [("cpu", []), ("gpu", ["gpu"])])
def test_an_environment_has_the_packages_and_bounds_of_the_project(name: str, extras: list[str]) -> None:
    expected = bounds(PROJECT["dependencies"])
    for extra in extras:
        expected |= bounds(PROJECT["optional-dependencies"][extra])
    found = environment(name)
    assert found["python"] == PROJECT["requires-python"]
    assert {package: bound for package, bound in found.items() if package not in ONLY_CONDA} == expected


def test_every_environment_of_a_rule_exists() -> None:
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for name in re.findall(r'conda:\s+"([^"]+)"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} names {name}"


def test_the_lock_is_within_the_bounds() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lock = (ROOT / "requirements.lock").read_text()
    pinned = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;+]+)", lock, re.M)}
    for text in PROJECT["dependencies"]:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name == "torch":  # installed before the lock, for the machine's kind of processor
            continue
        assert requirement.specifier.contains(pinned[name]), f"{text} but {pinned[name]} is locked"


def test_a_script_in_another_environment_finds_the_package() -> None:
    from snakemake.common import get_snakemake_searchpaths

    # What Snakemake adds at the end of a script's search path; without -S the tests' own environment would be on it.
    code = (
        f"import sys; sys.path.extend({get_snakemake_searchpaths()!r}); import thinkalike; print(thinkalike.__file__)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("thinkalike/__init__.py"), done.stderr
