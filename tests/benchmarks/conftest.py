"""The scripts of benchmarks/ as modules."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

# The made-up tables are those of the figures' tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "figures"))


@pytest.fixture(scope="session")
def load() -> Callable[[str], ModuleType]:
    """Return a script by its name without running it."""

    def load_script(name: str) -> ModuleType:
        path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    return load_script
