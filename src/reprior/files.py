"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .errors import SpecError

__all__ = ["require_writable", "write_bytes", "write_text"]


def require_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a path that cannot be written, before any work is done for it.

    Raises
    ------
    SpecError
        If it is a directory, or its directory is missing or closed.
    """
    target = Path(path)
    if target.is_dir():
        raise SpecError(f"cannot write '{path}': it is a directory")
    if not target.parent.is_dir():
        raise SpecError(f"cannot write '{path}': there is no directory '{target.parent}'")
    # A file that is replaced needs a directory that is open; one that is not regular is opened itself.
    closed = target if target.exists() and not target.is_file() else target.parent
    if not os.access(closed, os.W_OK):
        raise SpecError(f"cannot write '{path}': permission denied")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text as `write_bytes` does; what UTF-8 cannot say is written escaped."""
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file by way of a temporary one beside it, so that nobody ever reads half of it.

    What cannot be replaced (a pipe, a device) is written in place, and a link is followed.

    Raises
    ------
    SpecError
        If it cannot be written; whatever was there before is then unchanged.
    """
    require_writable(path)
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target.resolve(), data)
    except OSError as error:
        raise SpecError(f"cannot write '{path}': {error.strerror or error}") from None


def _replace(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".reprior-", dir=target.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else _usual_mode())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _usual_mode() -> int:
    """The mode of a new file; `mkstemp` makes private ones."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
