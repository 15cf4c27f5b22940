"""Plots of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...errors import SpecError
from ..html.histogram import histogram
from ..html.layers import layer_profiles
from .axes import COLOURS, MARKERS, axes_or_new, plain

if TYPE_CHECKING:
    from ...analysis import Analysis

__all__ = ["AnalysisPlots"]


@dataclass(frozen=True, slots=True)
class AnalysisPlots:
    """The plots of an analysis; each takes axes to draw on, and returns them.

    Attributes
    ----------
    analysis : Analysis
    """

    analysis: Analysis

    def layers(self, ax: Any = None) -> Any:
        """Mean log2 contexts of every layer along depth, with a line from the least to the most.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        ax = axes_or_new(ax)
        layers = [(at, item) for at, item in enumerate(layer_profiles(self.analysis), start=1)]
        for number, group in enumerate(dict.fromkeys(item.group for _, item in layers)):
            own = [
                (at, item.spread)
                for at, item in layers
                if item.group == group and item.spread.mean is not None
            ]
            if not own:
                continue
            places = [at for at, _ in own]
            colour = COLOURS[number % len(COLOURS)]
            ax.vlines(
                places,
                [spread.low for _, spread in own],
                [spread.high for _, spread in own],
                color=colour,
                lw=1,
            )
            ax.plot(
                places,
                [spread.mean for _, spread in own],
                MARKERS[number % len(MARKERS)],
                ms=4,
                color=colour,
                label=plain(group),
            )
        ax.set(xlabel="layer, in order of depth", ylabel="log2 contexts", title=plain(self.analysis.model))
        ax.legend(fontsize="small")
        return ax

    def distribution(self, ax: Any = None, *, of: Literal["parameters", "contexts"] = "parameters") -> Any:
        """How many parameters have how many contexts.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        of : {"parameters", "contexts"}
            Whether a bar is the share of the parameters in its bin, or of all contexts that they have.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        SpecError
            If `of` is neither.
        """
        if of not in ("parameters", "contexts"):
            raise SpecError(f"a distribution of '{of}' is not one of parameters, contexts")
        ax = axes_or_new(ax)
        bins = histogram(self.analysis.distribution)
        places = [bins.start + bins.width * k for k in range(len(bins.scalars))]
        total = sum(bins.scalars)
        shares = (
            [100 * n / total for n in bins.scalars]
            if of == "parameters"
            else [100 * c for c in bins.contexts]
        )
        ax.bar(places, shares, width=bins.width, align="edge", color=COLOURS[0 if of == "parameters" else 1])
        ax.set(
            xlabel="log2 contexts",
            ylabel="% of parameters" if of == "parameters" else "% of all contexts",
            title=plain(self.analysis.model),
        )
        return ax
