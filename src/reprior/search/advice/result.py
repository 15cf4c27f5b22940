"""What `advise` answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .patch import SCHEMA_VERSION, Patch

__all__ = ["FIGURES", "Advice", "Against", "Proposal"]

FIGURES = ("utility", "p_g", "p_g_prime", "num_parameters", "macs", "depth", "activations")
"""The quantities of a changed model, by their keys in the JSON of an analysis."""


@dataclass(frozen=True, slots=True)
class Against:
    """A known way of sharing that a proposal is compared with.

    Attributes
    ----------
    policy : str
    utility : float
    num_parameters : int
    """

    policy: str
    utility: float
    num_parameters: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of a model, counted.

    Attributes
    ----------
    kind : str
        ``share`` (a known policy), ``share sets``, ``drop``, ``deepen``, ``repeat``, ``widen``, ``narrow``;
        with ``, share`` where sharing pays for it.
    text : str
        For a reader.
    figures, difference : mapping
        The quantities of `FIGURES` of the changed model, and what was added to the model's own.
    fits : bool
        Whether it has at most as many parameters as allowed.
    patch : Patch
        How to make the change.
    against : Against or None
        The policy that sets of layers are measured by.
    milliseconds, spread : float or None
        Measured latency of one forward pass, its median and half the distance of its quartiles.
    """

    kind: str
    text: str
    figures: Mapping[str, Any]
    difference: Mapping[str, Any]
    fits: bool
    patch: Patch
    against: Against | None = None
    milliseconds: float | None = None
    spread: float | None = None

    @property
    def gain(self) -> float | None:
        """Utility over that of the policy it is measured by, in bits."""
        return None if self.against is None else self.figures["utility"] - self.against.utility

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        against = self.against and {
            "policy": self.against.policy,
            "utility": self.gain,
            "num_parameters": self.figures["num_parameters"] - self.against.num_parameters,
        }
        return {
            "kind": self.kind,
            "change": self.text,
            "fits": self.fits,
            "figures": dict(self.figures),
            "difference": dict(self.difference),
            "against": against,
            "milliseconds": self.milliseconds,
            "spread": self.spread,
            "patch": self.patch.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Changes of a model, those that fit and have most utility first.

    Attributes
    ----------
    model : str
    max_params : int
        The most parameters that a proposal that fits has.
    max_macs : int or None
    before : mapping
        The quantities of the model as it is.
    proposals : tuple of Proposal
    notes : tuple of str
        What was assumed, and what was not attempted.
    seconds : float
    milliseconds, spread : float or None
        Measured latency of the model as it is.
    """

    model: str
    max_params: int
    max_macs: int | None
    before: Mapping[str, Any]
    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...]
    seconds: float
    milliseconds: float | None = None
    spread: float | None = None

    @property
    def front(self) -> tuple[Proposal, ...]:
        """Proposals that none other matches with fewer parameters and beats in utility, fewest first."""
        best, found = float("-inf"), []
        for item in sorted(
            self.proposals, key=lambda p: (p.figures["num_parameters"], -p.figures["utility"])
        ):
            if item.figures["utility"] > best:
                best = item.figures["utility"]
                found.append(item)
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """As plain data (docs/advise.md)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "model": self.model,
            "max_params": self.max_params,
            "max_macs": self.max_macs,
            "before": dict(self.before),
            "milliseconds": self.milliseconds,
            "spread": self.spread,
            "proposals": [item.to_dict() for item in self.proposals],
            "notes": list(self.notes),
            "seconds": self.seconds,
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """As JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)
