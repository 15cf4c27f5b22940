"""Selection by indices that are not known before the model is fed (convention 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ...errors import ShapeError
from ..runs import Runs
from .base import Element, Primitive, Products, Scalar, Setting, Shape, complete
from .pointwise import broadcast_to

__all__ = ["Lookup"]


@dataclass(frozen=True, slots=True)
class Lookup(Primitive):
    """Rows of a table chosen by fed indices: a linear layer over one-hot rows.

    Inputs are the table, shape ``(V, *rest)``, and the indices, shape ``S``; the output has shape
    ``S + rest``. Any row may be chosen, so every row meets every position.
    """

    multiplies = selects = True
    layer = "embedding"

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        table, indices = shapes
        if not table:
            raise ShapeError("lookup in a table without rows")
        return (*indices, *table[1:])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        table, indices = setting.shapes
        products = setting.edge_of_product(prod(setting.shape) * table[0])
        result = contexts.scale(products).scale(setting.edge(table[0]))
        there = setting.supports[1 - position]
        if position == 0:
            if there is not None:
                result = result.multiply(_widen(there, table[1:]))
            return result.sum_axes(range(len(indices))).insert_axis(0, table[0])
        if there is None:
            result = result.scale(table[0])
        else:
            result = result.multiply(broadcast_to(there.sum(0), setting.shape))
        return result.sum_axes(range(len(indices), len(setting.shape)))

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        return None if supports == (None, None) else self._count_products(supports, shapes, shape)

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """Product nodes: one per row and output element."""
        many = self._count_products(setting.supports, setting.shapes, setting.shape)
        return Products(contexts.scale(setting.edge(setting.shapes[0][0])), many)

    @staticmethod
    def _count_products(supports: Sequence[Runs | None], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        """Number of product nodes behind each output element."""
        table, indices = shapes
        rows = complete(supports[0], table).sum(0)
        return broadcast_to(rows, shape).multiply(_widen(complete(supports[1], indices), table[1:]))

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        table, indices = shapes
        where, rest = index[: len(indices)], index[len(indices) :]
        terms = tuple((Element(0, (row, *rest)), Element(1, where)) for row in range(table[0]))
        return Scalar("products", terms, table[0])


def _widen(array: Runs, sizes: Shape) -> Runs:
    """Repeat an array along new axes after its own."""
    for size in sizes:
        array = array.insert_axis(len(array.shape), size)
    return array
