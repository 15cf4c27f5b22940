"""Where Python reads elements of tensors: numbers, checks of arguments, arrays."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from ...errors import RepriorError
from .lower import Lower
from .operands import read_operands
from .scopes import Scopes
from .tensors import Tensors

__all__ = ["Reads"]

_FOLLOWED = "control flow follows that of one example"
"""The note on control flow that read elements of what is fed."""


class Reads:
    """Hands elements to Python: known ones, or those of an example, which a note says.

    Parameters
    ----------
    lower : Lower
        The graph so far.
    tensors : Tensors
        Which tensor stands for which value.
    scopes : Scopes
        Says which module is running.
    real : bool
        Whether results are computed for real, not on the meta device.
    """

    def __init__(self, lower: Lower, tensors: Tensors, scopes: Scopes, real: bool) -> None:
        self._lower, self._tensors, self.scopes, self.real = lower, tensors, scopes, real

    def follow(self) -> None:
        """Note that the structure is that of one example."""
        self._lower.note("assumed", _FOLLOWED)

    def elements(self, tensor: torch.Tensor) -> torch.Tensor:
        """The elements of a tensor that Python reads, on the CPU.

        Raises
        ------
        RepriorError
            If they depend on what is fed, and there is no example.
        """
        with _disable_current_modes():
            value = self._tensors.value(tensor)
            found = value.constant
            if found is None:
                found = tensor if self.real else None if value.worlds is None else value.worlds.tensors[0]
                if found is None:
                    raise self._depends_on_data("as an array or a list")
                self.follow()
            return found.to(tensor.dtype, copy=True)

    def check(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
        """A check of arguments: it passes, unless the elements are known."""
        operands = read_operands(self._tensors, self._lower, self.real, args, kwargs)
        if operands.constant:
            return self._tensors.for_constant(func(*operands.in_world()[0], **kwargs))
        self._lower.note("assumed", "checks of arguments pass")
        return self._tensors.for_constant(torch.tensor(True))

    def read_element(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator that hands elements to Python."""
        operands = read_operands(self._tensors, self._lower, self.real, args, kwargs)
        if operands.constant:
            return func(*operands.in_world()[0], **kwargs)
        if operands.fed and all(worlds.tensors[0] is not None for worlds in operands.worlds):
            self.follow()
            return func(*operands.in_world()[0], **kwargs)
        if self.real:
            self.follow()
            return func(*args, **kwargs)
        raise self._depends_on_data(str(func))

    def _depends_on_data(self, how: str) -> RepriorError:
        """The error for elements that are not known before the model is fed."""
        return RepriorError(
            f"in {self.scopes.where}: the forward needs the value of a tensor that depends on the input "
            f"({how}), so its structure depends on data; real=True (--real) follows one real input",
            module=self.scopes.current,
        )
