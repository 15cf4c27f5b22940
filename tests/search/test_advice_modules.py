"""Patches in torch modules: the analysis of the patched module has the predicted figures."""

from __future__ import annotations

import copy

import pytest

import reprior
from reprior.errors import SpecError
from reprior.search.advice import Patch, advise

torch = pytest.importorskip("torch", reason="modules need PyTorch")

from torch import nn  # noqa: E402

from reprior.search.advice.modules import apply_patch  # noqa: E402
from reprior.search.advice.timing import timed  # noqa: E402


class Block(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, hidden, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.conv2 = nn.Conv2d(hidden, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(x + self.bn2(self.conv2(self.depthwise(y))))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(16, 32) for _ in range(3)], nn.Conv2d(16, 24, 1))
        self.head = nn.Linear(24, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def check(module: nn.Module, input: object, kinds: set[str], *, unpatched: set[str] = frozenset()) -> None:
    advice = advise(module, input)
    assert kinds <= {item.kind for item in advice.proposals}
    assert advice.proposals[0].difference["utility"] > 0
    for item in advice.proposals:
        if item.kind in unpatched:
            continue
        patched = apply_patch(copy.deepcopy(module), Patch.of(item.patch.to_dict()))
        found = reprior.analyze(patched, input)
        for key in ("utility", "p_g", "p_g_prime", "num_parameters"):
            assert getattr(found, key) == pytest.approx(item.figures[key], rel=1e-9), (item.text, key)
        assert found.costs.macs == item.figures["macs"]


def test_a_users_module() -> None:
    check(Net(), (3, 12, 12), {"share", "share sets", "repeat", "drop", "narrow", "widen, share"})


def test_a_vision_transformer() -> None:
    timm = pytest.importorskip("timm", reason="needs timm")
    settings = {"depth": 3, "embed_dim": 48, "num_heads": 3, "img_size": 32, "patch_size": 8}
    module = timm.create_model("vit_tiny_patch16_224", **settings)
    check(module, (3, 32, 32), {"share", "share sets", "repeat", "narrow", "deepen, share"})


def test_albert() -> None:
    """All layers share already; a block that is called again and again is no list of blocks."""
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    config = transformers.AlbertConfig(
        vocab_size=100, embedding_size=16, hidden_size=32, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=32,
    )  # fmt: skip
    module = transformers.AlbertModel(config, add_pooling_layer=False)
    check(module, torch.zeros(1, 8, dtype=torch.long), {"repeat", "narrow"}, unpatched={"repeat", "drop"})


def test_latency_is_measured() -> None:
    module = Net()
    advice = timed(advise(module, (3, 12, 12)), module, (3, 12, 12), most=2)
    assert advice.milliseconds > 0
    assert [item.milliseconds is not None for item in advice.proposals].count(True) == 2


def test_a_patch_that_does_not_fit() -> None:
    steps = [{"action": "drop", "module": "stem", "start": 1, "stop": 2}]
    with pytest.raises(SpecError, match="'stem' is no block"):
        apply_patch(Net(), Patch.of({"schema_version": 1, "steps": steps}))
    steps = [{"action": "resize", "widths": [[["head.weight", 0]]], "before": 9, "after": 8}]
    with pytest.raises(SpecError, match=r"'head.weight' of shape \(10, 24\) is not 9"):
        apply_patch(Net(), Patch.of({"schema_version": 1, "steps": steps}))
