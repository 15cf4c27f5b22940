"""The models of the paper's tables and figures by the names that specs give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ..core.graph import Graph
from ..scalar import Dag
from .efficientnetv2 import EFFICIENTNETV2, efficientnetv2
from .figures import FIGURES
from .resnet import resnet50

__all__ = ["PAPER_FIGURES", "PAPER_MODELS"]

PAPER_FIGURES: Mapping[str, Callable[[], Dag]] = FIGURES
"""Graphs of the paper's figures 2 and 3."""


def _paper_resnet50(size: int | None) -> Graph:
    # The figures of Table 4's row are those of 384, whatever the row says (docs/benchmarks/paper.md).
    return resnet50(384 if size is None else size, stride_in_first=True)


PAPER_MODELS: Mapping[str, Callable[[int | None], Graph]] = {
    **{f"efficientnetv2-{name}": partial(efficientnetv2, name) for name in EFFICIENTNETV2},
    "resnet50": _paper_resnet50,
}
"""Models of the paper's tables, as functions of an image size (None for their own)."""
