import doctest
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior import analyze, decimals
from reprior.decimals import decimal_digits
from reprior.scalar import DagBuilder


@given(st.integers())
def test_integers(value):
    assert decimal_digits(value) == str(value)


@given(st.fractions())
def test_fractions(value):
    assert decimal_digits(value) == str(value)


def test_more_digits_than_python_prints():
    assert decimal_digits(10**20_000 + 7) == "1" + "0" * 19_999 + "7"
    assert decimal_digits(Fraction(1, 3**9999)).startswith("1/")
    with pytest.raises(ValueError, match="4300 digits"):
        str(10**20_000)


def test_analyses_of_very_deep_models_can_be_written():
    builder, before = DagBuilder().inputs("x").parameters("w").function("f", "x", "w"), ["f"]
    for layer in range(15_000):
        builder.function(f"a{layer}", *before).function(f"b{layer}", *before)
        before = [f"a{layer}", f"b{layer}"]
    data = analyze(builder.output("y", *before).build(), exact=True).to_dict()
    assert data["total_contexts"] == decimal_digits(2**15_000)
    assert len(data["total_contexts"]) == 4516


def test_examples_run():
    result = doctest.testmod(decimals)
    assert (result.failed, result.attempted) == (0, 2)
