"""Say in one sentence what the machine did not allow: no space, no permission, no memory."""

import errno
from collections.abc import Iterator

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_TEXTS = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EACCES: "Permission denied",
    errno.EROFS: "Read-only file system",
    errno.EMFILE: "Too many open files",
    errno.EFBIG: "File too large",
    errno.ENAMETOOLONG: "File name too long",
    errno.EIO: "Input/output error",
    errno.ESTALE: "Stale file handle",
}
_MEMORY = ("can't allocate memory", "Cannot allocate memory", "Unable to allocate", "out of memory")


def machine_fault(error: BaseException) -> str | None:
    """Return the sentence for an error that is the machine's, or None if neither it nor what caused it is."""
    for each in _chain(error):
        if isinstance(each, MemoryError) or any(text in str(each) for text in _MEMORY):
            return (
                "there is not enough memory for this job; give it more (docs/cluster.md says how: --set-resources "
                "RULE:mem_mb=..., or a higher limit of the shell, `ulimit -v`), or keep fewer layers or stimuli."
            )
        number = _number(each)
        if number is not None:
            return _of_file(number, getattr(each, "filename", None))
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _number(error: BaseException) -> int | None:
    """Return the system's number of the error, by its text where a library has not kept the number."""
    if isinstance(error, OSError) and error.errno in (*_TEXTS, errno.EPERM):
        return error.errno
    return next((number for number, text in _TEXTS.items() if text in str(error)), None)


def _of_file(number: int, name: object) -> str:
    path = f"{name}: " if name else ""
    if number in _DISK_FULL:
        return f"{path}the disk is full; free some space and run again: what is finished is kept."
    if number == errno.EROFS:
        return f"{path}this file system can only be read; let results/ be a link to where there is space to write."
    if number == errno.EFBIG:
        return (
            f"{path}this file would be larger than is allowed; raise the limit (`ulimit -f unlimited`) and run again."
        )
    if number == errno.ENAMETOOLONG:
        return f"{path}this name is longer than the file system allows; shorten the names of the study and its models."
    if number in (errno.EIO, errno.ESTALE):
        return f"{path}the disk or its connection failed while it was read or written; see to it and run again."
    if number == errno.EMFILE:
        return f"{path}too many files are open at once; raise the limit (`ulimit -n 4096`) and run again."
    return f"{path}there is no permission to read or write it; change its owner or mode (`chmod u+rw`) and run again."
