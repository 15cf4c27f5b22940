"""How an analysis is shown: pages, plots and drawings."""

from __future__ import annotations

from typing import Any

from ..analysis import Comparison
from ..analysis.showing import Shown

__all__: list[str] = []


class _Views:
    """The views of this package, loaded when one is asked for."""

    def page(self, subject: Any) -> str:
        from .html import to_html

        return to_html(subject)

    def summary(self, subject: Any) -> str:
        from .html.summary import analysis_summary, comparison_summary

        return comparison_summary(subject) if isinstance(subject, Comparison) else analysis_summary(subject)

    def plots(self, subject: Any) -> Any:
        from .plots import AnalysisPlots, ComparisonPlots

        return ComparisonPlots(subject) if isinstance(subject, Comparison) else AnalysisPlots(subject)


Shown.views = _Views()
