"""One small function per ATen operator, grouped by what the operator does.

Importing this package registers them all.
"""

from . import (
    attention,
    indexing,
    moves,
    normalisation,
    pathless,
    pointwise,
    products,
    recurrent,
    reductions,
    scattering,
    spatial,
    stand_ins,
)

__all__ = [
    "attention",
    "indexing",
    "moves",
    "normalisation",
    "pathless",
    "pointwise",
    "products",
    "recurrent",
    "reductions",
    "scattering",
    "spatial",
    "stand_ins",
]
