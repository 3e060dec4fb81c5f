"""Write files whole or not at all."""

import glob
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_logger = logging.getLogger(__name__)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success rename it to `path`, on failure remove it.

    A reader of `path` therefore never sees a half-written file, also after the writer was killed; what a killed writer
    left is removed by the next.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix is kept because matplotlib and pandas choose the format by it.
    temporary = _temporary_name(path.stem, path.suffix, path.parent)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty temporary folder beside `path`; on success it replaces `path`, on failure it is removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path.name, "", path.parent)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporary_name(stem: str, suffix: str, folder: Path) -> Path:
    """Return a hidden name of this process, and remove what processes that were killed have left under theirs."""
    for left in folder.glob(f".{glob.escape(stem)}.*.partial{suffix}"):
        number = left.name.removeprefix(f".{stem}.").removesuffix(f".partial{suffix}")
        if number.isdigit() and not _is_running(int(number)):
            _logger.info("%s: removing what a killed process left", left)
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink(missing_ok=True)
    return folder / f".{stem}.{os.getpid()}.partial{suffix}"


def _is_running(process: int) -> bool:
    """Return whether another process of this number runs (one of this number before us does not)."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
