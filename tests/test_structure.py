"""The shape of the package: data flows one way, no circle, and a name means one thing."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "workflow" / "thinkalike"
STAGES = ("stimuli", "representations", "mlem", "similarity", "figures", "explorer")
# What stages share. It imports nothing of a stage.
SHARED = (
    *("catalogue", "collect", "content_digest", "current_job", "errors", "features", "files", "job_record", "jobs"),
    *("layers", "machine_faults", "numerics", "property_levels", "study", "tables", "version"),
)
# Module names that stand twice because they are the same thing at two places: a figure and what it shows.
SAME_THING = {"grammaticality"}


def module_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(("thinkalike", *(parts[:-1] if parts[-1] == "__init__" else parts)))


@cache
def trees():
    return {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def imported(tree, everywhere):
    """Return the modules of the package that a module imports: when it is loaded, or also inside its functions."""
    names = set()
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            both = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in trees() else node.module for name in both}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return {name for name in names if name.split(".")[0] == "thinkalike"}


def part_of(module):
    return module.split(".")[1] if "." in module else ""


@pytest.mark.slow
def test_no_circle_of_imports():
    # Those of functions too.
    graph = {name: imported(tree, everywhere=True) - {name} for name, tree in trees().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_import_runs_against_the_flow():
    against = []
    for name, tree in trees().items():
        part = part_of(name)
        if part not in (*STAGES, *SHARED):
            continue
        allowed = (*SHARED, *STAGES[: STAGES.index(part) + 1 if part in STAGES else 0], "")
        against += [f"{name} imports {other}" for other in imported(tree, True) if part_of(other) not in allowed]
    assert not against


def test_every_part_of_the_package_has_its_place():
    users = {"", "commands", "examples", "shipped", "start", "verify"}
    assert {part_of(name) for name in trees()} <= {*STAGES, *SHARED, *users}


def test_no_name_of_a_module_stands_twice():
    homes = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        if path.name != "__init__.py" and path.stem not in SAME_THING:
            homes[path.stem].append(module_of(path))
    assert not {name: modules for name, modules in homes.items() if len(modules) > 1}


def test_no_name_of_a_public_function_or_class_stands_twice():
    homes = defaultdict(list)
    for module, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)
    assert not {name: modules for name, modules in homes.items() if len(modules) > 1}
