"""Every rule against automatic differentiation: each output has a path from exactly what it depends on."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from tests.frontends.torch.dependence import by_differentiation, by_graph

mask = torch.tensor([[True, False, True], [False, False, True]])
seen = torch.tensor([[True, False, True], [False, True, True]])
index = torch.tensor([[2, 0], [1, 1]])
places = torch.tensor([[2, 0], [1, 2]])

CASES = {
    # moves
    "reshape": (lambda x: x.reshape(3, -1), [(2, 6)]),
    "permute": (lambda x: x.permute(2, 0, 1), [(2, 3, 4)]),
    "transpose": (lambda x: x.transpose(0, -1), [(2, 3, 4)]),
    "movedim": (lambda x: x.movedim((0, 1), (2, 0)), [(2, 3, 4)]),
    "expand": (lambda x: x.expand(3, 2, 4), [(2, 1)]),
    "flip": (lambda x: x.flip(0, 2), [(2, 3, 4)]),
    "roll": (lambda x: x.roll((1, -2), (0, 1)), [(3, 5)]),
    "roll flat": (lambda x: x.roll(2), [(3, 4)]),
    "cat": (lambda x, y: torch.cat([x, y, x], 1), [(2, 2), (2, 3)]),
    "stack": (lambda x, y: torch.stack([x, y], -1), [(2, 3), (2, 3)]),
    "chunk": (lambda x: x.chunk(3, 1)[2], [(2, 7)]),
    "split": (lambda x: x.split([1, 3, 2], 1)[1], [(2, 6)]),
    "tensor_split": (lambda x: x.tensor_split(3, 1)[1], [(2, 7)]),
    "slices": (lambda x: x[..., 1:6:2, -1], [(2, 7, 3)]),
    "repeat": (lambda x: x.repeat(2, 1, 3), [(2, 3)]),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), [(2, 3)]),
    "unfold": (lambda x: x.unfold(1, 3, 2), [(2, 7)]),
    "diagonal": (lambda x: x.diagonal(1, 0, 2), [(3, 2, 4)]),
    "as_strided": (lambda x: x.as_strided((2, 3), (1, 2), 1), [(3, 4)]),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), [(1, 8, 2, 3)]),
    "pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), [(1, 2, 4, 2)]),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 3), [(1, 6, 2, 2)]),
    "pad": (lambda x: F.pad(x, (1, 2, -1, 1)), [(2, 3, 4)]),
    "pad reflect": (lambda x: F.pad(x, (2, 1, 1, 1), mode="reflect"), [(1, 1, 3, 4)]),
    "pad replicate": (lambda x: F.pad(x, (2, 1, 1, 0), mode="replicate"), [(1, 1, 3, 4)]),
    "pad circular": (lambda x: F.pad(x, (2, 1), mode="circular"), [(1, 1, 4)]),
    "tile": (lambda x: torch.tile(x, (2, 2)), [(2, 3)]),
    "rot90": (lambda x: torch.rot90(x, 1, (0, 1)), [(2, 3)]),
    "unflatten": (lambda x: x.unflatten(1, (2, -1)), [(2, 6)]),
    # pointwise
    "add broadcast": (lambda x, y: x + y, [(2, 1, 3), (4, 1)]),
    "polynomial": (lambda x, y: x * y + x**2 - y / x, [(2, 3), (3,)]),
    "gelu": (lambda x: F.gelu(x), [(2, 3)]),
    "masked_fill": (lambda x: x.masked_fill(mask, 0.0), [(2, 3)]),
    "where": (lambda x, y: torch.where(mask, x, y), [(2, 3), (2, 3)]),
    "times a mask": (lambda x: x * mask, [(2, 3)]),
    "plus a mask": (lambda x: torch.exp(x + torch.zeros(2, 3).masked_fill(mask, -1e9)), [(2, 3)]),
    "tril": (lambda x: x.tril(), [(3, 4)]),
    "triu": (lambda x: x.triu(1), [(3, 4)]),
    "addcmul": (lambda x, y, z: torch.addcmul(x, y, z, value=2), [(2, 3), (3,), (2, 1)]),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.3), [(2, 3), (2, 3)]),
    "glu": (lambda x: F.glu(x, 1), [(2, 4)]),
    "prelu": (lambda x, w: F.prelu(-x, w), [(2, 3, 2), (3,)]),
    "complex product": (
        lambda x, y: torch.view_as_real(torch.view_as_complex(x) * torch.view_as_complex(y)),
        [(3, 2), (3, 2)],
    ),
    # products
    "linear": (F.linear, [(2, 3), (4, 3), (4,)]),
    "linear vector": (F.linear, [(2, 3), (3,)]),
    "matmul broadcast": (torch.matmul, [(2, 1, 3, 4), (5, 4, 2)]),
    "matmul vector": (torch.matmul, [(2, 3, 4), (4,)]),
    "vector matmul": (torch.matmul, [(4,), (2, 4, 3)]),
    "dot": (torch.dot, [(4,), (4,)]),
    "addmm": (torch.addmm, [(3,), (2, 4), (4, 3)]),
    "baddbmm": (torch.baddbmm, [(2, 1, 3), (2, 2, 4), (2, 4, 3)]),
    "einsum": (lambda x, y: torch.einsum("...ij,kj->...ki", x, y), [(2, 3, 4), (5, 4)]),
    "einsum broadcast": (lambda x, y: torch.einsum("bij,bjk->ik", x, y), [(1, 2, 3), (2, 3, 2)]),
    "einsum implicit": (lambda x, y: torch.einsum("ij,jk", x, y), [(2, 3), (3, 2)]),
    "einsum permutes": (lambda x: torch.einsum("abc->cab", x), [(2, 3, 2)]),
    "bilinear": (F.bilinear, [(2, 3), (2, 2), (4, 3, 2), (4,)]),
    "outer": (torch.outer, [(2,), (3,)]),
    "kron": (torch.kron, [(2, 2), (1, 3)]),
    "cdist": (torch.cdist, [(3, 2), (2, 2)]),
    "conv1d": (lambda x, w: F.conv1d(x, w, padding=1, dilation=2), [(1, 2, 6), (3, 2, 2)]),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, 2, 1, groups=2), [(1, 4, 4, 3), (2, 2, 3, 2), (2,)]),
    "conv2d same": (lambda x, w: F.conv2d(x, w, padding="same"), [(1, 1, 4, 5), (2, 1, 2, 4)]),
    "conv2d unbatched": (lambda x, w: F.conv2d(x, w), [(2, 4, 3), (1, 2, 3, 2)]),
    "conv3d": (lambda x, w: F.conv3d(x, w, stride=2), [(1, 1, 3, 3, 3), (1, 1, 2, 2, 2)]),
    "conv_transpose2d": (
        lambda x, w: F.conv_transpose2d(x, w, None, 2, 1, 1, 2),
        [(1, 2, 2, 3), (2, 1, 3, 3)],
    ),
    # normalisations
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (3,), w, b), [(2, 3), (3,), (3,)]),
    "layer_norm two axes": (lambda x, w: F.layer_norm(x, (2, 3), w), [(2, 2, 3), (2, 3)]),
    "rms_norm": (lambda x, w: F.rms_norm(x, (3,), w), [(2, 3), (3,)]),
    "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b), [(2, 4, 2), (4,), (4,)]),
    "instance_norm": (lambda x: F.instance_norm(x), [(2, 2, 3)]),
    "batch_norm of batch": (lambda x, w: F.batch_norm(x, None, None, w, training=True), [(2, 3, 2), (3,)]),
    "softmax": (lambda x: x.softmax(1), [(2, 3, 2)]),
    "log_softmax": (lambda x: F.log_softmax(x, -1), [(2, 3)]),
    "normalize": (lambda x: F.normalize(x, dim=1), [(2, 3)]),
    "weight_norm": (lambda v, g: torch._weight_norm(v, g, 0), [(2, 3), (2, 1)]),
    "local_response_norm": (lambda x: F.local_response_norm(x, 3), [(1, 4, 2)]),
    # reductions
    "sum": (lambda x: x.sum((0, 2)), [(2, 3, 2)]),
    "mean": (lambda x: x.mean(1, keepdim=True), [(2, 3)]),
    "mean of all": (lambda x: x.mean(), [(2, 3)]),
    "var": (lambda x: x.var(1, unbiased=False), [(2, 3)]),
    "std_mean": (lambda x: torch.std_mean(x, 1), [(2, 3)]),
    "norm": (lambda x: x.norm(dim=0), [(2, 3)]),
    "logsumexp": (lambda x: x.logsumexp(1), [(2, 3)]),
    "prod": (lambda x: x.prod(1), [(2, 3)]),
    "cumsum": (lambda x: x.cumsum(1), [(2, 4)]),
    "trace": (lambda x: x.trace(), [(3, 2)]),
    # indices that are known
    "embedding": (lambda t: F.embedding(index, t), [(3, 2)]),
    "index_select": (lambda x: x.index_select(1, index[0]), [(2, 3)]),
    "index": (lambda x: x[:, index], [(2, 3, 2)]),
    "index two axes": (lambda x: x[index, :, index.T], [(3, 2, 3)]),
    "index adjacent": (lambda x: x[:, index, index.T], [(2, 3, 3)]),
    "index negative": (lambda x: x[torch.tensor([-1, 0])], [(3, 2)]),
    "index boolean": (lambda x: x[mask], [(2, 3, 2)]),
    "gather": (lambda x: x.gather(1, index), [(2, 3)]),
    "gather same row": (lambda x: x.gather(0, torch.tensor([[1, 1], [0, 0], [1, 1]])), [(2, 2)]),
    "take_along_dim": (lambda x: torch.take_along_dim(x, index, 1), [(2, 3)]),
    "index_put": (lambda x, y: x.index_put((index[0],), y), [(3, 2), (2, 2)]),
    "index_put adds": (
        lambda x, y: x.index_put((torch.tensor([1, 1, 0]),), y, accumulate=True),
        [(3, 2), (3, 2)],
    ),
    "index_add": (lambda x, y: x.index_add(1, torch.tensor([2, 2]), y), [(2, 3), (2, 2)]),
    "scatter": (lambda x, y: x.scatter(1, places, y), [(2, 3), (2, 2)]),
    "scatter_add": (lambda x, y: x.scatter_add(1, index, y), [(2, 3), (2, 2)]),
    "slice_scatter": (lambda x, y: x.slice_scatter(y, 1, 0, 3, 2), [(2, 3), (2, 2)]),
    "select_scatter": (lambda x, y: x.select_scatter(y, 0, 1), [(2, 3), (3,)]),
    "masked_scatter": (lambda x, y: x.masked_scatter(mask, y), [(2, 3), (6,)]),
    # windows
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 2, ceil_mode=True), [(1, 1, 5, 4)]),
    "avg_pool1d padded": (lambda x: F.avg_pool1d(x, 3, 2, 1), [(1, 2, 5)]),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (2, 3)), [(1, 1, 4, 7)]),
    "adaptive_avg_pool regular": (lambda x: F.adaptive_avg_pool2d(x, 2), [(1, 1, 4, 6)]),
    "global pool": (lambda x: F.adaptive_avg_pool2d(x, 1), [(1, 2, 3, 2)]),
    "nearest": (lambda x: F.interpolate(x, scale_factor=1.5), [(1, 1, 4, 3)]),
    "nearest-exact": (lambda x: F.interpolate(x, size=(3, 5), mode="nearest-exact"), [(1, 1, 4, 3)]),
    "linear 1d": (lambda x: F.interpolate(x, size=5, mode="linear"), [(1, 2, 3)]),
    "bilinear up": (lambda x: F.interpolate(x, size=(5, 6), mode="bilinear"), [(1, 1, 3, 4)]),
    "bilinear corners": (
        lambda x: F.interpolate(x, size=(5, 7), mode="bilinear", align_corners=True),
        [(1, 1, 3, 4)],
    ),
    "bilinear down": (lambda x: F.interpolate(x, size=(2, 3), mode="bilinear"), [(1, 1, 5, 4)]),
    "bilinear scale": (lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"), [(1, 1, 3, 4)]),
    "bilinear antialiased": (
        lambda x: F.interpolate(x, size=(2, 3), mode="bilinear", antialias=True),
        [(1, 1, 5, 7)],
    ),
    "bicubic": (lambda x: F.interpolate(x, size=(5, 3), mode="bicubic"), [(1, 1, 4, 6)]),
    "bicubic antialiased": (
        lambda x: F.interpolate(x, size=(3, 4), mode="bicubic", antialias=True),
        [(1, 1, 7, 6)],
    ),
    "trilinear": (lambda x: F.interpolate(x, size=(3, 2, 3), mode="trilinear"), [(1, 1, 2, 2, 2)]),
    "unfold windows": (lambda x: F.unfold(x, (2, 3), 1, 1, 2), [(1, 2, 4, 5)]),
    "fold windows": (lambda x: F.fold(x, (4, 3), (2, 3), 1, 1, (2, 1)), [(1, 6, 9)]),
    # attention
    "attention": (F.scaled_dot_product_attention, [(1, 2, 3), (1, 2, 3), (1, 2, 2)]),
    "attention causal": (
        # The first query sees one key: its softmax is 1 whatever the score, and the derivative zero.
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 1:],
        [(1, 3, 2), (1, 3, 2), (1, 3, 1)],
    ),
    "attention masked": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=seen),
        [(2, 2, 2), (2, 3, 2), (2, 3, 1)],
    ),
    "attention biased": (
        lambda q, k, v, b: F.scaled_dot_product_attention(q, k, v, attn_mask=b),
        [(1, 2, 2), (1, 3, 2), (1, 3, 1), (2, 3)],
    ),
    "attention of groups": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        [(1, 2, 2, 2), (1, 1, 2, 2), (1, 1, 2, 1)],
    ),
}  # fmt: skip

# Which element is the largest depends on the draw: all of them together are compared.
EXTREMA = {
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), [(1, 1, 4, 4)]),
    "max_pool2d dilated": (lambda x: F.max_pool2d(x, 2, 1, 0, 2), [(1, 1, 4, 4)]),
    "max": (lambda x: x.max(1).values, [(2, 3)]),
    "amax": (lambda x: x.amax((0, 1)), [(2, 3, 2)]),
    "topk": (lambda x: x.topk(2, 1).values, [(2, 4)]),
    "sort": (lambda x: x.sort(0).values, [(3, 2)]),
    "maximum": (torch.maximum, [(2, 3), (3,)]),
    "adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, (2, 1)), [(1, 1, 3, 2)]),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", CASES)
def test_dependence(name: str) -> None:
    function, shapes = CASES[name]
    assert (by_graph(function, shapes) == by_differentiation(function, shapes, 2)).all()


@pytest.mark.parametrize("name", EXTREMA)
def test_dependence_of_extrema(name: str) -> None:
    function, shapes = EXTREMA[name]
    assert (by_graph(function, shapes) == by_differentiation(function, shapes, 60)).all()
