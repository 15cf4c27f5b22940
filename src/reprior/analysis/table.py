"""The table of parameters of an analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Self

import numpy as np

from ..core.quantities import log2_exact, log2_sum
from ..core.runs import Runs
from ..scalar import Scaled
from ..sharing import SharedParameter

__all__ = ["ParameterRow", "scalar_row", "tensor_rows"]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One learnable tensor in the table of an analysis.

    Attributes
    ----------
    name, shape, numel : str, tuple of int, int
    dead : int
        Scalars without a context.
    log2_contexts_min, log2_contexts_mean, log2_contexts_max : float or None
        Over the scalars that have a context; None where none has.
    log2_contexts_sum : float or None
        log2 of all their contexts together.
    use_sites : int
        Places that use the tensor.
    shared_with : tuple of str
        Other parameters that are this one.
    """

    name: str
    shape: tuple[int, ...]
    numel: int
    dead: int
    log2_contexts_min: float | None
    log2_contexts_mean: float | None
    log2_contexts_max: float | None
    log2_contexts_sum: float | None
    use_sites: int
    shared_with: tuple[str, ...] = ()


def tensor_rows(
    tensors: Sequence[SharedParameter], aliases: Mapping[str, tuple[str, ...]]
) -> tuple[ParameterRow, ...]:
    """The rows of learnable tensors.

    Parameters
    ----------
    tensors : sequence of SharedParameter
        The tensors; a row bears the name of the first member.
    aliases : mapping
        Names that the model itself ties to a parameter.
    """
    # A layer's scale and shift often hold one and the same array.
    arrays = {id(one.contexts): one.contexts for one in tensors}
    known = {key: _Summary.of(array) for key, array in arrays.items()}
    return tuple([_tensor_row(one, known[id(one.contexts)], aliases) for one in tensors])


class _Summary(NamedTuple):
    """Scalars with a context, and log2 of these: smallest, mean, largest, and of their sum."""

    alive: int
    smallest: float | None = None
    mean: float | None = None
    largest: float | None = None
    total: float | None = None

    @classmethod
    def of(cls, contexts: Runs) -> Self:
        logs, many = _log2_alive(contexts)
        alive = round(float(many.sum()))
        if not alive:
            return cls(0)
        mean = math.fsum((logs * many).tolist()) / alive
        return cls(alive, float(logs.min()), mean, float(logs.max()), log2_sum(logs, many))


def _tensor_row(
    shared: SharedParameter, found: _Summary, aliases: Mapping[str, tuple[str, ...]]
) -> ParameterRow:
    first, *others = shared.members
    ties = [name for member in shared.members for name in aliases.get(member.name, ())]
    return ParameterRow(
        name=first.name,
        shape=shared.contexts.shape,
        numel=shared.numel,
        dead=shared.numel - found.alive,
        log2_contexts_min=found.smallest,
        log2_contexts_mean=found.mean,
        log2_contexts_max=found.largest,
        log2_contexts_sum=found.total,
        use_sites=sum([member.use_sites for member in shared.members]),
        shared_with=(*ties, *[member.name for member in others]),
    )


def _log2_alive(contexts: Runs) -> tuple[np.ndarray, np.ndarray]:
    """log2 of the stored values that are not zero, and how many scalars have each."""
    many = contexts.multiplicities().ravel()
    if contexts.is_exact:
        values = contexts.planes[0][1].ravel()
        alive = values != 0
        return np.array([log2_exact(value) for value in values[alive]], dtype=np.float64), many[alive]
    mantissas, exponents = contexts.mantissas()
    alive = mantissas > 0
    return np.log2(mantissas[alive]) + exponents[alive], many[alive]


def scalar_row(name: str, contexts: int | Fraction | Scaled) -> ParameterRow:
    """The row of one parameter of a scalar graph."""
    if isinstance(contexts, Scaled):
        alive, log = (
            contexts.mantissa > 0,
            math.log2(contexts.mantissa) + contexts.exponent if contexts else None,
        )
    else:
        alive, log = contexts > 0, log2_exact(contexts) if contexts > 0 else None
    return ParameterRow(name, (), 1, 0 if alive else 1, log, log, log, log, 1)
