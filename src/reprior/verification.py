"""What a check of dead and alive parameters against automatic differentiation found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Difference", "Found", "ParameterCheck", "Verification", "check_parameter"]

Kind = Literal["dead_with_gradient", "alive_without_gradient"]
Mask = NDArray[np.bool_]

_SHOWN = 5
"""Indices that a difference names."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What differentiation says of the elements of one parameter; arrays of its shape.

    Attributes
    ----------
    plain : ndarray of bool
        The gradient of the model as it is was not zero in some draw.
    softened : ndarray of bool
        That of the softened model was (kinks have a slope, statistics of normalisations are loosened,
        winners and fed indices are chosen at random).
    unseen : ndarray of bool
        The element feeds an operation that has no derivative, an ``argmax`` say.
    faint : ndarray of bool
        Some gradient was not exactly zero, or undefined, but too small to be told from rounding.
    """

    plain: Mask
    softened: Mask
    unseen: Mask
    faint: Mask

    def beyond(self, alive: Mask) -> bool:
        """Whether an element has a gradient that is not among these."""
        return bool(((self.plain | self.softened) & ~alive).any())


@dataclass(frozen=True, slots=True)
class Difference:
    """Elements of one parameter of which the count and differentiation disagree.

    Attributes
    ----------
    name : str
    kind : {"dead_with_gradient", "alive_without_gradient"}
        Counted dead, yet a gradient reaches them; or counted alive, and the gradient was exactly zero
        in every draw.
    elements : int
        How many.
    first : tuple of tuple of int
        Indices of the first of them.
    """

    name: str
    kind: Kind
    elements: int
    first: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        what = {
            "dead_with_gradient": "counted dead, but have a gradient",
            "alive_without_gradient": "counted alive, but have no gradient",
        }[self.kind]
        places = ", ".join(str(list(index)) for index in self.first)
        more = ", ..." if self.elements > len(self.first) else ""
        return f"{self.name}: {self.elements:,} elements {what}: {places}{more}"


@dataclass(frozen=True, slots=True)
class ParameterCheck:
    """The elements of one parameter by what was found; together they are all of them.

    Attributes
    ----------
    name, shape, numel : str, tuple of int, int
    dead : int
        Counted dead, and no gradient.
    statistics : int
        Counted dead under ``local`` normalisation, with a gradient through statistics of a normalisation
        alone: the count under ``coupled`` has them alive (convention 6).
    plain : int
        Counted alive, with a gradient in the model as it is.
    softened : int
        Counted alive, with a gradient in the softened model only.
    unseen : int
        Counted alive, reaching the outputs through operations without a derivative only: not decided.
    undecided : int
        Counted alive, with gradients too small to be told from rounding.
    different : int
        Elements of which the two disagree.
    """

    name: str
    shape: tuple[int, ...]
    numel: int
    dead: int
    statistics: int
    plain: int
    softened: int
    unseen: int
    undecided: int
    different: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the parameters that an analysis calls dead, and no others, have zero gradients.

    Attributes
    ----------
    model : str
    input : mapping
        Shape and type of what was fed, by name.
    dtype : str
        Of the parameters, ``float64`` where it fits.
    normalization : str
        Under which the analysis counted.
    seed : int
        Of all draws.
    plain_draws, softened_draws : int
        Random weights and inputs that it took: of the model as it is, and softened.
    parameters : tuple of ParameterCheck
    differences : tuple of Difference
    unseen_operations : tuple of str
        Operations on values of parameters that pass no gradient.
    seconds : float
    """

    model: str
    input: Mapping[str, str]
    dtype: str
    normalization: str
    seed: int
    plain_draws: int
    softened_draws: int
    parameters: tuple[ParameterCheck, ...]
    differences: tuple[Difference, ...]
    unseen_operations: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether nothing differs. Elements that are not decided do not differ."""
        return not self.differences

    def total(self, field: str) -> int:
        """A field of `ParameterCheck` summed over parameters."""
        return sum(getattr(item, field) for item in self.parameters)

    @property
    def undecided(self) -> int:
        """Elements counted alive of which differentiation cannot tell."""
        return self.total("unseen") + self.total("undecided")

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        data = asdict(self)
        data["input"] = dict(self.input)
        data["agrees"] = self.agrees
        fields = ("numel", "dead", "statistics", "plain", "softened", "unseen", "undecided", "different")
        data["elements"] = {field: self.total(field) for field in fields}
        return data

    def to_json(self, *, indent: int | None = 2) -> str:
        """The result as JSON."""
        return json.dumps(self.to_dict(), indent=indent)

    def __str__(self) -> str:
        if self.agrees:
            return f"{self.model}: {self.total('numel'):,} elements agree, {self.undecided:,} undecided"
        return "; ".join([f"{self.model}: {len(self.differences)} differences", *map(str, self.differences)])


def check_parameter(
    name: str, alive: Mask, found: Found, coupled: Mask | None = None
) -> tuple[ParameterCheck, list[Difference]]:
    """Set what the count says of a parameter beside what differentiation says.

    Parameters
    ----------
    name : str
    alive : ndarray of bool
        Which elements have contexts.
    found : Found
        Of the same shape.
    coupled : ndarray of bool, optional
        Which elements have contexts once the statistics of normalisations route.
    """
    gradient = found.plain | found.softened
    wrong = ~alive & gradient
    statistics = wrong & coupled if coupled is not None else np.zeros_like(wrong)
    left = alive & ~gradient
    unseen = left & found.unseen
    undecided = left & ~found.unseen & found.faint
    differences = [
        Difference(name, kind, int(where.sum()), _first(where))
        for kind, where in _kinds(wrong & ~statistics, left & ~unseen & ~undecided)
        if where.any()
    ]
    check = ParameterCheck(
        name=name,
        shape=alive.shape,
        numel=alive.size,
        dead=int((~alive & ~gradient).sum()),
        statistics=int(statistics.sum()),
        plain=int((alive & found.plain).sum()),
        softened=int((alive & found.softened & ~found.plain).sum()),
        unseen=int(unseen.sum()),
        undecided=int(undecided.sum()),
        different=sum(item.elements for item in differences),
    )
    return check, differences


def _kinds(dead: Mask, alive: Mask) -> tuple[tuple[Kind, Mask], ...]:
    return ("dead_with_gradient", dead), ("alive_without_gradient", alive)


def _first(where: Mask) -> tuple[tuple[int, ...], ...]:
    places = np.flatnonzero(where)[:_SHOWN]
    return tuple(tuple(int(i) for i in np.unravel_index(place, where.shape)) for place in places)
