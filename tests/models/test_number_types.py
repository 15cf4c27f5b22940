"""Scaled counts are the exact ones on the whole zoo."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from reprior.core.canonical import canonicalise
from reprior.core.counting import count
from reprior.core.graph import Graph
from reprior.core.weighting import Weighting
from reprior.models import PAPER_MODELS, cnn, mlp, nasbench201, nasbench_macro
from reprior.models.nasbench201 import cells
from reprior.models.nasbench_macro import architectures

from ..number_types import assert_agree
from ..property.profile import thorough

# Small images for everyday runs: the graphs are the same, their borders matter more.
_SIZE = None if thorough() else 64
_SAMPLE = random.Random(0)


def _families() -> dict[str, Callable[[], Graph]]:
    result: dict[str, Callable[[], Graph]] = {}
    for skip in ("none", "residual", "dense"):
        for tied in (False, True) if skip != "dense" else (False,):
            name = f"{skip}{'-tied' if tied else ''}"
            result[f"mlp-{name}"] = lambda skip=skip, tied=tied: mlp(20, 300, 40, 10, skip=skip, tied=tied)
            result[f"cnn-{name}"] = lambda skip=skip, tied=tied: cnn(16, 24, 20, 10, skip=skip, tied=tied)
    return result


MODELS: dict[str, Callable[[], Graph]] = {
    **{name: lambda name=name: PAPER_MODELS[name](_SIZE) for name in PAPER_MODELS},
    "efficientnetv2-b0 at its own size": lambda: PAPER_MODELS["efficientnetv2-b0"](None),
    **{
        f"nb201:{cell}": lambda cell=cell: nasbench201(cell)
        for cell in _SAMPLE.sample([c for c in cells() if "nor_conv" in c], 12)
    },
    **{f"macro:{a}": lambda a=a: nasbench_macro(a) for a in _SAMPLE.sample(list(architectures()), 6)},
    **_families(),
}


@pytest.mark.parametrize("preset", ["definition", "paper"])
@pytest.mark.parametrize("name", MODELS)
def test_scaled_counts_are_the_exact_ones(name: str, preset: str) -> None:
    graph = canonicalise(MODELS[name](), preset=preset)
    assert_agree(count(graph, number="exact"), count(graph, number="scaled"))


@pytest.mark.parametrize("weighting", ["fan_in:1", "decay:1/2"])
@pytest.mark.parametrize("name", ["efficientnetv2-b0", "resnet50", "cnn-residual", "mlp-dense"])
def test_scaled_weighted_counts_are_the_exact_ones(name: str, weighting: str) -> None:
    graph = MODELS[name]() if name not in PAPER_MODELS else PAPER_MODELS[name](32)
    canonical, weights = canonicalise(graph), Weighting.parse(weighting)
    assert_agree(count(canonical, weights, "exact"), count(canonical, weights, "scaled"))
