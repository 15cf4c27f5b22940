"""Which module is running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules import module as torch_module

__all__ = ["Scopes"]


class Scopes:
    """Follows the modules' calls through hooks that hang on no module.

    Attributes
    ----------
    current : str
        Dotted path of the innermost running module, under its first name.
    """

    def __init__(self, root: torch.nn.Module) -> None:
        self._names: dict[torch.nn.Module, str] = {module: name for name, module in root.named_modules()}
        self._stack: list[torch.nn.Module] = []
        self.current = ""

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follow calls while active."""
        handles = [
            torch_module.register_module_forward_pre_hook(self._enter),
            torch_module.register_module_forward_hook(self._leave),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, module: torch.nn.Module, args: Any) -> None:
        self._stack.append(module)
        self.current = self._names.get(module, self.current)

    def _leave(self, module: torch.nn.Module, args: Any, result: Any) -> None:
        # A module whose forward raised (and was caught) has not left: go back past it.
        while self._stack.pop() is not module:
            pass
        for running in reversed(self._stack):
            if running in self._names:
                self.current = self._names[running]
                return
        self.current = ""
