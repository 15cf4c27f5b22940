"""Names for copies of nodes."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["separator"]


def separator(sign: str, names: Iterable[str]) -> str:
    """`sign`, repeated until no name has it, so that ``name + sign + number`` is always new."""
    everything = "\n".join(names)
    repeated = sign
    while repeated in everything:
        repeated += sign
    return repeated
