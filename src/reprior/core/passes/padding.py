"""Windows read what pads their input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import Node
from ..primitives import Convolve, Pad, Pool

__all__ = ["absorb_padding"]


def absorb_padding(nodes: Sequence[Node]) -> list[Node]:
    """Let convolutions and pools read what a `Pad` of their spatial axes pads."""
    result: list[Node] = []
    for node in nodes:
        op = node.op
        if isinstance(op, Convolve | Pool) and isinstance(result[node.inputs[0]].op, Pad):
            source = result[node.inputs[0]]
            padding: tuple[tuple[int, int], ...] = source.op.padding  # type: ignore[attr-defined]
            head, spatial = padding[: -len(op.stride)], padding[-len(op.stride) :]
            grows = all(before >= 0 and after >= 0 for before, after in spatial)
            fits = not op.transposed if isinstance(op, Convolve) else not op.ceil
            if grows and fits and not any(before or after for before, after in head):
                total = tuple((a + c, b + d) for (a, b), (c, d) in zip(op.padding, spatial, strict=True))
                wider = replace(op, padding=total)
                node = Node(wider, (source.inputs[0], *node.inputs[1:]), node.shape, node.scope)
        result.append(node)
    return result
