"""Splitting a merged axis finds the uniform one again."""

import numpy as np

from reprior.core.runs import Runs, uniform


def test_merge_and_split_keeps_a_uniform_axis() -> None:
    """Weight standardisation flattens a kernel whose taps differ and whose channels do not."""
    taps = Runs.from_dense(np.arange(1.0, 10.0).reshape(3, 3))
    kernel = taps.insert_axis(0, 64).insert_axis(0, 256)
    flat = kernel.reshape((1, 256, 64 * 9))
    again = flat.reshape((256, 64, 3, 3))
    assert again.axes[:2] == (uniform(256), uniform(64))
    assert (again.to_dense() == kernel.to_dense()).all()


def test_split_axis_that_is_not_uniform_stays_dense() -> None:
    values = np.arange(12.0)
    split = Runs.from_dense(values).reshape((3, 4))
    assert (split.to_dense() == Runs.from_dense(values.reshape(3, 4)).to_dense()).all()
