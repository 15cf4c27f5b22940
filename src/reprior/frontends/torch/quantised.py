"""Quantised modules: their weights are packed away, where `named_parameters` does not find them.

A converted module computes in integers, by operators that have no meaning on the meta device. Its weights
count all the same: the trace's twin of the module gets them as parameters, and runs the floating-point layer
that it came from (see `reprior.frontends.torch.rules.quantised`).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

__all__ = ["unpack_weights"]

_QUANTISED = "torch.ao.nn."


def unpack_weights(parts: Iterable[torch.nn.Module]) -> None:
    """Give every converted layer its weight and bias as parameters, on modules that are nobody else's."""
    for part in parts:
        if type(part).__module__.startswith(_QUANTISED):
            for name in ("weight", "bias"):
                held = getattr(type(part), name, None)  # a method, where the tensor is packed
                tensor = held(part) if callable(held) else None
                if isinstance(tensor, torch.Tensor) and name not in part._parameters:
                    plain = tensor.dequantize() if tensor.is_quantized else tensor
                    part._parameters[name] = torch.nn.Parameter(plain.detach().float())
