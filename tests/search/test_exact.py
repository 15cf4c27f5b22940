"""The exact optimum against looking at every combination."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from reprior.errors import RepriorError
from reprior.search.exact import Amount, Budget, Factor, maximise


def problem(draw: random.Random) -> tuple[list[int], list[Factor]]:
    """A few variables in factors of one, of neighbours and of any two."""
    sizes = [draw.randint(1, 4) for _ in range(draw.randint(1, 6))]
    factors = []
    for k in range(len(sizes)):
        for names in {
            (k,),
            tuple(sorted({k, max(0, k - 1)})),
            tuple(sorted({k, draw.randrange(len(sizes))})),
        }:
            table = {}
            for values in itertools.product(*(range(sizes[name]) for name in names)):
                weights = draw.randint(1, 50)
                table[values] = Amount(
                    draw.random() * 10, weights, weights + draw.randint(0, 5), draw.randint(1, 100)
                )
            factors.append(Factor(names, table))
    return sizes, factors


def all_amounts(sizes: list[int], factors: list[Factor]) -> list[np.ndarray]:
    return [
        sum((np.array(f.table[tuple(chosen[k] for k in f.variables)]) for f in factors), np.zeros(4))
        for chosen in itertools.product(*map(range, sizes))
    ]


@pytest.mark.parametrize("seed", range(40))
def test_equals_brute_force(seed: int) -> None:
    draw = random.Random(seed)
    sizes, factors = problem(draw)
    amounts = all_amounts(sizes, factors)
    params = sorted(a[2] for a in amounts)[draw.randrange(len(amounts))] if seed % 4 else None
    macs = sorted(a[3] for a in amounts)[draw.randrange(len(amounts))] if seed % 2 else None
    fitting = [
        math.log2(a[0]) + math.log2(a[1]) / 4
        for a in amounts
        if (params is None or a[2] <= params) and (macs is None or a[3] <= macs)
    ]
    if not fitting:
        with pytest.raises(RepriorError, match="fits both"):
            maximise(sizes, factors, Budget(params, macs))
        return
    found = maximise(sizes, factors, Budget(params, macs))
    assert found.is_proved
    assert found.utility == pytest.approx(max(fitting), abs=1e-9)
    assert found.bound == found.utility
    total = sum(
        (np.array(f.table[tuple(found.choices[k] for k in f.variables)]) for f in factors), np.zeros(4)
    )
    assert np.allclose(total, found.amount)


def test_a_search_cut_short_says_so() -> None:
    sizes, factors = problem(random.Random(3))
    full = maximise(sizes, factors, Budget(150))
    cut = maximise(sizes, factors, Budget(150), most_states=1)
    assert not cut.is_proved
    assert cut.utility <= full.utility <= cut.bound


def test_nothing_fits() -> None:
    with pytest.raises(RepriorError, match="nothing has at most 3 parameters: the least is 4"):
        maximise([1], [Factor((0,), {(0,): Amount(1.0, 4, 4, 1)})], Budget(3))
