"""Hypothesis strategies shared by the tests."""

from hypothesis import strategies as st

from reprior.core.weighting import Weighting
from reprior.scalar import Dag, DagBuilder


def weightings() -> st.SearchStrategy[Weighting]:
    """All kinds that graphs of scalars have, exact and not."""
    return st.sampled_from(
        ["unit", "fan_in:0", "fan_in:0.5", "fan_in:1", "fan_in:2", "decay:1", "decay:0.9", "decay:1/3"]
    ).map(Weighting.parse)


@st.composite
def dags(draw: st.DrawFn, max_functions: int = 7, tied: bool = False) -> Dag:
    """Small graphs with at least one parameter and one output.

    Early exits, constants, parameter transformations, dead ends and unused nodes all occur. Nodes are
    declared out of order and some edges twice. With `tied`, some parameters share an origin.
    """
    inputs = [f"x{n}" for n in range(draw(st.integers(0, 3)))]
    parameters = [f"w{n}" for n in range(draw(st.integers(1, 4)))]
    functions = [f"f{n}" for n in range(draw(st.integers(1, max_functions)))]
    exits = draw(st.sets(st.sampled_from(functions), min_size=1, max_size=3))
    builder = DagBuilder()
    for name in draw(st.permutations([*inputs, *parameters, *functions])):
        if name in inputs:
            builder.inputs(name)
        elif name in parameters:
            origin = draw(st.sampled_from(["", *parameters])) if tied else ""
            builder.node(name, "parameter", origin=origin)
        else:
            earlier = functions[: functions.index(name)]
            sources = draw(st.lists(st.sampled_from([*inputs, *parameters, *earlier]), max_size=5))
            builder.node(name, "output" if name in exits else "function", *sources)
    return builder.build()


@st.composite
def live_dags(draw: st.DrawFn, max_functions: int = 7) -> Dag:
    """Graphs where at least one parameter has a context and every input has a path to an output."""
    functions = [f"f{n}" for n in range(draw(st.integers(1, max_functions)))]
    leaves = ["x0", "x1", "w0", "w1", "w2"]
    builder = DagBuilder().inputs("x0", "x1").parameters("w0", "w1", "w2")
    for number, name in enumerate(functions):
        builder.function(name, *draw(st.sets(st.sampled_from([*leaves, *functions[:number]]), min_size=1)))
    return builder.output("y", "x0", "x1", "w0", *draw(st.sets(st.sampled_from(functions)))).build()
