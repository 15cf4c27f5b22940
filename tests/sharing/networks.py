"""Small modules to share in."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["Tower", "Transformer", "efficientnetv2"]


def efficientnetv2(depth: int = 3) -> nn.Module:
    """An EfficientNetV2 of timm, small enough to train on 16x16 images."""
    from timm.models.efficientnet import EfficientNet, decode_arch_def

    stages = [["cn_r1_k3_s1_e1_c8_skip"], [f"er_r{depth}_k3_s2_e2_c8"], [f"ir_r{depth}_k3_s2_e4_c16_se0.25"]]
    return EfficientNet(
        decode_arch_def(stages), num_classes=10, stem_size=8, num_features=32, act_layer=nn.SiLU
    ).eval()


class Tower(nn.Module):
    """Convolutions of equal channels: kernels 1x1 and 3x3, biases, a transposed one, batch norms."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(6, 6, 3, padding=1)
        self.b = nn.Conv2d(6, 6, 3, padding=1)
        self.c = nn.Conv2d(6, 6, 1)
        self.d = nn.Conv2d(6, 6, 1, bias=False)
        self.e = nn.ConvTranspose2d(6, 6, 3, padding=1)
        self.f = nn.Conv2d(6, 6, 3, padding=1, stride=2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(6) for _ in range(2))
        self.head = nn.Linear(6, 6)
        self.tail = nn.Linear(6, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norms[0](self.b(self.a(x).relu()).relu())
        x = self.norms[1](self.f(self.e(self.d(self.c(x)))))
        return self.tail(self.head(x.mean((2, 3))).relu())


class Transformer(nn.Module):
    """Blocks to share as ALBERT does, and an embedding tied to the head already."""

    def __init__(self, depth: int = 3) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0) for _ in range(depth)
        )
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
