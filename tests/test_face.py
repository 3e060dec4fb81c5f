"""`import thinkalike` is all that a notebook needs, and costs next to nothing until something is used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import thinkalike

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "pyarrow", "matplotlib", "torch", "transformers")
OFFERED = {"MLEM", "cross_validate", "compare", "compare_all", "MEASURES", "figures", "extract", "analyse_layers"}


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_import_loads_nothing_heavy() -> None:
    loaded = run("import sys, thinkalike; print([name for name in sys.modules])")
    assert "'thinkalike'" in loaded
    assert not [name for name in HEAVY if f"'{name}'" in loaded]


@pytest.mark.slow
def test_using_the_calls_does_not_load_torch() -> None:
    code = "import sys, thinkalike; from thinkalike import *; print('torch' in sys.modules, 'numpy' in sys.modules)"
    assert run(code) == "False True"


def test_everything_offered_is_there_and_listed() -> None:
    assert OFFERED | {"InputError"} <= set(thinkalike.__all__) <= {*dir(thinkalike), "__version__"}
    for name in dir(thinkalike):
        assert getattr(thinkalike, name) is not None
    assert thinkalike.compare is thinkalike.similarity.compare
    assert issubclass(thinkalike.InputError, ValueError)
    with pytest.raises(AttributeError, match=r"no attribute 'comparison'; it offers .*compare_all"):
        thinkalike.comparison  # noqa: B018


def test_type_checkers_see_what_python_finds() -> None:
    tree = ast.parse(Path(thinkalike.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(thinkalike.__all__)
    for node in guarded.body:
        assert isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names:
            assert getattr(thinkalike, alias.name) is getattr(import_module(node.module), alias.name)


def test_the_calls_fit_together() -> None:
    draw = np.random.default_rng(0)
    features = pd.DataFrame({name: draw.choice(["a", "b"], 60) for name in ("tense", "number")})
    layers = {
        str(layer): draw.normal(size=(60, 5)) + 2 * (features == "a").to_numpy() @ draw.normal(size=(2, 5))
        for layer in range(2)
    }
    tables = thinkalike.analyse_layers(layers, features, groups=np.arange(60) // 3)
    for draw_figure, table in (("feature_importance", "importance"), ("scores", "scores")):
        assert getattr(thinkalike.figures, draw_figure)(tables[table], tables["models"]).axes
    assert thinkalike.compare(layers["0"], layers["0"], "rsa") == 1
    assert thinkalike.compare_all(layers, "rsa").loc["0", "1"] < 1
    assert thinkalike.MEASURES["rsa"].larger_is_more_similar
