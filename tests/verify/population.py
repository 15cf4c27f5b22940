"""Sixty small architectures of many families: what each is built by, and what it is fed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from timm.layers import GatedMlp
from torch import nn

__all__ = ["POPULATION"]

Entry = tuple[Callable[[], nn.Module], Any]


def _timm(name: str, size: int = 32, **options: Any) -> Entry:
    def make() -> nn.Module:
        import timm

        return timm.create_model(name, pretrained=False, num_classes=3, **options)

    return make, (3, size, size)


def _mixer(block: str, **options: Any) -> Entry:
    def make() -> nn.Module:
        from timm.models import mlp_mixer

        return mlp_mixer.MlpMixer(3, 32, 3, 8, 2, 16, block_layer=getattr(mlp_mixer, block), **options)

    return make, (3, 32, 32)


def _inception() -> nn.Module:
    from torchvision.models.googlenet import Inception

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), Inception(8, 4, 4, 6, 2, 4, 4), Inception(18, 4, 4, 6, 2, 4, 4)
    )


def _vgg() -> nn.Module:
    from torchvision.models.vgg import make_layers

    return nn.Sequential(
        make_layers([8, 8, "M", 16, "M"]), nn.Flatten(), nn.Linear(16 * 4, 8), nn.Linear(8, 3)
    )


def _torchvision(name: str, size: int = 32, **options: Any) -> Entry:
    def make() -> nn.Module:
        from torchvision import models

        return models.get_model(name, weights=None, num_classes=3, **options)

    return make, (3, size, size)


def _words(length: int = 7) -> torch.Tensor:
    return torch.empty(1, length, dtype=torch.int64, device="meta")


def _hf(name: str, length: int = 7, **options: Any) -> Entry:
    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{name}Config")(use_cache=False, **options)
        return getattr(transformers, f"{name}Model")(config)

    ids = {"input_ids": _words(length)}
    return make, ids | {"decoder_input_ids": _words(5)} if name in ("T5", "Bart", "LED") else ids


class UNet(nn.Module):
    """Two levels down and up again, with skips."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, padding=1)]
        )
        self.middle = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.rise = nn.ModuleList(
            [nn.ConvTranspose2d(4 * width, 2 * width, 2, 2), nn.ConvTranspose2d(2 * width, width, 2, 2)]
        )
        self.up = nn.ModuleList(
            [nn.Conv2d(4 * width, 2 * width, 3, padding=1), nn.Conv2d(2 * width, width, 3, padding=1)]
        )
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for layer in self.down:
            x = torch.relu(layer(x))
            kept.append(x)
            x = torch.max_pool2d(x, 2)
        x = torch.relu(self.middle(x))
        for rise, layer in zip(self.rise, self.up, strict=True):
            x = torch.relu(layer(torch.cat([rise(x), kept.pop()], 1)))
        return self.head(x)


class Recurrent(nn.Module):
    """A recurrent layer in two directions over words."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.words = nn.Embedding(9, 5)
        self.layer = kind(5, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(self.words(input_ids))[0][:, -1])


class Experts(nn.Module):
    """Every token goes to the best two of four experts."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(6, 4)
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 6)) for _ in range(4)]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shares = self.router(x).softmax(-1)
        best, places = shares.topk(2, -1)
        gates = torch.zeros_like(shares).scatter(-1, places, best)
        return sum(gates[..., i : i + 1] * expert(x) for i, expert in enumerate(self.experts))


class Graph(nn.Module):
    """Message passing over a fixed graph, with batch normalisation between."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("links", torch.eye(5).roll(1, 0) + torch.eye(5))
        self.first, self.norm, self.second = nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(self.links @ x[0])
        return self.second(self.links @ torch.relu(self.norm(x)))


class Hyper(nn.Module):
    """A layer whose weights another layer makes, and one in low rank under weight normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Linear(2, 12)
        self.code = nn.Parameter(torch.ones(2))
        self.a, self.b = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(5, 2))
        self.last = nn.utils.parametrizations.weight_norm(nn.Linear(5, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x @ self.maker(self.code).reshape(4, 3)
        return self.last(x @ (self.b @ self.a).T)


_small = {
    "vocab_size": 11,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 12,
    "pad_token_id": 0,
}
_ends = {"bos_token_id": 1, "eos_token_id": 2}

_own: dict[str, Entry] = {
    "perceptron": (lambda: nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)), (4,)),
    "unet": (UNet, (3, 12, 12)),
    "lstm": (lambda: Recurrent(nn.LSTM), {"input_ids": _words(4)}),
    "gru": (lambda: Recurrent(nn.GRU), {"input_ids": _words(4)}),
    "transformer": (lambda: nn.Transformer(8, 2, 1, 1, 12, batch_first=True), [(1, 4, 8), (1, 3, 8)]),
    "experts": (Experts, (5, 6)),
    "graph": (Graph, (5, 3)),
    "hypernetwork": (Hyper, (3, 4)),
}

_convolutional: dict[str, Entry] = {
    "resnet": _timm("test_resnet"),
    "vgg": (_vgg, (3, 8, 8)),
    "inception": (_inception, (3, 12, 12)),
    "regnet": _timm("regnety_002"),
    "byobnet": _timm("test_byobnet"),
    "nfnet": _timm("test_nfnet"),
    "efficientnet": _timm("test_efficientnet"),
    "convnext": _timm("test_convnext"),
    "convnext2": _timm("test_convnext2"),
    "mambaout": _timm("test_mambaout"),
    "mobilenetv2": _torchvision("mobilenet_v2", width_mult=0.25),
    "mobilenetv3": _timm("mobilenetv3_small_050"),
    "lcnet": _timm("lcnet_035"),
    "mnasnet": _timm("mnasnet_small"),
    "ghostnet": _timm("ghostnet_050"),
    "tinynet": _timm("tinynet_e"),
    "mixnet": _timm("mixnet_s"),
    "densenet": _timm("densenet121", growth_rate=8, block_config=(2, 2, 2, 2)),
    "squeezenet": _torchvision("squeezenet1_1", 48),
    "shufflenet": _torchvision("shufflenet_v2_x0_5"),
    "dla": _timm("dla46_c"),
    "repvgg": _timm("repghostnet_050"),
    "starnet": _timm("starnet_s050"),
    "hrnet": _timm("hrnet_w18_small"),
    "inception_next": _timm("inception_next_atto"),
    "edgenext": _timm("edgenext_xx_small"),
    "poolformer": _timm("poolformer_s12"),
    "fastvit": _timm("fastvit_t8"),
    "fcn": _torchvision("lraspp_mobilenet_v3_large", 32, weights_backbone=None),
}

_attending: dict[str, Entry] = {
    "vit": _timm("test_vit", img_size=32),
    "vit_relpos": _timm("test_vit_relpos", img_size=32),
    "maxvit": _timm("test_maxvit", 64, img_size=64),
    "coatnet": _timm("test_coatnet", img_size=32),
    "swin": _timm(
        "swin_tiny_patch4_window7_224",
        img_size=32,
        window_size=4,
        embed_dim=12,
        depths=(2, 2),
        num_heads=(2, 2),
    ),
    "swinv2": _timm(
        "swinv2_tiny_window8_256", img_size=32, window_size=4, embed_dim=12, depths=(2, 2), num_heads=(2, 2)
    ),
    "beit": _timm("beit_base_patch16_224", img_size=32, embed_dim=16, depth=2, num_heads=2),
    "cait": _timm("cait_xxs24_224", img_size=32, embed_dim=16, depth=2, num_heads=2),
    "xcit": _timm("xcit_nano_12_p16_224", img_size=32, embed_dim=16, depth=2, num_heads=2),
    "coat": _timm("coat_tiny", img_size=32, embed_dims=(8, 16, 16, 16), serial_depths=(1, 1, 1, 1)),
    "mixer": _mixer("MixerBlock"),
    "resmlp": _mixer("ResBlock", mlp_ratio=4),
    "gmlp": _mixer("SpatialGatingBlock", mlp_ratio=4, mlp_layer=GatedMlp),
    "tnt": _timm(
        "tnt_s_patch16_224",
        img_size=32,
        embed_dim=16,
        inner_dim=8,
        depth=2,
        num_heads_inner=2,
        num_heads_outer=2,
    ),
    "davit": _timm("davit_tiny", embed_dims=(8, 16, 16, 16), num_heads=(2, 2, 2, 2), depths=(1, 1, 1, 1)),
    "deit3": _timm("deit3_small_patch16_224", img_size=32, embed_dim=16, depth=2, num_heads=2),
    "eva": _timm("eva02_tiny_patch14_224", 28, img_size=28, embed_dim=16, depth=2, num_heads=2),
    "efficientvit": _timm("efficientvit_b0"),
    "efficientvit_msra": _timm("efficientvit_m0", 64, img_size=64),
    "mobilevit": _timm("mobilevit_xxs", 64),
    "convit": _timm("convit_tiny", img_size=32, embed_dim=16, depth=2, num_heads=2, local_up_to_layer=1),
    "visformer": _timm("visformer_tiny", img_size=32),
}

_language: dict[str, Entry] = {
    "bert": _hf("Bert", **_small),
    "roberta": _hf("Roberta", **_small),
    "albert": _hf("Albert", embedding_size=8, **_small),
    "deberta": _hf(
        "DebertaV2", relative_attention=True, position_buckets=4, pos_att_type=["p2c", "c2p"], **_small
    ),
    "gpt2": _hf("GPT2", vocab_size=11, n_positions=12, n_embd=16, n_layer=2, n_head=2, **_ends),
    "gpt_neo": _hf(
        "GPTNeo", vocab_size=11, hidden_size=16, num_layers=2, num_heads=2, window_size=3,
        attention_types=[[["global", "local"], 1]], max_position_embeddings=12, **_ends,
    ),
    "llama": _hf("Llama", num_key_value_heads=1, **_small),
    "mistral": _hf("Mistral", num_key_value_heads=1, sliding_window=3, **_small),
    "gemma": _hf("Gemma2", num_key_value_heads=1, head_dim=8, sliding_window=3, **_small),
    "mixtral": _hf("Mixtral", num_key_value_heads=1, num_local_experts=3, **_small),
    "falcon": _hf(
        "Falcon", vocab_size=11, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, **_ends
    ),
    "bloom": _hf("Bloom", vocab_size=11, hidden_size=16, n_layer=2, n_head=2, pad_token_id=0, **_ends),
    "t5": _hf("T5", vocab_size=11, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2),
    "mamba": _hf("Mamba", vocab_size=11, hidden_size=16, state_size=4, num_hidden_layers=2),
    "mamba2": _hf(
        "Mamba2", vocab_size=11, hidden_size=16, state_size=4, num_hidden_layers=2, num_heads=4, head_dim=8,
        n_groups=2, chunk_size=4,
    ),
    "rwkv": _hf("Rwkv", vocab_size=11, hidden_size=16, num_hidden_layers=2, context_length=12),
    "fnet": _hf(
        "FNet", vocab_size=11, hidden_size=16, num_hidden_layers=2, intermediate_size=24,
        max_position_embeddings=12,
    ),
    "longformer": _hf("Longformer", 8, attention_window=[4, 4], **_small),
    "nystromformer": _hf("Nystromformer", 8, segment_means_seq_len=8, num_landmarks=4, **_small),
    "deepseek": _hf(
        "DeepseekV3", num_key_value_heads=2, n_routed_experts=4, num_experts_per_tok=2, n_group=2,
        topk_group=1, moe_intermediate_size=8, kv_lora_rank=4, q_lora_rank=6, qk_rope_head_dim=4,
        qk_nope_head_dim=4, v_head_dim=4, first_k_dense_replace=1, n_shared_experts=1, **_small,
    ),
    "jamba": _hf(
        "Jamba", num_key_value_heads=1, attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2,
        expert_layer_offset=1, num_experts=2, mamba_d_state=4, mamba_dt_rank=2, use_mamba_kernels=False,
        **_small,
    ),
    "mpnet": _hf("MPNet", **_small),
    "esm": _hf("Esm", mask_token_id=3, position_embedding_type="rotary", **_small),
    "lfm2": _hf("Lfm2", num_key_value_heads=1, layer_types=["conv", "full_attention"], **_small),
    "xlnet": _hf("XLNet", vocab_size=11, d_model=16, n_layer=2, n_head=2, d_inner=24),
}  # fmt: skip

POPULATION: dict[str, Entry] = _own | _convolutional | _attending | _language
"""Name to what builds the model and what it is fed."""
