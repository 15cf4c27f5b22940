"""Dispatch modes that no other thread notices."""

from __future__ import annotations

from typing import Any, Self

from torch.utils._python_dispatch import TorchDispatchMode, _pop_mode, _push_mode

__all__ = ["ThreadMode"]


class ThreadMode(TorchDispatchMode):
    """A dispatch mode of this thread alone.

    PyTorch keeps its modes on a stack per thread, but also notes in a variable of the process that some mode
    is active: two threads that enter and leave in turn leave it set for good, and compiled functions then
    run otherwise.
    """

    def __enter__(self) -> Self:
        _push_mode(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _pop_mode(None)
