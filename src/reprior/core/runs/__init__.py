"""Run-length compressed arrays of counts."""

from .array import Number, Runs
from .axis import Axis, dense, uniform

__all__ = ["Axis", "Number", "Runs", "dense", "uniform"]
