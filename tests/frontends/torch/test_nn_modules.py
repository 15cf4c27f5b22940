"""Every layer of ``torch.nn`` can be traced."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn

from reprior import analyze

ROW, STEPS = (2, 4), (1, 5, 4)
SPACE = {1: (1, 4, 8), 2: (1, 4, 6, 6), 3: (1, 4, 5, 5, 5)}
IDS = torch.zeros(2, 3, dtype=torch.int64)

# Arguments of the layer, and what is fed; layers without parameters stand behind one with some.
LAYERS: dict[str, tuple[tuple[Any, ...], Any]] = {
    **{name: ((), ROW) for name in (
        "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
        "LogSigmoid", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus",
        "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Identity", "Dropout", "AlphaDropout",
        "FeatureAlphaDropout",
    )},
    **{name: ((-1,), ROW) for name in ("Softmax", "Softmin", "LogSoftmax")},
    "Threshold": ((0.1, 0.0), ROW), "Softmax2d": ((), SPACE[2]), "Unflatten": ((1, (2, 2)), ROW),
    **{f"{name}{rank}d": (arguments, SPACE[rank]) for rank in (1, 2, 3) for name, arguments in {
        "Conv": (4, 2, 3), "ConvTranspose": (4, 2, 3), "MaxPool": (2,), "AvgPool": (2,), "LPPool": (2, 2),
        "AdaptiveAvgPool": (2,), "AdaptiveMaxPool": (2,), "BatchNorm": (4,), "InstanceNorm": (4,),
        "ConstantPad": (1, 0.0), "ZeroPad": (1,), "ReflectionPad": (1,), "ReplicationPad": (1,),
        "CircularPad": (1,), "Dropout": (),
    }.items()},
    "FractionalMaxPool2d": ((2, 3), SPACE[2]), "FractionalMaxPool3d": ((2, 3), SPACE[3]),
    "Upsample": ((None, 2), SPACE[2]), "UpsamplingNearest2d": ((None, 2), SPACE[2]),
    "UpsamplingBilinear2d": ((None, 2), SPACE[2]), "PixelShuffle": ((2,), SPACE[2]),
    "PixelUnshuffle": ((2,), SPACE[2]), "ChannelShuffle": ((2,), SPACE[2]), "Unfold": ((2,), SPACE[2]),
    "Flatten": ((), SPACE[2]), "Fold": ((5, 2), (1, 4, 16)),
    "LayerNorm": ((4,), ROW), "RMSNorm": ((4,), ROW),
    "GroupNorm": ((2, 4), SPACE[2]), "LocalResponseNorm": ((3,), SPACE[2]), "CrossMapLRN2d": ((3,), SPACE[2]),
    "SyncBatchNorm": ((4,), SPACE[2]), "Linear": ((4, 3), ROW), "Bilinear": ((4, 4, 3), [ROW, ROW]),
    "CosineSimilarity": ((), [ROW, ROW]), "PairwiseDistance": ((), [ROW, ROW]),
    "Embedding": ((7, 4), [IDS]), "EmbeddingBag": ((7, 4), [IDS]),
    "RNN": ((4, 3, 2), STEPS), "LSTM": ((4, 3, 2), STEPS), "GRU": ((4, 3, 2), STEPS),
    "RNNCell": ((4, 3), ROW), "LSTMCell": ((4, 3), ROW), "GRUCell": ((4, 3), ROW),
    "MultiheadAttention": ((4, 2), [STEPS] * 3), "TransformerEncoderLayer": ((4, 2, 8), STEPS),
    "TransformerDecoderLayer": ((4, 2, 8), [STEPS] * 2), "Transformer": ((4, 2, 1, 1, 8), [STEPS] * 2),
    "AdaptiveLogSoftmaxWithLoss": ((4, 10, [3, 6]), [torch.zeros(ROW), torch.zeros(2, dtype=torch.int64)]),
}  # fmt: skip

# Tested elsewhere or no layer: containers, bases, losses, layers whose shapes are not known yet.
_CONTAINERS = {
    "Container",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ParameterDict",
    "ParameterList",
    "Sequential",
    "DataParallel",
    "TransformerEncoder",
    "TransformerDecoder",
    "RNNBase",
    "RNNCellBase",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
}


class Behind(nn.Module):
    """A layer whose first input is scaled by a parameter, where that is floating."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.scale, self.layer = nn.Parameter(torch.ones(1)), layer

    def forward(self, x: torch.Tensor, *rest: torch.Tensor) -> Any:
        return self.layer(x * self.scale if x.is_floating_point() else x, *rest)


def _fed(shapes: Any) -> list[torch.Tensor]:
    parts = shapes if isinstance(shapes, list) else [shapes]
    return [part if isinstance(part, torch.Tensor) else torch.zeros(part) for part in parts]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_traced(name: str) -> None:
    arguments, shapes = LAYERS[name]
    layer = getattr(nn, name)(*arguments).eval()
    analysis = analyze(Behind(layer), _fed(shapes))
    assert analysis.num_parameters > 0
    if not any(part.dtype == torch.int64 for part in _fed(shapes)[:1]):
        assert not next(row for row in analysis.parameters if row.name == "scale").dead


def test_every_layer_is_tried() -> None:
    layers = {
        name for name, kind in vars(nn).items() if inspect.isclass(kind) and issubclass(kind, nn.Module)
    }
    layers = {
        name for name in layers if not name.startswith("Lazy") and not name.endswith(("Loss", "Loss2d"))
    }
    assert sorted(layers - _CONTAINERS - set(LAYERS)) == []


def test_what_unpooling_puts_back() -> None:
    for rank in (1, 2, 3):
        pool = getattr(nn, f"MaxPool{rank}d")(2, return_indices=True)
        unpool = getattr(nn, f"MaxUnpool{rank}d")(2)

        class Both(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.scale = nn.Parameter(torch.ones(1))

            def forward(self, x: torch.Tensor, pool: Any = pool, unpool: Any = unpool) -> torch.Tensor:
                return unpool(*pool(x * self.scale))

        assert analyze(Both(), [torch.zeros(SPACE[rank])]).num_parameters == 1
