"""The tensor graph: nodes of primitives in topological order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from ..errors import GraphError, RepriorError
from .primitives import Input, Parameter, Primitive, Shape
from .primitives.base import as_mask
from .runs import Runs

__all__ = ["Graph", "GraphBuilder", "Node", "supports_of"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value and the primitive that makes it.

    Attributes
    ----------
    op : Primitive
        What computes the value.
    inputs : tuple of int
        Positions of its operands in the graph.
    shape : tuple of int
        Shape of the value.
    scope : str
        Dotted path of the module or layer it belongs to.
    """

    op: Primitive
    inputs: tuple[int, ...]
    shape: Shape
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed acyclic graph of tensors.

    Attributes
    ----------
    nodes : tuple of Node
        In topological order: every operand stands before its users.
    outputs : tuple of int
        Positions of the values that the model returns.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    def check(self) -> None:
        """Verify order, shapes and outputs.

        Raises
        ------
        GraphError
            If an operand does not stand before its user, a shape is not what its primitive infers,
            two parameters have one name, or there is no output.
        """
        if not self.outputs:
            raise GraphError("the graph has no output")
        names: set[str] = set()
        for _, leaf in self.parameters:
            if leaf.name in names:
                raise GraphError(f"two parameters have the name '{leaf.name}'")
            names.add(leaf.name)
        for position, node in enumerate(self.nodes):
            where = f"node {position} ({node.op.label}) in '{node.scope}'"
            if any(not 0 <= k < position for k in node.inputs):
                raise GraphError(f"{where} reads {node.inputs}, which do not all stand before it")
            shape = node.op.infer_shape(tuple(self.nodes[k].shape for k in node.inputs))
            if shape != node.shape:
                raise GraphError(f"{where} has shape {node.shape}, its operands give {shape}")
        for k in self.outputs:
            if not 0 <= k < len(self.nodes):
                raise GraphError(f"output {k} is not a node of the graph")

    @property
    def parameters(self) -> Iterator[tuple[int, Parameter]]:
        """Position and leaf of every parameter."""
        return ((i, node.op) for i, node in enumerate(self.nodes) if isinstance(node.op, Parameter))

    @property
    def num_inputs(self) -> int:
        """N_I, the number of input elements."""
        return sum(prod(node.shape) for node in self.nodes if isinstance(node.op, Input))

    @property
    def num_outputs(self) -> int:
        """N_O, the number of output elements."""
        return sum(prod(self.nodes[k].shape) for k in self.outputs)

    def __str__(self) -> str:
        lines = []
        for position, node in enumerate(self.nodes):
            name = getattr(node.op, "name", "")
            operands = ", ".join(f"%{k}" for k in node.inputs)
            label = f"{node.op.label} {name}" if not node.inputs else f"{node.op.label}({operands})"
            mark = "  -> output" if position in self.outputs else ""
            lines.append(f"%{position} = {label} : {node.shape}  {node.scope}{mark}")
        return "\n".join(lines)


@dataclass(slots=True)
class GraphBuilder:
    """Collects nodes into a `Graph`; a value is the position of its node.

    Every front-end lowers its operators through this.
    """

    nodes: list[Node] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def add(self, op: Primitive, inputs: Sequence[int] = (), scope: str = "") -> int:
        """Append a node and return its value.

        Raises
        ------
        ShapeError
            If the operands do not fit; the message names the scope.
        """
        nodes = self.nodes
        try:
            shape = op.infer_shape(tuple([nodes[k].shape for k in inputs]))
        except RepriorError as error:
            if not scope:
                raise
            raise error.in_module(scope, f"'{scope}'") from None
        nodes.append(Node(op, tuple(inputs), shape, scope))
        return len(nodes) - 1

    def shape(self, value: int) -> Shape:
        """Shape of a value."""
        return self.nodes[value].shape

    def output(self, values: Iterable[int]) -> None:
        """Declare outputs of the model."""
        self.outputs.extend(values)

    def graph(self) -> Graph:
        """The finished graph.

        Raises
        ------
        GraphError
            If no output was declared.
        """
        if not self.outputs:
            raise GraphError("the graph has no output")
        return Graph(tuple(self.nodes), tuple(self.outputs))


def supports_of(nodes: Sequence[Node], supports: list[Runs | None] | None = None) -> list[Runs | None]:
    """For each node, a 0/1 array (scaled numbers) of the elements that exist; None where all do.

    Parameters
    ----------
    nodes : sequence of Node
        In topological order.
    supports : list, optional
        Those of the first nodes, which it is added to.
    """
    supports = [] if supports is None else supports
    for node in nodes[len(supports) :]:
        op, inputs = node.op, node.inputs
        before = tuple([supports[k] for k in inputs])
        found = None
        if inputs and (op.may_remove or any([support is not None for support in before])):
            found = op.support(before, tuple([nodes[k].shape for k in inputs]), node.shape)
        supports.append(None if found is None else as_mask(found))
    return supports
