"""The quantities of an analysis with their meaning, and what to hold them against."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...analysis import Analysis
from ...core.quantities import p_g, p_g_prime

__all__ = ["BASELINES", "QUANTITIES", "Baseline", "Quantity", "baselines", "headline"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity.

    Attributes
    ----------
    key : str
        Its name in the JSON.
    symbol, name, unit : str
    value : float or None
        None where it diverges.
    meaning : str
        One sentence.
    reference : float or None
        The value to hold it against, where there is one.
    reference_meaning : str
        What that value is.
    """

    key: str
    symbol: str
    name: str
    unit: str
    value: float | None
    meaning: str
    reference: float | None
    reference_meaning: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A figure that needs no contexts.

    Attributes
    ----------
    key, name : str
    value : int
    meaning : str
        One sentence.
    """

    key: str
    name: str
    value: int
    meaning: str


QUANTITIES: dict[str, tuple[str, str, str, str]] = {
    "p_g": (
        "P_G",
        "Performance estimate",
        "",
        "log2 of total surprisal times N_I / |G|: of models trained alike, the higher should do better.",
    ),
    "p_g_prime": (
        "P'_G",
        "Alternative estimate",
        "",
        "The same with N_G times (expected spread + 1) in place of total surprisal.",
    ),
    "utility": (
        "U_G",
        "Utility",
        "bits",
        "How many places and outputs layers serve, by how often contexts pass them, and the size.",
    ),
    "expected_spread": (
        "E",
        "Expected spread",
        "bits",
        "Mean log2 number of contexts, each parameter weighted by its contexts: how much the design reuses.",
    ),
    "entropy": (
        "H",
        "Entropy",
        "bits",
        "How evenly contexts are spread over parameters; H + E = log2 of all contexts.",
    ),
    "total_surprisal": (
        "S",
        "Total surprisal",
        "bits",
        "Sum over parameters of -log2 of their share of all contexts: how much the model can describe.",
    ),
    "log2_total_contexts": (
        "log2 N_C",
        "All contexts",
        "bits",
        "log2 of the number of paths from any use of any parameter to any output.",
    ),
}
"""Symbol, name, unit and meaning of each quantity (section 4.3 of the paper, and `reprior.core.utility`)."""


def headline(analysis: Analysis) -> list[Quantity]:
    """The quantities, with references that need no other model; scalar graphs have no utility."""
    even = math.log2(analysis.num_parameters)
    size, fed = analysis.graph_size, analysis.num_inputs
    least = analysis.num_parameters * even
    single = p_g_prime(analysis.num_parameters, 0.0, fed, size)
    references: dict[str, tuple[float | None, str]] = {
        "utility": (None, ""),
        "p_g": (p_g(least, fed, size), "if all parameters had equally many contexts"),
        "p_g_prime": (single, "if every parameter had one context"),
        "expected_spread": (0.0, "if every parameter had one context"),
        "entropy": (even, "at most, log2 of the number of parameters"),
        "total_surprisal": (least, "at least, if all had equally many contexts"),
        "log2_total_contexts": (even, "if every parameter had one context"),
    }
    shown = [key for key in QUANTITIES if key != "utility" or analysis.utility is not None]
    return [
        Quantity(key, symbol, name, unit, getattr(analysis, key), meaning, *references[key])
        for key in shown
        for symbol, name, unit, meaning in [QUANTITIES[key]]
    ]


BASELINES: dict[str, tuple[str, str]] = {
    "num_parameters": ("Parameters N_G", "Scalars with at least one context."),
    "dead_parameters": ("Dead parameters", "Scalars without any path to an output."),
    "num_weight_nodes": ("Weight nodes N_W", "Scalars, once for each place that uses them."),
    "num_inputs": ("Inputs N_I", "Elements fed to the model."),
    "num_outputs": ("Outputs N_O", "Elements the model returns."),
    "graph_size": ("Graph size |G|", "N_I + N_O + N_W."),
    "macs": ("Multiply-adds", "Of one forward pass, padding included."),
    "activations": ("Activations", "Elements written by layers with products."),
    "depth": ("Depth", "Weighted layers on the longest path."),
    "weighted_layers": ("Weighted layers", "Operations with a learned factor."),
}
"""Name and meaning of each size and cost: what a naive comparison would go by."""


def baselines(analysis: Analysis) -> list[Baseline]:
    """Sizes and costs; a scalar graph has no costs."""
    places = [analysis] if analysis.costs is None else [analysis, analysis.costs]
    return [
        Baseline(key, name, getattr(place, key), meaning)
        for key, (name, meaning) in BASELINES.items()
        for place in places
        if hasattr(place, key)
    ]
