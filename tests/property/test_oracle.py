"""The oracle against every path written out, and both against formulas derived by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reprior.core.canonical import canonicalise
from reprior.core.weighting import Decay

from .. import bruteforce
from ..oracle import ScalarGraph
from .families import FAMILIES
from .profile import examples
from .sketch import Sketch
from .surroundings import EPILOGUES, PROLOGUES


@pytest.mark.parametrize("decay", ["1", "1/3"])
@pytest.mark.parametrize("family", FAMILIES)
@examples(8)
@given(
    data=st.data(),
    prologue=st.sampled_from(sorted(PROLOGUES)),
    epilogue=st.sampled_from(sorted(EPILOGUES)),
)
def test_oracle_adds_up_the_paths_that_can_be_listed(
    family: str, decay: str, data: st.DataObject, prologue: str, epilogue: str
) -> None:
    sketch = Sketch(data.draw)
    graph = canonicalise(EPILOGUES[epilogue](sketch, FAMILIES[family](sketch, PROLOGUES[prologue])))
    listed = bruteforce.contexts(graph, Fraction(decay))
    assume(listed is not None)
    counts = ScalarGraph(graph).counts(Decay(Fraction(decay)))
    assert set(counts) == set(listed)
    for name, found in counts.items():
        assert all(found[index] == listed[name][index] for index in np.ndindex(listed[name].shape))
