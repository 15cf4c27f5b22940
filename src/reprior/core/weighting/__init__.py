"""Weightings of paths: how much one edge of the scalar graph counts (paper, section 6)."""

# In the order in which a message about a wrong one names them.
from .base import Factor, Weighting  # isort: split

from .unit import UNIT, Unit  # isort: split

from .fan_in import FanIn  # isort: split

from .decay import Decay  # isort: split

from .resolution import Resolution

__all__ = ["UNIT", "Decay", "Factor", "FanIn", "Resolution", "Unit", "Weighting"]
