"""Which rule lowers which operator.

An operator is in one of three states: it has a *rule*, it is declared *pathless* with a reason (its
result depends on no element of its operands), or it is *unknown*, which is an error that says how to
register a rule (convention 12). Operators are named as PyTorch prints them, ``aten.gelu`` or, for one
overload, ``aten.gelu.default``; so this file needs no PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ...errors import SpecError

__all__ = ["Entry", "find", "find_module_rules", "module_rule", "operators", "pathless", "rule", "view"]

Rule = Callable[..., Any]
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Entry(NamedTuple):
    """How an operator is handled.

    Attributes
    ----------
    kind : {"rule", "view", "pathless"}
        ``rule`` is called as ``rule(lower, *operands)`` and returns a value per result; ``view`` as
        ``view(shape, *arguments)`` and returns the moves that make each result from the first operand.
    function : callable or None
        The rule.
    reason : str
        Why a pathless operator carries no path.
    """

    kind: str
    function: Rule | None
    reason: str = ""


_OPERATORS: dict[str, Entry] = {}
_MODULES: dict[tuple[str, str], Rule] = {}


def rule(*operators: str, override: bool = False) -> Callable[[Decorated], Decorated]:
    """Register how operators are lowered to primitives.

    A function of the same module and name, such as that of a notebook's cell that is run again, takes the
    place of the one before.

    Parameters
    ----------
    *operators : str
        Names such as ``"aten.gelu"`` (all overloads), ``"aten.add.Tensor"`` (one overload, which
        goes before the former) or ``"mylib.my_op"`` for ``torch.ops.mylib.my_op``.
    override : bool
        Whether to take the place of another rule, such as one of this package.

    Returns
    -------
    callable
        A decorator. The function is called as the operator is, after a first argument `lower`
        (see `reprior.frontends.torch.lower.Lower`), with a `Value` for every tensor; it returns a
        `Value`, or a tuple of one per result.

    Raises
    ------
    SpecError
        If one of the operators has another rule already.

    Examples
    --------
    >>> import reprior
    >>> @reprior.rule("mylib.swiglu")
    ... def swiglu(lower, x, gate):
    ...     return lower.map("swiglu", x, gate)
    """
    return _register("rule", operators, override)


def view(*operators: str, override: bool = False) -> Callable[[Decorated], Decorated]:
    """Register operators whose result is (or may be) a view of their first operand; see `rule`.

    The function gets the operand's shape and the operator's other arguments, and returns the moves
    that lead to the result: a list of them, or a tuple of lists where there are several results.
    """
    return _register("view", operators, override)


def pathless(operator: str, reason: str, *, override: bool = False) -> None:
    """Declare that no element of an operator's operands reaches its result, and why."""
    _add(operator, Entry("pathless", None, reason), override)


def operators() -> Mapping[str, Entry]:
    """Every registered name and how it is handled, read-only."""
    return MappingProxyType(_OPERATORS)


def find(operator: str) -> Entry | None:
    """The entry of an operator, given as ``namespace.name.overload``."""
    operator = operator.replace("::", ".")
    entry = _OPERATORS.get(operator)
    return entry or _OPERATORS.get(operator.rpartition(".")[0])


def module_rule(
    *class_names: str, method: str = "forward", override: bool = False
) -> Callable[[Decorated], Decorated]:
    """Register a function that stands in for a method of a module class while it is traced.

    For modules whose own forward depends on data though their structure does not (mixtures of
    experts that gather the tokens of each expert). Called as ``function(module, *args)``.

    Parameters
    ----------
    *class_names : str
        Qualified names, ``package.module.Class``; ``*`` stands for anything.
    method : str
        The method's name.
    override : bool
        Whether to take the place of another stand-in; see `rule`.
    """

    def decorate(function: Decorated) -> Decorated:
        for name in class_names:
            before = _MODULES.get((name, method))
            if before is not None and not (override or _is_again(before, function)):
                raise SpecError(f"method '{method}' of module class '{name}' has a rule already")
            _MODULES[name, method] = function
        return function

    return decorate


def find_module_rules(cls: type) -> dict[str, Rule]:
    """The stand-ins for the methods of a module class, its own or its bases'."""
    found: dict[str, Rule] = {}
    for base in cls.__mro__:
        name = f"{base.__module__}.{base.__qualname__}"
        for (pattern, method), function in tuple(_MODULES.items()):  # another thread may register one
            if fnmatchcase(name, pattern):
                found.setdefault(method, function)
    return found


def _register(kind: str, operators: tuple[str, ...], override: bool) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for operator in operators:
            _add(operator, Entry(kind, function), override)
        return function

    return decorate


def _add(operator: str, entry: Entry, override: bool) -> None:
    operator = operator.replace("::", ".")
    before = _OPERATORS.get(operator)
    if before is not None and not (override or _is_again(before.function, entry.function)):
        raise SpecError(f"operator '{operator}' has a rule already; override=True takes its place")
    _OPERATORS[operator] = entry


def _is_again(before: Rule | None, function: Rule | None) -> bool:
    """Whether two functions are one definition that was run twice."""
    if before is None or function is None:
        return before is function
    return (before.__module__, before.__qualname__) == (function.__module__, function.__qualname__)
