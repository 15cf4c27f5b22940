"""Every primitive family, in twenty surroundings, against the count of the expanded graph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.core.canonical import canonicalise
from reprior.core.graph import Graph
from reprior.core.passes import settle_presence
from reprior.core.primitives import Map

from ..oracle import ScalarGraph
from .agreement import check_against_oracle, check_function_nodes
from .families import FAMILIES
from .profile import examples
from .sketch import Sketch
from .surroundings import EPILOGUES, PROLOGUES


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("prologue", PROLOGUES)
@pytest.mark.parametrize("family", FAMILIES)
@examples(3)
@given(data=st.data())
def test_counts_are_those_of_the_expanded_graph(
    family: str, prologue: str, epilogue: str, data: st.DataObject
) -> None:
    sketch = Sketch(data.draw)
    graph = EPILOGUES[epilogue](sketch, FAMILIES[family](sketch, PROLOGUES[prologue]))
    for normalization, preset in (("local", "paper"), ("coupled", "definition")):
        check_against_oracle(canonicalise(graph, normalization, preset))


@pytest.mark.parametrize("prologue", PROLOGUES)
@pytest.mark.parametrize("family", FAMILIES)
@examples(3)
@given(data=st.data())
def test_function_nodes_are_those_of_the_expanded_graph(
    family: str, prologue: str, data: st.DataObject
) -> None:
    sketch = Sketch(data.draw)
    graph = EPILOGUES["head"](sketch, FAMILIES[family](sketch, PROLOGUES[prologue]))
    check_function_nodes(canonicalise(graph))


@pytest.mark.parametrize("prologue", PROLOGUES)
@examples(20)
@given(data=st.data())
def test_masks_say_what_a_presence_said(prologue: str, data: st.DataObject) -> None:
    """The oracle reads the tables themselves; the engine counts what `settle_presence` made of them."""
    sketch = Sketch(data.draw)
    graph = EPILOGUES["head"](sketch, FAMILIES["presence"](sketch, PROLOGUES[prologue]))
    settled = Graph(*map(tuple, settle_presence(graph.nodes, graph.outputs)))
    settled.check()
    assert all(node.op.presence is None for node in settled.nodes if isinstance(node.op, Map))
    check_against_oracle(settled, ScalarGraph(graph))
