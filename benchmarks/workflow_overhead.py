"""What the workflow adds to the pure computing time of the paper's 51 layers, given their activations.

    python benchmarks/workflow_overhead.py [--sentences 1150] [--units 768] [--cores 4]

The same functions on the same data, three times: called one after another in `cores` processes that are already there
(the pure computing time); by Snakemake on `cores` cores; and Snakemake once more with everything done. Only fits and
similarities are timed; the vectors are extracted before.
"""

import argparse
import os
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
        pure = _timed(lambda: _compute(results, arguments.cores))
        print(f"pure computing time    {pure:6.1f} s", flush=True)
        whole = _timed(lambda: _snakemake(folder, arguments.cores, "all_similarity"))
        print(f"by the workflow        {whole:6.1f} s, overhead {100 * (whole / pure - 1):.0f} %", flush=True)
        again = _timed(lambda: _snakemake(folder, arguments.cores, "all_similarity"))
        print(f"again, nothing to do   {again:6.1f} s")


def _timed(function: Any) -> float:
    start = time.monotonic()
    function()
    return time.monotonic() - start


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
