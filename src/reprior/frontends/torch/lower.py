"""What a rule builds its nodes with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...core.primitives import (
    LAWS,
    Law,
    Map,
    Reduce,
    Role,
)
from ...errors import RepriorError
from .constants import broadcast
from .elements import has_holes, map_elements
from .nodes import Nodes, is_zero
from .probe import Formula
from .values import Value

__all__ = ["Lower", "is_zero"]


class Lower(Nodes):
    """Adds nodes to the graph on behalf of the rules.

    To the nodes and moves of `Nodes` it adds pointwise functions: numbers and known tensors give them no
    edge, and where elements are known to be zero the function itself says what becomes of them.
    """

    __slots__ = ()

    # -- pointwise ----------------------------------------------------------------------------

    def map(
        self, name: str, *operands: object, formula: Formula | None = None, law: Law | None = None
    ) -> Value:
        """A pointwise function of broadcast operands; numbers and known tensors give no edge.

        Parameters
        ----------
        name : str
            What it computes, for printing.
        *operands : Value or object
            Its arguments.
        formula : callable, optional
            The function itself, called with tensors in place of the values where some of their elements are
            known to be zero (convention 14). Without it the function is taken for a sum: an element
            wherever an operand that is not known is one.
        law : Law, optional
            What is known of it for algebra; that of its usual name by default.
        """
        law = law or LAWS.get(name, "other")
        if law == "product" and self._is_square(operands):
            law = "power"
        if formula is not None and has_holes(self, operands):
            if all([value.constant is not None for value in operands if isinstance(value, Value)]):
                known = [value.constant if isinstance(value, Value) else value for value in operands]
                return self.constant(formula(*known))
            return map_elements(self, name, operands, formula, law)
        values = [value for value in operands if isinstance(value, Value)]
        shape = broadcast([value.shape for value in values])
        sources: dict[int, Value] = {}
        for value in values:
            if value.constant is None:
                sources.setdefault(self.node(value), value)
        nodes = list(sources)
        if not nodes:
            raise RepriorError(f"in '{self.scope}': {name} of constants alone", module=self.scope)
        if broadcast([value.shape for value in sources.values()]) != shape:
            nodes[0] = self.node(self.expand(sources[nodes[0]], shape))
        return self.append(Map(name, law=law), nodes)

    @staticmethod
    def _is_square(operands: Sequence[object]) -> bool:
        """Whether a product is one of a value with itself."""
        nodes = [value.node for value in operands if isinstance(value, Value) and value.constant is None]
        return len(nodes) > 1 and len(set(nodes)) == 1 and nodes[0] is not None

    def either(self, name: str, *parts: Value) -> Value:
        """A pointwise choice among values no two of which have an element at the same place."""
        result = self.append(Map(name), [self.node(part) for part in parts])
        keeps = [self.barred(part) for part in parts]
        masks = [keep.expand(result.shape) for keep in keeps if keep is not None]
        if masks and result.node is not None:
            self._barred[result.node] = torch.stack(masks).all(0)
        return result

    def bias(self, x: Value, bias: Value | None, axis: int = -1) -> Value:
        """Add a bias vector along one axis of x."""
        if bias is None:
            return x
        self.role(bias, "bias")
        return self.map("bias", x, self.along(bias, axis, len(x.shape)), formula=torch.add)

    def affine(self, x: Value, scale: Value | None, shift: Value | None, axis: int | None = -1) -> Value:
        """Multiply by a vector along one axis and add another; None is an axis where they broadcast."""
        if scale is None and shift is None:
            return x
        roles: tuple[Role, Role] = ("scale", "shift")
        factor, term = (
            one if value is None else self.along(self.role(value, role), axis, len(x.shape))
            for value, role, one in zip((scale, shift), roles, (1, 0), strict=True)
        )
        return self.map("affine", x, factor, term, formula=_affine)

    def normalise(self, name: str, x: Value, axes: Sequence[int], formula: Formula = torch.sub) -> Value:
        """Rescale x by a statistic of itself over `axes` (convention 6).

        The formula takes x and the statistic; by default x is centred, so that a zero is moved off zero.
        """
        axes = tuple(sorted(axis % len(x.shape) for axis in axes))
        return self.rescale(name, x, self.add(Reduce(axes, keepdims=True), x), formula)

    def rescale(self, name: str, x: Value, statistic: Value, formula: Formula = torch.sub) -> Value:
        """Rescale x by a statistic of itself that broadcasts to its shape, as `normalise` does."""
        return self.map(name, x, statistic, formula=formula, law="normalise")


def _affine(x: Any, factor: Any, term: Any) -> Any:
    return x * factor + term
