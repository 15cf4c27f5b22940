"""What stands before and after the operation under test.

Five prologues make a value of any shape; four epilogues lead values to outputs. Every family of
primitives is tested in each of the twenty surroundings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from reprior.core.graph import Graph
from reprior.core.primitives import Concat, Pad, Permute, Reduce, Take

from .sketch import Shape, Sketch

__all__ = ["EPILOGUES", "PROLOGUES", "Epilogue", "Prologue"]

Prologue = Callable[[Sketch, Shape], int]
"""Makes a value of a shape."""
Epilogue = Callable[[Sketch, Sequence[int]], Graph]
"""Ends a graph whose operations under test gave these values."""


def plain(sketch: Sketch, shape: Shape) -> int:
    """Fed elements, mixed along one axis by a linear layer."""
    if not shape:
        return sketch.map(sketch.input(()), sketch.parameter(()))
    axis = sketch.number(0, len(shape) - 1)
    narrow = (*shape[:axis], sketch.number(1, 3), *shape[axis + 1 :])
    return sketch.mix(sketch.input(narrow), axis, shape[axis])


def absent(sketch: Sketch, shape: Shape) -> int:
    """Some positions hold no element: padded, masked, or taken from nowhere."""
    kind = sketch.choose("pad", "take", "keep")
    if kind == "keep" or not shape:
        return sketch.keep(plain(sketch, shape))
    axis = sketch.number(0, len(shape) - 1)
    size = shape[axis]
    if kind == "take":
        source = sketch.number(1, size)
        indices = [sketch.number(-1, source - 1) for _ in range(size)]
        indices[sketch.number(0, size - 1)] = 0
        value = plain(sketch, (*shape[:axis], source, *shape[axis + 1 :]))
        return sketch.add(Take(axis, np.array(indices)), value)
    before = sketch.number(0, size - 1)
    after = sketch.number(0, size - 1 - before)
    value = plain(sketch, (*shape[:axis], size - before - after, *shape[axis + 1 :]))
    padding = [(0, 0)] * len(shape)
    padding[axis] = (before, after)
    return sketch.add(Pad(tuple(padding)), value)


def stream(sketch: Sketch, shape: Shape) -> int:
    """A value with several users: a residual branch and a pointwise expression that repeats it."""
    trunk = plain(sketch, shape)
    branch = sketch.map(trunk, sketch.map(trunk))
    if shape:
        axis = sketch.number(0, len(shape) - 1)
        branch = sketch.mix(branch, axis, shape[axis])
    return sketch.map(trunk, branch)


def tied(sketch: Sketch, shape: Shape) -> int:
    """One matrix used twice, the second time transposed, beside a bias used twice."""
    if not shape:
        weight = sketch.parameter(())
        return sketch.map(sketch.map(sketch.keep(plain(sketch, ())), weight), weight)
    axis = sketch.number(0, len(shape) - 1)
    middle = sketch.number(1, 3)
    weight = sketch.parameter((shape[axis], middle))
    bias = sketch.parameter((shape[-1],))
    value = sketch.map(sketch.input(shape), bias)
    value = sketch.mix(value, axis, middle, weight)
    value = sketch.mix(value, axis, shape[axis], sketch.add(Permute((1, 0)), weight))
    return sketch.map(value, bias)


def generated(sketch: Sketch, shape: Shape) -> int:
    """A matrix that other parameters, or the data, generate."""
    if not shape:
        return sketch.map(sketch.input(()), sketch.map(sketch.parameter(()), sketch.parameter(())))
    axis = sketch.number(0, len(shape) - 1)
    narrow = (*shape[:axis], sketch.number(1, 2), *shape[axis + 1 :])
    x = sketch.input(narrow)
    kind = sketch.choose("low rank", "bank", "hypernetwork")
    if kind == "low rank":
        weight = sketch.einsum(
            "ir,ro->io", sketch.parameter((narrow[axis], 2)), sketch.parameter((2, shape[axis]))
        )
        weight = sketch.map(weight, sketch.parameter((narrow[axis], shape[axis])))
    elif kind == "bank":
        bank = sketch.parameter((3, narrow[axis], shape[axis]))
        weight = sketch.einsum("k,kio->io", sketch.parameter((3,)), bank)
    else:
        summary = sketch.reshape(sketch.add(Reduce(tuple(range(len(narrow)))), x), 1)
        weight = sketch.mix(summary, 0, narrow[axis] * shape[axis])
        weight = sketch.reshape(weight, narrow[axis], shape[axis])
    return sketch.mix(x, axis, shape[axis], weight)


def direct(sketch: Sketch, values: Sequence[int]) -> Graph:
    """Every value is an output."""
    return sketch.finish(*values)


def exits(sketch: Sketch, values: Sequence[int]) -> Graph:
    """The values are outputs and feed a later output too."""
    joined = _join(sketch, values)
    late = sketch.mix(sketch.map(joined), 0, sketch.number(1, 3))
    return sketch.finish(*values, late)


def head(sketch: Sketch, values: Sequence[int]) -> Graph:
    """Two linear layers, the second with a bias."""
    hidden = sketch.map(sketch.mix(_join(sketch, values), 0, 2))
    logits = sketch.mix(hidden, 0, sketch.number(1, 3))
    return sketch.finish(sketch.map(logits, sketch.parameter(sketch.shape(logits), "bias")))


def gate(sketch: Sketch, values: Sequence[int]) -> Graph:
    """A learned gate computed from the mean, as in squeeze-and-excite."""
    joined = _join(sketch, values)
    pooled = sketch.add(Reduce((0,), True), joined)
    return sketch.finish(sketch.map(joined, sketch.map(sketch.mix(pooled, 0, sketch.shape(joined)[0]))))


def _join(sketch: Sketch, values: Sequence[int]) -> int:
    flat = [sketch.reshape(value, prod(sketch.shape(value))) for value in values]
    return flat[0] if len(flat) == 1 else sketch.add(Concat(0), *flat)


PROLOGUES: dict[str, Prologue] = {f.__name__: f for f in (plain, absent, stream, tied, generated)}
EPILOGUES: dict[str, Epilogue] = {f.__name__: f for f in (direct, exits, head, gate)}
