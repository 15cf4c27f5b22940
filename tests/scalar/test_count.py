import time
from fractions import Fraction

import pytest
from hypothesis import given

from reprior.core.weighting import Weighting
from reprior.scalar import DagBuilder, Scaled, count_contexts, count_paths
from tests import enumeration
from tests.strategies import dags, weightings


@given(dags(tied=True))
def test_counts_are_the_number_of_enumerated_paths(dag):
    assert count_contexts(dag) == {name: len(found) for name, found in enumeration.contexts(dag).items()}


@given(dags(tied=True), weightings())
def test_weighted_counts_are_the_sum_over_enumerated_paths(dag, weighting):
    exact = weighting.is_exact
    number = {"fan_in": "alpha", "decay": "gamma"}.get(weighting.kind)
    value = Fraction(1) if number is None else getattr(weighting, number)
    value = value if exact else float(value)
    for name, count in count_contexts(dag, weighting).items():
        expected = sum(
            (
                enumeration.weight(dag, path, weighting.kind, value)
                for path in enumeration.contexts(dag)[name]
            ),
            start=Fraction(0),
        )
        if exact:
            assert count == expected
        else:
            assert isinstance(count, Scaled)
            assert float(count) == pytest.approx(float(expected), rel=1e-12)


@given(dags())
def test_paths_from_every_node(dag):
    targets = enumeration.targets_of(dag)
    outputs = {node.name for node in dag.outputs}
    for node, count in zip(dag.nodes, count_paths(dag), strict=True):
        assert count == len(set(enumeration.paths(node.name, targets, outputs)))


def test_fan_in_one_is_a_random_backward_walk():
    """Starting at an output and stepping to a random data source, one ends at an input surely."""
    dag = (
        DagBuilder()
        .inputs("a", "b", "c")
        .function("f", "a", "b")
        .function("g", "f", "c")
        .output("y", "f", "g")
        .build()
    )
    counts = dict(
        zip([n.name for n in dag.nodes], count_paths(dag, Weighting.parse("fan_in:1")), strict=True)
    )
    assert counts["f"] == Fraction(3, 4)
    assert counts["a"] == counts["b"] == Fraction(3, 8)
    assert counts["a"] + counts["b"] + counts["c"] == 1


def test_parameter_transformation_is_passed_through():
    """A parameter beneath another has the contexts of what it makes; its edge weighs 1."""
    dag = (
        DagBuilder()
        .inputs("x")
        .parameters("v", "w")
        .function("scaled", "v", "w")
        .function("f", "x", "scaled")
        .function("g", "x", "f", "scaled")
        .output("y", "f", "g")
        .build()
    )
    assert count_contexts(dag) == {"v": 3, "w": 3}
    # Through f: 1 * (1/2 + 1/2 * 1/2); through g: 1/2 * 1/2.
    assert count_contexts(dag, Weighting.parse("fan_in:1")) == {"v": 1, "w": 1}


def test_early_exit_counts_itself_and_what_it_feeds():
    dag = DagBuilder().inputs("x").parameters("w").output("a", "x", "w").output("b", "a").build()
    assert count_contexts(dag) == {"w": 2}


def test_parameter_used_in_several_places_collects_them_all():
    dag = (
        DagBuilder()
        .inputs("x")
        .parameters("w")
        .function("f", "x", "w")
        .function("g", "f", "w")
        .output("y", "g", "w")
        .build()
    )
    assert count_contexts(dag) == {"w": 3}


def test_function_that_takes_two_copies_of_one_parameter_is_one_use():
    dag = (
        DagBuilder()
        .node("w", "parameter")
        .node("w_again", "parameter", origin="w")
        .output("y", "w", "w_again")
        .build()
    )
    assert count_contexts(dag) == {"w": 1}


def test_repeated_edge_counts_once():
    dag = DagBuilder().inputs("x").parameters("w").output("y", "x", "w", "w").edge("w", "y").build()
    assert count_contexts(dag) == {"w": 1}
    assert list(dag.edges()) == [("x", "y"), ("w", "y")]


def test_dead_parameter_counts_zero():
    dag = DagBuilder().parameters("w", "unused", "lost").function("f", "lost").output("y", "w").build()
    assert count_contexts(dag) == {"w": 1, "unused": 0, "lost": 0}


def chain(length):
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for number in range(1, length):
        builder.function(f"f{number}", f"f{number - 1}")
    return builder.output("y", f"f{length - 1}").build()


def test_chain_of_100_000_nodes():
    started = time.perf_counter()
    assert count_contexts(chain(100_000)) == {"w": 1}
    assert time.perf_counter() - started < 20


def ladder(length):
    """Every rung doubles the number of paths."""
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for number in range(length):
        builder.function(f"g{number}", f"f{number}")
        builder.function(f"f{number + 1}", f"f{number}", f"g{number}")
    return builder.output("y", f"f{length}").build()


def test_deep_counts_are_exact_integers():
    assert count_contexts(ladder(5000)) == {"w": 2**5000}


@pytest.mark.parametrize("length", [1000, 5000])
def test_deep_weights_neither_overflow_nor_vanish(length):
    """Fan-in 2 at each rung: every path halves to the power of alpha at each, and there are 2**length."""
    (count,) = count_contexts(ladder(length), Weighting.parse("fan_in:0.5")).values()
    # Through f the weight is 2**-0.5, through g as well (its own fan-in is one): 2 * 2**-0.5 a rung.
    assert isinstance(count, Scaled)
    assert count.exponent - 1 <= 0.5 * length <= count.exponent
    (count,) = count_contexts(ladder(length), Weighting.parse("fan_in:2.5")).values()
    assert isinstance(count, Scaled)
    assert count.exponent - 1 <= -1.5 * length <= count.exponent
