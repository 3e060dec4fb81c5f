"""Benchmark files as a table: rule and wildcards are what Snakemake says, not what a path looks like."""

import pandas as pd

from thinkalike import figures
from thinkalike.collect import collect_benchmarks

SHORT = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
EXTENDED = f"{SHORT}\tjobid\trule_name\twildcards\tparams\tthreads\tcpu_usage\tresources\tinput_size_mb"


def test_rule_and_wildcards_are_those_that_snakemake_wrote(tmp_path):
    values = "1.50\t0:00:01\t12.00\t30.00\t9.00\t10.00\t0.00\t0.00\t50.00\t0.75"
    job = "3\tcompare_representations\t{'dataset': \"it's\", 'measure': 'rsa', 'model_a': 'm'}"
    (tmp_path / "any/where/deep").mkdir(parents=True)
    (tmp_path / "any/where/deep/one.tsv").write_text(
        f"{EXTENDED}\n{values}\t{job}\t{{'a': \"b'c\"}}\t2\t75.00\t{{'mem_mb': 5}}\t{{'x': 0.1}}\n"
    )
    (tmp_path / "old.tsv").write_text(f"{SHORT}\n0.10\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\n")
    table = collect_benchmarks(tmp_path)
    first, second = table.to_dict("records")
    assert (first["rule"], first["job"]) == ("compare_representations", "any/where/deep/one")
    assert (first["dataset"], first["measure"], first["model_a"]) == ("it's", "rsa", "m")
    assert (first["s"], first["max_rss"], first["threads"]) == (1.5, 12.0, 2)
    assert pd.isna(second["rule"]) and pd.isna(second["max_rss"]) and second["s"] == 0.1
    assert not {"params", "wildcards", "resources", "input_size_mb"} & set(table)
    figure = figures.resources(table)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["RSA", "Not recorded"]


def test_no_benchmark_files_make_an_empty_table(tmp_path):
    assert collect_benchmarks(tmp_path).empty
