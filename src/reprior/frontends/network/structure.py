"""The structure of a network under construction: names, scopes, leaves and outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...core.graph import Graph, GraphBuilder
from ...core.primitives import (
    Input,
    Map,
    Parameter,
    Primitive,
    Reshape,
    Role,
)
from ...errors import GraphError, ShapeError
from .feature import Feature

__all__ = ["Structure"]


class Structure(ABC):
    """What all layers stand on; the operators of `Feature` are among them."""

    @abstractmethod
    def add(self, *features: Feature) -> Feature:
        """Pointwise sum, with broadcasting."""

    @abstractmethod
    def multiply(self, *features: Feature) -> Feature:
        """Pointwise product, with broadcasting."""

    @abstractmethod
    def matmul(self, a: Feature, b: Feature, *, name: str = "matmul") -> Feature:
        """Matrix product over the last two axes; the leading axes must agree."""

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self._scope: list[str] = []
        self._names: Counter[str] = Counter()
        self._parameters: dict[str, int] = {}

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefix the names of the layers defined inside, as a submodule would."""
        self._scope.append(name)
        try:
            yield
        finally:
            self._scope.pop()

    def input(self, *shape: int) -> Feature:
        """A tensor that is fed, without its batch axis; its elements count towards N_I."""
        if min(shape, default=1) < 1:
            raise ShapeError(f"an input of shape {shape}: sizes must be positive")
        count = sum(isinstance(node.op, Input) for node in self.builder.nodes)
        return self._add(Input(f"input{count or ''}", (1, *shape)))

    def parameter(self, *shape: int, name: str = "parameter", role: Role = "weight") -> Feature:
        """A learnable tensor; pass it to several layers to tie them."""
        return self._parameter(self._path(name), shape, role)

    def output(self, *features: Feature) -> None:
        """Declare what the model returns."""
        self.builder.output(feature.value for feature in features)

    def graph(self) -> Graph:
        """The finished graph.

        Raises
        ------
        GraphError
            If no output was declared.
        """
        return self.builder.graph()

    # -- plumbing -----------------------------------------------------------------------------

    def _add(self, op: Primitive, inputs: Sequence[Feature] = (), path: str = "") -> Feature:
        for feature in inputs:
            if feature.network is not self:
                raise GraphError(f"{op.label}: {feature!r} belongs to another network")
        scope = path or ".".join(self._scope)
        return Feature(self, self.builder.add(op, [feature.value for feature in inputs], scope))

    def _reshape(self, x: Feature, shape: Sequence[int], path: str) -> Feature:
        return self._add(Reshape(tuple(shape)), (x,), path)

    def _parameter(self, path: str, shape: Sequence[int], role: Role = "weight") -> Feature:
        if min(shape, default=1) < 1:
            raise ShapeError(f"parameter '{path}' of shape {tuple(shape)}: sizes must be positive")
        if path in self._parameters:
            raise GraphError(f"two parameters are named '{path}'; pass the first as weight= to tie them")
        leaf = self._add(Parameter(path, tuple(shape), role), (), path.rpartition(".")[0])
        self._parameters[path] = leaf.value
        return leaf

    def _bias(self, x: Feature, path: str, rank: int) -> Feature:
        channels = x.shape[1] if rank else x.shape[-1]
        leaf = self._parameter(f"{path}.bias", (channels,), "bias")
        return self._add(Map("bias", (None, 1) if rank else (), law="sum"), (x, leaf), path)

    def _leaf(self, name: str) -> str:
        """The name, numbered where the scope already has one like it."""
        path = self._peek(name)
        self._names[path] += 1
        count = self._names[path]
        return name if count == 1 else f"{name}{count}"

    def _path(self, name: str) -> str:
        return ".".join([*self._scope, self._leaf(name)])

    def _peek(self, name: str) -> str:
        return ".".join([*self._scope, name])
