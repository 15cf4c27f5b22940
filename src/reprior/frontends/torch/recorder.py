"""Record the operators of a forward pass as a graph.

A dispatch mode sees every ATen operator that the forward calls. It computes the result on PyTorch's meta
device (shapes without elements), so nothing of the model's real size is allocated, and lowers the operator
by its rule. What depends neither on what is fed nor on a parameter is evaluated on the CPU as well: masks and
indices are exact. Under ``inference_mode`` composite operators (linear, layer_norm,
scaled_dot_product_attention) arrive whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch.utils._pytree import tree_map

from ...core.primitives import Constant, Input, Parameter, Role
from ...errors import GraphError, UnknownOperatorError
from . import rules as _rules  # noqa: F401 - importing it registers the rules
from .evaluation import MAX_CONSTANT, Evaluation
from .index_masks import IndexedByMasks
from .lower import Lower
from .modes import ThreadMode
from .operands import Operands, read_operands
from .operators import (
    CHECKS,
    FACTORIES,
    INDEXED,
    READS,
    REWRITES,
    decomposition,
    functional_name,
    is_random,
    is_write,
)
from .reads import Reads
from .registry import Entry, find
from .scopes import Scopes
from .shortcuts import SHORTCUTS, Shortcut
from .slots import LeftOut, Slot
from .strided import Layout, strided_moves
from .tensors import CPU, Tensors, in_full
from .values import Value
from .worlds import fed_worlds

__all__ = ["Recorder"]

Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


class Recorder(ThreadMode):
    """Records operators while it is active.

    Parameters
    ----------
    scopes : Scopes
        Says which module is running.
    real : bool
        Compute results for real, not on the meta device.
    features_alone : bool
        Take whatever is fed for features, integers and masks included.

    Attributes
    ----------
    lower : Lower
        The graph so far.
    evaluation : Evaluation
        What runs the operators.
    reads : Reads
        What hands elements to Python.
    """

    def __init__(self, scopes: Scopes, real: bool = False, features_alone: bool = False) -> None:
        super().__init__()
        self._features_alone = features_alone
        self.lower = Lower()
        self._real = real
        self._scopes = scopes
        self._handlers: dict[Any, Handler] = {}
        self._tensors = Tensors(self.lower, real)
        self.evaluation = Evaluation(self.lower, self._tensors, real)
        self.reads = Reads(self.lower, self._tensors, scopes, real)

    # -- what the model owns and is fed ---------------------------------------------------------

    def parameter(self, tensor: torch.Tensor, name: str) -> None:
        """Make a leaf of a learnable tensor."""
        role: Role = "bias" if name.rpartition(".")[2] == "bias" else "weight"
        self._leaf(tensor, Parameter(name, tuple(tensor.shape), role))

    def running_statistic(self, tensor: torch.Tensor, name: str) -> None:
        """Make a leaf of a batch norm's running mean or variance."""
        self._leaf(tensor, Parameter(name, tuple(tensor.shape), "running_statistic"))

    def input(self, tensor: torch.Tensor, name: str, example: torch.Tensor | None = None) -> None:
        """Make a leaf of a tensor that is fed, with the elements of an example where those are known."""
        value = self._leaf(tensor, Input(name, tuple(tensor.shape)))
        assert value.node is not None
        value.worlds = None if self._features_alone else fed_worlds(name, tensor, example, value.node)

    def buffer(self, tensor: torch.Tensor, name: str, constant: torch.Tensor | None) -> None:
        """Know a buffer, with its elements if they are known."""
        shape = tuple(tensor.shape)
        value = Value(None, shape, None if constant is None else in_full(constant))
        if constant is None:
            value.node = self.lower.builder.add(Constant(name, shape))
        self._tensors.know(tensor, Slot(value))

    def value(self, tensor: torch.Tensor) -> Value:
        """What a tensor stands for."""
        return self._tensors.value(tensor)

    def literal(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the traced device that stands for one made from Python's numbers."""
        return self._tensors.on_meta(tensor)

    def _leaf(self, tensor: torch.Tensor, leaf: Parameter | Input) -> Value:
        value = Value(self.lower.builder.add(leaf), leaf.shape)
        self._tensors.know(tensor, Slot(value))
        return value

    # -- dispatch -------------------------------------------------------------------------------

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Called by PyTorch in place of every operator."""
        handler = self._handlers.get(func)
        if handler is None:
            handler = self._handlers[func] = self._choose(func)
        self.lower.scope, self.lower.operator = self._scopes.current, func
        return handler(func, args, kwargs or {})

    def _choose(self, func: Any) -> Handler:
        """How an operator is handled; asked once per operator."""
        name = str(func)
        base, overload = name.rsplit(".", 1)
        if name in READS:
            return self.reads.read_element
        if name in CHECKS:
            return self.reads.check
        if name.startswith("profiler."):  # marks in a profile, of no tensor
            return lambda func, args, kwargs: func(*args, **kwargs)
        handler = self._choose_kind(func, name, base, overload)
        if base in INDEXED:
            return IndexedByMasks(handler, self, self._tensors, self.reads)
        return handler

    def _choose_kind(self, func: Any, name: str, base: str, overload: str) -> Handler:
        if base == "aten.as_strided":
            return self._view_by_strides
        if is_write(func):
            entry = find(functional_name(base, overload))
            write = self._write_out if overload.endswith("out") else self._write_first
            return lambda func, args, kwargs: write(entry, func, args, kwargs)
        entry = find(name)
        if entry is None and name in REWRITES:
            return lambda func, args, kwargs: self._rewrite(REWRITES[name], args, kwargs)
        if entry is None:
            return self._shaped_like if base in FACTORIES else self._decompose
        if entry.kind == "view":
            return lambda func, args, kwargs: self._view(entry, func, args, kwargs)
        shortcut = None if self._real or overload == "Tensor_mode" else SHORTCUTS.get(base)
        return lambda func, args, kwargs: self._apply(entry, shortcut, func, args, kwargs)

    # -- kinds of operators -----------------------------------------------------------------------

    def _apply(
        self,
        entry: Entry,
        shortcut: Shortcut | None,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """An operator that makes new tensors."""
        operands = self._operands(args, kwargs)
        if operands.constant:
            result = self.evaluation.constants(func, operands)
            if result is not None:
                return result
        if operands.worlds:
            if operands.fed:
                result = self.evaluation.in_worlds(func, operands)
                if result is not None:
                    return result
            operands = self.evaluation.settled(func, operands)
        result = None if shortcut is None or "dtype" in kwargs else shortcut(operands.tensors)
        if result is None:
            result = self.evaluation.run(func, operands)
        if entry.function is None:
            return tree_map(self._tensors.for_unknown, result)
        return self._bind(func, result, entry.function(self.lower, *operands.values, **operands.named_values))

    def _view(self, entry: Entry, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose results may share memory with its first operand."""
        assert entry.function is not None
        source = args[0]
        slot = self._tensors.slot(source)
        value = slot.read(self.lower)
        if value.constant is not None and not self._real and _goes_to_cpu(args[1:], kwargs):
            # Its elements are about to be read.
            copy = func(value.constant, *args[1:], **kwargs).clone()
            self._tensors.know(copy, Slot(self.lower.constant(copy)))
            return copy
        if value.worlds is not None and not self._real and _goes_to_cpu(args[1:], kwargs):
            example = value.worlds.tensors[0]
            if example is not None:
                copy = func(example, *args[1:], **kwargs).clone()
                self._tensors.know(copy, Slot(replace(value, worlds=value.worlds.to(copy.dtype))))
                return copy
        operands = self._operands(args, kwargs)
        result = self.evaluation.run(func, operands)
        memory = operands.tensors[0]
        if result is memory:
            return source
        moves = entry.function(value.shape, *args[1:], **kwargs)
        pairs = ((result, moves),) if isinstance(result, torch.Tensor) else zip(result, moves, strict=True)
        for one, path in pairs:
            new = replace(value)
            for move in path:
                new = self.lower.add(move, new)
            if new.constant is not None and one.dtype != source.dtype:
                new = Value(None, new.shape, new.constant.to(one.dtype))
            elif new.worlds is not None and one.dtype != source.dtype:
                new = replace(new, worlds=new.worlds.to(one.dtype))
            if new.shape != tuple(one.shape):
                raise self._mismatch(func, new.shape, one.shape)
            shared = one.untyped_storage()._cdata == memory.untyped_storage()._cdata
            self._tensors.attach(one, slot.view(path, new, memory) if shared else Slot(new))
        return result

    def _view_by_strides(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``as_strided``, which reads the memory itself."""
        operands = self._operands(args, kwargs)
        result = self.evaluation.run(func, operands)
        slot = self._tensors.slot(args[0])
        owner, memory = slot.owner or slot, slot.memory_of(operands.tensors[0])
        moves = strided_moves(Layout.of(memory), Layout.of(result))
        value = owner.value
        for move in moves:
            value = self.lower.add(move, value)
        self._tensors.attach(result, Slot(value, owner, tuple(moves), owner.version, memory))
        return result

    def _write_first(
        self, entry: Entry | None, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """An operator that writes its first operand, by the rule of its functional twin."""
        operands = self._operands(args, kwargs)
        target = args[0]
        slot = self._tensors.slot(target)
        if self._real:
            self.evaluation.compute(func, args, kwargs)
        if entry is not None and entry.kind == "view":
            return self._reshape_in_place(entry, func, target, args[1:], kwargs)
        if not operands.others and not is_random(func):
            written = self.evaluation.written(func, operands)
            if written is not None:
                slot.write(self.lower, written)
                return target
        operands = self.evaluation.settled(func, operands)
        if entry is None:
            return self._decompose(func, args, kwargs)
        if entry.function is None:
            slot.write(self.lower, self._tensors.unknown(tuple(target.shape)))
            return target
        new = entry.function(self.lower, *operands.values, **operands.named_values)
        slot.write(self.lower, self.lower.expand(new, tuple(target.shape)))
        return target

    def _reshape_in_place(
        self, entry: Entry, func: Any, target: torch.Tensor, rest: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> torch.Tensor:
        """An operator such as ``squeeze_``, which makes a tensor another view of its memory."""
        assert entry.function is not None
        slot = self._tensors.slot(target)
        value = slot.read(self.lower)
        moves = entry.function(value.shape, *rest, **kwargs)
        if not moves:
            return target
        if not target.is_meta and not self._real:
            raise self.lower.unsupported(f"{func} changes the shape of a tensor of the module's in place")
        before = target.detach()  # how the memory lies, as its owner sees it
        if not self._real or target.shape == value.shape:
            func(target, *rest, **kwargs)
        for move in moves:
            value = self.lower.add(move, value)
        self._tensors.replace(target, slot.view(moves, value, before))
        return target

    def _write_out(
        self, entry: Entry | None, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """An ``out=`` overload."""
        if entry is None or entry.function is None or entry.kind == "view" or "out" not in kwargs:
            return self._decompose(func, args, kwargs)
        target = kwargs["out"]
        operands = self._operands(args, {key: item for key, item in kwargs.items() if key != "out"})
        if self._real:
            self.evaluation.compute(func, args, kwargs)
        operands = self.evaluation.settled(func, operands)
        new = entry.function(self.lower, *operands.values, **operands.named_values)
        self._tensors.slot(target).write(self.lower, new)
        return target

    def _shaped_like(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose result depends on the shape of its operand alone."""
        operands = self._operands(args, kwargs)
        result = self.evaluation.run(func, operands)
        shape = tuple(result.shape)
        base = str(func).split(".")[1]
        if is_random(func):
            return self._tensors.for_unknown(result)
        if result.numel() > MAX_CONSTANT:
            return self._tensors.for_large(result)
        if "full" in base:
            place = 2 if base == "new_full" else 1
            fill = operands.named_values.get(
                "fill_value", operands.values[-1 if len(args) <= place else place]
            )
            fill = fill.constant if isinstance(fill, Value) else fill
            constant = torch.full(shape, fill, dtype=result.dtype)
        elif "ones" in base:
            constant = torch.ones(shape, dtype=result.dtype)
        else:  # memory that is not initialised holds no element yet, and neither do zeros
            constant = torch.zeros(shape, dtype=result.dtype)
        self._tensors.attach(result, Slot(Value(None, shape, constant)))
        return result

    def _decompose(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator without a rule: evaluated if constant, else by its parts if PyTorch knows them."""
        operands = self._operands(args, kwargs)
        if not operands.others and not is_write(func):
            evaluate = self.evaluation.in_worlds if operands.fed else self.evaluation.constants
            result = evaluate(func, operands)
            if result is not None:
                return result
        with self:
            result = func.decompose(*operands.tensors, **operands.named_tensors)
            if result is not NotImplemented:
                return result
            parts = decomposition(func)
            if parts is not None:
                return parts(*operands.tensors, **operands.named_tensors)
        name, node = str(func), len(self.lower.builder.nodes)
        raise UnknownOperatorError(
            f"operator '{name}' in {self._scopes.where} (node {node}) has no rule; register one with "
            f"@reprior.rule('{name}'), see docs/torch.md",
            module=self._scopes.current,
        )

    def _rewrite(self, parts: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator by others."""
        with self:
            return parts(*args, **kwargs)

    # -- operands -------------------------------------------------------------------------------

    def _operands(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operands:
        return read_operands(self._tensors, self.lower, self._real, args, kwargs)

    # -- results --------------------------------------------------------------------------------

    def _bind(self, func: Any, result: Any, values: Any) -> Any:
        """Tie the operator's results to the values that its rule gave."""
        if isinstance(result, torch.Tensor):
            if values.shape != tuple(result.shape):
                raise self._mismatch(func, values.shape, result.shape)
            self._tensors.attach(result, Slot(values))
            return result
        for place, (one, value) in enumerate(itertools.zip_longest(result, values)):
            if isinstance(one, torch.Tensor):
                if value is None:
                    self._leave_out(func, place, one)
                else:
                    self._bind(func, one, value)
        return result

    def _leave_out(self, func: Any, place: int, result: torch.Tensor) -> None:
        """Make a result that a rule does not give one that nothing may read, unless it is empty."""
        value, what = Value(None, tuple(result.shape)), f"result {place} of '{func}'"
        if not result.numel():
            value.constant = torch.zeros(result.shape, dtype=result.dtype)
        self._tensors.attach(result, LeftOut(value, what=what) if result.numel() else Slot(value))

    def _mismatch(self, func: Any, inferred: tuple[int, ...], actual: Iterable[int]) -> GraphError:
        return GraphError(
            f"in {self._scopes.where}: the rule of '{func}' gives shape {inferred}, PyTorch {tuple(actual)}",
            module=self._scopes.current,
        )


def _goes_to_cpu(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a tensor is asked for on the CPU."""
    return kwargs.get("device") == CPU or any(isinstance(item, torch.device) and item == CPU for item in args)
