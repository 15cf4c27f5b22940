"""What can be searched: the spaces by name, and functions of the user's own."""

from __future__ import annotations

from ...errors import SpecError
from ...naming import suggest
from .base import Candidate, Choice, ChoiceSpace, Chooser, Space
from .function import CallableSpace, FunctionSpace
from .known import MACRO, MBCONV, NASBENCH201, RESNET_WIDTH, TRANSFORMER

__all__ = [
    "SPACES",
    "CallableSpace",
    "Candidate",
    "Choice",
    "ChoiceSpace",
    "Chooser",
    "FunctionSpace",
    "Space",
    "space",
]

SPACES: dict[str, ChoiceSpace] = {
    found.name: found for found in (NASBENCH201, MACRO, MBCONV, RESNET_WIDTH, TRANSFORMER)
}
"""The spaces that have a name."""


def space(spec: str) -> Space:
    """The space that a name or ``FILE.py:function`` says.

    Raises
    ------
    SpecError
        If there is no such space, file or function.
    """
    if spec in SPACES:
        return SPACES[spec]
    if ":" in spec or spec.endswith(".py"):
        return FunctionSpace(spec)
    raise SpecError(f"there is no space '{spec}' (nor is it FILE.py:build): {suggest(spec, list(SPACES))}")
