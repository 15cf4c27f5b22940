"""One call of one operator, and two patterns of what its results depend on.

The *structural* pattern is read off the scalar graph of a module that calls the operator on parameters
(and on fed integers). The *measured* one never sees that graph: it is the pattern of non-zero
derivatives, or, where a result has none (integers, booleans, steps), whether it changes when one element
of an operand is changed. Both are unions over several random operands, so that a maximum shows all it
may come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torchvision  # noqa: F401 - it registers its operators
from torch.utils._python_dispatch import TorchDispatchMode

from reprior.core.primitives import Input, Parameter
from reprior.frontends.torch import trace
from tests.oracle import ScalarGraph

__all__ = ["Case", "Fed", "Kind", "call", "differences", "resolve"]

Shape = tuple[int, ...]
Pattern = np.ndarray[Any, np.dtype[np.bool_]]

Kind = Literal["derivative", "change", "bound", "claim"]
"""How the measured pattern comes about.

``derivative``: non-zero derivatives. ``change``: finite changes (steps, integers, booleans).
``bound``: as ``change``, and the structure may have more: the reason says what the convention adds.
``claim``: `function` cannot be run; the reason says why, and `reference` is run in its place, or, where there
is none, no element of the operands reaches the result.
"""


@dataclass(frozen=True)
class Fed:
    """An operand that is fed: integers below a bound, or booleans where the bound is 0."""

    shape: Shape
    below: int = 0

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        values = torch.randint(0, self.below or 2, self.shape, generator=generator)
        return values if self.below else values.bool()


@dataclass(frozen=True)
class Case:
    """A call of an operator.

    Attributes
    ----------
    operator : str
        The overload called, as PyTorch prints it.
    function : callable
        Calls it on the operands.
    operands : sequence of (shape or Fed)
        Shapes of the learnable operands, and what is fed.
    kind : Kind
        How dependence is measured.
    draws : int
        Over how many random operands the measured pattern is united.
    low, high : float
        Between which the learnable operands are drawn.
    reference : callable, optional
        What is measured, if not `function` itself.
    reason : str
        Why the kind is not ``derivative``, where the operator alone does not say it.
    """

    operator: str
    function: Callable[..., Any]
    operands: Sequence[Shape | Fed]
    kind: Kind = "derivative"
    draws: int = 3
    low: float = 0.25
    high: float = 1.25
    reference: Callable[..., Any] | None = None
    reason: str = ""


def differences(case: Case) -> str:
    """What is wrong with a case, in words; empty if nothing is."""
    structural, called = _structural(case)
    if case.operator not in called:
        return f"the case calls {sorted(called)}, not {case.operator}"
    measured = _measured(case)
    if structural.shape != measured.shape:
        return f"patterns of shapes {structural.shape} (structural) and {measured.shape} (measured)"
    missing = np.argwhere(measured & ~structural).tolist()
    extra = np.argwhere(structural & ~measured).tolist() if case.kind != "bound" else []
    text = [f"no path from operand element {c} to result {r}" for r, c in missing[:4]]
    text += [
        f"a path from operand element {c} to result {r}, which does not depend on it" for r, c in extra[:4]
    ]
    return "; ".join(text)


# -- structural -----------------------------------------------------------------------------------------


class _Calls(TorchDispatchMode):
    """Notes which operators the forward calls, before anything decomposes them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


class _Applied(torch.nn.Module):
    """The function of parameters and of what is fed."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case, self.calls = case, _Calls()
        learnable = [torch.empty(one) for one in case.operands if not isinstance(one, Fed)]
        self.learnable = torch.nn.ParameterList(
            [torch.nn.Parameter(one) for one in learnable or [torch.empty(1)]]
        )

    def forward(self, *fed: torch.Tensor) -> Any:
        learnable, given = iter(self.learnable), iter(fed)
        operands = [next(given) if isinstance(one, Fed) else next(learnable) for one in self.case.operands]
        with self.calls:
            result = self.case.function(*operands)
        # One output: the trace takes two results of one node for one.
        return torch.cat([_shown(one).reshape(-1) for one in _parts(result)])


def _shown(x: torch.Tensor) -> torch.Tensor:
    """A floating tensor with the same dependences: results that are not floating are no outputs."""
    if x.is_complex():
        return x.abs()
    return x if x.is_floating_point() else x.to(torch.float32)


def _structural(case: Case) -> tuple[Pattern, set[str]]:
    module = _Applied(case)
    fed = [one.draw(torch.Generator().manual_seed(3)) for one in case.operands if isinstance(one, Fed)]
    graph = trace(module, fed or torch.empty(1)).graph
    graph.check()
    scalars = ScalarGraph(graph)
    refs = _columns(case, graph, scalars)
    columns = {ref: column for column, ref in enumerate(refs)}
    reach: list[frozenset[int]] = []
    for ref, (sources, *_) in enumerate(scalars.sources):
        own = frozenset([columns[ref]]) if ref in columns else frozenset()
        reach.append(own.union(*(reach[source] for source in sources)))
    rows = []
    for output in graph.outputs:
        for index in np.ndindex(graph.nodes[output].shape):
            row = np.zeros(len(refs), dtype=np.bool_)
            ref = scalars.elements[output].get(index)
            if ref is not None:
                row[list(reach[ref])] = True
            rows.append(row)
    return np.array(rows, dtype=np.bool_).reshape(len(rows), len(refs)), module.calls.names


def _columns(case: Case, graph: Any, scalars: ScalarGraph) -> list[int]:
    """The scalar node of every operand element, operands in order."""
    parameters = iter([k for k, node in enumerate(graph.nodes) if isinstance(node.op, Parameter)])
    fed = iter([k for k, node in enumerate(graph.nodes) if isinstance(node.op, Input)])
    nodes = [next(fed) if isinstance(one, Fed) else next(parameters) for one in case.operands]
    return [ref for node in nodes for ref in scalars.elements[node].values() if ref is not None]


# -- measured -------------------------------------------------------------------------------------------


def _measured(case: Case) -> Pattern:
    generator = torch.Generator().manual_seed(7)
    function = case.reference or case.function
    if case.kind == "claim" and case.reference is None:
        return np.zeros(_size_without_paths(case, generator), dtype=np.bool_)
    result = None
    for _ in range(case.draws):
        operands = [_draw(one, case, generator) for one in case.operands]
        parts = []
        for position, one in enumerate(case.operands):
            differentiable = case.kind in ("derivative", "claim") and not isinstance(one, Fed)
            measure = _derivatives(function, operands, position) if differentiable else None
            if measure is None:
                measure = _changes(function, operands, position, case, generator)
            parts.append(measure)
        pattern = np.concatenate(parts, 1)
        result = pattern if result is None else result | pattern
    assert result is not None
    return result


def _size_without_paths(case: Case, generator: torch.Generator) -> tuple[int, int]:
    operands = [_draw(one, case, generator) for one in case.operands]
    return _flat(case.function(*operands)).shape[0], sum(one.numel() for one in operands)


def _draw(one: Shape | Fed, case: Case, generator: torch.Generator) -> torch.Tensor:
    if isinstance(one, Fed):
        return one.draw(generator)
    return case.low + (case.high - case.low) * torch.rand(one, generator=generator, dtype=torch.float64)


def _derivatives(function: Callable[..., Any], operands: list[torch.Tensor], position: int) -> Pattern:
    def of_one(x: torch.Tensor) -> torch.Tensor:
        return _flat(function(*operands[:position], x, *operands[position + 1 :]))

    jacobian = torch.autograd.functional.jacobian(of_one, operands[position])
    rows = jacobian.shape[0]
    there: Pattern = (jacobian.abs().reshape(rows, jacobian.shape[1], -1) > 1e-12).any(1).numpy()
    return there


def _changes(
    function: Callable[..., Any], operands: list[torch.Tensor], position: int, case: Case,
    generator: torch.Generator,
) -> Pattern:  # fmt: skip
    """Whether a result changes when one element of one operand is drawn anew."""
    before = _flat(function(*operands))
    x = operands[position]
    columns = []
    for place in range(x.numel()):
        changed = torch.zeros(before.shape[0], dtype=torch.bool)
        for value in _draw_many(case.operands[position], case, generator):
            other = x.clone()
            other.view(-1)[place] = value
            after = _flat(function(*operands[:position], other, *operands[position + 1 :]))
            changed |= ((after - before).abs() > 1e-9).any(1)
        columns.append(changed)
    return torch.stack(columns, 1).numpy() if columns else np.zeros((before.shape[0], 0), dtype=np.bool_)


def _draw_many(one: Shape | Fed, case: Case, generator: torch.Generator) -> torch.Tensor:
    wide = Fed((6,), one.below) if isinstance(one, Fed) else (6,)
    return _draw(wide, case, generator)


def _flat(result: Any) -> torch.Tensor:
    """All elements of all results, a row each: real and imaginary part are one element."""
    rows = []
    for part in _parts(result):
        if part.is_complex():
            rows.append(torch.view_as_real(part.resolve_conj()).reshape(-1, 2))
        else:
            one = part.to(torch.float64).reshape(-1, 1)
            rows.append(torch.cat([one, torch.zeros_like(one)], 1))
    return torch.cat(rows)


def _parts(result: Any) -> Iterator[torch.Tensor]:
    for part in result if isinstance(result, tuple | list) else [result]:
        if isinstance(part, torch.Tensor):
            yield part


def resolve(operator: str) -> Any:
    """The operator that has this name."""
    result: Any = torch.ops
    for part in operator.split("."):
        result = getattr(result, part)
    return result


def call(operator: str, operands: Sequence[Shape | Fed], *rest: Any, **options: Any) -> Case:
    """A case that calls an operator on its operands, and then on whatever else it takes.

    Options are those of `Case`; ``named`` is a mapping of the operator's own named arguments.
    """
    named = options.pop("named", {})
    return Case(operator, lambda *xs: resolve(operator)(*xs, *rest, **named), operands, **options)
