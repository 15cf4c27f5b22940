"""Figures that others have published, to stand beside ours. None of them is computed here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANCHORS", "Anchor"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One published figure.

    Attributes
    ----------
    benchmark, method : str
    tau, rho : float or None
    population : str
        Which models it was measured on.
    source : str
    """

    benchmark: str
    method: str
    tau: float | None
    rho: float | None
    population: str
    source: str


ANCHORS = (
    Anchor("nasbench201", "epsinas", 0.69, 0.87, "its paper's selection of cells", "epsinas paper"),
    Anchor("nasbench201", "InTrain", 0.669, None, "CIFAR-10 cells of its paper", "InTrain paper"),
    Anchor("nasbench201", "AZ-NAS (ensemble)", 0.741, 0.913, "all 15,625 cells", "AZ-NAS, its own notebook"),
    Anchor("nasbench201", "AZ-NAS (ensemble)", 0.712, 0.892, "as in VKDNW's table", "VKDNW paper"),
    Anchor("nasbench201", "VKDNW_agg (ensemble)", 0.750, 0.919, "as in VKDNW's table", "VKDNW paper"),
    Anchor("macro", "depth", 0.693, 0.832, "all 6,561 networks", "number of blocks that are no identity"),
)
"""Training-free methods: single ones need one score, ensembles add up the ranks of several."""
