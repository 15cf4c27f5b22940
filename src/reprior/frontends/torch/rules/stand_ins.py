"""Stand-ins for modules whose forward depends on data though their structure does not.

Mixtures of experts: every expert is reachable by every token (convention 9).

The experts of transformers gather the tokens that the router sends to each, so their own forward depends on
data. The stand-in sends every token through every expert, weighted by the router's scores.
"""

from __future__ import annotations

from typing import Any

import torch

from ..registry import module_rule

__all__: list[str] = []


@module_rule("transformers.models.*.modeling_*.*Experts")
def experts(module: Any, hidden: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Of experts kept as stacked weights, as ``use_experts_implementation`` of transformers describes them."""
    shape = hidden.shape
    hidden = hidden.reshape(-1, shape[-1])
    first = "gate_up_proj" if module.has_gate else "up_proj"
    inner = _product(module, "td", hidden, first)
    inner = module._apply_gate(inner) if module.has_gate else module.act_fn(inner)
    outer = _product(module, "etd", inner, "down_proj")
    if module.has_post_expert_norm:
        outer = module.post_expert_norm(outer)
    scores = torch.zeros(hidden.shape[0], outer.shape[0], dtype=weights.dtype)
    scores = scores.scatter(1, index.reshape(hidden.shape[0], -1), weights.reshape(hidden.shape[0], -1))
    return torch.einsum("te,etd->td", scores, outer).reshape(shape)


def _product(module: Any, names: str, x: torch.Tensor, weight: str) -> torch.Tensor:
    """One linear layer of every expert."""
    matrix = "edo" if module.is_transposed else "eod"
    result = torch.einsum(f"{names},{matrix}->eto", x, getattr(module, weight))
    return result + getattr(module, f"{weight}_bias")[:, None] if module.has_bias else result


@module_rule("transformers.modeling_utils.PreTrainedModel", method="warn_if_padding_and_no_attention_mask")
def no_warning(module: Any, *args: Any, **named: Any) -> None:
    """A look at the tokens fed that only ever warns."""
