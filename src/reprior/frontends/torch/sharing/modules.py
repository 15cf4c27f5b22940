"""Sharing the parameters of a real PyTorch module (paper, section 5.3).

What a policy makes one becomes one `torch.nn.Parameter`, registered wherever it is used. PyTorch sees to
the rest: gradients of all uses add up, optimisers and DDP meet the tensor once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import prod

import torch
from torch.nn.utils import parametrize
from torch.utils.hooks import RemovableHandle

from ....errors import RepriorError
from ....sharing.policies import Policy, bound, resolve
from .places import Place, describe_module_parameters, places_of
from .state_dicts import AddFurtherNames, DropFurtherNames

__all__ = ["SharedParameters", "SharedSet", "share_parameters"]


@dataclass(frozen=True, slots=True)
class SharedSet:
    """Parameters that became one.

    Attributes
    ----------
    names : tuple of str
        Their dotted names before sharing.
    shapes : tuple of tuple of int
        Their shapes; they differ only where kernels share their leading taps.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def numel(self) -> int:
        """Scalars of the shared tensor."""
        return max(map(prod, self.shapes))

    @property
    def saved(self) -> int:
        """Scalars that sharing saves."""
        return sum(map(prod, self.shapes)) - self.numel


@dataclass(slots=True, eq=False)
class SharedParameters:
    """What is shared with what in a module, and how to undo it.

    Attributes
    ----------
    policy : str
        Name of the policy.
    sets : tuple of SharedSet
        In order of appearance.
    before, after : int
        Scalar learnable parameters of the module without and with sharing.
    """

    policy: str
    sets: tuple[SharedSet, ...]
    before: int
    after: int
    _ties: list[_Tie] = field(repr=False)
    _hooks: list[RemovableHandle] = field(repr=False)

    def undo(self) -> None:
        """Put back the parameters that sharing took out, with the values they had then.

        The parameter that took their place stays where it was first, with the values it has now.

        Raises
        ------
        RepriorError
            If the sharing is undone already.
        """
        for tie in self._released():
            tie.untie(tie.original)

    def separate(self) -> None:
        """Give every place a copy of the shared values: the module computes what it did, sharing nothing.

        Raises
        ------
        RepriorError
            If the sharing is undone already.
        """
        for tie in self._released():
            tie.untie(tie.value)

    def _released(self) -> list[_Tie]:
        if not self._hooks:
            raise RepriorError("the sharing is undone already")
        for hook in self._hooks:
            hook.remove()
        ties = self._ties
        self._ties, self._hooks = [], []
        return ties

    def __str__(self) -> str:
        lines = [f"{self.policy}: {self.before:,} parameters become {self.after:,} ({len(self.sets)} shared)"]
        for item in self.sets:
            shape = "x".join(map(str, max(item.shapes, key=prod)))
            lines.append(f"  {shape} in {len(item.names)} places: {', '.join(item.names)}")
        return "\n".join(lines)


def share_parameters(module: torch.nn.Module, policy: str | Policy = "all_but_bn") -> SharedParameters:
    """Make one, in place, what a policy makes one. Create the optimiser afterwards.

    The first parameter of a set takes the place of the others, with its values (where kernels share
    leading taps: the largest). State dicts hold it once, under its first name, and load back.

    Parameters
    ----------
    module : torch.nn.Module
    policy : str or Policy
        As for `reprior.analyze`: ``all_but_bn`` (the paper's text), ``original_code``,
        ``by_module:PATTERN``, ``sequence:M``, ``cycle:M``, ``cycle_rev:M``, or a function from
        `ParameterInfo` to a key.

    Returns
    -------
    SharedParameters
        The summary, with ``undo()`` and ``separate()``.

    Raises
    ------
    RepriorError
        If a policy joins parameters that cannot be one.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 4, 3))
    >>> print(share_parameters(net))
    all_but_bn: 296 parameters become 148 (2 shared)
      4x4x3x3 in 2 places: 0.weight, 2.weight
      4 in 2 places: 0.bias, 2.bias
    """
    name, key_of = resolve(policy)
    groups: dict[Hashable, list[list[Place]]] = {}
    infos = describe_module_parameters(module)
    key_of = bound(key_of, infos)
    for info, places in zip(infos, places_of(module), strict=True):
        key = key_of(info)
        if key is not None:
            groups.setdefault(key, []).append(places)
    joined = [members for members in groups.values() if len(members) > 1]
    keepers = [_keeper(members) for members in joined]  # checks every set before any is touched
    before = _numel(module)
    sets = tuple(_summary(members) for members in joined)
    ties = [
        _tie(place, keeper)
        for members, keeper in zip(joined, keepers, strict=True)
        for places in members
        for place in places
        if place.parameter is not keeper
    ]
    names = _first_names(module, keepers)
    hooks = [
        module.register_state_dict_post_hook(DropFurtherNames(names)),
        module.register_load_state_dict_pre_hook(AddFurtherNames(names)),
    ]
    return SharedParameters(name, sets, before, _numel(module), ties, hooks)


def _numel(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _summary(members: list[list[Place]]) -> SharedSet:
    return SharedSet(
        tuple(places[0].name for places in members),
        tuple(tuple(places[0].parameter.shape) for places in members),
    )


def _keeper(members: list[list[Place]]) -> torch.nn.Parameter:
    """The parameter that takes the place of all: the first that is large enough for each.

    Raises
    ------
    RepriorError
        If the parameters cannot be one.
    """
    first = members[0][0]
    for places in members[1:]:
        other = places[0]
        a, b = first.parameter, other.parameter
        pair = f"cannot share '{first.name}' {tuple(a.shape)} with '{other.name}' {tuple(b.shape)}: "
        # Kernels of different sizes share their leading taps; any other mismatch is a mistake.
        if a.ndim != b.ndim or a.shape[:2] != b.shape[:2]:
            raise RepriorError(f"{pair}their shapes differ")
        if (a.dtype, a.device, a.requires_grad) != (b.dtype, b.device, b.requires_grad):
            raise RepriorError(f"{pair}they differ in type, device or whether they learn")
    parameters = [places[0].parameter for places in members]
    largest = tuple(max(sizes) for sizes in zip(*(p.shape for p in parameters), strict=True))
    for parameter in parameters:
        if tuple(parameter.shape) == largest:
            return parameter
    raise RepriorError(f"cannot share '{first.name}': no kernel of its set has all the taps {largest[2:]}")


def _first_names(module: torch.nn.Module, keepers: list[torch.nn.Parameter]) -> dict[str, str]:
    """Further names of shared tensors, each with the name under which the tensor is saved."""
    shared = {id(keeper) for keeper in keepers}
    first: dict[int, str] = {}
    further = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if id(parameter) in shared and first.setdefault(id(parameter), name) != name:
            further[name] = first[id(parameter)]
    return further


class LeadingTaps(torch.nn.Module):
    """The leading taps of a larger kernel, as the weight of a smaller convolution."""

    def __init__(self, taps: tuple[int, ...]) -> None:
        super().__init__()
        self.taps = taps

    def forward(self, kernel: torch.Tensor) -> torch.Tensor:
        """The taps of a kernel of shape (out, in, ...)."""
        for axis, size in enumerate(self.taps, start=2):
            kernel = kernel.narrow(axis, 0, size)
        return kernel


@dataclass(frozen=True, slots=True, eq=False)
class _Tie:
    """A place whose parameter was replaced by a shared one."""

    place: Place
    original: torch.nn.Parameter

    @property
    def value(self) -> torch.Tensor:
        """What the place holds now."""
        value = getattr(self.place.owner, self.place.attribute)
        assert isinstance(value, torch.Tensor)
        return value

    def untie(self, values: torch.Tensor) -> None:
        """Give the place a parameter of its own again, where the shared one is now."""
        now = self.value
        owner, attribute = self.place.owner, self.place.attribute
        if parametrize.is_parametrized(owner, attribute):
            # Removing a parametrisation writes into its original: that must not be the shared tensor.
            held = owner.parametrizations[attribute]
            held.original = torch.nn.Parameter(held.original.detach().clone())
            parametrize.remove_parametrizations(owner, attribute, leave_parametrized=True)
        own = self.original
        own.data = values.detach().to(now.device, now.dtype, copy=values is not own)
        owner._parameters[attribute] = own


def _tie(place: Place, keeper: torch.nn.Parameter) -> _Tie:
    tie = _Tie(place, place.parameter)
    if place.parameter.shape == keeper.shape:
        place.owner._parameters[place.attribute] = keeper
    else:
        taps = LeadingTaps(tuple(place.parameter.shape[2:]))
        parametrize.register_parametrization(place.owner, place.attribute, taps, unsafe=True)
        place.owner.parametrizations[place.attribute].original = keeper
    return tie
