"""Recurrent cells, unrolled over a known length before counting (convention 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...core.graph import GraphBuilder
from ...core.primitives import Concat, Contract, Map, Reshape, Slice
from ...core.primitives.presence import Presence, always
from .presence import weighted_sum

__all__ = ["GATES", "Cell"]

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
"""Gates per cell; their weights are stacked along the first axis."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A recurrent cell over parameters that already stand in a graph.

    Attributes
    ----------
    kind : {"rnn", "lstm", "gru"}
    weights : mapping
        Values of ``weight_ih`` (gates * units, D), ``weight_hh`` (gates * units, units) and,
        optionally, ``bias_ih`` and ``bias_hh`` (gates * units,), gates stacked in PyTorch's order
        (LSTM: input, forget, cell, output; GRU: reset, update, new).
    units : int
        Size of the hidden state.
    """

    kind: str
    weights: Mapping[str, int]
    units: int

    def unroll(self, graph: GraphBuilder, x: int, scope: str, *, reverse: bool = False) -> int:
        """Hidden states ``(B, L, units)`` of the features ``(B, L, D)``.

        The state before the first step is zero: no element, so the recurrent weights meet nothing
        there.
        """
        batch, length, width = graph.shape(x)
        hidden: int | None = None
        memory: int | None = None
        states: list[int] = []
        for step in reversed(range(length)) if reverse else range(length):
            part = graph.add(Slice(1, step, step + 1), (x,), scope)
            part = graph.add(Reshape((batch, width)), (part,), scope)
            hidden, memory = self.step(graph, part, hidden, memory, scope)
            states.append(graph.add(Reshape((batch, 1, self.units)), (hidden,), scope))
        return graph.add(Concat(1), states[::-1] if reverse else states, scope)

    def step(
        self, graph: GraphBuilder, x: int, hidden: int | None, memory: int | None, scope: str
    ) -> tuple[int, int | None]:
        """One time step: the new hidden state and, for an LSTM, the new memory."""
        sums_x = self._gates(graph, x, "ih", scope)
        sums_h = self._gates(graph, hidden, "hh", scope)
        if self.kind == "gru":
            return self._gru(graph, sums_x, sums_h, hidden, scope), None
        gates = [self._map(graph, "gate", [*a, *b], scope) for a, b in zip(sums_x, sums_h, strict=True)]
        if self.kind == "rnn":
            return gates[0], None
        enter, forget, cell, out = gates
        fresh = [enter, cell] if memory is None else [enter, cell, forget, memory]
        terms = ((1, 0),) if memory is None else ((1, 0), (3, 2))
        memory = self._map(graph, "memory", fresh, scope, weighted_sum(*terms))
        return self._map(graph, "hidden", [out, memory], scope, weighted_sum((1, 0))), memory

    def _gru(
        self,
        graph: GraphBuilder,
        sums_x: list[list[int]],
        sums_h: list[list[int]],
        hidden: int | None,
        scope: str,
    ) -> int:
        reset, update = (
            self._map(graph, "gate", [*a, *b], scope, always(len(a) + len(b)))
            for a, b in zip(sums_x[:2], sums_h[:2], strict=True)
        )
        # The reset gate multiplies W_hn h + b_hn; without a state and a bias there is nothing to multiply.
        terms = [(k, 0) for k in range(1, 1 + len(sums_h[2]))]
        gated = [self._map(graph, "reset", [reset, *sums_h[2]], scope, weighted_sum(*terms))] if terms else []
        new = self._map(graph, "new", [*sums_x[2], *gated], scope)
        if hidden is None:
            return self._map(graph, "hidden", [update, new], scope, weighted_sum((1, 0)))
        return self._map(graph, "hidden", [update, new, hidden], scope, weighted_sum((1, 0), (2, 0)))

    def _gates(self, graph: GraphBuilder, x: int | None, side: str, scope: str) -> list[list[int]]:
        """For each gate, the terms that one side adds to its sum: product and bias, where there are any."""
        terms: list[list[int]] = [[] for _ in range(GATES[self.kind])]
        if x is not None:
            product = graph.add(Contract.parse("bi,oi->bo"), (x, self.weights[f"weight_{side}"]), scope)
            self._deal(graph, terms, product, 1, scope)
        if f"bias_{side}" in self.weights:
            self._deal(graph, terms, self.weights[f"bias_{side}"], 0, scope)
        return terms

    def _deal(self, graph: GraphBuilder, terms: list[list[int]], value: int, axis: int, scope: str) -> None:
        for gate, into in enumerate(terms):
            start = gate * self.units
            into.append(graph.add(Slice(axis, start, start + self.units), (value,), scope))

    @staticmethod
    def _map(
        graph: GraphBuilder, name: str, operands: list[int], scope: str, presence: Presence | None = None
    ) -> int:
        return graph.add(Map(name, presence=presence), operands, scope)
