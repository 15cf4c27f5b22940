"""Elements that go between Python and tensors past every operator.

``torch.tensor([1., 2.], device="meta")`` and ``x[..., [1]]`` copy Python's numbers straight into memory of
the device asked for, and the meta device has none. So where they are called they are made on the CPU.
``x.numpy()`` and ``x.tolist()`` read the memory, so they are given what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

__all__ = ["Literals"]

_CPU = torch.device("cpu")
_LONGEST_TUPLE = 32
"""A list of fewer indices that holds more than numbers means a tuple of them (as in NumPy of old)."""


class Literals(TorchFunctionMode):
    """Keeps the elements of literals while it is active; affects the current thread alone.

    Parameters
    ----------
    elements : callable
        The tensor with its elements on the CPU, for one that Python reads.
    on_meta : callable or None
        The tensor on the meta device that stands for one on the CPU; None where nothing is on that device.
    """

    def __init__(
        self,
        elements: Callable[[torch.Tensor], torch.Tensor],
        on_meta: Callable[[torch.Tensor], torch.Tensor] | None,
    ) -> None:
        super().__init__()
        self._elements = elements
        tensor = torch.Tensor
        self._handlers: dict[Any, Callable[..., Any]] = {
            tensor.numpy: self._read,
            tensor.tolist: self._read,
            tensor.__array__: self._read,
        }
        if on_meta is None:
            return
        self._on_meta = on_meta
        self._handlers |= {
            torch.tensor: self._construct,
            torch.as_tensor: self._construct,
            torch.asarray: self._construct,
            tensor.new_tensor: self._construct_like,
            tensor.new: self._construct_like,
            tensor.__getitem__: self._index,
            tensor.__setitem__: self._index,
        }

    def __torch_function__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Called by PyTorch in place of every function of its Python interface."""
        handler = self._handlers.get(func)
        if handler is None:
            return func(*args, **kwargs) if kwargs else func(*args)
        return handler(func, args, kwargs or {})

    def _read(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``x.numpy()`` and its kin."""
        return func(self._elements(args[0]), *args[1:], **kwargs)

    def _construct(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``torch.tensor(data, ...)`` and its kin."""
        data = args[0] if args else kwargs.get("data", kwargs.get("obj"))
        if data is None or isinstance(data, torch.Tensor):
            return func(*args, **kwargs)
        device = kwargs.pop("device", None)
        made = func(*args, **kwargs, device=_CPU)
        wanted = torch.get_default_device() if device is None else torch.device(device)
        return made if wanted == _CPU else self._on_meta(made)

    def _construct_like(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``x.new_tensor(data, ...)``: of x's type and on its device."""
        like, *rest = args
        data = rest[0] if rest else kwargs.get("data")
        if not isinstance(data, Sequence | np.ndarray) or isinstance(data, torch.Size):
            return func(*args, **kwargs)
        dtype = kwargs.get("dtype") or like.dtype
        return self._construct(
            torch.tensor, (data,), {"dtype": dtype, "device": kwargs.get("device", like.device)}
        )

    def _index(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``x[index]`` and ``x[index] = value``."""
        x, index, *value = args
        return func(x, _plain(index), *value, **kwargs)


def _plain(index: Any) -> Any:
    """An index whose lists of numbers are tensors."""
    if isinstance(index, tuple):
        return tuple([_as_tensor(item) for item in index])
    if isinstance(index, list) and len(index) < _LONGEST_TUPLE and not all(map(_is_number, index)):
        return tuple([_as_tensor(item) for item in index])
    return _as_tensor(index)


def _as_tensor(item: Any) -> Any:
    if isinstance(item, np.ndarray):
        return torch.from_numpy(item)
    if isinstance(item, list | tuple | range) and not _holds_tensors(item):
        return torch.tensor(item, dtype=None if len(item) else torch.int64, device=_CPU)
    return item


def _holds_tensors(items: Any) -> bool:
    return any(
        isinstance(item, torch.Tensor) or (isinstance(item, list | tuple) and _holds_tensors(item))
        for item in items
    )


def _is_number(item: Any) -> bool:
    return isinstance(item, int | np.integer | np.bool_)
