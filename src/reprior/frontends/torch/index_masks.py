"""Indexing operators: known boolean indices become the positions that they choose."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch

from ...errors import RepriorError
from .operators import is_write
from .reads import Reads
from .tensors import Tensors

__all__ = ["IndexedByMasks"]


class IndexedByMasks:
    """Handles an indexing operator, with positions in place of masks.

    Parameters
    ----------
    handler : callable
        What handles the operator then.
    recording : context manager
        While it is active, operators are recorded.
    tensors : Tensors
        Which tensor stands for which value.
    reads : Reads
        Follows an example, where there is one.
    """

    def __init__(
        self,
        handler: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any],
        recording: AbstractContextManager[Any],
        tensors: Tensors,
        reads: Reads,
    ) -> None:
        self._handler, self._recording, self._tensors, self._reads = handler, recording, tensors, reads

    def __call__(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The operator's result."""
        x, indices, *rest = args
        if rest and isinstance(rest[0], torch.Tensor) and not any(rest[1:2]):
            mask = self._only_mask(x, indices, rest[0])
            if mask is not None:
                return self._write_where(func, x, mask, rest[0])
        plain: list[Any] = []
        for index in indices:
            is_mask = index is not None and index.dtype is torch.bool
            mask = self._mask(index, follow=not rest) if is_mask else None
            if mask is None and index is not None:
                self._tensors.value(index).is_mask = is_mask
                if is_mask and not rest and not self._reads.real:
                    raise RepriorError(
                        f"in {self._reads.scopes.where}: the forward selects by a mask that depends on the "
                        "input, so its shapes depend on data; real=True (--real) follows one real input"
                    )
            if mask is None:
                plain.append(index)
            else:
                plain.extend(self._tensors.for_constant(place) for place in mask.nonzero(as_tuple=True))
        return self._handler(func, (x, plain, *rest), kwargs)

    def _mask(self, index: torch.Tensor, follow: bool) -> torch.Tensor | None:
        """Elements of a boolean index that is known; else of the example, if shapes follow from them."""
        value = self._tensors.value(index)
        if value.worlds is None or not follow:
            return value.constant
        if value.worlds.tensors[0] is not None:
            self._reads.follow()
        return value.worlds.tensors[0]

    def _only_mask(self, x: Any, indices: Any, source: torch.Tensor) -> torch.Tensor | None:
        """The mask of ``x[:, mask] = source``, shaped to broadcast; None if it is not that simple a write."""
        places = [place for place, index in enumerate(indices) if index is not None]
        if len(places) != 1 or indices[places[0]].dtype is not torch.bool:
            return None
        mask: torch.Tensor = indices[places[0]]
        after = x.dim() - places[0] - mask.dim()
        if source.dim() > after:
            return None
        with self._recording:
            return mask.reshape((*(1,) * places[0], *mask.shape, *(1,) * after))

    def _write_where(self, func: Any, x: torch.Tensor, mask: torch.Tensor, source: torch.Tensor) -> Any:
        """A write of the same elements wherever a mask holds."""
        with self._recording:
            result = torch.where(mask, source, x)
            return x.copy_(result) if is_write(func) else result
