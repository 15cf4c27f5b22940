"""How a result is shown: as a page, a table or plots, which `reprior.views` draws.

A result knows what a view promises and no more; the views, which read results, are put in from above when
`reprior` is imported.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

__all__ = ["AnalysisPlots", "ComparisonPlots", "Shown", "Views"]


class AnalysisPlots(Protocol):
    """The plots of one model; see `reprior.views.plots.AnalysisPlots`."""

    def layers(self, ax: Any = None) -> Any:
        """Mean log2 contexts of every layer along depth."""

    def distribution(self, ax: Any = None, *, of: Literal["parameters", "contexts"] = "parameters") -> Any:
        """How many parameters have how many contexts."""


class ComparisonPlots(Protocol):
    """The plots of several models; see `reprior.views.plots.ComparisonPlots`."""

    def scatter(self, x: str = "num_parameters", y: str = "p_g", ax: Any = None) -> Any:
        """One quantity against another."""

    def layers(self, ax: Any = None) -> Any:
        """The profiles of all models over each other."""


class Views(Protocol):
    """What draws results."""

    def page(self, subject: Any) -> str:
        """One self-contained HTML page."""

    def summary(self, subject: Any) -> str:
        """A short static HTML table."""

    def plots(self, subject: Any) -> Any:
        """Plots for notebooks."""


class Shown:
    """A result that can be shown."""

    __slots__ = ()

    views: ClassVar[Views]

    def to_html(self) -> str:
        """The report as one self-contained HTML page; `reprior.views.html.write_html` writes it."""
        return self.views.page(self)

    def _repr_html_(self) -> str:
        return self.views.summary(self)
