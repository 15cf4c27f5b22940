"""Pointwise functions of broadcast operands (convention 1)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ShapeError
from ..runs import Runs
from .base import Element, Primitive, Scalar, Setting, Shape

__all__ = ["Map", "broadcast_index", "broadcast_shapes", "broadcast_to", "unbroadcast"]


@dataclass(frozen=True, slots=True)
class Map(Primitive):
    """One function node per result element, with one edge from each operand element that feeds it.

    Operands broadcast by the usual right-aligned rule. Activations, additions, multiplications,
    biases and batch normalisation are maps.
    """

    name: str

    @property
    def label(self) -> str:
        return self.name

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        return broadcast_shapes(shapes, self.name)

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        result = unbroadcast(contexts, setting.shapes[position])
        weighting = setting.weighting
        return result if weighting.is_unit else result.scale(weighting.edge(sum(setting.data)))

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        result: Runs | None = None
        for support, operand in zip(supports, shapes, strict=True):
            if support is None:
                return None
            wide = broadcast_to(support, shape) if operand != shape else support
            result = wide if result is None else result + wide
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        terms = tuple((Element(k, broadcast_index(index, shape)),) for k, shape in enumerate(shapes))
        return Scalar("node", terms)


def broadcast_shapes(shapes: tuple[Shape, ...], name: str) -> Shape:
    """The common shape of right-aligned operands.

    Raises
    ------
    ShapeError
        If two sizes of an axis differ and neither is 1.
    """
    first = shapes[0]
    if all(shape == first for shape in shapes[1:]):
        return first
    rank = max(map(len, shapes))
    result = []
    for axis in range(rank):
        sizes = {s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0} - {1}
        if len(sizes) > 1:
            raise ShapeError(f"{name}: shapes {', '.join(map(str, shapes))} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def broadcast_to(array: Runs, shape: Shape) -> Runs:
    """Repeat an array to a shape by the right-aligned rule."""
    result = array
    for _ in range(len(shape) - len(array.shape)):
        result = result.insert_axis(0, 1)
    for axis, size in enumerate(shape):
        if result.shape[axis] != size:
            result = result.sum(axis).insert_axis(axis, size)
    return result


def unbroadcast(contexts: Runs, shape: Shape) -> Runs:
    """Sum over the axes along which an operand of this shape was repeated."""
    full = contexts.shape
    if full == shape:
        return contexts
    extra = len(full) - len(shape)
    result = contexts.sum_axes(range(extra))
    for axis, size in enumerate(shape):
        if size == 1 and full[extra + axis] != 1:
            result = result.sum(axis).insert_axis(axis, 1)
    return result


def broadcast_index(index: Shape, shape: Shape) -> Shape:
    """The element of a broadcast operand that meets the result element at `index`."""
    tail = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(tail, shape, strict=True))
