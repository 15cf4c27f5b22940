"""Plots for notebooks, by matplotlib (extra ``plot``), of the data that the reports show."""

from __future__ import annotations

from .analysis import AnalysisPlots
from .comparison import ComparisonPlots

__all__ = ["AnalysisPlots", "ComparisonPlots"]
