"""Names that users type: what was meant, and the size that a name may carry."""

from __future__ import annotations

import difflib

from .errors import SpecError

__all__ = ["split_size", "suggest"]


def split_size(name: str, spec: str) -> tuple[str, int | None]:
    """``NAME@SIZE`` as its parts.

    Raises
    ------
    SpecError
        If the size is not a positive number (of at most 18 digits).
    """
    base, at, size = name.partition("@")
    if not at:
        return base, None
    # Python itself refuses to read numbers of thousands of digits.
    if not size.isdecimal() or len(size) > 18 or int(size) < 1:
        raise SpecError(f"'{spec}': the size '{size}' is not a positive number", model=spec)
    return base, int(size)


def suggest(name: str, known: list[str]) -> str:
    """A hint at names like the one given, or the names there are if they are few."""
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(known)}" if len(known) <= 20 else f"there are {len(known)} names"
