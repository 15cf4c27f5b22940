"""Run-length compressed arrays of counts."""

from .array import Runs
from .axis import Axis, dense, uniform
from .planes import Number

__all__ = ["Axis", "Number", "Runs", "dense", "uniform"]
