"""A model as every front-end hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .graph import Graph
from .scalar import Dag

__all__ = ["Model"]


@dataclass(frozen=True, slots=True)
class Model:
    """A named graph and what its front-end knows besides.

    Attributes
    ----------
    name : str
        How the user called it.
    graph : Graph or Dag
        A graph of tensors, or one of scalars.
    seconds : float
        What describing or tracing it took.
    module_types : mapping
        Class name of the module at each dotted path.
    aliases : mapping
        Other names of a parameter that the model itself ties.
    """

    name: str
    graph: Graph | Dag
    seconds: float = 0.0
    module_types: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
