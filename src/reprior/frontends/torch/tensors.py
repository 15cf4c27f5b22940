"""Which tensor of the forward stands for which value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ...core.primitives import Constant
from .lower import Lower
from .slots import Slot
from .values import Value
from .worlds import Worlds

__all__ = ["CPU", "META", "Tensors", "in_full"]

_NO_SLOT: tuple[object, Slot | None] = (None, None)

META, CPU = torch.device("meta"), torch.device("cpu")


class Tensors:
    """The slots of all tensors of a trace, and their twins on the meta device.

    Parameters
    ----------
    lower : Lower
        Where leaves are made.
    real : bool
        Whether tensors are computed for real and have no twins.
    """

    def __init__(self, lower: Lower, real: bool) -> None:
        self._lower, self._real = lower, real
        # The user's own tensors, by identity: nothing is written on them. They are kept alive, so that no
        # other takes the place.
        self._slots: dict[int, Slot] = {}
        self._owner = object()  # what marks the slots of this trace
        self._twins: dict[int, torch.Tensor] = {}
        self._alive: list[torch.Tensor] = []

    def know(self, tensor: torch.Tensor, slot: Slot) -> None:
        """Remember what a tensor stands for that is not this trace's own."""
        self._slots[id(tensor)] = slot
        self._alive.append(tensor)

    def slot(self, tensor: torch.Tensor) -> Slot:
        """The slot of a tensor."""
        slot = self._slots.get(id(tensor))
        if slot is None:
            owner, slot = getattr(tensor, "_reprior_slot", _NO_SLOT)
            if slot is None or owner is not self._owner:
                slot = self._foreign(tensor, slot)
        return slot

    def value(self, tensor: torch.Tensor) -> Value:
        """What a tensor stands for now."""
        return self.slot(tensor).read(self._lower)

    def attach(self, tensor: torch.Tensor, slot: Slot) -> None:
        """Tie a tensor of this trace to its slot."""
        tensor._reprior_slot = (self._owner, slot)

    def replace(self, tensor: torch.Tensor, slot: Slot) -> None:
        """Tie a tensor to another slot than before."""
        if id(tensor) in self._slots:
            self._slots[id(tensor)] = slot
        self.attach(tensor, slot)

    def on_meta(self, tensor: torch.Tensor) -> torch.Tensor:
        """The twin of a tensor on the meta device."""
        if self._real:
            return tensor
        twin = self._twins.get(id(tensor))
        if twin is None:
            # Not an inference tensor: PyTorch wants views of the tensor it stands for to keep versions.
            with torch.inference_mode(False):
                twin = _blank(tensor)
            self._twins[id(tensor)] = twin
            self.attach(twin, self.slot(tensor))
            self._alive.append(tensor)
        return twin

    def unknown(self, shape: tuple[int, ...]) -> Value:
        """A constant whose elements are not known."""
        lower = self._lower
        return Value(lower.builder.add(Constant("unknown", shape), (), lower.scope), shape)

    def for_constant(self, constant: Any) -> Any:
        """The tensor that stands for a known constant in the forward."""
        if not isinstance(constant, torch.Tensor):
            return constant
        constant = in_full(constant)
        if self._real:
            self.attach(constant, Slot(self._lower.constant(constant.clone())))
            return constant
        return self._standing_for(constant, self._lower.constant(constant))

    def for_unknown(self, result: Any) -> Any:
        """A tensor of which nothing is known."""
        if isinstance(result, torch.Tensor):
            self.attach(result, Slot(self.unknown(tuple(result.shape))))
        return result

    def for_large(self, result: torch.Tensor) -> torch.Tensor:
        """A constant that is too large to know its elements."""
        self._lower.note(
            "unknown", f"values of a constant of shape {tuple(result.shape)}, which is too large"
        )
        unknown: torch.Tensor = self.for_unknown(result)
        return unknown

    def for_worlds(self, worlds: Worlds, origin: Callable[[], Value | None]) -> torch.Tensor:
        """The tensor that stands for what depends on fed integers and booleans alone."""
        if worlds.whole is not None:
            whole: torch.Tensor = self.for_constant(worlds.whole)
            return whole
        example = worlds.example
        value = Value(None, tuple(example.shape), worlds=worlds, origin=origin)
        if self._real:
            real = example.clone()
            self.attach(real, Slot(value))
            return real
        return self._standing_for(example, value)

    def _standing_for(self, tensor: torch.Tensor, value: Value) -> torch.Tensor:
        twin = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META)
        self.attach(twin, Slot(value))
        return twin

    def _foreign(self, tensor: torch.Tensor, other: Slot | None) -> Slot:
        """The slot of a tensor that no operator of this trace made: a literal, or one kept aside.

        A model may keep a mask or a table where every forward finds it: then another trace made it.
        """
        shape = tuple(tensor.shape)
        constant = other.value.constant if other is not None else None
        if constant is None and not tensor.is_meta:
            constant = in_full(tensor.detach())
        if constant is None:
            self._lower.note("unknown", "values of a tensor on the meta device that the module keeps aside")
        slot = Slot(self.unknown(shape) if constant is None else self._lower.constant(constant.clone()))
        self.know(tensor, slot)
        return slot


def in_full(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor with its zeros, which a sparse one and a derivative that is zero leave out."""
    if tensor._is_zerotensor():
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def _blank(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor on the meta device that lies in its memory as another does."""
    if tensor.layout is not torch.strided:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=META)
    if not tensor.storage_offset():
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META)
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    memory = torch.empty(size, dtype=tensor.dtype, device=META)
    return memory.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
