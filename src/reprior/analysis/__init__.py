"""From counts to quantities: what is asked of a model, and what is answered."""

from ..core.costs import Costs, measure
from .calibration import Verdict
from .comparison import COLUMNS, Comparison
from .loading import load
from .options import OptionFields, Options
from .result import SCHEMA_VERSION, Analysis
from .run import analyze_model
from .table import ParameterRow

__all__ = [
    "COLUMNS",
    "SCHEMA_VERSION",
    "Analysis",
    "Comparison",
    "Costs",
    "OptionFields",
    "Options",
    "ParameterRow",
    "Verdict",
    "analyze_model",
    "load",
    "measure",
]
