"""Cases of operators that move elements."""

from __future__ import annotations

import torch

from .case import Case, call

__all__ = ["CASES"]

aten, prims = torch.ops.aten, torch.ops.prims
F64 = torch.float64
_SAME = """
alias detach contiguous clone lift lift_fresh lift_fresh_copy resolve_conj resolve_neg conj conj_physical real
positive
"""

CASES = [
    *(call(f"aten.{name}.default", [(2, 3)], kind="change") for name in _SAME.split()),
    Case("aten._conj.default", lambda x, y: aten._conj(torch.complex(x, y)), [(2, 3), (2, 3)], "change"),
    call("aten.to.device", [(2, 3)], torch.device("cpu"), F64),
    call("aten.to.dtype", [(2, 3)], F64),
    Case("aten.to.other", lambda x, y: aten.to.other(x, y.to(F64)), [(2, 3), (1,)]),
    Case("aten.to.dtype_layout", lambda x: aten.to.dtype_layout(x, dtype=F64), [(2, 3)]),
    call("aten._to_copy.default", [(2, 3)], named={"dtype": F64}),
    Case("aten.type_as.default", lambda x, y: x.type_as(y), [(2, 3), (1,)]),
    *(
        call(f"aten.{name}.default", [(2, 3, 2)], 0.5, False)
        for name in ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
    ),
    call("aten.to_dense.default", [(2, 3)]),
    call("prims.convert_element_type.default", [(2, 3)], F64, kind="change"),
    call("aten.view.default", [(2, 6)], [3, -1]),
    call("aten.reshape.default", [(2, 6)], [3, 4]),
    call("aten._unsafe_view.default", [(2, 6)], [3, 4]),
    call("aten._reshape_alias.default", [(2, 6)], [3, 4], [4, 1]),
    call("prims.reshape.default", [(2, 6)], [3, 4], kind="change"),
    call("aten.view_as.default", [(2, 6), (3, 4)]),
    call("aten.reshape_as.default", [(2, 6), (3, 4)]),
    call("aten.flatten.using_ints", [(2, 3, 2)], 1, -1),
    call("aten.flatten.using_ints", [()]),
    call("aten.ravel.default", [(2, 3)]),
    call("aten.unflatten.int", [(2, 6)], 1, [2, -1]),
    call("aten.unsqueeze.default", [(2, 3)], -2),
    call("aten.squeeze.default", [(2, 1, 3, 1)]),
    call("aten.squeeze.dim", [(2, 1, 3, 1)], -1),
    call("aten.squeeze.dims", [(2, 1, 3, 1)], [0, 1]),
    call("aten.permute.default", [(2, 3, 4)], [2, 0, -2]),
    call("prims.transpose.default", [(2, 3, 4)], [2, 0, 1], kind="change"),
    call("aten.transpose.int", [(2, 3, 4)], 0, -1),
    call("aten.swapaxes.default", [(2, 3, 4)], 0, -1),
    call("aten.swapdims.default", [(2, 3, 4)], 1, 2),
    call("aten.movedim.int", [(2, 3, 4)], 0, -1),
    call("aten.movedim.intlist", [(2, 3, 4)], [0, 1], [2, 0]),
    call("aten.moveaxis.int", [(2, 3, 4)], -1, 0),
    call("aten.moveaxis.intlist", [(2, 3, 4)], [0, 1], [2, 0]),
    call("aten.t.default", [(2, 3)]),
    call("aten.t.default", [(3,)]),
    Case("aten.numpy_T.default", lambda x: x.T, [(2, 3)]),
    Case("aten.numpy_T.default", aten.numpy_T, [(2, 3, 4)]),
    Case("aten.mT.default", lambda x: x.mT, [(2, 3, 4)]),
    Case("aten.adjoint.default", lambda x: x.adjoint(), [(2, 3, 4)]),
    Case("aten.mH.default", lambda x: x.mH, [(2, 3)]),
    call("aten.expand.default", [(2, 1)], [3, -1, 4]),
    call("aten.broadcast_to.default", [(2, 1)], [3, 2, 4]),
    Case("aten.expand_as.default", lambda x, y: x.expand_as(y), [(2, 1), (3, 2, 2)]),
    call("aten.slice.Tensor", [(2, 7)], 1, 1, -1, 2),
    call("aten.slice.Tensor", [(7, 2)], 0, -3),
    call("aten.narrow.default", [(2, 7)], 1, -4, 3),
    call("aten.select.int", [(2, 3, 4)], -2, -1),
    call("aten.unbind.int", [(2, 3)], 1),
    call("aten.split.Tensor", [(2, 5)], 2, 1),
    call("aten.split_with_sizes.default", [(2, 5)], [1, 3, 1], 1),
    call("aten.split.sizes", [(2, 5)], [1, 3, 1], 1),
    call("aten.unsafe_split.Tensor", [(2, 5)], 2, 1),
    call("aten.unsafe_split_with_sizes.default", [(2, 5)], [1, 4], 1),
    call("aten.chunk.default", [(2, 7)], 3, 1),
    call("aten.unsafe_chunk.default", [(7, 2)], 3),
    call("aten.tensor_split.sections", [(2, 7)], 3, 1),
    call("aten.tensor_split.indices", [(2, 7)], [1, -2], 1),
    call("aten.unfold.default", [(2, 7)], 1, 3, 2),
    call("aten.unfold.default", [(7, 2)], 0, 3, 2),
    call("aten.diagonal.default", [(3, 2, 4)], 1, 0, 2),
    call("aten.diagonal.default", [(4, 3)], -1),
    call("aten.view_as_complex.default", [(3, 2)]),
    Case(
        "aten.view_as_real.default",
        lambda x, y: torch.view_as_real(torch.complex(x, y)),
        [(2, 3), (2, 3)],
        "bound",
        reason="a complex number is one element, so both of its parts depend on it",
    ),
    call("aten.flip.default", [(2, 3, 4)], [0, -1]),
    call("prims.rev.default", [(2, 3, 4)], [0, 2], kind="change"),
    call("aten.roll.default", [(3, 5)], [1, -2], [0, -1]),
    call("aten.roll.default", [(3, 4)], [2]),
    Case("aten.cat.default", lambda x, y: aten.cat([x, y, x], -1), [(2, 2), (2, 3)]),
    Case("aten.concat.default", lambda x, y: aten.concat([x, y]), [(2, 2), (1, 2)]),
    Case("aten.concatenate.default", lambda x, y: aten.concatenate([x, y], 1), [(2, 2), (2, 3)]),
    Case("prims.cat.default", lambda x, y: prims.cat([x, y], 1), [(2, 2), (2, 3)], "change"),
    Case("aten.stack.default", lambda x, y: aten.stack([x, y], -1), [(2, 3), (2, 3)]),
    call("aten.repeat.default", [(2, 3)], [2, 1, 3]),
    call("aten.tile.default", [(2, 3)], [2]),
    call("aten.repeat_interleave.self_int", [(2, 3)], 2, -1),
    call("aten.repeat_interleave.self_int", [(2, 3)], 2),
    call("aten.pixel_shuffle.default", [(1, 8, 2, 3)], 2),
    call("aten.pixel_unshuffle.default", [(1, 2, 4, 2)], 2),
    call("aten.channel_shuffle.default", [(1, 6, 2, 2)], 3),
    call("aten.native_channel_shuffle.default", [(1, 6, 2, 2)], 3, kind="change"),
    call("aten.pad.default", [(2, 3, 4)], [1, 2, -1, 1]),
    call("aten.pad.default", [(1, 1, 4)], [2, 1], "circular"),
    call("aten.constant_pad_nd.default", [(2, 3)], [1, 0, -1, 2], 0.5),
    *(
        call(f"aten.{kind}_pad{rank}d.default", [(1, 2, *(3, 4, 3)[:rank])], [2, 1, 1, 0, 0, 1][: 2 * rank])
        for kind in ("reflection", "replication")
        for rank in (1, 2, 3)
    ),
]
