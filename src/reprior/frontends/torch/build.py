"""Build a module whose parameters take no memory but whose buffers have their values."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch.nn.modules import module as torch_module
from torch.utils._python_dispatch import _disable_current_modes

from .modes import ThreadMode
from .operators import is_random, with_generator

__all__ = ["OnCpu", "build"]

Module = TypeVar("Module", bound=torch.nn.Module)


def build(make: Callable[[], Module]) -> Module:
    """Call a constructor with parameters on the meta device.

    Under ``torch.device("meta")`` everything would lose its elements, the relative-position tables and masks
    that many models keep in buffers included. Here each floating parameter moves to the meta device as a
    module registers it; until then it is memory that nobody touches. Modules that other threads build
    meanwhile are theirs, and so is the state of the random generator.

    Parameters
    ----------
    make : callable
        Returns the module.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    on_cpu = OnCpu()
    try:
        with _parameters_on_meta(), on_cpu:
            module = make()
    except Exception:
        if not on_cpu.met_meta:
            raise
        # A constructor that runs its own layers needs everything in one place.
        with torch.device("meta"):
            module = make()
    module.eval()
    return module


class _Building(threading.local):
    """How many constructors this thread is in."""

    depth = 0


_building = _Building()
_installing = threading.Lock()
_installed: list[None] = []


@contextmanager
def _parameters_on_meta() -> Iterator[None]:
    """Move the parameters that this thread's modules register."""
    with _installing:
        if not _installed:
            _replace_hooks(add=True)
        _installed.append(None)
    _building.depth += 1
    try:
        yield
    finally:
        _building.depth -= 1
        with _installing:
            _installed.pop()
            if not _installed:
                _replace_hooks(add=False)


def _replace_hooks(add: bool) -> None:
    """Add PyTorch's hook for registered parameters, or remove it.

    It has no hook per thread. The mapping of hooks is replaced, not changed: another thread may be going
    through it.
    """
    hooks = OrderedDict(torch_module._global_parameter_registration_hooks)
    if add:
        hooks[_KEY] = _to_meta
    else:
        hooks.pop(_KEY, None)
    torch_module._global_parameter_registration_hooks = hooks


_KEY: Any = "reprior"


def _to_meta(
    module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None
) -> torch.nn.Parameter | None:
    if not _building.depth:
        return None
    if parameter is None or parameter.is_meta or not parameter.is_floating_point():
        return None
    if torch.nn.parameter.is_lazy(parameter):
        return None
    with _disable_current_modes():
        twin = torch.nn.Parameter(parameter.data.to("meta"), requires_grad=parameter.requires_grad)
    twin.__dict__.update(parameter.__dict__)
    return twin


class OnCpu(ThreadMode):
    """Makes what is asked for on the meta device on the CPU, and draws from a generator of its own.

    Attributes
    ----------
    met_meta : bool
        Whether an operator failed on operands of which one lay on the meta device.
    """

    def __init__(self) -> None:
        super().__init__()
        self.met_meta = False
        self._generator = torch.Generator().manual_seed(0)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Called by PyTorch in place of every operator."""
        cpu = torch.device("cpu")
        args = tuple([cpu if isinstance(item, torch.device) else item for item in args])
        named = {key: cpu if isinstance(item, torch.device) else item for key, item in (kwargs or {}).items()}
        if is_random(func):
            func, named = with_generator(func, args, named, self._generator)
        try:
            return func(*args, **named)
        except Exception:
            tensors = [item for item in (*args, *named.values()) if isinstance(item, torch.Tensor)]
            self.met_meta = self.met_meta or any(tensor.is_meta for tensor in tensors)
            raise
