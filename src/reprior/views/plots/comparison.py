"""Plots of several models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis import COLUMNS
from ...errors import RepriorError, SpecError
from ...naming import suggest
from ..html.comparison_data import label
from ..html.layers import layer_profiles
from .axes import COLOURS, MARKERS, axes_or_new, plain

if TYPE_CHECKING:
    from ...analysis import Comparison

__all__ = ["ComparisonPlots"]

_QUANTITIES = COLUMNS[1:]


@dataclass(frozen=True, slots=True)
class ComparisonPlots:
    """The plots of a comparison; each takes axes to draw on, and returns them.

    Attributes
    ----------
    comparison : Comparison
    """

    comparison: Comparison

    def scatter(self, x: str = "num_parameters", y: str = "p_g", ax: Any = None) -> Any:
        """One mark per model, at two of its quantities.

        Parameters
        ----------
        x, y : str
            Names of quantities, as in the columns of a comparison.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        SpecError
            If there is no such quantity.
        RepriorError
            If no model has both.
        """
        for key in (x, y):
            if key not in _QUANTITIES:
                raise SpecError(f"there is no quantity '{key}': {suggest(key, list(_QUANTITIES))}")
        rows = [row for row in self.comparison.rows() if row[x] is not None and row[y] is not None]
        if not rows:
            raise RepriorError(f"no model has both {x} and {y}")
        ax = axes_or_new(ax, (6.5, 4.5))
        for number, row in enumerate(rows):
            colour = COLOURS[number % len(COLOURS)]
            ax.plot(row[x], row[y], MARKERS[number % len(MARKERS)], color=colour, label=plain(row["model"]))
        ax.set(xlabel=label(x), ylabel=label(y))
        ax.legend(fontsize="small")
        return ax

    def layers(self, ax: Any = None) -> Any:
        """Mean log2 contexts along relative depth, one line per model.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        ax = axes_or_new(ax)
        for number, analysis in enumerate(self.comparison.analyses):
            means = [item.spread.mean for item in layer_profiles(analysis)]
            depth = [k / max(1, len(means) - 1) for k in range(len(means))]
            alive = [(at, mean) for at, mean in zip(depth, means, strict=True) if mean is not None]
            xs, ys = zip(*alive, strict=True)
            ax.plot(xs, ys, color=COLOURS[number % len(COLOURS)], label=plain(analysis.model))
        ax.set(xlabel="depth, from the first layer to the last", ylabel="mean log2 contexts")
        ax.legend(fontsize="small")
        return ax
