"""What the workflow adds to the pure computing time of the paper's 51 layers, given their activations.

    python benchmarks/workflow_overhead.py [--sentences 1150] [--units 768] [--cores 4]

The same functions on the same data, three times: called one after another in `cores` processes that are already there
(the pure computing time); by Snakemake on `cores` cores; and Snakemake once more with everything done. Only fits and
similarities are timed; the vectors are extracted before.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/workflow"))

from activation_study import activation_study

from thinkalike.features import choose_features
from thinkalike.mlem import analyse_layer
from thinkalike.representations.storage import layer_path, read_layers, read_representation
from thinkalike.similarity import compare_models, compare_profiles
from thinkalike.stimuli import read_stimuli

MODELS = {"bert": 13, "gpt2": 13, "mamba": 25}
# A machine that others use too stretches the first, not the second.
KINDS = ("wall time", "processor time")
PAIRS = [("bert", "bert"), ("bert", "gpt2"), ("bert", "mamba"), ("gpt2", "gpt2"), ("gpt2", "mamba"), ("mamba", "mamba")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1150, help="1150 sentences have about 2000 words")
    parser.add_argument("--units", type=int, default=768)
    parser.add_argument("--cores", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").symlink_to(ROOT / "config")
        study = activation_study(folder, MODELS, sentences=arguments.sentences, units=arguments.units)
        study["mlem"] = {}
        (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
        _snakemake(folder, arguments.cores, "all_representations")
        results = folder / "results/activations/words"
        stimuli = len(read_stimuli(results / "stimuli.parquet")[0])
        print(f"51 layers of {arguments.units} units, {stimuli} stimuli, {arguments.cores} cores", flush=True)
        pure = _timed("pure computing time", lambda: _compute(results, arguments.cores))
        whole = _timed("by the workflow", lambda: _snakemake(folder, arguments.cores, "all_similarity"))
        _timed("again, nothing to do", lambda: _snakemake(folder, arguments.cores, "all_similarity"))
        shares = [f"{100 * (a / b - 1):.0f} % of the {kind}" for a, b, kind in zip(whole, pure, KINDS, strict=True)]
        print(f"The workflow adds {' and '.join(shares)}.")


def _timed(what: str, function: Any) -> tuple[float, float]:
    """Print and return seconds of wall time and of the processors."""
    start, used = time.monotonic(), _processor_seconds()
    function()
    wall, used = time.monotonic() - start, _processor_seconds() - used
    print(f"{what:<22}{wall:7.1f} s, {used:7.1f} s of processors", flush=True)
    return wall, used


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _snakemake(folder: Path, cores: int, target: str) -> None:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    command += ["--workflow-profile", str(ROOT / "profiles/default"), "--configfile", "study.yaml", "--nocolor", target]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _compute(results: Path, cores: int) -> None:
    layers = [(results, model, str(layer)) for model, count in MODELS.items() for layer in range(count)]
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        fits = dict(zip([layer[1:] for layer in layers], pool.map(_fit, *zip(*layers, strict=True)), strict=True))
        list(pool.map(_compare, [results] * len(PAIRS), PAIRS))
    import pandas as pd

    for a, b in PAIRS:
        tables = [pd.concat([fits[model, str(n)] for n in range(MODELS[model])]) for model in (a, b)]
        compare_profiles(*tables, measure="weighted_kendall", model_a=a, model_b=b)


def _fit(results: Path, model: str, layer: str) -> Any:
    stimuli, declared = read_stimuli(results / "stimuli.parquet")
    vectors = read_representation(layer_path(results / model / "representations", layer)).vectors
    features = choose_features(declared, None, None)
    return analyse_layer(stimuli, features, vectors, model=model, layer=layer, seed=0)["importance"]


def _compare(results: Path, pair: tuple[str, str]) -> None:
    a, b = (read_layers(results / model / "representations", list(map(str, range(MODELS[model])))) for model in pair)
    compare_models(a, a if pair[0] == pair[1] else b, measure="rsa", model_a=pair[0], model_b=pair[1], options={})


if __name__ == "__main__":
    main()
