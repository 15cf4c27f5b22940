"""Which parameters count as one: cross-layer sharing without building the shared model.

The paper, section 5.3: convolutions that agree in channels, kernel and stride are created once.
Contexts of parameters that become one add up; N_W, which counts use sites, does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import prod

from ..core.counting import ParameterCount
from ..core.layers import ParameterInfo
from ..core.runs import Runs
from ..errors import RepriorError, SpecError
from .by_module import by_module
from .orders import ORDERS, RepeatedBlocks
from .sets import SharingSets, load_sets

__all__ = [
    "POLICIES",
    "Policy",
    "SharedParameter",
    "all_but_bn",
    "bound",
    "original_code",
    "resolve",
    "share",
]

Policy = Callable[[ParameterInfo], Hashable | None]
"""The key of a parameter: parameters with equal keys are one; None keeps it to itself."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedParameter:
    """One learnable tensor and all the parameters that it stands for.

    Attributes
    ----------
    members : tuple of ParameterCount
        The parameters before sharing, in order of appearance.
    contexts : Runs
        Contexts of each scalar, all members added.
    """

    members: tuple[ParameterCount, ...]
    contexts: Runs

    @property
    def numel(self) -> int:
        """Number of scalars."""
        return prod(self.contexts.shape)


def none(info: ParameterInfo) -> Hashable | None:
    """No sharing beyond what the model itself does."""
    return None


def all_but_bn(info: ParameterInfo) -> Hashable | None:
    """The paper's text: convolutions of equal channels, kernel, stride and groups are one, biases included.

    Normalisation layers, dense layers (the classifier) and embeddings keep their own.
    """
    if info.convolution is None or info.role not in ("weight", "bias"):
        return None
    return (info.role, info.shape, info.convolution)


def original_code(info: ParameterInfo) -> Hashable | None:
    """The authors' program: ungrouped convolutions are one wherever their channels agree, tap by tap.

    It keys fused MBConv's convolutions as 1x1 with stride 1 whatever they are, so that a 3x3 kernel
    shares its first tap with the 1x1 convolutions between the same channels. Grouped convolutions
    form their own key space, with kernel and stride.
    """
    signature = info.convolution
    if signature is None or info.role not in ("weight", "bias"):
        return None
    if signature.groups > 1:
        return (info.role, info.shape, signature)
    return (info.role, signature.in_channels, signature.out_channels)


POLICIES: dict[str, Policy] = {"none": none, "all_but_bn": all_but_bn, "original_code": original_code}


def resolve(policy: str | Policy) -> tuple[str, Policy]:
    """A policy and its name.

    Raises
    ------
    SpecError
        If there is no policy of that name.
    """
    if callable(policy):
        return getattr(policy, "__name__", "custom"), policy
    kind, colon, pattern = policy.partition(":")
    if kind == "by_module" and colon:
        return policy, by_module(pattern)
    if kind == "sets" and colon:
        return policy, load_sets(pattern)
    if kind in ORDERS and colon:
        if not pattern.isdecimal() or int(pattern) < 1:
            raise SpecError(f"sharing '{policy}' needs a number of sets, such as {kind}:6")
        return policy, RepeatedBlocks(kind, int(pattern))
    if policy not in POLICIES:
        known = ", ".join([*POLICIES, "by_module:PATTERN", *(f"{order}:M" for order in ORDERS), "sets:FILE"])
        raise SpecError(f"sharing '{policy}' is not one of {known}")
    return policy, POLICIES[policy]


def share(
    counts: Sequence[ParameterCount], infos: Sequence[ParameterInfo], policy: Policy
) -> list[SharedParameter]:
    """Merge the parameters that a policy makes one.

    Raises
    ------
    RepriorError
        If a policy joins tensors that cannot be one.
    """
    described = {info.name: info for info in infos}
    policy = bound(policy, infos)
    groups: dict[Hashable, list[ParameterCount]] = {}
    for item in counts:
        key = policy(described[item.name])
        # A key of its own cannot collide with a policy's keys.
        groups.setdefault(("own", item.name) if key is None else ("shared", key), []).append(item)
    return [SharedParameter(tuple(members), _add(members)) for members in groups.values()]


def bound(policy: Policy, infos: Sequence[ParameterInfo]) -> Policy:
    """The policy for a model's parameters, where it must see all of them."""
    return policy.bind(infos) if isinstance(policy, RepeatedBlocks | SharingSets) else policy


def _add(members: Sequence[ParameterCount]) -> Runs:
    total = members[0].contexts
    if len(members) == 1:
        return total
    shape = tuple(max(sizes) for sizes in zip(*(member.shape for member in members), strict=False))
    for member in members:
        # Kernels of different sizes share their leading taps; any other mismatch is a mistake.
        if len(member.shape) != len(shape) or member.shape[:2] != shape[:2]:
            raise RepriorError(
                f"cannot share '{members[0].name}' {members[0].shape} with '{member.name}' {member.shape}: "
                "their shapes differ"
            )
    total = _grow(members[0].contexts, shape)
    for member in members[1:]:
        total = total + _grow(member.contexts, shape)
    return total.normalise()


def _grow(contexts: Runs, shape: Sequence[int]) -> Runs:
    """Append taps without contexts up to a shape."""
    for axis, size in enumerate(shape):
        contexts = contexts.pad(axis, 0, size - contexts.shape[axis])
    return contexts
