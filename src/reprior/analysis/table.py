"""The table of parameters of an analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..core.quantities import log2_exact, log2_sum
from ..core.runs import Runs
from ..scalar import Scaled
from ..sharing import SharedParameter

__all__ = ["ParameterRow", "scalar_row", "tensor_row"]


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


def tensor_row(shared: SharedParameter, aliases: Mapping[str, tuple[str, ...]]) -> ParameterRow:
    """The row of one learnable tensor.

    Parameters
    ----------
    shared : SharedParameter
        The tensor; its row bears the name of its first member.
    aliases : mapping
        Names that the model itself ties to a parameter.
    """
    first, *others = shared.members
    logs, many = _log2_alive(shared.contexts)
    alive = round(float(many.sum()))
    ties = [name for member in shared.members for name in aliases.get(member.name, ())]
    return ParameterRow(
        name=first.name,
        shape=shared.contexts.shape,
        numel=shared.numel,
        dead=shared.numel - alive,
        log2_contexts_min=float(logs.min()) if alive else None,
        log2_contexts_mean=math.fsum((logs * many).tolist()) / alive if alive else None,
        log2_contexts_max=float(logs.max()) if alive else None,
        log2_contexts_sum=log2_sum(logs, many) if alive else None,
        use_sites=sum(member.use_sites for member in shared.members),
        shared_with=(*ties, *(member.name for member in others)),
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
