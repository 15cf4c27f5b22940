"""Cases of products, convolutions, normalisations, attention and recurrent layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from .case import Case, call

__all__ = ["CASES"]

aten = torch.ops.aten
F64 = torch.float64
seen = torch.tensor([[True, False, True], [False, True, True]])
NO_CPU = "this backend is not there on every machine"
_ATTENTION = [(1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)]
_GRU, _LSTM = [(6, 2), (6, 2), (6,), (6,)], [(8, 2), (8, 2), (8,), (8,)]

_PRODUCTS = [
    call("aten.linear.default", [(2, 3), (4, 3), (4,)]),
    call("aten.linear.default", [(2, 3), (3,)]),
    call("aten.matmul.default", [(2, 1, 3, 4), (5, 4, 2)]),
    call("aten.matmul.default", [(2, 3, 4), (4,)]),
    call("aten.matmul.default", [(4,), (2, 4, 3)]),
    call("aten.mm.default", [(2, 3), (3, 2)]),
    call("aten.bmm.default", [(2, 2, 3), (2, 3, 2)]),
    Case(
        "aten.mm.dtype",
        lambda x, y: aten.mm.dtype(x, y, torch.float32),
        [(2, 3), (3, 2)],
        "claim",
        reference=torch.mm,
        reason=NO_CPU,
    ),
    Case(
        "aten.bmm.dtype",
        lambda x, y: aten.bmm.dtype(x, y, torch.float32),
        [(2, 2, 3), (2, 3, 2)],
        "claim",
        reference=torch.bmm,
        reason=NO_CPU,
    ),
    call("aten.mv.default", [(2, 3), (3,)]),
    call("aten.dot.default", [(4,), (4,)]),
    call("aten.vdot.default", [(4,), (4,)]),
    call("aten.inner.default", [(2, 3), (4, 3)]),
    call("aten.inner.default", [(2, 3), (3,)]),
    call("aten.inner.default", [(2, 3), ()]),
    call("aten.linalg_matmul.default", [(2, 3), (3, 2)]),
    call("aten.addmm.default", [(3,), (2, 4), (4, 3)]),
    call("aten.addmm.default", [(3,), (2, 4), (4, 3)], named={"beta": 0}),
    Case(
        "aten.addmm.dtype",
        lambda b, x, y: aten.addmm.dtype(b, x, y, torch.float32),
        [(3,), (2, 4), (4, 3)],
        "claim",
        reference=torch.addmm,
        reason=NO_CPU,
    ),
    call("aten.addbmm.default", [(2, 3), (2, 2, 4), (2, 4, 3)]),
    call("aten.addmv.default", [(2,), (2, 4), (4,)]),
    call("aten.baddbmm.default", [(2, 1, 3), (2, 2, 4), (2, 4, 3)]),
    call("aten.outer.default", [(2,), (3,)]),
    call("aten.ger.default", [(2,), (3,)]),
    Case("aten.einsum.default", lambda x, y: torch.einsum("...ij,kj->...ki", x, y), [(2, 3, 4), (5, 4)]),
    Case("aten.einsum.default", lambda x, y: torch.einsum("bij,bjk->ik", x, y), [(1, 2, 3), (2, 3, 2)]),
    Case("aten.einsum.default", lambda x: torch.einsum("bii->bi", x), [(2, 3, 3)]),
    Case("aten.einsum.default", lambda x, y: torch.einsum("iij,j", x, y), [(3, 3, 2), (2,)]),
    call("aten.bilinear.default", [(2, 3), (2, 2), (4, 3, 2), (4,)]),
    call("aten.cdist.default", [(3, 2), (2, 2)]),
    call("aten._cdist_forward.default", [(3, 2), (2, 2)], 2.0, None, kind="change"),
    call("aten._euclidean_dist.default", [(3, 2), (2, 2)]),
    *(
        call(
            f"aten.conv{rank}d.default",
            [(2, 2, *(4,) * rank), (2, 1, *(2,) * rank), (2,)],
            [2] * rank,
            [1] * rank,
            [1] * rank,
            2,
        )
        for rank in (1, 2, 3)
    ),
    *(
        call(
            f"aten.conv{rank}d.padding",
            [(1, 1, *(4,) * rank), (2, 1, *(3,) * rank), (2,)],
            [1] * rank,
            "same",
        )
        for rank in (1, 2, 3)
    ),
    call("aten.conv2d.padding", [(1, 4, 3), (2, 1, 2, 2), (2,)], [1, 2], "valid"),
    call("aten.conv_transpose1d.default", [(1, 2, 3), (2, 1, 3), (2,)], [2], [1], [1], 2),
    call(
        "aten.conv_transpose2d.input", [(1, 2, 2, 3), (2, 1, 3, 3), (2,)], [2, 1], [1, 0], [1, 0], 2, [1, 1]
    ),
    call("aten.conv_transpose3d.input", [(1, 1, 2, 2, 2), (1, 1, 2, 2, 2), (1,)], [2, 1, 1]),
    *(
        call(
            f"aten.{name}.default",
            [(1, 2, 4, 3), (2, 2, 3, 2), (2,)],
            [2, 1],
            [1, 0],
            [1, 1],
            transposed,
            [0, 0],
            1,
            *flags,
        )
        for name, flags in (("convolution", ()), ("_convolution", (False,) * 4))
        for transposed in (False, True)
    ),
    Case(
        "torchvision.deform_conv2d.default",
        lambda x, w, o, m, b: torch.ops.torchvision.deform_conv2d(
            x, w, o, m, b, 1, 1, 0, 0, 1, 1, 1, 1, True
        ),
        [(1, 2, 3, 3), (2, 2, 2, 2), (1, 8, 2, 2), (1, 4, 2, 2), (2,)],
        "bound",
        reason="any tap may fall on any position of its channel",
    ),
]

_NORMS = [
    call("aten.layer_norm.default", [(2, 3)], [3]),
    Case(
        "aten.layer_norm.default",
        lambda x, w, b: aten.layer_norm(x, [2, 2], w, b),
        [(2, 2, 2), (2, 2), (2, 2)],
    ),
    Case(
        "aten.native_layer_norm.default",
        lambda x, w, b: aten.native_layer_norm(x, [3], w, b, 1e-5),
        [(2, 3), (3,), (3,)],
        "change",
    ),
    Case("aten.rms_norm.default", lambda x, w: aten.rms_norm(x, [3], w), [(2, 3), (3,)]),
    Case("aten._fused_rms_norm.default", lambda x, w: aten._fused_rms_norm(x, [3], w, 1e-5), [(2, 3), (3,)]),
    Case(
        "aten.batch_norm.default",
        lambda x, w, b: aten.batch_norm(x, w, b, None, None, True, 0.1, 1e-5, False),
        [(2, 3, 2), (3,), (3,)],
    ),
    Case(
        "aten.batch_norm.default",
        lambda x, w, b: aten.batch_norm(
            x,
            w,
            b,
            torch.full((3,), 0.1, dtype=x.dtype),
            torch.ones(3, dtype=x.dtype),
            False,
            0.1,
            1e-5,
            False,
        ),
        [(2, 3, 2), (3,), (3,)],
    ),
    *(
        Case(
            f"aten.{name}.default",
            lambda x, w, b, name=name, rest=rest: getattr(aten, name)(
                x, w, b, torch.full((3,), 0.1, dtype=x.dtype), torch.ones(3, dtype=x.dtype), *rest, 0.1, 1e-5
            )[0],
            [(2, 3, 2), (3,), (3,)],
        )
        for name, rest in (
            ("_native_batch_norm_legit_no_training", ()),
            ("_batch_norm_no_update", ()),
            ("native_batch_norm", (False,)),
        )
    ),
    Case(
        "aten._native_batch_norm_legit.no_stats",
        lambda x, w, b: aten._native_batch_norm_legit.no_stats(x, w, b, True, 0.1, 1e-5)[0],
        [(2, 3, 2), (3,), (3,)],
    ),
    Case("aten.group_norm.default", lambda x, w, b: aten.group_norm(x, 2, w, b), [(2, 4, 2), (4,), (4,)]),
    Case(
        "aten.native_group_norm.default",
        lambda x, w, b: aten.native_group_norm(x, w, b, 2, 4, 2, 2, 1e-5)[0],
        [(2, 4, 2), (4,), (4,)],
    ),
    Case(
        "aten.instance_norm.default",
        lambda x, w, b: aten.instance_norm(x, w, b, None, None, True, 0.1, 1e-5, False),
        [(2, 2, 3), (2,), (2,)],
    ),
    call("aten.softmax.int", [(2, 3, 2)], 1),
    call("aten._softmax.default", [(2, 3)], -1, False),
    call("aten.log_softmax.int", [(2, 3)], -1),
    call("aten._log_softmax.default", [(2, 3)], 0, False),
    call("aten._safe_softmax.default", [(2, 3)], -1),
    call("aten.special_softmax.default", [(2, 3)], 1),
    call("aten.special_log_softmax.default", [(2, 3)], 1),
    call("aten._weight_norm.default", [(2, 3), (2, 1)], 0),
    call("aten._weight_norm_interface.default", [(2, 3), (1, 3)], 1, kind="change"),
]

_SDPA = F.scaled_dot_product_attention
_ATTENTIONS = [
    Case("aten.scaled_dot_product_attention.default", _SDPA, [(1, 2, 3), (1, 2, 3), (1, 2, 2)]),
    # The first query sees one key: its softmax is 1 whatever the score, and the derivative zero.
    Case(
        "aten.scaled_dot_product_attention.default",
        lambda q, k, v: _SDPA(q, k, v, is_causal=True)[:, 1:],
        [(1, 3, 2), (1, 3, 2), (1, 3, 1)],
    ),
    Case(
        "aten.scaled_dot_product_attention.default",
        lambda q, k, v: _SDPA(q, k, v, attn_mask=seen),
        [(2, 2, 2), (2, 3, 2), (2, 3, 1)],
    ),
    Case(
        "aten.scaled_dot_product_attention.default",
        lambda q, k, v, b: _SDPA(q, k, v, attn_mask=b),
        [(1, 2, 2), (1, 3, 2), (1, 3, 1), (2, 3)],
    ),
    Case(
        "aten.scaled_dot_product_attention.default",
        lambda q, k, v: _SDPA(q, k, v, enable_gqa=True),
        [(1, 2, 2, 2), (1, 1, 2, 2), (1, 1, 2, 1)],
    ),
    Case(
        "aten._scaled_dot_product_flash_attention_for_cpu.default",
        lambda q, k, v: aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[0],
        _ATTENTION,
    ),
    Case(
        "aten._scaled_dot_product_attention_math.default",
        lambda q, k, v: aten._scaled_dot_product_attention_math(q, k, v)[0],
        _ATTENTION,
    ),
    Case(
        "aten._scaled_dot_product_efficient_attention.default",
        lambda q, k, v: aten._scaled_dot_product_efficient_attention(q, k, v, None, False)[0],
        _ATTENTION,
        "claim",
        reference=_SDPA,
        reason=NO_CPU,
    ),
    Case(
        "aten._scaled_dot_product_flash_attention.default",
        lambda q, k, v: aten._scaled_dot_product_flash_attention(q, k, v)[0],
        _ATTENTION,
        "claim",
        reference=_SDPA,
        reason=NO_CPU,
    ),
    Case(
        "aten._scaled_dot_product_flash_attention.quantized",
        lambda q, k, v: aten._scaled_dot_product_flash_attention.quantized(q, k, v, None, None, None)[0],
        _ATTENTION,
        "claim",
        reference=_SDPA,
        reason=NO_CPU,
    ),
]


def _layers(operator: str, weights: list[tuple[int, ...]], states: int) -> Case:
    """One layer over two steps, from a state that is given."""
    run = getattr(aten, operator.split(".")[1]).input

    def function(x: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, ...]:
        first = list(rest[:states]) if states > 1 else rest[0]
        result: tuple[torch.Tensor, ...] = run(
            x, first, list(rest[states:]), True, 1, 0.0, False, False, False
        )
        return result

    return Case(operator, function, [(2, 1, 2), *[(1, 1, 2)] * states, *weights], draws=6, low=-0.4, high=0.6)


def _cell(name: str, weights: list[tuple[int, ...]]) -> Case:
    return call(f"aten.{name}.default", [(1, 2), (1, 2), *weights], draws=6, low=-0.4, high=0.6)


_RNN = [(2, 2), (2, 2), (2,), (2,)]
_RECURRENT = [
    _layers("aten.lstm.input", _LSTM, 2),
    _layers("aten.gru.input", _GRU, 1),
    _layers("aten.rnn_tanh.input", _RNN, 1),
    _layers("aten.rnn_relu.input", _RNN, 1),
    _cell("gru_cell", _GRU),
    _cell("rnn_tanh_cell", _RNN),
    _cell("rnn_relu_cell", _RNN),
    Case(
        "aten.lstm_cell.default",
        lambda x, h, c, *w: aten.lstm_cell(x, [h, c], *w),
        [(1, 2)] * 3 + _LSTM,
        draws=6,
        low=-0.4,
        high=0.6,
    ),
]

CASES = [*_PRODUCTS, *_NORMS, *_ATTENTIONS, *_RECURRENT]
