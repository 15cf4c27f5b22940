"""The backward count: one walk over the graph in reverse, transposing every primitive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ..errors import GraphError, SpecError
from .graph import Graph, Node, supports_of
from .primitives import Input, Move, Parameter, Primitive, Products, Role, Setting, Shape
from .runs import Number, Runs
from .weighting import UNIT, Weighting

__all__ = ["Counts", "Facts", "FunctionNodes", "ParameterCount", "count"]


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
    op : Primitive
        The operation, a layer.
    contexts : Runs
        Contexts of its output elements.
    setting : Setting
        Its shapes and weighting.
    """

    scope: str
    parameters: tuple[str, ...]
    op: Primitive
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
        One entry per operation with learnable product nodes, where they were asked for.
    """

    parameters: tuple[ParameterCount, ...]
    function_nodes: tuple[FunctionNodes, ...]


def count(
    graph: Graph,
    weighting: Weighting = UNIT,
    number: Number = "scaled",
    *,
    functions: bool = False,
    facts: Facts | None = None,
) -> Counts:
    """Count the contexts of every parameter of a (canonical) graph.

    Parameters
    ----------
    graph : Graph
        The graph; `canonicalise` makes counts independent of spelling.
    weighting : Weighting
        How much an edge counts.
    number : {"scaled", "exact"}
        Floating point with exponents, or integers (fractions under a weighting).
    functions : bool
        Whether to keep the contexts of function nodes, which take memory.
    facts : Facts, optional
        Those of the graph's nodes, where they are known already.

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
    facts = facts or Facts.of(graph.nodes)
    if not any(facts.learnable):
        raise GraphError("the graph has no learnable parameter")
    return _walk(graph, facts, weighting, number, functions)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the walk must know of every value.

    Attributes
    ----------
    learnable : list of bool
        Whether it depends on a parameter.
    data : list of bool
        Whether it depends on what is fed.
    parameter_views : list of bool
        Whether it is a parameter, or parameters moved elsewhere: its users are use sites.
    supports : list of (Runs or None)
        Which elements exist (0/1 in scaled numbers), None where all do.
    """

    learnable: list[bool]
    data: list[bool]
    parameter_views: list[bool]
    supports: list[Runs | None]

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Facts:
        """Look at the nodes in order."""
        learnable: list[bool] = []
        data: list[bool] = []
        views: list[bool] = []
        for node in nodes:
            op, inputs = node.op, node.inputs
            if not inputs:
                is_parameter = isinstance(op, Parameter)
                learnable.append(is_parameter)
                views.append(is_parameter)
                data.append(isinstance(op, Input))
                continue
            learnable.append(any([learnable[k] for k in inputs]))
            data.append(any([data[k] for k in inputs]))
            views.append(isinstance(op, Move) and all([views[k] for k in inputs]))
        return cls(learnable, data, views, supports_of(nodes))

    def setting(self, nodes: Sequence[Node], node: Node, weighting: Weighting) -> Setting:
        """The surroundings of one node."""
        inputs = node.inputs
        return Setting(
            tuple([nodes[k].shape for k in inputs]),
            node.shape,
            tuple([self.data[k] for k in inputs]),
            tuple([self.supports[k] for k in inputs]),
            weighting,
        )


def _walk(graph: Graph, facts: Facts, weighting: Weighting, number: Number, functions: bool) -> Counts:
    nodes, shrinking, learnable = graph.nodes, not weighting.is_unit, facts.learnable
    # Contexts that arrive at each value; for parameters and their views, one entry per use site.
    arrived: list[list[Runs]] = [[] for _ in nodes]
    for k in graph.outputs:
        if learnable[k]:
            arrived[k].append(Runs.ones(nodes[k].shape, number))
    parameters: list[ParameterCount] = []
    found: list[FunctionNodes] = []
    for position in range(len(nodes) - 1, -1, -1):
        node, contexts = nodes[position], arrived[position]
        op = node.op
        if not node.inputs:
            if isinstance(op, Parameter):
                parameters.append(_tally(op, contexts, number, shrinking))
            continue
        if not contexts:
            continue
        arrived[position] = []
        setting = facts.setting(nodes, node, weighting)
        if not facts.parameter_views[position]:
            contexts = [_total(contexts).normalise(shrinking)]
            if functions and op.layer is not None:
                names = _parameters_behind(nodes, node, facts)
                if names:
                    found.append(FunctionNodes(node.scope, names, op, contexts[0], setting))
        wanted = [k for k, operand in enumerate(node.inputs) if learnable[operand]]
        for part in contexts:
            for k, moved in zip(wanted, op.transpose_each(part, wanted, setting), strict=True):
                arrived[node.inputs[k]].append(moved)
    return Counts(tuple(reversed(parameters)), tuple(reversed(found)))


def _tally(leaf: Parameter, contexts: Sequence[Runs], number: Number, shrinking: bool) -> ParameterCount:
    if not contexts:
        return ParameterCount(leaf.name, leaf.shape, leaf.role, Runs.zeros(leaf.shape, number), 0, 0)
    total = contexts[0] if len(contexts) == 1 else _total(contexts).normalise(shrinking)
    weight_nodes = sum([part.count_nonzero() for part in contexts])
    return ParameterCount(leaf.name, leaf.shape, leaf.role, total, len(contexts), weight_nodes)


def _parameters_behind(nodes: Sequence[Node], node: Node, facts: Facts) -> tuple[str, ...]:
    """Names of the parameters in those operands that depend on no data."""
    pending = [k for k in node.inputs if facts.learnable[k] and not facts.data[k]]
    seen, names = set(pending), []
    while pending:
        operand = nodes[pending.pop()]
        if isinstance(operand.op, Parameter):
            names.append(operand.op.name)
        for k in operand.inputs:
            if facts.learnable[k] and k not in seen:
                seen.add(k)
                pending.append(k)
    return tuple(names)


def _total(parts: Sequence[Runs]) -> Runs:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
