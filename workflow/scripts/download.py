"""Bring a model of the hub into the cache, and record which revision it is."""

import json
from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.files import whole_file
    from thinkalike.representations.hub import locate

    source = snakemake.params.source
    wanted = "tokenizer" if source.get("untrained") else "all"
    found = locate(source["hub"], source.get("revision"), source.get("trust", ()), wanted)
    with whole_file(Path(snakemake.output[0])) as temporary:
        temporary.write_text(json.dumps({"model": found.name, "revision": found.revision}) + "\n", encoding="utf-8")
