import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.errors import GraphError, SpecError
from reprior.scalar import Dag, DagBuilder, Node
from tests.strategies import dags


@given(dags(tied=True))
def test_every_node_comes_after_its_sources(dag):
    assert all(source < index for index, own in enumerate(dag.sources) for source in own)
    assert all(list(own) == sorted(set(own)) for own in dag.sources)


@given(dags(tied=True))
def test_a_graph_in_order_stays_as_it_is(dag):
    assert Dag.from_edges(dag.nodes, dag.edges()) == dag


@given(dags())
def test_targets_are_the_transpose_of_sources(dag):
    edges = {(source, target) for target, own in enumerate(dag.sources) for source in own}
    assert edges == {(source, target) for source, fed in enumerate(dag.targets) for target in fed}


@given(st.integers(1, 8), st.integers(0, 5), st.randoms())
def test_a_cycle_is_named(length, others, random):
    ring = [f"c{n}" for n in range(length)]
    builder = DagBuilder().inputs("x").parameters("w").output("y", ring[0])
    for number, name in enumerate(ring):
        builder.function(name, ring[number - 1])
    for number in range(others):
        builder.function(f"ahead{number}", "x", "w").edge(f"ahead{number}", random.choice(ring))
        builder.function(f"behind{number}", random.choice(ring), "w")
    with pytest.raises(GraphError, match="the graph has a cycle: ") as caught:
        builder.build()
    names = str(caught.value).removeprefix("the graph has a cycle: ").split(" -> ")
    assert names[0] == names[-1]
    start = ring.index(names[0])
    assert names == [ring[(start + n) % length] for n in range(length + 1)]


def test_a_long_cycle_is_named_on_one_short_line():
    builder = DagBuilder().output("y", "c0")
    for number in range(100_000):
        builder.function(f"c{number}", f"c{(number - 1) % 100_000}")
    with pytest.raises(GraphError, match=r"c0 -> c1 -> .* -> c0 \(100000 nodes\)") as caught:
        builder.build()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (DagBuilder(), "the graph has no output node"),
        (DagBuilder().inputs("x").parameters("w").function("f", "x", "w"), "no output node"),
        (DagBuilder().inputs("x", "x").output("y"), "the name 'x' is given to two nodes"),
        (DagBuilder().inputs("x").output("x"), "the name 'x' is given to two nodes"),
        (DagBuilder().inputs("").output("y"), "node number 1 has an empty name"),
        (DagBuilder().output("y", "ghost"), "the edge ghost -> y names an unknown node 'ghost'"),
        (DagBuilder().output("y").edge("y", "ghost"), "the edge y -> ghost names an unknown node 'ghost'"),
        (
            DagBuilder().inputs("x").output("y").edge("y", "x"),
            "the edge y -> x enters the input 'x', which takes nothing",
        ),
        (
            DagBuilder().parameters("w").output("y").edge("y", "w"),
            "the edge y -> w enters the parameter 'w', which takes nothing",
        ),
        (DagBuilder().output("y", "y"), "the graph has a cycle: y -> y"),
    ],
)
def test_graphs_that_cannot_be(builder, message):
    with pytest.raises(GraphError, match=message):
        builder.build()


def test_kinds_that_are_none():
    with pytest.raises(SpecError, match="node 'n' has kind 'neuron', which is none of input, parameter"):
        DagBuilder().node("n", "neuron")


def test_nodes_by_kind():
    dag = DagBuilder().inputs("x").parameters("w").function("f", "x", "w").output("y", "f").build()
    assert dag.inputs == (Node("x", "input"),)
    assert dag.parameters == (Node("w", "parameter"),)
    assert dag.outputs == (Node("y", "output"),)
    assert len(dag) == 4
    assert repr(dag) == "Dag(input=1, parameter=1, function=1, output=1)"
    assert str(dag) == "f = function(x, w)\ny = output(f)"
