"""Snakemake for the tests, imported once and forked for every run: most runs only plan, and most of that is the start.

A run has its own folder, environment and output, and ends with Snakemake's own exit code.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn


@dataclass(frozen=True)
class Run:
    """How a run of Snakemake ended, and the seconds of processor time that it and its jobs took."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float


class SnakemakeServer:
    """The process that has imported Snakemake; it begins with the first run and ends with the tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: Sequence[str], folder: Path, timeout: float = 600, first: str = "") -> Run:
        """Run `snakemake` with these arguments in a folder, after the Python code `first`.

        A run beyond `timeout` seconds is killed.
        """
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, __file__]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            atexit.register(self._process.kill)
        with tempfile.TemporaryDirectory() as place:
            files = [Path(place) / name for name in ("stdout", "stderr")]
            request = {
                "arguments": list(arguments),
                "folder": str(folder),
                "environment": dict(os.environ),
                "output": list(map(str, files)),
                "timeout": int(timeout),
                "first": first,
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code, seconds = json.loads(self._process.stdout.readline())
            texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(list(arguments), timeout, *texts)
        return Run(code, *texts, seconds)


SNAKEMAKE = SnakemakeServer()


def serve() -> None:
    """Answer each request, one line of JSON, by the exit code of a forked run and its seconds of processor time."""
    # What every run would load.
    snakemake.cli.get_argument_parser()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        _, status, usage = os.wait4(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime]), flush=True)


def _run(request: dict[str, Any]) -> NoReturn:
    """Be `python -m snakemake`, and end."""
    for number, path in enumerate([os.devnull, *request["output"]]):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    signal.alarm(request["timeout"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["folder"]
    sys.argv = ["snakemake", *request["arguments"]]
    code: Any = 0
    try:
        exec(request["first"])
        snakemake.cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


if __name__ == "__main__":
    import snakemake.cli

    serve()
