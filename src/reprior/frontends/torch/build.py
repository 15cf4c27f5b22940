"""Build a module whose parameters take no memory but whose buffers have their values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch.nn.modules import module as torch_module
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

__all__ = ["OnCpu", "build"]

Module = TypeVar("Module", bound=torch.nn.Module)


def build(make: Callable[[], Module]) -> Module:
    """Call a constructor with parameters on the meta device.

    Under ``torch.device("meta")`` everything would lose its elements, the relative-position tables and masks
    that many models keep in buffers included. Here each floating parameter moves to the meta device as a
    module
    registers it; until then it is memory that nobody touches.

    Parameters
    ----------
    make : callable
        Returns the module.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constructors warn of deprecated arguments of their own making
        try:
            with _parameters_on_meta(), OnCpu():
                module = make()
        except RuntimeError as error:
            if "meta" not in str(error):
                raise
            # A constructor that runs its own layers needs everything in one place.
            with torch.device("meta"):
                module = make()
    module.eval()
    return module


@contextmanager
def _parameters_on_meta() -> Iterator[None]:
    handle = torch_module.register_module_parameter_registration_hook(_to_meta)
    try:
        yield
    finally:
        handle.remove()


def _to_meta(
    module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None
) -> torch.nn.Parameter | None:
    if parameter is None or parameter.is_meta or not parameter.is_floating_point():
        return None
    if torch.nn.parameter.is_lazy(parameter):
        return None
    with _disable_current_modes():
        twin = torch.nn.Parameter(parameter.data.to("meta"), requires_grad=parameter.requires_grad)
    twin.__dict__.update(parameter.__dict__)
    return twin


class OnCpu(TorchDispatchMode):
    """Makes what is asked for on the meta device on the CPU."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        cpu = torch.device("cpu")
        args = tuple([cpu if isinstance(item, torch.device) else item for item in args])
        named = {key: cpu if isinstance(item, torch.device) else item for key, item in (kwargs or {}).items()}
        return func(*args, **named)
