"""A structural twin of a module: the trace runs on it, so that the user's own module is never changed.

Another thread may train the very module that is analysed, or analyse it too. So a trace sets no mode, no
stand-in and no hook on it. The twin has modules of its own, of the same classes, with attributes of their
own and the same tensors; whatever in them refers to a module of the tree (bound methods, hooks, closures,
containers, helpers) refers to that module's twin.
"""

from __future__ import annotations

import copy
import sys
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch

from ...errors import SpecError
from .modes import ThreadMode

__all__ = ["make_twin", "unwrap"]

_ATOMS: frozenset[type] = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, type, torch.dtype, torch.device, torch.Size,
        types.BuiltinFunctionType, types.ModuleType,
    }
)  # fmt: skip
_SEQUENCES = (list, tuple, set, frozenset, deque)
_MAPPINGS = (dict, OrderedDict, defaultdict)
_OWN = frozenset(name for name, value in torch.nn.Module().__dict__.items() if value == {})
"""Mappings that every module has for itself; most are empty."""

_MOST_VISITED = 100_000
"""Number of objects beyond which a helper is taken as it is: it holds data, not parts of the module."""


def unwrap(module: torch.nn.Module) -> torch.nn.Module:
    """The module inside wrappers that change how it runs, not what it computes.

    ``torch.compile``, `torch.nn.DataParallel` and ``DistributedDataParallel``: names are those within.
    """
    while True:
        inner = _wrapped(module)
        if inner is None:
            return module
        module = inner


def _wrapped(module: torch.nn.Module) -> torch.nn.Module | None:
    if isinstance(module, torch.nn.DataParallel | torch.nn.parallel.DistributedDataParallel):
        return module.module
    compiled = sys.modules.get("torch._dynamo.eval_frame")  # who has compiled a module has imported it
    if compiled is not None and isinstance(module, compiled.OptimizedModule):
        inner: torch.nn.Module = module._orig_mod
        return inner
    return None


def _is_sharded(module: torch.nn.Module) -> bool:
    """Whether the parameters are only pieces of those that the forward reads."""
    fsdp = sys.modules.get("torch.distributed.fsdp")
    return fsdp is not None and isinstance(module, (fsdp.FSDPModule, fsdp.FullyShardedDataParallel))


def make_twin(module: torch.nn.Module, clone: bool = False) -> torch.nn.Module:
    """The twin of a module, without its wrappers.

    Parameters
    ----------
    module : torch.nn.Module
        It is read only.
    clone : bool
        Copy tensors as well, since the forward may write them.

    Raises
    ------
    SpecError
        If its parameters are sharded.
    """
    twins = _Twins(clone)
    result: torch.nn.Module = twins.of(module)
    twins.finish()
    # Weak references of the module lead to twins that nobody else may hold.
    result.__dict__["_reprior_twins"] = twins
    return result


class _Twins:
    """Twins of objects, by the identity of the originals."""

    def __init__(self, clone: bool) -> None:
        self._clone = clone
        self._made: dict[int, Any] = {}
        self._originals: list[Any] = []  # kept alive, so that no other object takes their identity
        self._pending: list[tuple[torch.nn.Module, torch.nn.Module]] = []
        self._leading: dict[int, bool] = {}
        self._slots: dict[type, tuple[str, ...]] = {}

    def of(self, item: Any) -> Any:
        """The twin of an object: itself, where it leads to no module."""
        kind = type(item)
        if kind in _ATOMS:
            return item
        made = self._made.get(id(item))
        if made is not None:
            return made
        if isinstance(item, torch.Tensor):
            return self._keep(item, _cloned(item)) if self._clone else item
        if isinstance(item, torch.nn.Module):
            return self._module(item)
        if kind in _MAPPINGS:
            return self._mapping(item)
        if kind is types.FunctionType and "_torchdynamo_orig_callable" in item.__dict__:
            return self._keep(
                item, self.of(item._torchdynamo_orig_callable)
            )  # compiled: run as it is written
        if kind in _SEQUENCES:
            return self._sequence(item)
        if isinstance(item, type) or not self._leads(item):
            return item
        return self._object(item)

    def finish(self) -> None:
        """Fill the modules that were met: in a loop, since modules nest deeply."""
        while self._pending:
            part, twin = self._pending.pop()
            self._fill(part, twin)

    def _keep(self, item: Any, twin: Any) -> Any:
        self._made[id(item)] = twin
        self._originals.append(item)
        return twin

    def _module(self, part: torch.nn.Module) -> Any:
        inner = unwrap(part)
        if inner is not part:
            return self._keep(part, self.of(inner))
        if _is_sharded(part):
            raise SpecError(f"{type(part).__name__} is sharded (FSDP); give the module before it is wrapped")
        if isinstance(part, torch.jit.ScriptModule):
            return self._keep(part, _script_twin(part, self._clone))
        twin = self._keep(part, object.__new__(type(part)))
        self._pending.append((part, twin))
        return twin

    def _fill(self, item: Any, twin: Any) -> None:
        attributes = getattr(item, "__dict__", None)
        if attributes is not None:
            # Copied at once: another thread may set attributes meanwhile.
            copied = attributes.copy()
            for name, value in copied.items():
                kind = type(value)
                if kind in _ATOMS:
                    continue
                if name in _OWN and kind in _MAPPINGS and (not value or self._are_tensors(name)):
                    copied[name] = value.copy() if value else kind()
                else:
                    copied[name] = self.of(value)
            twin.__dict__.update(copied)
        for name in self._slots_of(type(item)):
            if hasattr(item, name):
                object.__setattr__(twin, name, self.of(getattr(item, name)))

    def _slots_of(self, kind: type) -> tuple[str, ...]:
        found = self._slots.get(kind)
        if found is None:
            found = self._slots[kind] = _slots(kind)
        return found

    def _are_tensors(self, name: str) -> bool:
        """Whether an attribute of a module holds nothing but tensors, which are kept as they are."""
        return name in ("_parameters", "_buffers") and not self._clone

    def _mapping(self, item: Any) -> Any:
        twin = item.copy()
        entries = list(twin.items())
        self._keep(item, twin)
        twin.clear()
        for key, value in entries:
            twin[key if type(key) is str else self.of(key)] = self.of(value)
        return twin

    def _sequence(self, item: Any) -> Any:
        if isinstance(item, list | deque):
            twin = self._keep(item, item.copy())
            for place, value in enumerate(tuple(twin)):
                twin[place] = self.of(value)
            return twin
        if type(item) is tuple and all([type(value) in _ATOMS for value in item]):
            return item
        values = [self.of(value) for value in item]
        if isinstance(item, set) or any(new is not old for new, old in zip(values, item, strict=True)):
            return self._keep(item, type(item)(values))
        return item

    def _object(self, item: Any) -> Any:
        """The twin of a function, a reference, or a helper that leads to a module."""
        match item:
            case types.MethodType():
                return self._keep(item, types.MethodType(self.of(item.__func__), self.of(item.__self__)))
            case types.FunctionType():
                return self._function(item)
            case partial():
                twin = partial(self.of(item.func), *self.of(item.args), **self.of(item.keywords))
                twin.__dict__.update(self.of(item.__dict__))
                return self._keep(item, twin)
            case weakref.ReferenceType():
                return self._keep(item, weakref.ref(self.of(item())))
            case tuple() if hasattr(item, "_fields"):
                return self._keep(item, type(item)(*[self.of(value) for value in item]))
        return self._helper(item)

    def _helper(self, item: Any) -> Any:
        twin: Any
        try:
            twin = copy.copy(item) if isinstance(item, dict | list) else object.__new__(type(item))
        except Exception:  # what cannot be copied is taken as it is
            return self._keep(item, item)
        self._keep(item, twin)
        if isinstance(item, dict):
            for key, value in list(item.items()):
                twin[key] = self.of(value)
        elif isinstance(item, list):
            twin[:] = [self.of(value) for value in item]
        self._fill(item, twin)
        return twin

    def _function(self, item: types.FunctionType) -> Any:
        cells = tuple(types.CellType() for _ in item.__closure__ or ())
        twin = types.FunctionType(item.__code__, item.__globals__, item.__name__, None, cells or None)
        self._keep(item, twin)
        for cell, old in zip(cells, item.__closure__ or (), strict=True):
            if _is_filled(old):
                cell.cell_contents = self.of(old.cell_contents)
        twin.__defaults__ = self.of(item.__defaults__)
        twin.__kwdefaults__ = self.of(item.__kwdefaults__)
        twin.__dict__.update(self.of(item.__dict__))
        twin.__qualname__, twin.__module__ = item.__qualname__, item.__module__
        return twin

    def _leads(self, item: Any) -> bool:
        """Whether an object leads to a module (or a tensor, if those are cloned)."""
        known = self._leading.get(id(item))
        if known is not None:
            return known
        wanted = (torch.nn.Module, torch.Tensor) if self._clone else torch.nn.Module
        seen, stack, found = {id(item)}, [item], False
        held = [item]  # temporary objects among them must not give their identity to others
        while stack and not found and len(seen) < _MOST_VISITED:
            for part in _parts(stack.pop()):
                if isinstance(part, wanted):
                    found = True
                    break
                if type(part) not in _ATOMS and id(part) not in seen and not isinstance(part, type):
                    seen.add(id(part))
                    held.append(part)
                    stack.append(part)
        self._originals.append(item)
        self._leading[id(item)] = found
        if not found:  # then none of what it holds leads to one either
            self._originals.extend(held)
            self._leading.update(dict.fromkeys(seen, False))
        return found


def _script_twin(part: torch.jit.ScriptModule, clone: bool) -> Any:
    """The twin of a module that TorchScript runs, whose attributes are not Python's."""
    with nullcontext() if clone else _SharedTensors():
        inner = copy.deepcopy(part._c)
    return torch.jit._recursive.wrap_cpp_module(inner).eval()


class _SharedTensors(ThreadMode):
    """Makes of a deep copy one that has the same tensors."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is torch.ops.aten.clone.default:
            return args[0]
        return func(*args, **(kwargs or {}))


def _parts(item: Any) -> Iterable[Any]:
    """What an object refers to."""
    match item:
        case dict():
            yield from list(item.keys())
            yield from list(item.values())
        case list() | tuple() | set() | frozenset() | deque():
            yield from tuple(item)
        case types.MethodType():
            yield item.__self__
            yield item.__func__
        case types.FunctionType():
            yield from (cell.cell_contents for cell in item.__closure__ or () if _is_filled(cell))
            yield from item.__defaults__ or ()
            yield from (item.__kwdefaults__ or {}).values()
        case partial():
            yield from (item.func, item.args, item.keywords)
        case weakref.ReferenceType():
            yield item()
    yield from _attributes(item)


def _attributes(item: Any) -> Iterator[Any]:
    attributes = getattr(item, "__dict__", None)
    if isinstance(attributes, dict):
        yield from list(attributes.values())
    for name in _slots(type(item)):
        if hasattr(item, name):
            yield getattr(item, name)


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _slots(kind: type) -> tuple[str, ...]:
    """Names of the attributes that a class keeps in slots."""
    names: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.extend((slots,) if isinstance(slots, str) else slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _cloned(tensor: torch.Tensor) -> torch.Tensor:
    if isinstance(tensor, torch.nn.Parameter):
        result = torch.nn.Parameter(tensor.detach().clone(), requires_grad=tensor.requires_grad)
        result.__dict__.update(tensor.__dict__)
        return result
    return tensor.detach().clone()
