"""Record one forward pass as a graph.

A dispatch mode sees every ATen operator that the forward calls. It computes the result on PyTorch's meta
device (shapes without elements), so nothing of the model's real size is allocated, and lowers the operator by its rule. A
tensor that depends neither on what is fed nor on a parameter is evaluated on the CPU as well: masks and indices
are exact. Under ``inference_mode`` composite operators (linear, layer_norm, scaled_dot_product_attention) arrive
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from ...errors import GraphError, RepriorError, UnknownOperatorError
from ...primitives import Constant, Input, Parameter
from . import rules as _rules  # noqa: F401 - importing it registers the rules
from .lower import Lower
from .registry import Entry, find
from .scopes import Scopes
from .values import Slot, Value

__all__ = ["Recorder"]

_MAX_CONSTANT = 1 << 27
"""Number of elements up to which constants are evaluated."""

Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
_META = torch.device("meta")
_CPU = torch.device("cpu")


class Recorder(TorchDispatchMode):
    """Records operators while it is active.

    Attributes
    ----------
    lower : Lower
        The graph so far.
    real : bool
        Whether results are computed for real, not on the meta device.
    broken : bool
        Whether an exception came out of the lowering rather than out of the traced model.
    """

    def __init__(self, scopes: Scopes, real: bool = False) -> None:
        super().__init__()
        self.lower = Lower()
        self.real = real
        self.broken = False
        self._scopes = scopes
        self._handlers: dict[Any, Handler] = {}
        # The user's own tensors, by identity: nothing is written on them.
        self._slots: dict[int, Slot] = {}
        self._twins: dict[int, torch.Tensor] = {}
        self._alive: list[torch.Tensor] = []

    # -- what the model owns and is fed ---------------------------------------------------------

    def parameter(self, tensor: torch.Tensor, name: str) -> None:
        """Make a leaf of a learnable tensor."""
        role = "bias" if name.rpartition(".")[2] == "bias" else "weight"
        self._leaf(tensor, Parameter(name, tuple(tensor.shape), role))

    def input(self, tensor: torch.Tensor, name: str) -> None:
        """Make a leaf of a tensor that is fed."""
        self._leaf(tensor, Input(name, tuple(tensor.shape)))

    def running_statistic(self, tensor: torch.Tensor, name: str) -> None:
        """Make a leaf of a batch norm's running mean or variance."""
        self._leaf(tensor, Parameter(name, tuple(tensor.shape), "running_statistic"))

    def buffer(self, tensor: torch.Tensor, name: str, constant: torch.Tensor | None) -> None:
        """Know a buffer, with its elements if they are known."""
        shape = tuple(tensor.shape)
        value = Value(None, shape, constant)
        if constant is None:
            value.node = self.lower.builder.add(Constant(name, shape))
        self._know(tensor, Slot(value))

    def _leaf(self, tensor: torch.Tensor, leaf: Parameter | Input) -> None:
        node = self.lower.builder.add(leaf)
        self._know(tensor, Slot(Value(node, leaf.shape)))

    def _know(self, tensor: torch.Tensor, slot: Slot) -> None:
        self._slots[id(tensor)] = slot
        self._alive.append(tensor)

    def value(self, tensor: torch.Tensor) -> Value:
        """What a tensor stands for."""
        return self._slot(tensor).read(self.lower)

    # -- dispatch -------------------------------------------------------------------------------

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        handler = self._handlers.get(func)
        if handler is None:
            handler = self._handlers[func] = self._resolve(func)
        return handler(func, args, kwargs or {})

    def _resolve(self, func: Any) -> Handler:
        """Choose, once per operator, how it is handled."""
        name = str(func)
        if name in _READS:
            return self._read_element
        base, overload = name.rsplit(".", 1)
        entry = find(name)
        if entry is not None and not _writes(func):
            return self._handler(entry)
        if _writes(func):
            entry = find(_functional_name(base, overload))
            return (
                self._out(entry) if entry is not None and overload.endswith("out") else self._in_place(entry)
            )
        if base.split(".")[1] in _FACTORIES:
            return self._factory
        return self._decompose

    def _handler(self, entry: Entry) -> Handler:
        if entry.kind == "view":
            return lambda func, args, kwargs: self._view(entry, func, args, kwargs)
        return lambda func, args, kwargs: self._apply(entry, func, args, kwargs)

    def _apply(self, entry: Entry, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator that makes new tensors."""
        values, named, constant = self._read(args, kwargs)
        if constant:
            result = self._evaluate(func, args, kwargs, values, named)
            if result is not None:
                return result
        result = self._run(func, args, kwargs)
        if entry.kind == "pathless":
            return self._bind_unknown(result)
        return self._bind(func, result, self._lowered(entry, values, named))

    def _lowered(self, entry: Entry, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The rule's values for an operator."""
        if entry.function is None:  # pathless, and its result was written over a tensor
            raise self.lower.unsupported(f"an in-place operator without paths ({entry.reason})")
        self.lower.scope = self._scopes.current
        try:
            return entry.function(self.lower, *values, **named)
        except RepriorError:
            raise
        except BaseException:
            self.broken = True
            raise

    def _view(self, entry: Entry, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose results may share memory with its first operand."""
        source = args[0]
        slot = self._slot(source)
        lower = self.lower
        lower.scope = self._scopes.current
        value = slot.read(lower)
        meta = self._meta(source)
        if value.constant is not None and _to_cpu(args[1:], kwargs) and not self.real:
            copy = value.constant.clone()
            self._know(copy, Slot(Value(None, tuple(copy.shape), copy)))
            return copy
        result = self._run(func, args, kwargs)
        if result is meta:
            return source
        try:
            moves = entry.function(value.shape, *args[1:], **kwargs) if entry.function else []
        except RepriorError:
            raise
        except BaseException:
            self.broken = True
            raise
        several = not isinstance(result, torch.Tensor)
        memory = meta.untyped_storage()._cdata
        for one, path in zip(result, moves, strict=True) if several else ((result, moves),):
            new = value
            for move in path:
                new = lower.add(move, new)
            if one.dtype != source.dtype and new.constant is not None:
                new = Value(None, new.shape, new.constant.to(one.dtype))
            if new.shape != tuple(one.shape):
                raise self._mismatch(func, new.shape, one.shape)
            aliased = one.untyped_storage()._cdata == memory
            self._attach(
                one, slot.view(path, new) if aliased else Slot(new if new is not value else _copy(new))
            )
        return result

    def _in_place(self, entry: Entry | None) -> Handler:
        """The handler of an operator that writes its first operand, by the rule of its functional twin."""

        def handle(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            values, named, constant = self._read(args, kwargs)
            target = args[0]
            slot = self._slot(target)
            if constant:
                new = self._in_place_constant(func, values, named)
                if new is not None:
                    slot.write(self.lower, new)
                    return target
            if entry is None:
                return self._decompose(func, args, kwargs)
            if entry.kind == "pathless":
                slot.write(self.lower, self._unknown(tuple(target.shape)))
                return target
            if entry.kind == "view":
                if entry.function is not None and not entry.function(values[0].shape, *args[1:], **kwargs):
                    return target
                # Such as squeeze_: the tensor itself takes another shape.
                raise self.lower.unsupported(f"{func} changes the shape of a tensor in place")
            if self.real:
                func(*args, **kwargs)
            new = self._lowered(entry, values, named)
            if new.shape != tuple(target.shape):
                new = self.lower.expand(new, tuple(target.shape))
            slot.write(self.lower, new)
            return target

        return handle

    def _in_place_constant(self, func: Any, values: tuple[Any, ...], named: dict[str, Any]) -> Value | None:
        target = values[0].constant
        if target is None or _is_random(func):
            return None
        copy = target.clone()
        func(copy, *tree_map(_constant, values[1:]), **tree_map(_constant, _cpu_kwargs(named)))
        return Value(None, tuple(copy.shape), copy)

    def _out(self, entry: Entry) -> Handler:
        """The handler of an ``out=`` overload."""

        def handle(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            target = kwargs["out"]
            rest = {key: item for key, item in kwargs.items() if key != "out"}
            values, named, _ = self._read(args, rest)
            self._slot(target).write(self.lower, self._lowered(entry, values, named))
            return target

        return handle

    def _factory(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose result depends on shapes alone."""
        result = self._run(func, args, kwargs)
        base = str(func).split(".")[1]
        shape = tuple(result.shape)
        if prod(shape) > _MAX_CONSTANT or _is_random(func):
            return self._bind_unknown(result)
        if "full" in base:
            fill = kwargs["fill_value"] if "fill_value" in kwargs else args[2 if base == "new_full" else 1]
            fill = self.value(fill).constant if isinstance(fill, torch.Tensor) else fill
            constant = torch.full(shape, fill, dtype=result.dtype)
        elif "ones" in base:
            constant = torch.ones(shape, dtype=result.dtype)
        else:  # memory that is not initialised holds no element yet, and neither do zeros
            constant = torch.zeros(shape, dtype=result.dtype)
        self._attach(result, Slot(Value(None, shape, constant)))
        return result

    def _decompose(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator without a rule: by its parts, if PyTorch knows them."""
        values, named, constant = self._read(args, kwargs)
        if constant and not _writes(func):
            result = self._evaluate(func, args, kwargs, values, named)
            if result is not None:
                return result
        with self:
            result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
            part = _decomposition(func)
            if part is not None:
                return part(*args, **kwargs)
        name = str(func)
        raise UnknownOperatorError(
            f"operator '{name}' in module '{self._scopes.current or '(root)'}' (node "
            f"{len(self.lower.builder.nodes)}) has no rule; register one with @reprior.rule('{name}'), "
            "see docs/torch.md"
        )

    def _read_element(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator that hands elements to Python."""
        values, named, constant = self._read(args, kwargs)
        if constant and all(v.constant is not None for v in values if isinstance(v, Value)):
            return func(*tree_map(_constant, values), **named)
        if self.real:
            return func(*args, **kwargs)
        raise RepriorError(
            f"in module '{self._scopes.current or '(root)'}': the forward needs the value of a tensor that depends on the "
            f"input ({func}); its structure depends on data. Pass real=True to follow one real input"
        )

    # -- operands and results -------------------------------------------------------------------

    def _slot(self, tensor: torch.Tensor) -> Slot:
        slot = self._slots.get(id(tensor))
        if slot is None:
            slot = getattr(tensor, "_reprior_slot", None)
            if slot is None:
                slot = self._foreign(tensor)
        return slot

    def _foreign(self, tensor: torch.Tensor) -> Slot:
        """A tensor that no operator of this trace made: a literal, or one that the model keeps aside."""
        shape = tuple(tensor.shape)
        if tensor.is_meta:
            slot = Slot(self._unknown(shape))
        else:
            slot = Slot(Value(None, shape, tensor.detach().clone()))
        self._know(tensor, slot)
        return slot

    def _unknown(self, shape: tuple[int, ...]) -> Value:
        """A constant whose elements are not known."""
        return Value(self.lower.builder.add(Constant("unknown", shape), (), self._scopes.current), shape)

    def _read(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any], bool]:
        """The operands with a value for each tensor, and whether all tensors are known constants."""
        lower = self.lower
        constant = True

        def convert(item: Any) -> Any:
            nonlocal constant
            if isinstance(item, torch.Tensor):
                value = self._slot(item).read(lower)
                if value.constant is None:
                    constant = False
                return value
            if isinstance(item, (list, tuple)) and not isinstance(item, torch.Size):
                return [convert(one) for one in item]
            return item

        values = tuple([convert(item) for item in args])
        named = {key: convert(item) for key, item in kwargs.items()} if kwargs else {}
        return values, named, constant

    def _meta(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor itself or its twin on the meta device."""
        if tensor.is_meta or self.real:
            return tensor
        twin = self._twins.get(id(tensor))
        if twin is None:
            # Not an inference tensor: PyTorch wants views of the tensor it stands for to keep versions.
            with torch.inference_mode(False):
                twin = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=_META)
            self._twins[id(tensor)] = twin
            self._alive.append(tensor)
            self._attach(twin, self._slot(tensor))
        return twin

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The operator's result, on the meta device unless results are real."""
        if self.real:
            return func(*args, **kwargs)

        def convert(item: Any) -> Any:
            if isinstance(item, torch.Tensor):
                return item if item.is_meta else self._meta(item)
            if isinstance(item, (list, tuple)) and not isinstance(item, torch.Size):
                return [convert(one) for one in item]
            return _META if isinstance(item, torch.device) else item

        if kwargs:
            return func(
                *[convert(item) for item in args], **_meta_kwargs({k: convert(v) for k, v in kwargs.items()})
            )
        return func(*[convert(item) for item in args])

    def _evaluate(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        values: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        """The result of an operator on known constants; None if it is random or too large."""
        if _is_random(func):
            return None
        if not any(isinstance(item, Value) for item in values):  # a factory may be of any size
            meta = self._run(func, args, kwargs)
            if isinstance(meta, torch.Tensor) and meta.numel() > _MAX_CONSTANT:
                return self._bind_unknown(meta)
        known = func(*tree_map(_constant, values), **tree_map(_constant, _cpu_kwargs(named)))
        return tree_map(self._twin_of_constant, known)

    def _twin_of_constant(self, constant: Any) -> Any:
        if not isinstance(constant, torch.Tensor):
            return constant
        if self.real:
            self._attach(constant, Slot(Value(None, tuple(constant.shape), constant.clone())))
            return constant
        meta = torch.empty_strided(constant.shape, constant.stride(), dtype=constant.dtype, device=_META)
        self._attach(meta, Slot(Value(None, tuple(constant.shape), constant)))
        return meta

    def _bind(self, func: Any, result: Any, values: Any) -> Any:
        """Tie the operator's results to the values its rule gave."""
        if isinstance(result, torch.Tensor):
            if values.shape != tuple(result.shape):
                raise self._mismatch(func, values.shape, result.shape)
            result._reprior_slot = Slot(values)  # type: ignore[attr-defined]
            return result
        for one, value in zip(result, values, strict=False):
            if isinstance(one, torch.Tensor) and value is not None:
                self._bind(func, one, value)
        return result

    def _bind_unknown(self, result: Any) -> Any:
        def bind(one: Any) -> Any:
            if isinstance(one, torch.Tensor):
                self._attach(one, Slot(self._unknown(tuple(one.shape))))
            return one

        return tree_map(bind, result)

    def _attach(self, tensor: torch.Tensor, slot: Slot) -> None:
        tensor._reprior_slot = slot  # type: ignore[attr-defined]

    def _mismatch(self, func: Any, inferred: tuple[int, ...], actual: Iterable[int]) -> GraphError:
        self.broken = True
        return GraphError(
            f"in module '{self._scopes.current}': the rule of '{func}' gives shape {inferred}, PyTorch {tuple(actual)}"
        )


_READS = frozenset(
    f"aten.{name}.default" for name in ("item", "_local_scalar_dense", "is_nonzero", "equal", "allclose")
)
"""Operators that hand elements to Python."""

_FACTORIES = frozenset(
    "zeros_like ones_like full_like empty_like rand_like randn_like randint_like new_zeros new_ones new_full "
    "new_empty new_empty_strided".split()
)
"""Operators whose result depends on the shape of their operand alone."""


def _writes(func: Any) -> bool:
    return bool(func._schema.is_mutable)


def _functional_name(base: str, overload: str) -> str:
    """The operator that computes what an in-place or ``out=`` operator writes."""
    if "__i" in base:  # such as __iand__
        return f"{base.replace('__i', '__')}.{overload}"
    return f"{base.removesuffix('_')}.{overload}"


def _is_random(func: Any) -> bool:
    """Whether an operator draws from a generator."""
    return torch.Tag.nondeterministic_seeded in func.tags


def _decomposition(func: Any) -> Any:
    return torch._decomp.decomposition_table.get(func)


def _constant(item: Any) -> Any:
    return item.constant if isinstance(item, Value) else item


def _copy(value: Value) -> Value:
    return Value(value.node, value.shape, value.constant)


def _cpu_kwargs(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: _CPU if key == "device" else item for key, item in kwargs.items()}


def _meta_kwargs(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: _META if key == "device" else item for key, item in kwargs.items()}


def _to_cpu(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a tensor is asked for on the CPU, to read its elements."""
    return kwargs.get("device") == _CPU or any(
        isinstance(item, torch.device) and item == _CPU for item in args
    )
