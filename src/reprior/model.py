"""A model as every front-end hands it over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .core.graph import Graph
from .notes import Note
from .scalar import Dag
from .verification import Verification

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
    verifier : callable or None
        Compares dead and alive parameters with gradients, for models that can be run.
    notes : tuple of Note
        What a reader should know of how the model was understood.
    """

    name: str
    graph: Graph | Dag
    seconds: float = 0.0
    module_types: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verifier: Callable[..., Verification] | None = None
    notes: tuple[Note, ...] = ()
