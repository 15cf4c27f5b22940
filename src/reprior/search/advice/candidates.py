"""The changes of a graph that are looked at: blocks left out or repeated, widths changed."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from ...core.graph import Graph
from .blocks import find_blocks
from .patch import Drop, Patch, Repeat, Resize
from .widths import Width, find_widths

__all__ = ["Candidate", "candidates"]

_RATIOS = (0.5, 0.75, 1.25, 1.5)
_EVEN = 8  # wide layers come in multiples of this


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change and how to make it.

    Attributes
    ----------
    kind : str
        ``drop``, ``deepen``, ``repeat`` (deepen with the same weights), ``widen`` or ``narrow``.
    text : str
        For a reader.
    patch : Patch
    """

    kind: str
    text: str
    patch: Patch


def candidates(graph: Graph) -> Iterator[Candidate]:
    """Each change of a graph to look at."""
    for block in find_blocks(graph):
        place = (block.module, block.start, block.stop)
        where = block.module if block.run == 1 else f"{block.module} (one of {block.run} alike)"
        if block.run > 1 or block.start > 0:
            yield Candidate("drop", f"drop {where}", Patch((Drop(*place),)))
        yield Candidate("deepen", f"another block like {where}", Patch((Repeat(*place, "own"),)))
        yield Candidate("repeat", f"{where} twice, with the same weights", Patch((Repeat(*place, "same"),)))
    for widths in _alike(find_widths(graph)):
        for ratio in _RATIOS:
            after = _rounded(widths[0].size, ratio)
            if after != widths[0].size:
                yield _resized(widths, after)


def _rounded(size: int, ratio: float) -> int:
    if size * min(ratio, 1) >= 2 * _EVEN:
        return max(_EVEN, round(size * ratio / _EVEN) * _EVEN)
    return max(1, round(size * ratio))


def _alike(widths: Sequence[Width]) -> list[list[Width]]:
    """Widths at the same places of blocks that differ in their numbers alone, together."""
    groups: dict[Hashable, list[Width]] = {}
    for width in widths:
        if width.size == 1:
            continue
        places = tuple(sorted({(re.sub(r"\d+", "*", name), axis) for name, axis in width.axes}))
        stage = width.makers[0].split(".")[:2] if width.is_inner or len(width.makers) == 2 else width.makers
        groups.setdefault((width.size, places, tuple(stage)), []).append(width)
    return list(groups.values())


def _resized(widths: Sequence[Width], after: int) -> Candidate:
    before = widths[0].size
    kind = "widen" if after > before else "narrow"
    first, last = widths[0].makers[0], widths[-1].makers[-1]
    where = first if first == last else f"{first} to {last}"
    patch = Patch((Resize(tuple([width.axes for width in widths]), before, after),))
    return Candidate(kind, f"{kind} {where}: {before} to {after}", patch)
