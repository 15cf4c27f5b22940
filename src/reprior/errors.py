"""The exceptions that reprior raises on purpose.

Every message is one line that says what is wrong and where; the command line prints it to
stderr and exits with status 2. Anything else that escapes is a bug (exit status 1).
"""

from __future__ import annotations

from typing import Self

__all__ = ["RepriorError", "GraphError", "ShapeError", "SpecError", "UnknownOperatorError"]


class RepriorError(ValueError):
    """Base of all errors caused by what the user gave.

    Attributes
    ----------
    module : str or None
        Dotted path of the module that the message names, ``""`` for the root.
    model : str or None
        The model that the message names.
    """

    def __init__(self, message: str = "", *, module: str | None = None, model: str | None = None) -> None:
        super().__init__(message)
        self.module = module
        self.model = model

    def in_module(self, module: str, text: str) -> Self:
        """The same error with a text that names the module before it; itself if it names one already."""
        if self.module is not None:
            return self
        return type(self)(f"in {text}: {self}", module=module, model=self.model)

    def of_model(self, model: str) -> Self:
        """The same error with the model's name before it; itself if it names that already."""
        if self.model == model:
            return self
        return type(self)(f"'{model}': {self}", module=self.module, model=model)


class GraphError(RepriorError):
    """A graph that cannot be counted: a cycle, no output, no parameter that reaches one."""


class ShapeError(RepriorError):
    """Shapes that do not fit, or a feature map that vanishes."""


class SpecError(RepriorError):
    """A model name, file or option that cannot be understood."""


class UnknownOperatorError(RepriorError):
    """A framework operator without a rule (docs/conventions.md, convention 12)."""
