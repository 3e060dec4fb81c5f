"""Tell what models that are alike have in common."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity.model_tables import model_tables
    from thinkalike.study.model_metadata import chosen_properties, declared_exchange, declared_kinds
    from thinkalike.tables import read_table

    settings = snakemake.params.settings
    tables = model_tables(
        **{name: read_table(path) for name, path in snakemake.input.items()},
        measures=snakemake.params.measures,
        kinds=declared_kinds(settings),
        exchanged=declared_exchange(settings),
        chosen=chosen_properties(settings),
        permutations=settings["permutations"],
        seed=snakemake.params.seed,
    )
    about = {"dataset": snakemake.wildcards.dataset, "seed": snakemake.params.seed}
    for name, table in tables.items():
        write_collection(table, snakemake.output[name], snakemake.output[f"{name}_csv"], about)
