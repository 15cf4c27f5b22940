"""The record of docs/benchmarks/utility.md: families of candidates, scored on what was not searched.

    REPRIOR_DATA=DIR python benchmarks/utility_families.py

A walk over layers for all networks of a search space at once. It knows nothing of the package's graphs:
it is a second implementation of the walk, and where both are defined they agree (see the page for the
one difference, sums of sums). Takes about half a minute and 3 GB of memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from scipy.stats import kendalltau, spearmanr

from reprior.lab.bench import benchmark, load
from reprior.models.nasbench201 import OPERATIONS, parse_cell

EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
NONE, SKIP, CONV1, CONV3, POOL = range(len(OPERATIONS))
SEARCHED = 30  # per cent


@dataclass
class Step:
    kind: str
    inputs: list[int]
    gates: list[np.ndarray] = field(default_factory=list)
    hw: int = 0
    fan_in: int = 0
    out: int = 0
    inside: float = 1.0  # share of the taps that do not meet padding


def taps_inside(kernel: int, size: int, stride: int = 1) -> float:
    pad, places = kernel // 2, range(0, size, stride)
    met = sum(0 <= place + tap - pad < size for place in places for tap in range(kernel))
    return (met / len(places) / kernel) ** 2


class Program:
    """One graph for all networks of a space: gates say which edges a network has."""

    def __init__(self, networks: int) -> None:
        self.ones, self.steps = np.ones(networks), [Step("input", [])]

    def add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def conv(
        self, x: int, into: int, out: int, size: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> int:
        places, inside = (size // stride) ** 2, taps_inside(kernel, size, stride)
        return self.add(Step("conv", [x], [], places, into // groups * kernel**2, out, inside))

    def pool(self, x: int, kernel: int, size: int) -> int:
        return self.add(Step("pool", [x], inside=taps_inside(kernel, size) if kernel == 3 else 1.0))

    def sum(self, terms: list[tuple[int, np.ndarray]]) -> int:
        return self.add(Step("sum", [x for x, _ in terms], [gate.astype(float) for _, gate in terms]))


def live_edges(cells: np.ndarray) -> np.ndarray:
    live, used = np.zeros((len(cells), 4), bool), np.zeros((len(cells), 4), bool)
    live[:, 0] = used[:, 3] = True
    for edge, (target, source) in enumerate(EDGES):
        live[:, target] |= (cells[:, edge] != NONE) & live[:, source]
    for edge, (target, source) in reversed(list(enumerate(EDGES))):
        used[:, source] |= (cells[:, edge] != NONE) & used[:, target]
    parts = [(cells[:, e] != NONE) & live[:, s] & used[:, t] for e, (t, s) in enumerate(EDGES)]
    return np.stack(parts, 1)


def nasbench201(cells: np.ndarray) -> Program:
    net, live = Program(len(cells)), live_edges(cells)
    x = net.conv(0, 3, 16, 32, 3)
    for stage in range(3):
        width, size = 16 << stage, 32 >> stage
        if stage:
            y = net.conv(net.conv(x, width // 2, width, 2 * size, 3, 2), width, width, size, 3)
            down = net.conv(net.pool(x, 2, 2 * size), width // 2, width, size, 1)
            x = net.sum([(y, net.ones), (down, net.ones)])
        for _ in range(5):
            nodes = [x]
            for target in (1, 2, 3):
                terms = []
                for edge, (into, source) in enumerate(EDGES):
                    if into != target:
                        continue
                    at = nodes[source]
                    made = {SKIP: at, POOL: net.pool(at, 3, size)}
                    made |= {CONV1: net.conv(at, width, width, size, 1)}
                    made |= {CONV3: net.conv(at, width, width, size, 3)}
                    terms += [(made[op], live[:, edge] & (cells[:, edge] == op)) for op in made]
                nodes.append(net.sum(terms))
            x = nodes[-1]
    net.conv(x, 64, 10, 1, 1)
    return net


def macro(choices: np.ndarray) -> Program:
    net = Program(len(choices))
    x, into, size, layer = net.conv(0, 3, 32, 32, 3), 32, 32, 0
    for width, layers in ((64, 2), (128, 3), (256, 3)):
        for number in range(layers):
            stride, terms = 1 if number else 2, []
            for choice, expansion, kernel in ((1, 3, 3), (2, 6, 5)):
                wide = into * expansion
                y = net.conv(net.conv(x, into, wide, size, 1), wide, wide, size, kernel, stride, wide)
                terms.append((net.conv(y, wide, width, size // stride, 1), choices[:, layer] == choice))
            identity = x if number else net.conv(x, into, width, size, 1, 2)
            terms.append((identity, net.ones if number else choices[:, layer] == 0))
            x, into, size, layer = net.sum(terms), width, size // stride, layer + 1
    net.conv(net.conv(x, 256, 1280, 4, 1), 1280, 10, 1, 1)
    return net


@dataclass(frozen=True)
class Walk:
    """How a random context chooses. `power` None: every operand of a sum alike; else by routes**power."""

    power: float | None = None
    layer: float = 1.0  # kept at each layer
    pool: float = 1.0  # kept at each pool
    routes: float = 1.0  # of a pool, per route of what it pools
    padding: bool = False  # whether steps into padding are lost

    def shares(self, net: Program) -> list[list[np.ndarray]]:
        routes: list[np.ndarray] = []
        shares: list[list[np.ndarray]] = []
        for step in net.steps:
            terms = [gate * routes[k] for gate, k in zip(step.gates, step.inputs, strict=False)]
            weights = [(t > 0) * (1.0 if self.power is None else t**self.power) for t in terms]
            total = sum(weights)
            shares.append([np.divide(w, total, out=np.zeros_like(w), where=total > 0) for w in weights])
            if step.kind == "sum":
                routes.append(np.minimum(sum(terms), 1) if self.power is None else sum(terms))
            else:
                routes.append(routes[step.inputs[0]] * self.routes if step.kind == "pool" else net.ones)
        return shares

    def __call__(self, net: Program) -> Layers:
        shares, visits = self.shares(net), [0 * net.ones for _ in net.steps]
        visits[-1] = net.ones
        for k in range(len(net.steps) - 1, 0, -1):
            step = net.steps[k]
            on = {"conv": self.layer, "pool": self.pool, "sum": 1.0}[step.kind]
            on *= step.inside if self.padding else 1.0
            for number, source in enumerate(step.inputs):
                share = shares[k][number] if step.kind == "sum" else 1.0
                visits[source] = visits[source] + visits[k] * on * share
        convs = [k for k, step in enumerate(net.steps) if step.kind == "conv"]
        columns = np.array(
            [[getattr(net.steps[k], n) for n in ("hw", "fan_in", "out", "inside")] for k in convs]
        )
        return Layers(np.stack([visits[k] for k in convs], 1), *columns.T)


@dataclass(frozen=True)
class Layers:
    """Visits m (networks x layers); places, fan-in, outputs and share of taps inside (layers)."""

    m: np.ndarray
    hw: np.ndarray
    fan_in: np.ndarray
    out: np.ndarray
    inside: np.ndarray

    @property
    def n(self) -> np.ndarray:
        return self.hw * self.fan_in * self.out * self.inside

    @property
    def reuse(self) -> np.ndarray:
        return self.hw * self.inside

    @property
    def parameters(self) -> np.ndarray:
        return self.fan_in * self.out


HALF = sqrt(1 / 2)
PLAIN, PADDED, ROOT, LINEAR = Walk(), Walk(padding=True), Walk(0.5), Walk(1.0)
WINNER = Walk(0.5, pool=HALF)

Functional = Callable[[Layers], np.ndarray]


def power(a: float, b: float) -> Functional:
    return lambda o: (o.m**a * o.n**b).sum(1)


def third(o: Layers) -> np.ndarray:
    return np.cbrt(o.m * o.reuse * o.n).sum(1)


FAMILIES: list[tuple[str, Walk, Functional]] = [
    ("products (MACs)", PLAIN, lambda o: ((o.m > 0) * o.n).sum(1)),
    ("parameters", PLAIN, lambda o: ((o.m > 0) * o.parameters).sum(1)),
    ("expected length of a context: m", PLAIN, power(1, 0)),
    ("entropy of contexts: m log fan-in", PLAIN, lambda o: (o.m * np.log2(o.fan_in)).sum(1)),
    ("m log n", PLAIN, lambda o: (o.m * np.log2(o.n)).sum(1)),
    ("m log reuse", PLAIN, lambda o: (o.m * np.log2(o.reuse)).sum(1)),
    ("log(1 + m n)", PLAIN, lambda o: np.log2(1 + o.m * o.n).sum(1)),
    ("log(1 + m reuse)", PLAIN, lambda o: np.log2(1 + o.m * o.reuse).sum(1)),
    ("log(1 + m fan-in)", PLAIN, lambda o: np.log2(1 + o.m * o.fan_in).sum(1)),
    ("coverage by 1000 contexts: n (1 - (1 - m/n)^1000)", PLAIN,
     lambda o: (o.n * -np.expm1(1000 * np.log1p(-o.m / o.n))).sum(1)),
    ("Renyi 1/2: (m n)^1/2", PLAIN, power(0.5, 0.5)),
    ("Renyi 1/2, padding lost", PADDED, power(0.5, 0.5)),
    ("Renyi 3/4, padding lost", PADDED, power(0.75, 0.25)),
    ("Renyi 1/4, padding lost", PADDED, power(0.25, 0.75)),
    ("Renyi 1, padding lost", PADDED, lambda o: (o.m * np.log2(o.n / np.maximum(o.m, 1e-30))).sum(1)),
    ("m^.75 n^.5, padding lost", PADDED, power(0.75, 0.5)),
    ("Renyi 1/2, layers keep .9", Walk(layer=0.9), power(0.5, 0.5)),
    ("Renyi 1/2, layers keep .8", Walk(layer=0.8), power(0.5, 0.5)),
    ("Renyi 1/2, layers keep .5", Walk(layer=0.5), power(0.5, 0.5)),
    ("Renyi 1/2, pools keep .7", Walk(pool=0.7), power(0.5, 0.5)),
    ("Renyi 1/2, pools keep .5", Walk(pool=0.5), power(0.5, 0.5)),
    ("Renyi 1/2, all keep .85", Walk(layer=0.85, pool=0.85), power(0.5, 0.5)),
    ("Renyi 1/2, shares by routes", LINEAR, power(0.5, 0.5)),
    ("Renyi 1/2, shares by routes, pools nine routes", Walk(1.0, routes=9.0), power(0.5, 0.5)),
    ("Renyi 1/2, shares by root of routes", ROOT, power(0.5, 0.5)),
    ("Renyi 1/2, root shares, pools a ninth of a route", Walk(0.5, routes=1 / 9), power(0.5, 0.5)),
    ("Renyi 1/2, root shares, pools halved", WINNER, power(0.5, 0.5)),
    ("m n^1/4, shares by routes", LINEAR, power(1, 0.25)),
    ("m n^1/4, shares by squared routes", Walk(2.0), power(1, 0.25)),
    ("(m n)^1/3, root shares, pools halved", WINNER, power(1 / 3, 1 / 3)),
    ("(m reuse)^1/2, root shares, pools halved", WINNER, lambda o: np.sqrt(o.m * o.reuse).sum(1)),
    ("m (reuse n)^1/3, root shares, pools halved", WINNER, lambda o: (o.m * np.cbrt(o.reuse * o.n)).sum(1)),
    ("m^1/2 (reuse n)^1/3, root shares, pools halved", WINNER,
     lambda o: (np.sqrt(o.m) * np.cbrt(o.reuse * o.n)).sum(1)),
    ("(m reuse n)^1/3", PLAIN, third),
    ("(m reuse n)^1/3, padding lost", PADDED, third),
    ("(m reuse n)^1/3, pools halved", Walk(pool=HALF), third),
    ("(m reuse n)^1/3, shares by routes, pools halved", Walk(1.0, pool=HALF), third),
    ("(m reuse n)^1/3, root shares", ROOT, third),
    ("(m reuse n)^1/3, root shares, pools halved (chosen)", WINNER, third),
    ("(m reuse n)^1/3, root shares, pools .75, layers .9", Walk(0.5, layer=0.9, pool=0.75), third),
    ("m^1/3 reuse^3/4 fan-in^1/4 out^1/2, routes, all keep .85", Walk(1.0, layer=0.85, pool=0.85),
     lambda o: (o.m ** (1 / 3) * o.hw**0.75 * o.fan_in**0.25 * o.out**0.5).sum(1)),
]  # fmt: skip


def held_out(names: list[str]) -> np.ndarray:
    """The networks that no choice was made on: 70 % by a checksum of their names."""
    return np.array([zlib.crc32(name.encode()) % 100 >= SEARCHED for name in names])


def main() -> None:
    cells, networks = load(benchmark("nasbench201")).entries, load(benchmark("macro")).entries
    names = [entry.spec.removeprefix("nb201:") for entry in cells]
    codes = np.array([[OPERATIONS.index(op) for node in parse_cell(name) for op in node] for name in names])
    archs = [entry.spec.removeprefix("macro:") for entry in networks]
    digits = np.array([[int(digit) for digit in arch.removeprefix("a")] for arch in archs])
    spaces = (nasbench201(codes), macro(digits))
    kept, kept_macro = held_out(names), held_out(archs)
    unique = kept & np.array([entry.extra["reachable"] == 1 for entry in cells])
    accuracy = np.array([entry.accuracy for entry in cells])
    accuracy_macro = np.array([entry.accuracy for entry in networks])
    print("| candidate | unique tau | rho | all tau | rho | Macro tau | rho |\n|---|---|---|---|---|---|---|")
    layers = {}
    for name, walk, functional in FAMILIES:
        if walk not in layers:
            layers = {walk: tuple(walk(space) for space in spaces)}  # one at a time: they are large
        score, score_macro = (functional(found) for found in layers[walk])
        cases = (
            (score, accuracy, unique),
            (score, accuracy, kept),
            (score_macro, accuracy_macro, kept_macro),
        )
        figures = [
            f"{statistic(s[rows], a[rows])[0]:.3f}"
            for s, a, rows in cases
            for statistic in (kendalltau, spearmanr)
        ]
        print(f"| {name} | {' | '.join(figures)} |", flush=True)


if __name__ == "__main__":
    main()
