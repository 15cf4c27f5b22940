"""The quantities and baselines of one model, as plain numbers."""

from __future__ import annotations

from .. import api
from ..errors import RepriorError

__all__ = ["BASELINES", "QUANTITIES", "Scores", "score"]

Scores = dict[str, float | None]
"""Values by name; None where a model has no such value, which ranks below any other."""

QUANTITIES = (
    "utility",
    "p_g",
    "p_g_prime",
    "expected_spread",
    "entropy",
    "total_surprisal",
    "log2_total_contexts",
)
"""What is counted."""

BASELINES = ("num_parameters", "macs", "depth", "weighted_layers", "activations")
"""What needs no counting."""


def score(spec: str) -> Scores:
    """All quantities and baselines of the model that a spec names.

    Raises
    ------
    RepriorError
        If it cannot be analysed, or has no layers to count (a scalar graph).
    """
    analysis = api.analyze(spec)
    costs = analysis.costs
    if costs is None:
        raise RepriorError(f"'{spec}' is a scalar graph; it has no baselines to compare with")
    values: Scores = {key: getattr(analysis, key) for key in QUANTITIES}
    values["num_parameters"] = analysis.num_parameters
    return values | {key: getattr(costs, key) for key in BASELINES if key != "num_parameters"}
