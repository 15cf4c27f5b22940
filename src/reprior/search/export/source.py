"""A model of the builder as a PyTorch source file: one class, no other dependency.

The code has the structure of the graph: every figure of the module is that of the model. What a graph does
not say is chosen: windows are averaged (or maximised, with ``pool="max"``), sums over axes are means, weights
begin as PyTorch's layers do.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ...core.canonical import depends_on
from ...core.graph import Graph
from ...core.primitives import Input, Lookup, Parameter
from ...errors import RepriorError, SpecError
from ...sharing import Policy
from .expressions import expression, padded
from .graphs import graph_of
from .layers import Layer, find_layers

__all__ = ["PoolKind", "index_inputs", "source_of", "to_source"]

PoolKind = Literal["average", "max"]

_TAKEN = frozenset(
    (
        "add_module", "apply", "buffers", "children", "compile", "cpu", "cuda", "double", "eval",
        "extra_repr", "float", "forward", "get_buffer", "get_parameter", "get_submodule", "half",
        "load_state_dict", "modules",
        "parameters", "register_buffer", "register_parameter", "state_dict", "to", "train", "training",
        "type",
    )
)  # fmt: skip
"""Attributes that a module has already."""


def to_source(
    model: Any, *, name: str = "Network", share: str | Policy = "none", pool: PoolKind = "average"
) -> str:
    """A model as the text of a Python file.

    Parameters
    ----------
    model : str, Network or Graph
        A spec of the builder (``paper:``, ``nb201:``, ``macro:``, ...), or the model itself.
    name : str
        Of the class.
    share : str or Policy
        As for `reprior.analyze`.
    pool : {"average", "max"}
        How windows are pooled.

    Raises
    ------
    SpecError
        If the name is none of a class, or there is no such pooling.
    RepriorError
        If PyTorch has nothing for a node of the graph.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise SpecError(f"'{name}' is no name of a class")
    if pool not in ("average", "max"):
        raise SpecError(f"pool '{pool}' is neither average nor max")
    return source_of(graph_of(model, share), name, pool)


def source_of(graph: Graph, name: str = "Network", pool: PoolKind = "average") -> str:
    """A graph as the text of a Python file."""
    return _Writer(graph, pool).text(name)


def index_inputs(graph: Graph) -> list[bool]:
    """For each input, whether it holds indices into a table."""
    indices = {node.inputs[1] for node in graph.nodes if isinstance(node.op, Lookup)}
    return [k in indices for k, node in enumerate(graph.nodes) if isinstance(node.op, Input)]


class _Writer:
    """Writes the statements of one graph."""

    def __init__(self, graph: Graph, pool: PoolKind) -> None:
        self.graph, self.pool = graph, pool
        self.layers = find_layers(graph)
        self.inner = {k for layer in self.layers.values() for k in layer.inner}
        self.data = depends_on(graph.nodes, Input)
        self.makers: list[str] = []
        self.buffers: list[str] = []
        self.attributes: dict[str, str] = {}
        self.used: set[str] = set(_TAKEN)
        self.modules = self._modules()

    def text(self, name: str) -> str:
        """The whole file."""
        body = self._forward()
        inputs = [node for node in self.graph.nodes if isinstance(node.op, Input)]
        arguments = ", ".join(f"{self._input(k)}: Tensor" for k in range(len(inputs)))
        many = len(self.graph.outputs)
        result = "Tensor" if many == 1 else f"tuple[{', '.join(['Tensor'] * many)}]"
        shapes = ", ".join(str(tuple(node.shape[1:])) for node in inputs)
        uses = "\n".join(body + self.makers + self.buffers)
        lines = [
            '"""A network written by reprior."""',
            "",
            *(["import torch"] if "torch." in uses else []),
            "from torch import Tensor, nn",
            *(["from torch.nn import functional as F"] if "F." in uses else []),
            "",
            "",
            f"class {name}(nn.Module):",
            f'    """Reads {shapes} behind the batch axis."""',
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
            *(f"        {line}" for line in self.makers + self.buffers),
            "",
            f"    def forward(self, {arguments}) -> {result}:",
            *(f"        {line}" for line in body),
            "",
        ]
        return "\n".join(lines)

    # -- layers -------------------------------------------------------------------------------

    def _modules(self) -> dict[int, str]:
        """Layers that are modules, by the value they make; the parameters of all others are written out."""
        nodes = self.graph.nodes
        claims: dict[int, set[tuple[Any, ...]]] = {}
        inside: dict[int, int] = {}
        for layer in self.layers.values():
            for _, value in layer.parameters:
                claims.setdefault(value, set()).add((layer.module, layer.parameters))
                inside[value] = inside.get(value, 0) + 1
        uses: dict[int, int] = {}
        for node in nodes:
            for k in node.inputs:
                uses[k] = uses.get(k, 0) + 1
        for k in self.graph.outputs:
            uses[k] = uses.get(k, 0) + 1
        found: dict[int, str] = {}
        made: dict[tuple[Any, ...], str] = {}
        for result, layer in sorted(self.layers.items()):
            values = [value for _, value in layer.parameters]
            if not layer.module or not all(isinstance(nodes[k].op, Parameter) for k in values):
                continue
            if any(len(claims[k]) > 1 or inside[k] != uses[k] for k in values):
                continue
            if not values and not layer.module.startswith("nn."):
                continue
            key = (layer.module, layer.parameters)
            if key not in made or not values:
                made[key] = self._name(self._path(layer))
                self.makers.append(f"self.{made[key]} = {layer.module}")
            found[result] = made[key]
        return found

    def _path(self, layer: Layer) -> str:
        """Where a layer's first parameter is: the name that the builder gave the layer."""
        if not layer.parameters:
            return layer.path
        op = self.graph.nodes[layer.parameters[0][1]].op
        return op.name.rpartition(".")[0] if isinstance(op, Parameter) and "." in op.name else layer.path

    def _name(self, path: str) -> str:
        """An attribute of the class for a dotted path."""
        base = re.sub(r"\W+", "_", path).strip("_") or "layer"
        base = f"layer_{base}" if base[0].isdigit() else base
        name, number = base, 2
        while name in self.used or keyword.iskeyword(name):
            name, number = f"{base}_{number}", number + 1
        self.used.add(name)
        return name

    def _parameter(self, position: int) -> str:
        """A parameter of its own."""
        op = self.graph.nodes[position].op
        assert isinstance(op, Parameter)
        if op.name not in self.attributes:
            name = self._name(op.name)
            self.attributes[op.name] = f"self.{name}"
            shape = ", ".join(map(str, op.shape))
            if op.role == "running_statistic":
                value = "ones" if op.name.endswith("var") else "zeros"
                self.buffers.append(f'self.register_buffer("{name}", torch.{value}({shape}))')
            elif op.role in ("bias", "shift"):
                self.makers.append(f"self.{name} = nn.Parameter(torch.zeros({shape}))")
            elif op.role == "scale":
                self.makers.append(f"self.{name} = nn.Parameter(torch.ones({shape}))")
            else:
                fan_in = max(1, int(np.prod(op.shape[1:])))
                self.makers.append(f"self.{name} = nn.Parameter(torch.randn({shape}) * {fan_in}**-0.5)")
        return self.attributes[op.name]

    def _constant(self, values: np.ndarray) -> str:
        """A fixed tensor."""
        name = self._name("constant")
        kind = {"b": "bool", "i": "long"}.get(values.dtype.kind, "float32")
        self.buffers.append(
            f'self.register_buffer("{name}", torch.tensor({values.tolist()}, dtype=torch.{kind}))'
        )
        return f"self.{name}"

    # -- statements ---------------------------------------------------------------------------

    def _input(self, number: int) -> str:
        return "x" if number == 0 else f"x{number + 1}"

    def _forward(self) -> list[str]:
        nodes = self.graph.nodes
        needed = self._needed()
        last: dict[int, int] = {}
        for k in needed:
            for i in self._operands(k):
                last[i] = k
        for k in self.graph.outputs:
            last[k] = len(nodes)
        names: dict[int, str] = {}
        inputs = [k for k, node in enumerate(nodes) if isinstance(node.op, Input)]
        names |= {k: self._input(number) for number, k in enumerate(inputs)}
        lines: list[str] = []
        where = ""
        for k in needed:
            scope = _block(nodes[k].scope)
            code = self._statement(k, names)
            for i in self._operands(k):
                if last.get(i) == k:
                    held = names.pop(i, None)
                    if held is not None and k not in names:
                        names[k] = held
            names.setdefault(k, _free(names))
            if scope != where:
                lines += [f"# {scope}"] if scope else []
                where = scope
            lines.append(f"{names[k]} = {code}")
        results = ", ".join(names[k] for k in self.graph.outputs)
        return [*lines, f"return {results}"]

    def _needed(self) -> list[int]:
        """Values that have a statement, in order: what the outputs depend on."""
        found: set[int] = set()
        pending = list(self.graph.outputs)
        while pending:
            k = pending.pop()
            if k in found or not self.graph.nodes[k].inputs:
                continue
            found.add(k)
            pending += self._operands(k)
        return sorted(found)

    def _operands(self, k: int) -> list[int]:
        """The values that a statement names."""
        layer = self.layers.get(k)
        if layer is None:
            return [i for i in self.graph.nodes[k].inputs if self.graph.nodes[i].inputs or self.data[i]]
        values = [layer.source]
        if k not in self.modules:
            values += [value for _, value in layer.parameters if self.graph.nodes[value].inputs]
        return values

    def _statement(self, k: int, names: Mapping[int, str]) -> str:
        layer = self.layers.get(k)
        if layer is not None:
            x = names[layer.source]
            x = padded(x, layer.pad) if layer.pad else x
            if k in self.modules:
                return f"self.{self.modules[k]}({x})"
            parameters = {label: self._value(value, names) for label, value in layer.parameters}
            return layer.function.format(x=x, **parameters)
        node = self.graph.nodes[k]
        operands = [self._value(i, names) for i in node.inputs]
        shapes = [self.graph.nodes[i].shape for i in node.inputs]
        data = [self.data[i] for i in node.inputs]
        return expression(node, operands, shapes, data, self._constant, self.pool)

    def _value(self, k: int, names: Mapping[int, str]) -> str:
        if isinstance(self.graph.nodes[k].op, Parameter):
            return self._parameter(k)
        if k not in names:
            raise RepriorError(f"there is no PyTorch code for '{self.graph.nodes[k].op.label}'")
        return names[k]


def _block(scope: str) -> str:
    """The numbered block that a layer belongs to."""
    parts = scope.split(".")
    last = max((k for k, part in enumerate(parts) if part.isdigit()), default=-1)
    return ".".join(parts[: last + 1])


def _free(names: Mapping[int, str]) -> str:
    taken: Sequence[str] = list(names.values())
    return next(n for n in ("x", "y", "z", *(f"v{k}" for k in range(len(taken) + 4))) if n not in taken)
