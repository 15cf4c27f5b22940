"""One small function per ATen operator, grouped by what the operator does.

Importing this package registers them all.
"""

from . import (
    attention,
    fourier,
    indexing,
    linalg,
    moves,
    normalisation,
    padding,
    pathless,
    pointwise,
    products,
    quantised,
    random,
    recurrent,
    reductions,
    scattering,
    spatial,
    stand_ins,
)

__all__ = [
    "attention",
    "fourier",
    "indexing",
    "linalg",
    "moves",
    "normalisation",
    "padding",
    "pathless",
    "pointwise",
    "products",
    "quantised",
    "random",
    "recurrent",
    "reductions",
    "scattering",
    "spatial",
    "stand_ins",
]
