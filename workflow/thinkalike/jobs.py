"""Run one job of a workflow: its log, one sentence for a mistake, tables that say what made them."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from thinkalike.current_job import recorded
from thinkalike.errors import InputError
from thinkalike.job_record import record_of_job
from thinkalike.machine_faults import machine_fault
from thinkalike.study.digests import source_digest


class Job(Protocol):
    """What a script is given: its rule's name, wildcards, parameters, and files, as Snakemake names them."""

    rule: str
    wildcards: Any
    params: Any
    input: Any
    output: Any
    log: Any


@contextmanager
def logged(job: Job) -> Iterator[None]:
    """Send what happens inside to the job's log; end the process with code 1 if it fails.

    Standard error goes there too, so that progress bars and warnings of libraries do not mix on the terminal. An
    InputError, and what the machine does not allow, leaves one sentence on the terminal and in the log, any other
    exception its traceback in the log. Tables that are written inside carry the job's settings and the digests of
    what it read. A source that is not that of the plan, or that changes while the job runs, makes it fail: what its
    results were made from could not be told.
    """
    log = job.log[0]
    terminal = os.dup(sys.stderr.fileno())
    try:
        _open_log(log)
        sources = job.params.get("sources", {})
        _refuse_changed(sources, "since this run was planned")
        with recorded(_record(job)):
            yield
        _refuse_changed(sources, "while this job read it")
    except Exception as error:
        fault = machine_fault(error)
        if fault is None and not isinstance(error, InputError):
            traceback.print_exc()
            _end(terminal, f"Error: this job failed unexpectedly; its traceback is in {log}\n")
        sentence = fault or str(error)
        logging.getLogger(__name__).error("%s", sentence)
        _end(terminal, f"Error: {sentence}\n")
    logging.getLogger(__name__).info("done")


def _open_log(log: str) -> None:
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with Path(log).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.captureWarnings(True)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # fifty lines per figure
    threads = os.environ.get("OMP_NUM_THREADS", "unset")
    logging.getLogger(__name__).info("started, process %d, OMP_NUM_THREADS %s", os.getpid(), threads)


def _record(job: Job) -> dict[str, Any]:
    return record_of_job(
        job.rule, dict(job.wildcards.items()), dict(job.params.items()), map(str, job.input), str(job.output[0])
    )


def _refuse_changed(digests: Mapping[str, str], when: str) -> None:
    """Refuse sources that are not those of the plan; a file that nobody has written to meanwhile is read once."""
    for path, digest in digests.items():
        if source_digest(path) != digest:
            raise InputError(f"{path} has changed {when}; run again.")


def _end(terminal: int, message: str) -> None:
    sys.stderr.flush()
    os.write(terminal, message.encode())
    sys.exit(1)
