"""The benchmark files of a study as one table."""

from pathlib import Path

import pandas as pd


def collect_benchmarks(folder: str | Path) -> pd.DataFrame:
    """Return what Snakemake measured of every job.

    Parameters
    ----------
    folder
        The study's benchmarks/, whose paths say which job a file is of.

    Returns
    -------
    DataFrame
        One row a run of a job, sorted by path: `rule` (for similarity with its measure), `job` (the path without its
        ending), and Snakemake's columns, of which `s` is seconds of wall time, `cpu_time` seconds of all cores and
        `max_rss` MiB; null where a job was too short to be measured.
    """
    folder = Path(folder)
    frames = []
    for path in sorted(folder.rglob("*.tsv")):
        job = path.relative_to(folder).with_suffix("")
        frame = pd.read_csv(path, sep="\t", na_values=["-", "NA"])
        frame.insert(0, "job", str(job))
        frame.insert(0, "rule", _rule(job))
        frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=["rule", "job", "s", "max_rss", "cpu_time"])
    return pd.concat(frames, ignore_index=True)


def _rule(job: Path) -> str:
    # Below the dataset: similarity/{measure}/{pair}, {model}/mlem/{layer}, {model}/{rule}, {rule}.
    below = job.parts[1:]
    if len(below) == 3:
        return below[1]
    return below[-1]
