"""Recurrent layers against an unroll written out scalar by scalar from their equations."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from reprior import Network, analyze

Sources = dict[str, list[str]]


class Unroll:
    """A cell's equations over named scalars: who reads whom."""

    def __init__(self, kind: str, width: int, units: int, length: int, bias: bool) -> None:
        self.width, self.units, self.bias = width, units, bias
        self.sources: Sources = {}
        self.outputs: list[str] = []
        hidden: list[str] = []
        memory: list[str] = []
        for step in range(length):
            x = [f"x[{step},{i}]" for i in range(width)]
            hidden, memory = getattr(self, kind)(f"t{step}", x, hidden, memory)
            self.outputs += hidden

    def node(self, name: str, *sources: str) -> str:
        self.sources[name] = [source for source in sources if source]
        return name

    def side(self, name: str, values: list[str], side: str, row: int) -> list[str]:
        """W[row] . values and b[row]: the terms that one side adds to a sum, if there are any."""
        terms = []
        if values:
            products = [
                self.node(f"{name}.{side}[{i}]", f"weight_{side}[{row},{i}]", value)
                for i, value in enumerate(values)
            ]
            terms.append(self.node(f"{name}.{side}", *products))
        if self.bias:
            terms.append(f"bias_{side}[{row}]")
        return terms

    def rnn(self, at: str, x: list[str], h: list[str], c: list[str]) -> tuple[list[str], list[str]]:
        """h = tanh(W x + b + U h + d)."""
        rows = range(self.units)
        new = [
            self.node(f"{at}.h{r}", *self.side(f"{at}.{r}", x, "ih", r), *self.side(f"{at}.{r}", h, "hh", r))
            for r in rows
        ]
        return new, []

    def lstm(self, at: str, x: list[str], h: list[str], c: list[str]) -> tuple[list[str], list[str]]:
        """c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c)."""
        hidden, memory = [], []
        for unit in range(self.units):
            gate = {}
            for position, label in enumerate("ifgo"):
                row = position * self.units + unit
                name = f"{at}.{label}{unit}"
                gate[label] = self.node(name, *self.side(name, x, "ih", row), *self.side(name, h, "hh", row))
            kept = (gate["f"], c[unit]) if c else ()  # without a memory there is nothing to forget
            memory.append(self.node(f"{at}.c{unit}", gate["i"], gate["g"], *kept))
            hidden.append(self.node(f"{at}.h{unit}", gate["o"], memory[-1]))
        return hidden, memory

    def gru(self, at: str, x: list[str], h: list[str], c: list[str]) -> tuple[list[str], list[str]]:
        """n = tanh(W x + b + r (U h + d)), h = (1 - z) n + z h."""
        hidden = []
        for unit in range(self.units):
            gate = {}
            for position, label in enumerate("rz"):
                row = position * self.units + unit
                name = f"{at}.{label}{unit}"
                gate[label] = self.node(name, *self.side(name, x, "ih", row), *self.side(name, h, "hh", row))
            row, name = 2 * self.units + unit, f"{at}.n{unit}"
            inner = self.side(name, h, "hh", row)
            reset = (self.node(f"{name}.reset", gate["r"], *inner),) if inner else ()
            new = self.node(name, *self.side(name, x, "ih", row), *reset)
            hidden.append(self.node(f"{at}.h{unit}", gate["z"], new, *(h[unit : unit + 1])))
        return hidden, []

    def contexts(self) -> dict[str, int]:
        """Number of paths from each scalar to the hidden states of every step."""
        readers: dict[str, list[str]] = defaultdict(list)
        for name, sources in self.sources.items():
            for source in sources:
                readers[source].append(name)
        outputs = set(self.outputs)

        @cache
        def paths(name: str) -> int:
            return (name in outputs) + sum(paths(reader) for reader in readers[name])

        return {name: paths(name) for name in list(readers)}


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize(("width", "units"), [(1, 1), (2, 3)])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_counts_of_the_equations(kind: str, width: int, units: int, length: int, bias: bool) -> None:
    net = Network()
    net.output(getattr(net, kind)(net.input(length, width), units, bias=bias))
    result = analyze(net, exact=True)
    expected = Unroll(kind, width, units, length, bias).contexts()
    assert {row.name for row in result.parameters} == {
        f"{kind}.{side}" for side in ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if bias else ()))
    }
    for row in result.parameters:
        counts = result.counts(row.name)
        for index in np.ndindex(counts.shape):
            name = f"{row.name.removeprefix(f'{kind}.')}[{','.join(map(str, index))}]"
            assert counts[index] == expected.get(name, 0), name


def test_recurrent_weights_meet_nothing_in_a_single_step() -> None:
    net = Network()
    net.output(net.rnn(net.input(1, 2), 3))
    result = analyze(net)
    assert result.dead_parameters == 9
    assert {row.name: row.dead for row in result.parameters}["rnn.weight_hh"] == 9


def test_every_step_is_a_use_site() -> None:
    net = Network()
    net.output(net.rnn(net.input(4, 2), 3, bias=False))
    rows = {row.name: row for row in analyze(net).parameters}
    assert rows["rnn.weight_ih"].use_sites == 4
    assert rows["rnn.weight_hh"].use_sites == 3
