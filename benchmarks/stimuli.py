"""What a table of N words costs to read, and its stimulus report: seconds and memory.

    python benchmarks/stimuli.py [--words 20000 250000]

Words have two continuous features, a part of speech and their length. Prints one row per size and writes them to
benchmarks/results/stimuli.csv. Every size runs in a process of its own, so that its memory is its own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_HEADER = "words,stimuli,seconds_reading,seconds_report,megabytes"


def measure(words: int) -> str:
    """Return one row of the table."""
    import numpy as np
    import pandas as pd

    from thinkalike.stimuli import build_dataset
    from thinkalike.stimuli.report import stimulus_report

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "sentence_id": np.arange(words) // 12,
            "word": [f"w{number}" for number in rng.integers(0, 20_000, words)],
            "pos": rng.choice(list("ABCDEF"), words),
            "reading_time": rng.normal(300, 50, words).round(3),
            "frequency": rng.normal(4, 1, words).round(4),
        }
    )
    numeric = {"kind": "numeric"}
    features = {"pos": None, "reading_time": numeric, "frequency": numeric, "word_length": None}
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "words.csv", index=False)
        start = time.perf_counter()
        dataset = build_dataset({"table": "words.csv", "features": features}, name="words", seed=0, base=folder)
        read = time.perf_counter()
        stimulus_report(dataset.stimuli, dataset.features, dataset.sentences, dataset.metadata)
        end = time.perf_counter()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"{words},{len(dataset.stimuli)},{read - start:.1f},{end - read:.1f},{megabytes}"


def main() -> None:
    """Measure every size and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, nargs="+", default=[20_000, 250_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(measure(arguments.one))
        return
    rows = [_HEADER]
    for words in arguments.words:
        command = [sys.executable, __file__, "--one", str(words)]
        rows.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
        print(rows[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "stimuli.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
