"""The count agrees with automatic differentiation on architectures of many families, element by element."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from reprior.frontends.torch.build import build
from reprior.frontends.torch.verify import verify_module
from tests.verify.population import POPULATION

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries that build the models

OPEN: dict[str, str] = {}
"""What is known to be wrong, and why."""

STATISTICS = frozenset(["nfnet"])
"""Architectures with elements that reach the outputs through statistics of a normalisation alone: taps of
standardised kernels that meet padding only, as small as the last feature maps are here."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason=OPEN[name])) if name in OPEN else name
        for name in POPULATION
    ],
)
def test_count_and_gradients_agree(name: str) -> None:
    make, fed = POPULATION[name]
    found = verify_module(build(make), fed, name=name)
    assert found.agrees, str(found)
    assert found.undecided == 0
    assert (found.total("statistics") > 0) == (name in STATISTICS)


def test_the_population_is_large() -> None:
    assert len(POPULATION) >= 60
