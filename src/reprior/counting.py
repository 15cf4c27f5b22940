"""The backward count: one walk over the graph in reverse, transposing every primitive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from .canonical import depends_on
from .errors import GraphError, SpecError
from .graph import Graph, Node
from .primitives import (
    Contract,
    Convolve,
    Input,
    Lookup,
    Move,
    Parameter,
    Products,
    Role,
    Setting,
    Shape,
)
from .runs import Number, Runs
from .weighting import UNIT, Weighting

__all__ = ["Counts", "FunctionNodes", "ParameterCount", "count"]


@dataclass(frozen=True, slots=True, eq=False)
class ParameterCount:
    """The contexts of one parameter tensor.

    Attributes
    ----------
    name : str
        The parameter's name.
    shape : Shape
        Its shape.
    role : Role
        What it does in its layer.
    contexts : Runs
        Contexts of each scalar, of that shape.
    use_sites : int
        Number of places that use the tensor or a part of it.
    weight_nodes : int
        Its share of N_W: scalars with a context, once per use site.
    """

    name: str
    shape: Shape
    role: Role
    contexts: Runs
    use_sites: int
    weight_nodes: int

    @property
    def numel(self) -> int:
        """Number of scalars."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class FunctionNodes:
    """The product nodes f(h, w) of one operation that uses a parameter.

    Attributes
    ----------
    scope : str
        The layer.
    parameters : tuple of str
        Names of the parameters behind its factors.
    op : Convolve, Contract or Lookup
        The operation.
    contexts : Runs
        Contexts of its output elements.
    setting : Setting
        Its shapes and weighting.
    """

    scope: str
    parameters: tuple[str, ...]
    op: Convolve | Contract | Lookup
    contexts: Runs
    setting: Setting

    @property
    def products(self) -> Products:
        """Contexts of the product nodes, and how many have that count."""
        return self.op.products(self.contexts, self.setting)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What one backward walk finds.

    Attributes
    ----------
    parameters : tuple of ParameterCount
        Every parameter of the graph, in order of appearance.
    function_nodes : tuple of FunctionNodes
        One entry per operation with learnable product nodes.
    """

    parameters: tuple[ParameterCount, ...]
    function_nodes: tuple[FunctionNodes, ...]


def count(graph: Graph, weighting: Weighting = UNIT, number: Number = "scaled") -> Counts:
    """Count the contexts of every parameter of a (canonical) graph.

    Parameters
    ----------
    graph : Graph
        The graph; `canonicalise` makes counts independent of spelling.
    weighting : Weighting
        How much an edge counts.
    number : {"scaled", "exact"}
        Floating point with exponents, or integers (fractions under a weighting).

    Returns
    -------
    Counts

    Raises
    ------
    GraphError
        If the graph has no output or no learnable parameter.
    SpecError
        If exact numbers are asked for with a weighting that has none.
    """
    if number == "exact" and not weighting.is_exact:
        raise SpecError(f"weighting {weighting} has no exact numbers; count without --exact")
    if not graph.outputs:
        raise GraphError("the graph has no output")
    return _Walk(graph, weighting, number).run()


@dataclass(slots=True)
class _Walk:
    """The state of one backward walk."""

    graph: Graph
    weighting: Weighting
    number: Number
    learnable: list[bool] = field(init=False)
    data: list[bool] = field(init=False)
    supports: list[Runs | None] = field(init=False)
    views: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        nodes = self.graph.nodes
        self.learnable = depends_on(nodes, Parameter)
        if not any(self.learnable):
            raise GraphError("the graph has no learnable parameter")
        self.data = depends_on(nodes, Input)
        self.supports = find_supports(nodes)
        self.views = []
        for node in nodes:
            is_view = isinstance(node.op, Parameter) or (
                isinstance(node.op, Move) and all([self.views[k] for k in node.inputs])
            )
            self.views.append(is_view)

    def run(self) -> Counts:
        nodes, shrinking = self.graph.nodes, not self.weighting.is_unit
        # Contexts that reach each value, one entry per user for parameters and their views (use sites).
        arrived: list[list[Runs]] = [[] for _ in nodes]
        for k in self.graph.outputs:
            if self.learnable[k]:
                arrived[k].append(Runs.ones(nodes[k].shape, self.number))
        parameters: list[ParameterCount] = []
        functions: list[FunctionNodes] = []
        for position in range(len(nodes) - 1, -1, -1):
            node, contexts = nodes[position], arrived[position]
            if isinstance(node.op, Parameter):
                parameters.append(self._tally(node.op, contexts))
            if not contexts or not node.inputs:
                continue
            setting = self._setting(node)
            if not self.views[position]:
                contexts = [_total(contexts).normalise(shrinking)]
                if isinstance(node.op, Convolve | Contract | Lookup):
                    functions.extend(self._functions(node, contexts[0], setting))
            wanted = [k for k, operand in enumerate(node.inputs) if self.learnable[operand]]
            for part in contexts:
                for k, moved in zip(wanted, node.op.transpose_each(part, wanted, setting), strict=True):
                    arrived[node.inputs[k]].append(moved)
            arrived[position] = []
        return Counts(tuple(reversed(parameters)), tuple(reversed(functions)))

    def _setting(self, node: Node) -> Setting:
        nodes, inputs = self.graph.nodes, node.inputs
        return Setting(
            tuple([nodes[k].shape for k in inputs]),
            node.shape,
            tuple([self.data[k] for k in inputs]),
            tuple([self.supports[k] for k in inputs]),
            self.weighting,
        )

    def _tally(self, leaf: Parameter, contexts: Sequence[Runs]) -> ParameterCount:
        total = _total(contexts) if contexts else Runs.zeros(leaf.shape, self.number)
        total = total.normalise(not self.weighting.is_unit)
        weight_nodes = sum([part.count_nonzero() for part in contexts])
        return ParameterCount(leaf.name, leaf.shape, leaf.role, total, len(contexts), weight_nodes)

    def _functions(self, node: Node, contexts: Runs, setting: Setting) -> list[FunctionNodes]:
        op = node.op
        assert isinstance(op, Convolve | Contract | Lookup)
        names = [name for k in node.inputs for name in self._parameters_behind(k)]
        if not names:
            return []
        return [FunctionNodes(node.scope, tuple(names), op, contexts, setting)]

    def _parameters_behind(self, value: int) -> list[str]:
        """Names of the parameters in a value that depends on no data."""
        if self.data[value] or not self.learnable[value]:
            return []
        node = self.graph.nodes[value]
        if isinstance(node.op, Parameter):
            return [node.op.name]
        return [name for k in node.inputs for name in self._parameters_behind(k)]


def find_supports(nodes: Sequence[Node]) -> list[Runs | None]:
    """For each value, which elements exist (0/1 in scaled numbers), or None where all do."""
    result: list[Runs | None] = []
    for node in nodes:
        support: Runs | None = None
        if node.inputs:
            shapes = tuple([nodes[k].shape for k in node.inputs])
            support = node.op.support(tuple([result[k] for k in node.inputs]), shapes, node.shape)
        result.append(None if support is None else _as_mask(support))
    return result


def _as_mask(counts: Runs) -> Runs | None:
    """1 where a count is positive, None if it is so everywhere."""
    mask = counts.nonzero()
    return None if mask.all() else Runs(counts.axes, ((0, mask.astype(float)),))


def _total(parts: Sequence[Runs]) -> Runs:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
