"""The authors' own program, figure by figure and count by count."""

import json
from collections import Counter
from pathlib import Path

import pytest

from reprior import analyze

GOLDEN = json.loads((Path(__file__).parent / "original_program.json").read_text())["runs"]
CASES = [(spec, share) for spec, run in GOLDEN.items() for share in ("none", "original_code") if share in run]
QUANTITIES = ("expected_spread", "entropy", "total_surprisal", "log2_total_contexts", "p_g", "p_g_prime")


def counts(analysis):
    """How many scalars have each count."""
    return Counter(value for row in analysis.parameters for value in analysis.counts(row.name).flat)


@pytest.mark.parametrize(("spec", "share"), CASES)
def test_quantities_and_integers(spec, share):
    expected = GOLDEN[spec][share]
    found = analyze(f"paper:{spec}", preset="paper", share=share, exact=True)
    assert found.num_parameters == expected["num_parameters"]
    assert found.num_weight_nodes == expected["num_weight_nodes"]
    assert found.max_contexts == int(expected["max_contexts"])
    for quantity in QUANTITIES:
        # The program adds millions of rounded terms; ours are compensated sums.
        assert getattr(found, quantity) == pytest.approx(expected[quantity], rel=1e-9), quantity


@pytest.mark.parametrize(("spec", "share"), CASES)
def test_scaled_numbers_agree_as_well(spec, share):
    expected = GOLDEN[spec][share]
    found = analyze(f"paper:{spec}", preset="paper", share=share)
    assert found.num_parameters == expected["num_parameters"]
    for quantity in QUANTITIES:
        assert getattr(found, quantity) == pytest.approx(expected[quantity], rel=1e-9), quantity


def test_every_count_of_b0_at_32():
    run = GOLDEN["efficientnetv2-b0@32"]
    found = analyze("paper:efficientnetv2-b0@32", preset="paper", exact=True)
    multiset = counts(found)
    dead = multiset.pop(0)
    assert multiset == {int(value): many for value, many in run["contexts_multiset"]}
    assert dead == found.dead_parameters == 67_872


def test_dead_scalars_meet_padding_only():
    """All of them are taps of depthwise kernels on feature maps of 2 or 1 positions across."""
    found = analyze("paper:efficientnetv2-b0@32", preset="paper", exact=True)
    dead = {row.name: row.dead for row in found.parameters if row.dead}
    assert sum(dead.values()) == 67_872
    for name, number in dead.items():
        kernel = found.counts(name)
        assert kernel.shape[1:] == (1, 3, 3)
        assert number == (kernel == 0).sum()
        assert (kernel == 0).all(axis=(0, 1)).sum() * kernel.shape[0] == number


def test_the_largest_count_of_b0_at_224_to_its_last_digit():
    found = analyze("paper:efficientnetv2-b0@224", preset="paper", exact=True)
    assert str(found.max_contexts) == GOLDEN["efficientnetv2-b0@224"]["none"]["max_contexts"]
    assert found.total_contexts > found.max_contexts
    assert found.dead_parameters == 0
