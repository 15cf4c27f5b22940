"""Record the operators of a forward pass as a graph.

A dispatch mode sees every ATen operator that the forward calls. It computes the result on PyTorch's meta
device (shapes without elements), so nothing of the model's real size is allocated, and lowers the operator
by its rule. What depends neither on what is fed nor on a parameter is evaluated on the CPU as well: masks and
indices are exact. Under ``inference_mode`` composite operators (linear, layer_norm,
scaled_dot_product_attention) arrive whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_map

from ...errors import GraphError, RepriorError, UnknownOperatorError
from ...primitives import Constant, Input, Parameter, Role
from . import rules as _rules  # noqa: F401 - importing it registers the rules
from .lower import Lower
from .modes import ThreadMode
from .operators import (
    FACTORIES,
    INDEXED,
    READS,
    REWRITES,
    SHORTCUTS,
    UNINITIALISED,
    Shortcut,
    decomposition,
    functional_name,
    is_random,
    is_write,
    with_generator,
)
from .registry import Entry, find
from .scopes import Scopes
from .strided import Layout, strided_moves
from .values import Slot, Value

__all__ = ["Recorder"]

_MAX_CONSTANT = 1 << 27
"""Number of elements up to which constants are evaluated."""

_NO_SLOT: tuple[object, Slot | None] = (None, None)

_META, _CPU = torch.device("meta"), torch.device("cpu")


class Operands(NamedTuple):
    """An operator's arguments, twice: as rules see them, and as PyTorch does.

    Attributes
    ----------
    values, named_values
        With a `Value` for every tensor.
    tensors, named_tensors
        With tensors on the meta device.
    constant : bool
        Whether the elements of all tensors are known.
    """

    values: list[Any]
    named_values: dict[str, Any]
    tensors: list[Any]
    named_tensors: dict[str, Any]
    constant: bool


Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


class Recorder(ThreadMode):
    """Records operators while it is active.

    Parameters
    ----------
    scopes : Scopes
        Says which module is running.
    real : bool
        Compute results for real, not on the meta device.

    Attributes
    ----------
    lower : Lower
        The graph so far.
    refused : Exception or None
        What PyTorch last raised on an operator that the forward called.
    """

    def __init__(self, scopes: Scopes, real: bool = False) -> None:
        super().__init__()
        self.lower = Lower()
        self._real = real
        self.refused: Exception | None = None
        self._generator = torch.Generator().manual_seed(0)
        self._scopes = scopes
        self._handlers: dict[Any, Handler] = {}
        # The user's own tensors, by identity: nothing is written on them. They are kept alive, so that no
        # other takes the place.
        self._slots: dict[int, Slot] = {}
        self._owner = object()  # what marks the slots of this trace
        self._twins: dict[int, torch.Tensor] = {}
        self._alive: list[torch.Tensor] = []

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
        self._leaf(tensor, Input(name, tuple(tensor.shape)))

    def buffer(self, tensor: torch.Tensor, name: str, constant: torch.Tensor | None) -> None:
        """Know a buffer, with its elements if they are known."""
        shape = tuple(tensor.shape)
        value = Value(None, shape, None if constant is None else _in_full(constant))
        if constant is None:
            value.node = self.lower.builder.add(Constant(name, shape))
        self._know(tensor, Slot(value))

    def value(self, tensor: torch.Tensor) -> Value:
        """What a tensor stands for."""
        return self._slot(tensor).read(self.lower)

    def _leaf(self, tensor: torch.Tensor, leaf: Parameter | Input) -> None:
        self._know(tensor, Slot(Value(self.lower.builder.add(leaf), leaf.shape)))

    def _know(self, tensor: torch.Tensor, slot: Slot) -> None:
        self._slots[id(tensor)] = slot
        self._alive.append(tensor)

    def literal(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor on the traced device that stands for one made from Python's numbers."""
        return tensor if self._real else self._meta(tensor)

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
            return self._read_element
        if name.startswith("profiler."):  # marks in a profile, of no tensor
            return lambda func, args, kwargs: func(*args, **kwargs)
        handler = self._choose_kind(func, name, base, overload)
        return self._with_plain_indices(handler) if base in INDEXED else handler

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
            result = self._evaluate(func, operands)
            if result is not None:
                return result
        result = None if shortcut is None else shortcut(operands.tensors)
        if result is None:
            result = self._run(func, operands)
        if entry.function is None:
            return tree_map(self._bind_unknown, result)
        return self._bind(func, result, entry.function(self.lower, *operands.values, **operands.named_values))

    def _view(self, entry: Entry, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose results may share memory with its first operand."""
        assert entry.function is not None
        source = args[0]
        slot = self._slot(source)
        value = slot.read(self.lower)
        if value.constant is not None and not self._real and _goes_to_cpu(args[1:], kwargs):
            # Its elements are about to be read.
            copy = func(value.constant, *args[1:], **kwargs).clone()
            self._know(copy, Slot(Value(None, tuple(copy.shape), copy)))
            return copy
        operands = self._operands(args, kwargs)
        result = self._run(func, operands)
        memory = operands.tensors[0]
        if result is memory:
            return source
        moves = entry.function(value.shape, *args[1:], **kwargs)
        pairs = ((result, moves),) if isinstance(result, torch.Tensor) else zip(result, moves, strict=True)
        for one, path in pairs:
            new = Value(value.node, value.shape, value.constant)
            for move in path:
                new = self.lower.add(move, new)
            if new.constant is not None and one.dtype != source.dtype:
                new = Value(None, new.shape, new.constant.to(one.dtype))
            if new.shape != tuple(one.shape):
                raise self._mismatch(func, new.shape, one.shape)
            shared = one.untyped_storage()._cdata == memory.untyped_storage()._cdata
            self._attach(one, slot.view(path, new, memory) if shared else Slot(new))
        return result

    def _view_by_strides(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``as_strided``, which reads the memory itself."""
        operands = self._operands(args, kwargs)
        result = self._run(func, operands)
        slot = self._slot(args[0])
        owner, memory = slot.owner or slot, slot.memory_of(operands.tensors[0])
        moves = strided_moves(Layout.of(memory), Layout.of(result))
        value = owner.value
        for move in moves:
            value = self.lower.add(move, value)
        self._attach(result, Slot(value, owner, tuple(moves), owner.version, memory))
        return result

    def _write_first(
        self, entry: Entry | None, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """An operator that writes its first operand, by the rule of its functional twin."""
        operands = self._operands(args, kwargs)
        target = args[0]
        slot = self._slot(target)
        if self._real:
            self._compute(func, args, kwargs)
        if operands.constant and not is_random(func):
            known = [
                item.clone() if k == 0 else item for k, item in enumerate(tree_map(_known, operands.values))
            ]
            func(*known, **tree_map(_known, operands.named_values))
            slot.write(self.lower, self.lower.constant(known[0]))
            return target
        if entry is None:
            return self._decompose(func, args, kwargs)
        if entry.kind == "view":
            return self._reshape_in_place(entry, func, target, args[1:], kwargs)
        if entry.function is None:
            slot.write(self.lower, self._unknown(tuple(target.shape)))
            return target
        new = entry.function(self.lower, *operands.values, **operands.named_values)
        slot.write(self.lower, self.lower.expand(new, tuple(target.shape)))
        return target

    def _reshape_in_place(
        self, entry: Entry, func: Any, target: torch.Tensor, rest: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> torch.Tensor:
        """An operator such as ``squeeze_``, which makes a tensor another view of its memory."""
        assert entry.function is not None
        slot = self._slot(target)
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
        view = slot.view(moves, value, before)
        if id(target) in self._slots:
            self._slots[id(target)] = view
        self._attach(target, view)
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
            self._compute(func, args, kwargs)
        new = entry.function(self.lower, *operands.values, **operands.named_values)
        self._slot(target).write(self.lower, new)
        return target

    def _shaped_like(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator whose result depends on the shape of its operand alone."""
        operands = self._operands(args, kwargs)
        result = self._run(func, operands)
        shape = tuple(result.shape)
        base = str(func).split(".")[1]
        if is_random(func) or result.numel() > _MAX_CONSTANT:
            return self._bind_unknown(result)
        if "full" in base:
            place = 2 if base == "new_full" else 1
            fill = _known(
                operands.named_values.get("fill_value", operands.values[-1 if len(args) <= place else place])
            )
            constant = torch.full(shape, fill, dtype=result.dtype)
        elif "ones" in base:
            constant = torch.ones(shape, dtype=result.dtype)
        else:  # memory that is not initialised holds no element yet, and neither do zeros
            constant = torch.zeros(shape, dtype=result.dtype)
        self._attach(result, Slot(Value(None, shape, constant)))
        return result

    def _decompose(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator without a rule: evaluated if constant, else by its parts if PyTorch knows them."""
        operands = self._operands(args, kwargs)
        if operands.constant and not is_write(func):
            result = self._evaluate(func, operands)
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
            f"operator '{name}' in {self._where} (node {node}) has no rule; register one with "
            f"@reprior.rule('{name}'), see docs/torch.md",
            module=self._scopes.current,
        )

    def _rewrite(self, parts: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator by others."""
        with self:
            return parts(*args, **kwargs)

    def _with_plain_indices(self, handler: Handler) -> Handler:
        """An indexing operator: known boolean indices become the positions that they choose."""

        def handle(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            x, indices, *rest = args
            if rest and isinstance(rest[0], torch.Tensor) and not any(rest[1:2]):
                mask = self._only_mask(x, indices, rest[0])
                if mask is not None:
                    return self._write_where(func, x, mask, rest[0])
            plain: list[Any] = []
            for index in indices:
                value = None if index is None else self._slot(index).read(self.lower)
                if value is not None and value.constant is None:
                    value.is_mask = index.dtype is torch.bool
                    if value.is_mask and not rest and not self._real:
                        raise RepriorError(
                            f"in {self._where}: the forward selects by a mask that depends on the input, so "
                            "its shapes depend on data; real=True (--real) follows one real input"
                        )
                if value is None or value.constant is None or value.constant.dtype is not torch.bool:
                    plain.append(index)
                else:
                    plain.extend(self._bind_known(place) for place in value.constant.nonzero(as_tuple=True))
            return handler(func, (x, plain, *rest), kwargs)

        return handle

    def _only_mask(self, x: Any, indices: Any, source: torch.Tensor) -> torch.Tensor | None:
        """The mask of ``x[:, mask] = source``, shaped to broadcast; None if it is not that simple a write."""
        places = [place for place, index in enumerate(indices) if index is not None]
        if len(places) != 1 or indices[places[0]].dtype is not torch.bool:
            return None
        mask: torch.Tensor = indices[places[0]]
        after = x.dim() - places[0] - mask.dim()
        if source.dim() > after:
            return None
        with self:
            return mask.reshape((*(1,) * places[0], *mask.shape, *(1,) * after))

    def _write_where(self, func: Any, x: torch.Tensor, mask: torch.Tensor, source: torch.Tensor) -> Any:
        """A write of the same elements wherever a mask holds."""
        with self:
            result = torch.where(mask, source, x)
            return x.copy_(result) if is_write(func) else result

    def _read_element(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator that hands elements to Python."""
        operands = self._operands(args, kwargs)
        if operands.constant:
            return func(*tree_map(_known, operands.values), **kwargs)
        if self._real:
            self.lower.note("assumed", "control flow follows that of one example")
            return func(*args, **kwargs)
        raise RepriorError(
            f"in {self._where}: the forward needs the value of a tensor that depends on the input ({func}), "
            "so its structure depends on data; real=True (--real) follows one real input",
            module=self._scopes.current,
        )

    # -- operands -------------------------------------------------------------------------------

    def _operands(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operands:
        constant = True
        lower, slot_of, meta_of = self.lower, self._slot, self._meta

        def convert(item: Any) -> tuple[Any, Any]:
            nonlocal constant
            if isinstance(item, torch.Tensor):
                value = slot_of(item).read(lower)
                if value.constant is None:
                    constant = False
                return value, item if item.is_meta else meta_of(item)
            if isinstance(item, list | tuple) and item and not isinstance(item[0], int | float):
                pairs = [convert(one) for one in item]
                return [value for value, _ in pairs], [tensor for _, tensor in pairs]
            if isinstance(item, torch.device) and not self._real:
                return item, _META
            return item, item

        pairs = [convert(item) for item in args]
        named = {key: convert(item) for key, item in kwargs.items()} if kwargs else {}
        return Operands(
            [value for value, _ in pairs],
            {key: value for key, (value, _) in named.items()},
            [tensor for _, tensor in pairs],
            {key: tensor for key, (_, tensor) in named.items()},
            constant,
        )

    def _slot(self, tensor: torch.Tensor) -> Slot:
        slot = self._slots.get(id(tensor))
        if slot is None:
            owner, slot = getattr(tensor, "_reprior_slot", _NO_SLOT)
            if slot is None or owner is not self._owner:
                slot = self._foreign(tensor, slot)
        return slot

    def _foreign(self, tensor: torch.Tensor, other: Slot | None = None) -> Slot:
        """The slot of a tensor that no operator of this trace made: a literal, or one kept aside.

        A model may keep a mask or a table where every forward finds it: then another trace made it.
        """
        shape = tuple(tensor.shape)
        constant = other.value.constant if other is not None else None
        if constant is None and not tensor.is_meta:
            constant = _in_full(tensor.detach())
        if constant is None:
            self.lower.note("unknown", "values of a tensor on the meta device that the module keeps aside")
        slot = Slot(self._unknown(shape) if constant is None else self.lower.constant(constant.clone()))
        self._know(tensor, slot)
        return slot

    def _unknown(self, shape: tuple[int, ...]) -> Value:
        """A constant whose elements are not known."""
        return Value(self.lower.builder.add(Constant("unknown", shape), (), self._scopes.current), shape)

    def _meta(self, tensor: torch.Tensor) -> torch.Tensor:
        """The twin of a tensor on the meta device."""
        if self._real:
            return tensor
        twin = self._twins.get(id(tensor))
        if twin is None:
            # Not an inference tensor: PyTorch wants views of the tensor it stands for to keep versions.
            with torch.inference_mode(False):
                if tensor.layout is not torch.strided:
                    twin = torch.empty(tensor.shape, dtype=tensor.dtype, device=_META)
                else:
                    twin = torch.empty_strided(
                        tensor.shape, tensor.stride(), dtype=tensor.dtype, device=_META
                    )
                if tensor.layout is torch.strided and tensor.storage_offset():
                    memory = torch.empty(
                        tensor.untyped_storage().nbytes() // tensor.element_size(),
                        dtype=tensor.dtype,
                        device=_META,
                    )
                    twin = memory.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
            self._twins[id(tensor)] = twin
            self._attach(twin, self._slot(tensor))
            self._alive.append(tensor)
        return twin

    # -- results --------------------------------------------------------------------------------

    def _run(self, func: Any, operands: Operands) -> Any:
        """The operator's result, on the meta device unless results are real."""
        return self._compute(func, operands.tensors, operands.named_tensors)

    def _compute(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run an operator; what it draws for real comes from this trace's own generator."""
        if self._real and is_random(func):
            func, kwargs = with_generator(func, args, kwargs, self._generator)
        try:
            return func(*args, **kwargs)
        except Exception as error:
            self.refused = error
            raise

    def _evaluate(self, func: Any, operands: Operands) -> Any:
        """The result of an operator on known constants; None if it is random or too large."""
        if is_random(func):
            return None
        if not any(
            isinstance(item, Value) for item in operands.values
        ):  # what a factory makes may be of any size
            shaped = self._run(func, operands)
            if isinstance(shaped, torch.Tensor) and shaped.numel() > _MAX_CONSTANT:
                return self._bind_unknown(shaped)
        known = func(*tree_map(_known, operands.values), **tree_map(_known, operands.named_values))
        if str(func).startswith(UNINITIALISED):
            known.zero_()  # memory that is not initialised holds no element yet, and neither do zeros
        return tree_map(self._bind_known, known)

    def _bind(self, func: Any, result: Any, values: Any) -> Any:
        """Tie the operator's results to the values that its rule gave."""
        if isinstance(result, torch.Tensor):
            if values.shape != tuple(result.shape):
                raise self._mismatch(func, values.shape, result.shape)
            self._attach(result, Slot(values))
            return result
        for one, value in zip(result, values, strict=False):
            if isinstance(one, torch.Tensor) and value is not None:
                self._bind(func, one, value)
        return result

    def _bind_known(self, constant: Any) -> Any:
        """The tensor that stands for a known constant in the forward."""
        if not isinstance(constant, torch.Tensor):
            return constant
        constant = _in_full(constant)
        if self._real:
            self._attach(constant, Slot(self.lower.constant(constant.clone())))
            return constant
        twin = torch.empty_strided(constant.shape, constant.stride(), dtype=constant.dtype, device=_META)
        self._attach(twin, Slot(self.lower.constant(constant)))
        return twin

    def _bind_unknown(self, result: Any) -> Any:
        if isinstance(result, torch.Tensor):
            self._attach(result, Slot(self._unknown(tuple(result.shape))))
        return result

    def _attach(self, tensor: torch.Tensor, slot: Slot) -> None:
        tensor._reprior_slot = (self._owner, slot)

    @property
    def _where(self) -> str:
        return f"module '{self._scopes.current or '(root)'}'"

    def _mismatch(self, func: Any, inferred: tuple[int, ...], actual: Iterable[int]) -> GraphError:
        return GraphError(
            f"in {self._where}: the rule of '{func}' gives shape {inferred}, PyTorch {tuple(actual)}",
            module=self._scopes.current,
        )


def _in_full(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor with its zeros, which a sparse one and a derivative that is zero leave out."""
    if tensor._is_zerotensor():
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def _known(item: Any) -> Any:
    """An argument with elements: constants live on the CPU."""
    if isinstance(item, Value):
        return item.constant
    return _CPU if isinstance(item, torch.device) else item


def _goes_to_cpu(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a tensor is asked for on the CPU."""
    return kwargs.get("device") == _CPU or any(
        isinstance(item, torch.device) and item == _CPU for item in args
    )
