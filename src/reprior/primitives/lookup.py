"""Selection by indices that are not known before the model is fed (convention 8)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ShapeError
from ..runs import Runs
from .base import Element, Primitive, Products, Scalar, Setting, Shape

__all__ = ["Lookup"]


@dataclass(frozen=True, slots=True)
class Lookup(Primitive):
    """Rows of a table chosen by fed indices: a linear layer over one-hot rows.

    Inputs are the table, shape ``(V, *rest)``, and the indices, shape ``S``; the output has shape
    ``S + rest``. Any row may be chosen, so every row meets every position.
    """

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        table, indices = shapes
        if not table:
            raise ShapeError("lookup in a table without rows")
        return (*indices, *table[1:])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        table, indices = setting.shapes
        weighting = setting.weighting
        result = contexts.scale(weighting.edge(sum(setting.data))).scale(setting.edge(table[0]))
        if position == 0:
            return result.sum_axes(range(len(indices))).insert_axis(0, table[0])
        return result.sum_axes(range(len(indices), len(setting.shape))).scale(table[0])

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """Product nodes: one per row and output element."""
        rows = setting.shapes[0][0]
        return Products(contexts.scale(setting.edge(rows)), Runs.ones(contexts.shape, "scaled").scale(rows))

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        table, indices = shapes
        where, rest = index[: len(indices)], index[len(indices) :]
        terms = tuple((Element(0, (row, *rest)), Element(1, where)) for row in range(table[0]))
        return Scalar("products", terms, table[0])
