"""Making the changes of a patch in a PyTorch module, in place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import torch
from torch import nn

from ...errors import SpecError
from ...frontends.torch.sharing import share_parameters
from ...sharing import SharingSets
from .patch import Drop, Patch, Repeat, Resize, Share

__all__ = ["apply_patch"]


def apply_patch(module: nn.Module, patch: Patch) -> nn.Module:
    """Change a module as a patch says. Create the optimiser afterwards.

    Blocks are left out of, or repeated in, the `Sequential` or `ModuleList` that holds them. A width changes
    where convolutions, linear, embedding and norm layers hold it; these get new weights.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place; a copy of it is what to give where the original is still needed.
    patch : Patch

    Returns
    -------
    torch.nn.Module
        The same module.

    Raises
    ------
    SpecError
        If a step cannot be taken in a module; earlier steps have been.
    """
    moved: dict[str, str] = {}
    for step in patch.steps:
        if isinstance(step, Share):
            sets = tuple(tuple(_moved(name, moved) for name in names) for names in step.sets)
            share_parameters(module, SharingSets(sets))
        elif isinstance(step, Resize):
            _resize(module, step)
        elif moved:
            raise SpecError("a module takes one step that drops or repeats a block; change the graph instead")
        else:
            moved = _change_list(module, step)
    return module


def _moved(name: str, moved: Mapping[str, str]) -> str:
    """The name that a parameter of the changed graph has in the module."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        path = ".".join(parts[:k])
        if path in moved:
            return ".".join([moved[path], *parts[k:]])
    return name


def _change_list(module: nn.Module, step: Drop | Repeat) -> dict[str, str]:
    """Change the list that holds a block; the new paths of its children by their paths in the graph."""
    path, _, place = step.module.rpartition(".")
    holder = dict(module.named_modules()).get(path)
    if not isinstance(holder, nn.Sequential | nn.ModuleList) or place not in holder._modules:
        raise SpecError(
            f"'{step.module}' is no block of a Sequential or a ModuleList; change the graph instead"
        )
    blocks = list(holder.named_children()) if isinstance(holder, nn.Sequential) else []
    names = [name for name, _ in blocks] or [str(k) for k in range(len(holder))]
    at = names.index(place)
    children = list(holder.children()) if blocks else list(holder)
    if isinstance(step, Drop):
        del children[at]
    else:
        block = children[at]
        children.insert(at + 1, block if step.weights == "same" else copy.deepcopy(block))
    for name in names:
        del holder._modules[name]
    for number, child in enumerate(children):
        holder._modules[str(number)] = child
    if isinstance(step, Drop):
        of_graph = [name for name in names if name != place]
    else:
        of_graph = [*names[: at + 1], f"{place}+1", *names[at + 1 :]]
    inside = f"{path}." if path else ""
    return {f"{inside}{name}": f"{inside}{number}" for number, name in enumerate(of_graph)}


_Attributes = Mapping[int, str]
_SIZES: tuple[tuple[type | tuple[type, ...], str, _Attributes], ...] = (
    (nn.Linear, "weight", {0: "out_features", 1: "in_features"}),
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), "weight", {0: "out_channels", 1: "in_channels"}),
    (nn.Embedding, "weight", {1: "embedding_dim"}),
    ((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), "weight", {0: "num_features"}),
)
"""What a layer calls the size of an axis of a parameter."""


def _resize(module: nn.Module, step: Resize) -> None:
    modules = dict(module.named_modules())
    changed: dict[str, set[int]] = {}
    for name, axis in (place for axes in step.widths for place in axes):
        changed.setdefault(name, set()).add(axis)
    for name, axes in changed.items():
        path, _, attribute = name.rpartition(".")
        owner = modules.get(path)
        held = getattr(owner, attribute, None)
        if owner is None or not isinstance(held, torch.Tensor):
            raise SpecError(f"the module has no parameter '{name}'")
        if any(axis >= held.ndim or held.shape[axis] != step.before for axis in axes):
            raise SpecError(f"'{name}' of shape {tuple(held.shape)} is not {step.before} along axes {axes}")
        _replace(owner, attribute, held, [step.after if k in axes else n for k, n in enumerate(held.shape)])
        _announce(owner, attribute, axes, step.after)
    for path in {name.rpartition(".")[0] for name in changed}:
        reset: Callable[[], None] | None = getattr(modules[path], "reset_parameters", None)
        if reset is not None:
            reset()


def _replace(owner: nn.Module, attribute: str, held: torch.Tensor, shape: list[int]) -> None:
    if attribute in owner._buffers:
        owner._buffers[attribute] = held.new_zeros(shape)
    else:
        values = torch.randn(shape, dtype=held.dtype, device=held.device) * 0.02
        owner._parameters[attribute] = nn.Parameter(values, requires_grad=held.requires_grad)


def _announce(owner: nn.Module, attribute: str, axes: set[int], size: int) -> None:
    """Let a layer know its size."""
    for kind, parameter, names in _SIZES:
        if isinstance(owner, kind) and attribute == parameter:
            for axis in axes & names.keys():
                setattr(owner, names[axis], size)
    if isinstance(owner, nn.Conv1d | nn.Conv2d | nn.Conv3d) and attribute == "weight" and owner.groups > 1:
        owner.in_channels = owner.groups = size
    if isinstance(owner, nn.LayerNorm | nn.RMSNorm) and attribute == "weight":
        owner.normalized_shape = tuple(owner.weight.shape)
    if isinstance(owner, nn.GroupNorm) and attribute == "weight":
        owner.num_channels = size
