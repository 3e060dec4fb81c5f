"""Run one job of a workflow: log with time stamps, one sentence for a user's mistake."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thinkalike.errors import InputError


@contextmanager
def logged(log: str | Path) -> Iterator[None]:
    """Send what happens inside to the file `log`; end the process with code 1 if it fails.

    Standard error goes there too, so that progress bars and warnings of libraries do not mix on the terminal. An
    InputError leaves one sentence on the terminal and in the log, any other exception its traceback in the log.
    """
    terminal = os.dup(sys.stderr.fileno())
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with Path(log).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
        logging.basicConfig(
            level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
        )
        logging.captureWarnings(True)
        logging.getLogger("fontTools").setLevel(logging.WARNING)  # fifty lines a figure
        threads = os.environ.get("OMP_NUM_THREADS", "unset")
        logging.getLogger(__name__).info("started, process %d, OMP_NUM_THREADS %s", os.getpid(), threads)
        try:
            yield
        except InputError as error:
            logging.getLogger(__name__).error("%s", error)
            _end(terminal, f"Error: {error}\n")
        except Exception:
            traceback.print_exc()
            _end(terminal, f"Error: this job failed unexpectedly; its traceback is in {log}\n")
        logging.getLogger(__name__).info("done")


def _end(terminal: int, message: str) -> None:
    sys.stderr.flush()
    os.write(terminal, message.encode())
    sys.exit(1)
