"""Which module is running."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

__all__ = ["Scopes"]


class Scopes:
    """Follows the calls of a module tree, which must be the caller's own: its modules are changed.

    Every module gets a call of its own that notes its name, so nothing is registered anywhere else.

    Parameters
    ----------
    parts : mapping
        The modules by dotted path.

    Attributes
    ----------
    current : str
        Dotted path of the innermost running module, under its first name.
    """

    def __init__(self, parts: Mapping[str, torch.nn.Module]) -> None:
        self.current = ""
        self._error: BaseException | None = None
        self._raised_in = ""
        for name, module in parts.items():
            module.__dict__["_call_impl"] = partial(self.call, module, name)
            module.__dict__["_compiled_call_impl"] = None

    @property
    def where(self) -> str:
        """The running module, as messages name it."""
        return f"module '{self.current or '(root)'}'"

    def raised_in(self, error: BaseException) -> str:
        """The innermost module out of which an exception came."""
        return self._raised_in if error is self._error else self.current

    def call(self, module: torch.nn.Module, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run a module of the tree."""
        around, self.current = self.current, name
        try:
            return type(module)._call_impl(module, *args, **kwargs)
        except BaseException as error:
            if error is not self._error:
                self._error, self._raised_in = error, name
            raise
        finally:
            self.current = around
