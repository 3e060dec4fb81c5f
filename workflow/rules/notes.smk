# What was made with other settings and without Snakemake's knowing must not pass for results of the study.

from snakemake.io import IOFile
from snakemake.persistence.file import FilePersistence

if workflow.is_main_process and Path(NEEDS.results).is_dir():
    # Not before: it reads tables, which takes time to import.
    from thinkalike.verify import Note, first_foreign

    NOTES = FilePersistence(nolock=True)

    def note_of(path):
        found = NOTES.metadata(IOFile(path))
        return found and Note(found.endtime, found.params or [])

    def is_unfinished(path):
        # The public `incomplete` needs a job, and there is none before all rules are read.
        return bool(NOTES._filter_incomplete_keys([path]))

    try:
        FOREIGN = first_foreign(STUDY, NEEDS.results, note_of, is_unfinished)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    if FOREIGN:
        raise WorkflowError(
            f"{FOREIGN} Snakemake has no notes about this file (in .snakemake/): `thinkalike verify --remove` with the "
            "study's file removes all such results, and a run makes them again."
        )
