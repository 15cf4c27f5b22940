import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.errors import GraphError, SpecError
from reprior.scalar import Dag, DagBuilder, count_contexts, summarise
from tests.strategies import dags


def cell():
    """A recurrent neuron: h_t = f(x_t, w, h_t-1, u), y_t = g(h_t, v)."""
    return (
        DagBuilder()
        .inputs("x")
        .parameters("w", "u", "v")
        .function("h", "x", "w", "u")
        .edge("h", "h", delay=1)
        .output("y", "h", "v")
    )


def cell_by_hand(outputs):
    builder = DagBuilder().parameters("w", "u", "v")
    for step in range(3):
        before = [f"h@{step - 1}"] if step else []
        builder.inputs(f"x@{step}").function(f"h@{step}", f"x@{step}", "w", "u", *before)
        kind = "output" if step == 2 or outputs == "all" else "function"
        builder.node(f"y@{step}", kind, f"h@{step}", "v")
    return builder.build()


@pytest.mark.parametrize("outputs", ["last", "all"])
def test_recurrent_cell_equals_the_graph_unrolled_by_hand(outputs):
    dag = cell().build(length=3, outputs=outputs)
    by_hand = cell_by_hand(outputs)
    assert set(dag.nodes) == set(by_hand.nodes)
    assert set(dag.edges()) == set(by_hand.edges())
    assert count_contexts(dag) == count_contexts(by_hand)


def test_counts_of_a_recurrent_cell():
    """At the last step w is used once each step, at all steps once for each pair of steps in order."""
    assert count_contexts(cell().build(length=3)) == {"w": 3, "u": 3, "v": 1}
    assert count_contexts(cell().build(length=3, outputs="all")) == {"w": 6, "u": 6, "v": 3}


def test_sizes_of_a_recurrent_cell():
    summary = summarise(cell().build(length=5))
    assert (summary.num_inputs, summary.num_outputs, summary.num_parameters) == (5, 1, 3)
    assert summary.num_weight_nodes == 5 + 5 + 1


def test_longer_delays():
    builder = DagBuilder().inputs("x").parameters("w").function("h", "x", "w").output("y", "h")
    dag = builder.edge("h", "h", delay=2).edge("x", "y", delay=1).build(length=4)
    assert ("h@1", "h@3") in dag.edges()
    assert ("x@2", "y@3") in dag.edges()
    assert count_contexts(dag) == {"w": 2}


@given(dags(), st.integers(1, 4), st.sampled_from(["last", "all"]))
def test_without_delays_the_steps_are_copies_that_share_parameters(dag, length, outputs):
    builder = DagBuilder()
    for node in dag.nodes:
        builder.node(node.name, node.kind)
    for source, target in dag.edges():
        builder.edge(source, target)
    times = length if outputs == "all" else 1
    expected = {name: times * count for name, count in count_contexts(dag).items()}
    assert count_contexts(builder.build(length=length, outputs=outputs)) == expected


def test_names_that_look_like_copies_do_not_collide():
    dag = DagBuilder().parameters("w", "y@0").output("y", "w", "y@0").build(length=2, outputs="all")
    assert [node.name for node in dag.outputs] == ["y@@0", "y@@1"]


def test_tied_parameters_stay_tied():
    builder = DagBuilder().node("w", "parameter").node("copy", "parameter", origin="w")
    dag = builder.function("f", "w").output("y", "f", "copy").build(length=2, outputs="all")
    assert count_contexts(dag) == {"w": 4}


@pytest.mark.parametrize(
    ("builder", "length", "message"),
    [
        (cell(), None, r"goes through time \(h -> h\); give a length to unroll it"),
        (DagBuilder().inputs("x").output("y").edge("x", "y", 1), None, r"goes through time \(x -> y\)"),
        (
            DagBuilder().output("a", "c").function("b", "a").function("c", "b"),
            3,
            "has a cycle without a delayed edge: a -> b -> c -> a",
        ),
        (
            DagBuilder().parameters("w").output("y").edge("w", "y", delay=1),
            3,
            "w -> y is delayed, but parameter 'w' is the same at all steps",
        ),
        (DagBuilder().output("y").edge("ghost", "y", delay=1), 3, "unknown node 'ghost'"),
        (DagBuilder().output("y").inputs("x").edge("y", "x", delay=1), 3, "enters the input 'x'"),
        (cell(), 10**12, "makes 3,000,000,000,003 nodes, over the limit of 1,000,000"),
    ],
)
def test_graphs_that_cannot_be_unrolled_in_time(builder, length, message):
    with pytest.raises(GraphError, match=message):
        builder.build(length=length)


@pytest.mark.parametrize("length", [0, -1, 2.5, True, "3"])
def test_lengths_that_are_none(length):
    with pytest.raises(SpecError, match="a whole number of at least 1"):
        cell().build(length=length)


def test_outputs_that_are_none():
    with pytest.raises(SpecError, match="are 'last' or 'all', not 'first'"):
        cell().build(length=2, outputs="first")


@pytest.mark.parametrize("delay", [-1, 0.5, True, None])
def test_delays_that_are_none(delay):
    with pytest.raises(SpecError, match="the edge a -> b has delay"):
        DagBuilder().edge("a", "b", delay=delay)


def test_the_limit_can_be_raised():
    with pytest.raises(GraphError, match="limit of 10;"):
        cell().build(length=5, limit=10)
    assert isinstance(cell().build(length=5, limit=18), Dag)
