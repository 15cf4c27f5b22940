"""Sums of products over shared indices: linear layers, matrix products, einsum (convention 2)."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

from ...errors import ShapeError
from ..runs import Runs
from .base import Element, Primitive, Products, Scalar, Setting, Shape

__all__ = ["Contract", "Select"]


@dataclass(frozen=True, slots=True)
class Contract(Primitive):
    """``out[output] = sum over the other indices of the product of all operands``.

    One product node per combination of indices, with an edge from each factor, and one sum node per
    output element. Without a summed index there is no sum node: the products are the output.

    Attributes
    ----------
    operands : tuple of str
        One string of single-character indices per operand, none repeated within an operand.
    output : str
        Indices of the output, each of which occurs in an operand.
    """

    operands: tuple[str, ...]
    output: str

    @classmethod
    def parse(cls, equation: str) -> Self:
        """From an einsum equation such as ``"bi,oi->bo"``."""
        operands, _, output = equation.partition("->")
        return cls(tuple(operands.split(",")), output)

    @property
    def label(self) -> str:
        return f"contract[{','.join(self.operands)}->{self.output}]"

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        sizes = self.index_sizes(shapes)
        for names in (*self.operands, self.output):
            if len(set(names)) < len(names):
                raise ShapeError(f"{self.label}: '{names}' repeats an index")
        if not sizes.keys() >= set(self.output):
            raise ShapeError(f"{self.label}: '{self.output}' has an index that no operand has")
        return tuple(sizes[name] for name in self.output)

    def index_sizes(self, shapes: tuple[Shape, ...]) -> dict[str, int]:
        """Size of every index.

        Raises
        ------
        ShapeError
            If ranks or sizes disagree.
        """
        if len(shapes) != len(self.operands):
            raise ShapeError(f"{self.label}: {len(shapes)} operands are given")
        sizes: dict[str, int] = {}
        for names, shape in zip(self.operands, shapes, strict=True):
            if len(names) != len(shape):
                raise ShapeError(f"{self.label}: operand '{names}' does not fit shape {shape}")
            for name, size in zip(names, shape, strict=True):
                if sizes.setdefault(name, size) != size:
                    raise ShapeError(f"{self.label}: index '{name}' is both {sizes[name]} and {size}")
        return sizes

    multiplies = True
    layer = "linear"

    def macs(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        return self.num_products(shapes, shape)

    def num_products(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        return prod(self.index_sizes(shapes).values())

    def layer_outputs(self, learnable: Sequence[int], shape: Shape) -> int:
        letters = {letter for k in learnable for letter in self.operands[k]}
        return prod([size for letter, size in zip(self.output, shape, strict=True) if letter in letters])

    def layer_family(self, shapes: tuple[Shape, ...]) -> Hashable:
        return self

    def summed(self, sizes: dict[str, int]) -> str:
        """The indices that are summed over."""
        return "".join(name for name in sizes if name not in self.output)

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        sizes = self.index_sizes(setting.shapes)
        result = self._products(contexts, position, setting, sizes)
        if setting.weighting.is_unit:
            return result
        summed = self.summed(sizes)
        result = result.scale(setting.edge_of_product(prod(sizes.values())))
        return result.scale(setting.edge(prod(sizes[n] for n in summed))) if summed else result

    def _products(self, contexts: Runs, position: int, setting: Setting, sizes: dict[str, int]) -> Runs:
        """Unweighted: sum the contexts of all products that an element of one operand enters."""
        target = self.operands[position]
        others = [support if k != position else None for k, support in enumerate(setting.supports)]
        result, names = self._restrict(contexts, others, sizes)
        result = result.scale(prod(size for n, size in sizes.items() if n not in target and n not in names))
        for name in [n for n in names if n not in target]:
            result = result.sum(names.index(name))
            names.remove(name)
        for name in [n for n in target if n not in names]:
            result = result.insert_axis(len(names), sizes[name])
            names.append(name)
        return result.transpose([names.index(name) for name in target])

    def _restrict(
        self, contexts: Runs, supports: Sequence[Runs | None], sizes: dict[str, int]
    ) -> tuple[Runs, list[str]]:
        """The contexts of the products whose factors all exist, over the returned indices."""
        result, names = contexts, list(self.output)
        for operand, support in zip(self.operands, supports, strict=True):
            if support is None:
                continue
            for name in [n for n in operand if n not in names]:
                result = result.insert_axis(len(names), sizes[name])
                names.append(name)
            mask = support.transpose([operand.index(name) for name in names if name in operand])
            for axis, name in enumerate(names):
                if name not in operand:
                    mask = mask.insert_axis(axis, sizes[name])
            result = result.multiply(mask)
        return result, names

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """Product nodes: as many per output element as there are combinations of the summed indices."""
        sizes = self.index_sizes(setting.shapes)
        summed = self.summed(sizes)
        factor = setting.edge(prod(sizes[n] for n in summed)) if summed else 1
        many = self._count_products(setting.supports, setting.shapes, setting.shape)
        return Products(contexts.scale(factor), many)

    def _count_products(
        self, supports: Sequence[Runs | None], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs:
        """Number of product nodes behind each output element."""
        sizes = self.index_sizes(shapes)
        many, names = self._restrict(Runs.ones(shape, "scaled"), supports, sizes)
        many = many.sum_axes(range(len(self.output), len(names)))
        return many.scale(prod(sizes[name] for name in self.summed(sizes) if name not in names))

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        if all(support is None for support in supports):
            return None
        return self._count_products(supports, shapes, shape)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        sizes = self.index_sizes(shapes)
        summed = self.summed(sizes)
        at = dict(zip(self.output, index, strict=True))
        terms = []
        for values in itertools.product(*(range(sizes[name]) for name in summed)):
            at.update(zip(summed, values, strict=True))
            terms.append(
                tuple(Element(k, tuple(at[n] for n in names)) for k, names in enumerate(self.operands))
            )
        return Scalar("products", tuple(terms), prod(sizes[name] for name in summed) if summed else 0)


@dataclass(frozen=True, slots=True)
class Select(Contract):
    """A contraction one of whose factors is one-hot: it chooses among elements and multiplies none.

    Gathering from and scattering to positions that are not known before the model is fed (convention 8). The
    paths are those of the product with the one-hot factor, and its cost is none.
    """

    selects = True
    layer = "embedding"

    def macs(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        return 0

    @property
    def label(self) -> str:
        return f"select[{','.join(self.operands)}->{self.output}]"
