"""Stand-ins for modules whose forward depends on data though their structure does not.

* Mixtures of experts: every expert is reachable by every token (convention 9).
* Detectors: the boxes that they find are data, but not the layers that find them. The stand-ins take images
  of one size, leave out resizing, anchors and suppression, and return what the heads give for every anchor
  or box.


The experts of transformers gather the tokens that the router sends to each, so their own forward depends on
data. The stand-in sends every token through every expert, weighted by the router's scores.
"""

from __future__ import annotations

from typing import Any

import torch

from ....errors import SpecError
from ..registry import module_rule

__all__: list[str] = []


@module_rule("transformers.models.*.modeling_*.*Experts")
def experts(module: Any, hidden: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Of experts kept as stacked weights, as transformers' ``use_experts_implementation`` has them."""
    if isinstance(module, torch.nn.ModuleDict | torch.nn.ModuleList):
        return _listed_experts(module, hidden, index, weights)
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


def _listed_experts(
    module: Any, hidden: torch.Tensor, index: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Of experts kept as modules, chosen by their numbers or by one-hot vectors of these."""
    experts = list(module.values()) if isinstance(module, torch.nn.ModuleDict) else list(module)
    rows, tokens = hidden.reshape(-1, hidden.shape[-1]), weights.reshape(-1, weights.shape[-1])
    if index.dim() > weights.dim():
        chosen = index.reshape(*tokens.shape, len(experts)).to(tokens.dtype)
        scores = torch.einsum("tk,tke->te", tokens, chosen)
    else:
        scores = torch.zeros(rows.shape[0], len(experts), dtype=tokens.dtype)
        scores = scores.scatter(1, index.reshape(tokens.shape), tokens)
    outer = torch.stack([expert(rows) for expert in experts])
    return torch.einsum("te,etd->td", scores, outer).reshape(hidden.shape)


def _product(module: Any, names: str, x: torch.Tensor, weight: str) -> torch.Tensor:
    """One linear layer of every expert."""
    matrix = "edo" if module.is_transposed else "eod"
    result = torch.einsum(f"{names},{matrix}->eto", x, getattr(module, weight))
    return result + getattr(module, f"{weight}_bias")[:, None] if module.has_bias else result


@module_rule("torch.nn.modules.adaptive.AdaptiveLogSoftmaxWithLoss")
def adaptive_log_softmax(module: Any, x: torch.Tensor, target: torch.Tensor) -> Any:
    """Every target's cluster, whichever the targets are."""
    single = target.dim() == 0
    rows = x.unsqueeze(0) if single else x
    scores = module._get_full_log_prob(rows, module.head(rows))
    chosen = scores.gather(1, target.reshape(-1, 1)).squeeze(1)
    return (chosen.squeeze(0) if single else chosen), (-chosen).mean()


@module_rule("torch.nn.modules.normalization.CrossMapLRN2d")
def cross_map_normalisation(module: Any, x: torch.Tensor) -> torch.Tensor:
    """As the layer that took its place."""
    return torch.nn.functional.local_response_norm(x, int(module.size), module.alpha, module.beta, module.k)


@module_rule("transformers.modeling_utils.PreTrainedModel", method="warn_if_padding_and_no_attention_mask")
def no_warning(module: Any, *args: Any, **named: Any) -> None:
    """A look at the tokens fed that only ever warns."""


_DETECTION = "torchvision.models.detection"


@module_rule(*(f"{_DETECTION}.{name}" for name in ("ssd.SSD", "retinanet.RetinaNet", "fcos.FCOS")))
def single_stage_detector(module: Any, images: Any, targets: Any = None) -> Any:
    """Backbone and head."""
    features = module.backbone(_batch(images))
    return module.head([features] if isinstance(features, torch.Tensor) else list(features.values()))


@module_rule(f"{_DETECTION}.generalized_rcnn.GeneralizedRCNN")
def two_stage_detector(module: Any, images: Any, targets: Any = None) -> dict[str, Any]:
    """Backbone, proposals, and the heads on as many boxes as the proposal network passes on."""
    features = module.backbone(_batch(images))
    levels = [features] if isinstance(features, torch.Tensor) else list(features.values())
    objectness, deltas = module.rpn.head(levels)
    boxes = _proposals(objectness, deltas, module.rpn.post_nms_top_n())
    heads = module.roi_heads
    result: dict[str, Any] = {}
    pooled = _pooled(heads.box_roi_pool, levels, boxes)
    result["scores"], result["boxes"] = heads.box_predictor(heads.box_head(pooled))
    found = boxes[: heads.detections_per_img]
    if heads.has_mask():
        pooled = _pooled(heads.mask_roi_pool, levels, found)
        result["masks"] = heads.mask_predictor(heads.mask_head(pooled))
    if heads.has_keypoint():
        pooled = _pooled(heads.keypoint_roi_pool, levels, found)
        result["keypoints"] = heads.keypoint_predictor(heads.keypoint_head(pooled))
    return result


def _batch(images: Any) -> torch.Tensor:
    """Images as detectors take them, a list of one tensor each, or one tensor already."""
    if isinstance(images, torch.Tensor):
        return images
    sizes = {tuple(image.shape) for image in images}
    if len(sizes) != 1:
        raise SpecError(f"a detector is counted on images of one size, not {len(sizes)}")
    return torch.stack(list(images))


def _proposals(objectness: list[torch.Tensor], deltas: list[torch.Tensor], count: int) -> torch.Tensor:
    """The boxes of the highest scores, after the number of their image."""
    scores = torch.cat([level.flatten(1) for level in objectness], 1)
    boxes = torch.cat([level.reshape(level.shape[0], -1, 4) for level in deltas], 1)
    best = scores.topk(min(count, scores.shape[1]), dim=1).indices
    chosen = torch.gather(boxes, 1, best[..., None].expand(-1, -1, 4)).flatten(0, 1)
    return torch.cat([torch.zeros_like(chosen[:, :1]), chosen], 1)


def _pooled(pool: Any, levels: list[torch.Tensor], boxes: torch.Tensor) -> torch.Tensor:
    """Each box's features, from whichever level its size falls to."""
    from torchvision.ops import roi_align

    used = levels[: len(pool.featmap_names)]
    return torch.stack([roi_align(level, boxes, list(pool.output_size)) for level in used]).amax(0)
