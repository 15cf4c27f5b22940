import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.scalar import Scaled

numbers = st.builds(Scaled.of, st.floats(0, 1e6, allow_subnormal=False), st.integers(-4000, 4000))


def exactly(number):
    return Fraction(number.mantissa) * Fraction(2) ** number.exponent


def agree(number, expected):
    return abs(exactly(number) - expected) <= expected * Fraction(2) ** -52


@given(numbers, numbers)
def test_arithmetic_is_that_of_the_numbers(a, b):
    assert agree(a + b, exactly(a) + exactly(b))
    assert agree(a * b, exactly(a) * exactly(b))


@given(numbers)
def test_mantissas_are_normal(number):
    assert number.mantissa == 0 or 0.5 <= number.mantissa < 1
    assert bool(number) == (number.mantissa != 0)


@given(st.floats(0, 1e300))
def test_floats_come_back(value):
    assert float(Scaled.of(value)) == value


def test_out_of_range_of_a_float():
    assert float(Scaled.of(1.0, 5000)) == math.inf
    assert float(Scaled.of(1.0, -5000)) == 0.0


@pytest.mark.parametrize("zero", [Scaled.of(0.0), Scaled.of(0.0, 7), Scaled.of(0.0) * Scaled.of(3.0, 9)])
def test_zero_is_zero(zero):
    assert not zero
    assert zero == Scaled.of(0.0)
    assert zero + Scaled.of(3.0) == Scaled.of(3.0) == Scaled.of(3.0) + zero
