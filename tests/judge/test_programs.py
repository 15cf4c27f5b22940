"""Random programs on (4, 4) matrices, norms by hand and masks among them, against the oracle."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import reprior  # noqa: E402

from .oracle import contexts  # noqa: E402

# {a} is one of the last two values, {b} any; {d} an axis; s.{p...} a parameter of its own.
POINTWISE = """
F.relu({a})
torch.sigmoid({a})
torch.exp({a})
{a} * torch.sigmoid({a})
2 * {a} + 1
{a} ** 2
1 - {a}
torch.tanh({a})
"""
LEARNED = """
{a} * s.{p4}
{a} + s.{p4}
{a} @ s.{p44}
s.{p44} @ {a}
{a} * s.{p41}
F.linear({a}, s.{p44}, s.{p4})
{a} * s.{p1}
"""
BINARY = """
{a} + {b}
{a} * {b}
{a} - {b}
{a} @ {b}.T
{a} @ {b}
torch.maximum({a}, {b})
{a} * torch.sigmoid({b})
torch.softmax({a}, -1) @ {b}
{a} / ({b} + 2)
"""
NORMS = """
F.layer_norm({a}, (4,))
F.rms_norm({a}, (4,))
torch.softmax({a}, {d})
F.normalize({a}, dim={d})
torch.log_softmax({a}, {d})
F.layer_norm({a}, (4,), s.{p4}, s.{p4b})
{a} / {a}.norm(dim={d}, keepdim=True)
({a} - {a}.mean({d}, keepdim=True)) / {a}.std({d}, keepdim=True)
({a} - {a}.mean({d}, keepdim=True)) * (s.{p4} / ({a}.std({d}, keepdim=True) + 1))
{a} * torch.rsqrt({a}.pow(2).mean({d}, keepdim=True) + 1) * s.{p4}
(lambda e: e / e.sum({d}, keepdim=True))(torch.exp({a}))
(lambda e: e / e.sum({d}, keepdim=True))(torch.exp({a} - {a}.amax({d}, keepdim=True)))
(lambda c: c / (c.pow(2).mean({d}, keepdim=True) + 1).sqrt())({a} - {a}.mean({d}, keepdim=True))
s.{p4} * {a} / ({a}.abs().sum({d}, keepdim=True) + 1)
({a} @ {b}.T) / ({a}.norm(dim=1, keepdim=True) * {b}.norm(dim=1))
{a} * torch.sigmoid({a}.mean({d}, keepdim=True))
{a} / {a}.amax()
"""
ROUTES = """
{a} + {a}.mean({d}, keepdim=True)
{a} - {a}.mean({d}, keepdim=True)
{a} * {b}.mean({d}, keepdim=True)
{a} - {a}.amax({d}, keepdim=True)
{a} * torch.sigmoid(s.{p4} * {a}.mean({d}, keepdim=True))
{a} / (1 + {b}.norm(dim={d}, keepdim=True))
{a}.sum({d}, keepdim=True) + s.{p44}
torch.cumsum({a}, {d})
"""
MASKS = """
{a} * torch.tril(torch.ones(4, 4))
torch.tril({a})
{a}.masked_fill(torch.eye(4, dtype=torch.bool), 0.)
{a}.masked_fill(torch.eye(4, dtype=torch.bool), float('-inf')).softmax(-1)
F.pad({a}[:, :3], (1, 0))
F.pad({a}[:, :3], (1, 0), value=1.)
torch.cat([torch.zeros(1, 4), {a}[:3]])
torch.cat([torch.ones(1, 4), {a}[:3]])
{a}.masked_fill(torch.ones(4, 4, dtype=torch.bool).triu(1), float('-inf')).softmax(-1)
torch.where(torch.eye(4) > 0, {a}, {b})
"""
STEPS = [(POINTWISE, 3), (LEARNED, 4), (BINARY, 3), (NORMS, 4), (ROUTES, 2), (MASKS, 2)]
SHAPES = {"p4": (4,), "p4b": (4,), "p44": (4, 4), "p41": (4, 1), "p1": (1,)}


class Program(nn.Module):
    """A few random steps behind a linear map, with a linear map behind them at times."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        shapes, names, lines = {"first": (4, 4)}, ["h0"], ["h0 = x @ s.first"]
        for k in range(1, draw.randint(2, 5) + 1):
            (pool,) = draw.choices([pool for pool, _ in STEPS], [weight for _, weight in STEPS])
            step = draw.choice(pool.strip().splitlines())
            words = {"a": draw.choice(names[-2:]), "b": draw.choice(names), "d": draw.choice("01")}
            for key, shape in SHAPES.items():
                if f"{{{key}}}" in step:
                    words[key] = f"{key}_{k}"
                    shapes[words[key]] = shape
            lines.append(f"h{k} = " + step.format(**words))
            names.append(f"h{k}")
        if draw.random() < 0.3:
            lines.append(f"{names[-1]} = {names[-1]} @ s.last")
            shapes["last"] = (4, 2)
        self.code = "\n    ".join(["def run(s, x):", *lines, f"return {names[-1]}"])
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.rand(shape) + 0.1))
        space = {"torch": torch, "F": F}
        exec(self.code, space)
        self.run = space["run"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.run(self, x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("normalization", ["local", "coupled"])
@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int, normalization: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module, example = Program(seed).eval(), torch.rand(4, 4)
    expected = contexts(module, example, normalization == "local", strict=True)
    found = reprior.analyze(module, example, exact=True, normalization=normalization)
    names = [row.name for row in found.parameters if row.name in expected]
    wrong = [name for name in names if (found.counts(name) != expected[name]).any()]
    assert not wrong, module.code
