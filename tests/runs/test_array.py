"""Compressed arrays behave as the arrays they stand for."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.core.runs import Axis, Runs, dense, uniform
from reprior.core.runs.axis import common_refinement, from_ends

from ..property.profile import examples

NUMBERS = ["exact", "scaled"]
SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=3)


@st.composite
def axes(draw: st.DrawFn, size: int) -> Axis:
    """Any partition of a size."""
    inner = draw(st.sets(st.integers(1, size - 1))) if size > 1 else set()
    return from_ends(np.array([*sorted(inner), size]))


@st.composite
def arrays(draw: st.DrawFn, number: str, shape: tuple[int, ...] | None = None) -> tuple[Runs, np.ndarray]:
    """A compressed array, and the exact integers or the log2 it stands for.

    Scaled values are zeros and powers of two from 2**-1500 to 2**1500, over three planes.
    """
    shape = tuple(draw(SIZES)) if shape is None else shape
    parts = tuple(draw(axes(size)) for size in shape)
    stored = tuple(axis.num_runs for axis in parts)
    many = math.prod(stored)
    if number == "exact":
        values = np.empty(many, dtype=object)
        values[:] = draw(st.lists(st.integers(0, 10**40), min_size=many, max_size=many))
        planes = ((0, values.reshape(stored)),)
    else:
        planes = []
        for plane in (-2, 0, 2):
            bits = draw(st.lists(st.one_of(st.none(), st.integers(-200, 200)), min_size=many, max_size=many))
            part = np.array([0.0 if b is None else 2.0**b for b in bits]).reshape(stored)
            planes.append((plane, part))
        planes = tuple(planes)
    runs = Runs(parts, planes)
    return runs, written_out(runs)


def written_out(runs: Runs) -> np.ndarray:
    """Every element as an exact integer or fraction, by the definition of axes and planes alone."""
    result = np.empty(runs.shape, dtype=object)
    for index in np.ndindex(runs.shape):
        at = tuple(
            next(run for run, end in enumerate(axis.ends) if i < end)
            for axis, i in zip(runs.axes, index, strict=True)
        )
        result[index] = sum(
            (Fraction(values[at]) * Fraction(2) ** (512 * plane) for plane, values in runs.planes),
            Fraction(0),
        )
    return result


def same(runs: Runs, expected: np.ndarray) -> bool:
    """Exactly equal, or to 12 digits in scaled numbers."""
    found = written_out(runs)
    if found.shape != np.shape(expected):
        return False
    slack = 0 if runs.is_exact else Fraction(1, 10**12)
    pairs = zip(found.ravel(), np.asarray(expected, dtype=object).ravel(), strict=True)
    return all(abs(a - b) <= slack * b for a, b in pairs)


@pytest.mark.parametrize("number", NUMBERS)
@examples(80)
@given(data=st.data())
def test_structure(number: str, data: st.DataObject) -> None:
    runs, full = data.draw(arrays(number))
    axis = data.draw(st.sampled_from(range(full.ndim)))
    size = full.shape[axis]
    order = data.draw(st.permutations(range(full.ndim)))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    before, after = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
    where = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=6)), dtype=np.int64)
    assert same(runs.densify(axis), full)
    assert same(runs.transpose(order), full.transpose(order))
    assert same(
        runs.insert_axis(axis, before), np.stack([full] * before, axis) if before else _empty(full, axis)
    )
    assert same(runs.slice(axis, start, stop), full.take(range(start, stop), axis))
    widths = [(0, 0)] * full.ndim
    widths[axis] = (before, after)
    assert same(runs.pad(axis, before, after), np.pad(full, widths, constant_values=0))
    assert same(runs.take(axis, where), full.take(where, axis))


@pytest.mark.parametrize("number", NUMBERS)
@examples(80)
@given(data=st.data())
def test_reshape(number: str, data: st.DataObject) -> None:
    runs, full = data.draw(arrays(number))
    remaining, shape = full.size, []
    for _ in range(data.draw(st.integers(0, 3))):
        divisors = [n for n in range(1, remaining + 1) if remaining % n == 0]
        shape.append(data.draw(st.sampled_from(divisors)))
        remaining //= shape[-1]
    shape.append(remaining)
    assert same(runs.reshape(shape), full.reshape(shape))
    assert same(runs.reshape(shape).reshape(full.shape), full)


@pytest.mark.parametrize("number", NUMBERS)
@examples(80)
@given(data=st.data())
def test_arithmetic(number: str, data: st.DataObject) -> None:
    runs, full = data.draw(arrays(number))
    other, other_full = data.draw(arrays(number, full.shape))
    axis = data.draw(st.sampled_from(range(full.ndim)))
    size = full.shape[axis]
    factors = data.draw(st.lists(st.integers(0, 1000), min_size=size, max_size=size))
    along = np.array(factors, dtype=object).reshape([-1 if k == axis else 1 for k in range(full.ndim)])
    assert same(runs + other, full + other_full)
    assert same(runs.sum(axis), full.sum(axis))
    assert same(runs.sum_axes(range(full.ndim)), np.array(full.sum(), dtype=object))
    assert same(runs.scale(Fraction(3, 8)), full * Fraction(3, 8))
    assert same(runs.scale_axis(axis, factors), full * along)
    assert same(runs.normalise(), full)
    assert same(runs.normalise(shrinking=True), full)
    kept = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=full.size, max_size=full.size))
    mask = Runs.from_dense(np.array(kept).reshape(full.shape))
    assert same(runs.multiply(mask), full * written_out(mask))
    where = np.array(data.draw(st.lists(st.integers(0, 6), min_size=size, max_size=size)), dtype=np.int64)
    scattered = np.zeros((*full.shape[:axis], 7, *full.shape[axis + 1 :]), dtype=object)
    for position, target in enumerate(where):
        index = (slice(None),) * axis
        scattered[(*index, target)] += full[(*index, position)]
    assert same(runs.scatter_add(axis, where, 7), scattered)


@pytest.mark.parametrize("number", NUMBERS)
@examples(80)
@given(data=st.data())
def test_description(number: str, data: st.DataObject) -> None:
    runs, full = data.draw(arrays(number))
    alive = np.array([value != 0 for value in full.ravel()])
    assert runs.shape == full.shape
    assert runs.count_nonzero() == alive.sum()
    assert runs.multiplicities().sum() == full.size
    if number == "exact":
        assert (runs.to_dense() == full).all()
        return
    logs = runs.to_dense().ravel()
    assert (np.isfinite(logs) == alive).all()
    for found, value in zip(logs[alive], full.ravel()[alive], strict=True):
        exact = math.log2(value.numerator) - math.log2(value.denominator)
        assert abs(found - exact) < 1e-9


@examples(40)
@given(data=st.data(), size=st.integers(1, 12))
def test_common_refinement(data: st.DataObject, size: int) -> None:
    one, other = data.draw(axes(size)), data.draw(axes(size))
    both = common_refinement(one, other)
    assert set(both.ends) == set(one.ends) | set(other.ends)
    assert both.size == size
    assert (one.runs_at(np.arange(size)) == np.repeat(np.arange(one.num_runs), one.lengths)).all()


def test_axes_of_one_kind_are_one_object() -> None:
    assert from_ends(np.array([7])) is uniform(7)
    assert from_ends(np.array([1, 2, 3])) is dense(3)
    assert uniform(3) != dense(3) and uniform(1) == dense(1)


@pytest.mark.parametrize("rounds", [1, 5, 40])
def test_normalise_keeps_every_element_of_a_growing_array(rounds: int) -> None:
    """Multiply half of the elements by 2**300 and half by 2**-100, again and again."""
    runs = Runs.ones((6,), "scaled").densify(0)
    for _ in range(rounds):
        runs = runs.scale_axis(0, [2.0**300] * 3 + [2.0**-100] * 3).normalise(shrinking=True)
    assert runs.to_dense().tolist() == [300.0 * rounds] * 3 + [-100.0 * rounds] * 3
    assert len(runs.planes) <= 2


def _empty(full: np.ndarray, axis: int) -> np.ndarray:
    return np.empty((*full.shape[:axis], 0, *full.shape[axis:]), dtype=object)
