"""Which overloads the registry's entries stand for: what has to have a case."""

from __future__ import annotations

from typing import Any

import torch
import torchvision  # noqa: F401 - it registers its operators

from reprior.frontends.torch import registry

__all__ = ["matching", "registered"]

# Overloads that TorchScript alone calls: no forward in Python reaches them.
_SCRIPT = {
    "prim_Device",
    "prim_dtype",
    "prim_other",
    "a",
    "hacked_twin",
    "sublist",
    "deprecated",
    "Tensor_list",
    "t",
    "OutTensor",
    "OutScalar_Self",
    "OutScalar_Other",
}
_BROKEN = {"aten.baddbmm.dtype"}  # PyTorch cannot tell its shape


def registered() -> list[str]:
    """Every name in the registry that is PyTorch's own or torchvision's; other libraries test theirs."""
    return [
        name for name in registry.operators() if name.partition(".")[0] in ("aten", "prims", "torchvision")
    ]


def matching(name: str) -> list[str]:
    """The overloads that a registered name stands for and that a forward may call."""
    namespace, operator, *overload = name.split(".")
    packet = getattr(getattr(torch.ops, namespace), operator, None)
    if packet is None:
        return []
    wanted = [one for one in packet.overloads() if not _is_script(one) and one in (overload or [one])]
    wanted = [one for one in wanted if "Dimname" not in str(getattr(packet, one)._schema)]
    usable = [one for one in wanted if not getattr(packet, one)._schema.is_mutable] or wanted
    usable = [one for one in usable if _takes_tensors(getattr(packet, one))] or usable
    names = [f"{namespace}.{operator}.{one}" for one in usable]
    # A name for one overload goes before a name for all of them.
    names = [one for one in names if one not in _BROKEN]
    return [one for one in names if overload or one not in registry.operators()]


def _is_script(overload: str) -> bool:
    return overload in _SCRIPT or overload.startswith("Dict_")


def _takes_tensors(operator: Any) -> bool:
    return any("Tensor" in str(argument.type) for argument in operator._schema.arguments)
