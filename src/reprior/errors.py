"""The exceptions that reprior raises on purpose.

Every message is one line that says what is wrong and where; the command line prints it to
stderr and exits with status 2. Anything else that escapes is a bug (exit status 1).
"""

from __future__ import annotations

__all__ = ["RepriorError", "GraphError", "ShapeError", "SpecError", "UnknownOperatorError"]


class RepriorError(ValueError):
    """Base of all errors caused by what the user gave."""


class GraphError(RepriorError):
    """A graph that cannot be counted: a cycle, no output, no parameter that reaches one."""


class ShapeError(RepriorError):
    """Shapes that do not fit, or a feature map that vanishes."""


class SpecError(RepriorError):
    """A model name, file or option that cannot be understood."""


class UnknownOperatorError(RepriorError):
    """A framework operator without a rule (docs/conventions.md, convention 12)."""
