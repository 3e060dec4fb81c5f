"""Tell what a dataset can and cannot tell apart."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.stimuli import read_sentences, read_stimuli
    from thinkalike.stimuli.report import stimulus_report
    from thinkalike.tables import read_metadata

    stimuli, features = read_stimuli(snakemake.input.stimuli)
    sentences = read_sentences(snakemake.input.sentences)
    tables = stimulus_report(stimuli, features, sentences, read_metadata(snakemake.input.stimuli))
    for name, parquet, csv in zip(snakemake.params.tables, snakemake.output.parquet, snakemake.output.csv, strict=True):
        write_collection(tables[name.removeprefix("stimuli_")], parquet, csv, {"dataset": snakemake.wildcards.dataset})
