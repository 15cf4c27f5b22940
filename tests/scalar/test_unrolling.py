from collections import Counter

import pytest
from hypothesis import given

from reprior.errors import GraphError
from reprior.scalar import DagBuilder, count_contexts, is_uniform, summarise, unroll, unrolled_size
from tests.strategies import dags, live_dags


@given(dags(tied=True))
def test_unrolling_leaves_counts_unchanged(dag):
    alive = {name: count for name, count in count_contexts(dag).items() if count}
    assert count_contexts(unroll(dag)) == alive


@given(dags())
def test_every_parameter_is_duplicated_once_for_each_context(dag):
    duplicates = Counter(node.origin for node in unroll(dag).parameters)
    assert {name: duplicates[name] for name in count_contexts(dag)} == count_contexts(dag)


@given(dags())
def test_every_duplicate_feeds_one_node_or_is_an_output(dag):
    unrolled = unroll(dag)
    for node, fed in zip(unrolled.nodes, unrolled.targets, strict=True):
        assert len(fed) == (node.kind != "output")
    assert len(unrolled.outputs) == len(dag.outputs)


@given(dags())
def test_duplicates_take_what_their_origin_takes(dag):
    unrolled = unroll(dag)
    taken = {
        node.name: sorted(dag.nodes[source].name for source in own)
        for node, own in zip(dag.nodes, dag.sources, strict=True)
    }
    for node, own in zip(unrolled.nodes, unrolled.sources, strict=True):
        assert sorted(unrolled.nodes[source].origin for source in own) == taken[node.origin]
    assert all(source < index for index, own in enumerate(unrolled.sources) for source in own)
    assert len({node.name for node in unrolled.nodes}) == len(unrolled)


@given(dags())
def test_the_predicted_size_is_the_size(dag):
    assert unrolled_size(dag) == len(unroll(dag))


@given(dags())
def test_unrolling_twice_changes_nothing_more(dag):
    once = unroll(dag)
    assert unroll(once) == once


@given(live_dags())
def test_quantities_are_those_of_the_graph(dag):
    """All but the number of weight nodes, which is now the number of all contexts."""
    before, after = summarise(dag), summarise(unroll(dag))
    assert after.num_inputs == before.num_inputs
    assert after.num_outputs == before.num_outputs
    assert after.num_parameters == before.num_parameters
    assert after.total_contexts == before.total_contexts
    assert after.expected_spread == before.expected_spread
    assert after.entropy == before.entropy
    assert after.total_surprisal == before.total_surprisal
    assert after.num_weight_nodes == before.total_contexts


@given(dags())
def test_a_graph_is_uniform_if_unrolling_it_shares_no_parameter(dag):
    duplicates = Counter(node.origin for node in unroll(dag).parameters)
    alive = all(duplicates[node.origin] for node in dag.parameters)
    assert is_uniform(dag) == (alive and max(duplicates.values()) == 1)


@given(dags())
def test_the_uniform_graph_of_the_same_size(dag):
    """Every duplicate its own parameter, as from figure 3b to 3c: N_C parameters (note on theorem 1)."""
    unrolled = unroll(dag)
    builder = DagBuilder()
    for node in unrolled.nodes:
        builder.node(node.name, node.kind)
    for source, target in unrolled.edges():
        builder.edge(source, target)
    uniform = builder.build()
    assert is_uniform(uniform)
    assert len(uniform.parameters) == sum(count_contexts(dag).values())


def doubling(length):
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for number in range(length):
        builder.function(f"a{number}", f"f{number}").function(f"b{number}", f"f{number}")
        builder.function(f"f{number + 1}", f"a{number}", f"b{number}")
    return builder.output("y", f"f{length}").build()


def test_too_large_is_refused_with_the_size():
    assert unrolled_size(doubling(20)) == 3 * 2**21 - 2
    with pytest.raises(GraphError, match="makes 6,291,454 nodes, over the limit of 100,000; raise it"):
        unroll(doubling(20))
    with pytest.raises(GraphError, match=r"makes about 2\^5,002\.6 nodes"):
        unroll(doubling(5000))


def test_the_limit_can_be_raised():
    size = unrolled_size(doubling(3))
    with pytest.raises(GraphError, match=f"makes {size} nodes, over the limit of {size - 1}"):
        unroll(doubling(3), limit=size - 1)
    assert len(unroll(doubling(3), limit=size)) == size


def test_a_deep_graph_is_unrolled_without_recursion():
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for number in range(20_000):
        builder.function(f"f{number + 1}", f"f{number}")
    dag = builder.output("y", "f20000").build()
    assert unroll(dag) == dag


def test_names_that_look_like_copies_do_not_collide():
    dag = (
        DagBuilder()
        .parameters("w#1", "w")
        .function("a", "w", "w#1")
        .function("b", "w")
        .output("y", "a", "b")
        .build()
    )
    assert sorted(node.name for node in unroll(dag).parameters) == ["w##1", "w##2", "w#1"]
