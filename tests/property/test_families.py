"""Every primitive family, in twenty surroundings, against the count of the expanded graph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.canonical import canonicalise

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
