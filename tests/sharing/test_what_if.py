"""The shared module and the unshared one with a policy have one analysis."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import reprior
from reprior.api import describe
from reprior.core.layers import describe_parameters
from reprior.frontends.torch.sharing import describe_module_parameters
from reprior.sharing import share_parameters
from tests.sharing.networks import Tower, Transformer, efficientnetv2

QUANTITIES = (
    "num_parameters", "num_weight_nodes", "num_inputs", "num_outputs", "dead_parameters", "total_contexts",
    "expected_spread", "entropy", "total_surprisal", "p_g", "p_g_prime",
)  # fmt: skip


def _compare(module: nn.Module, policy: str, input: object, **options: object) -> None:
    want = reprior.analyze(module, input=input, share=policy, exact=True, **options)
    share_parameters(module, policy)
    got = reprior.analyze(module, input=input, exact=True, **options)
    for key in QUANTITIES:
        if isinstance(getattr(want, key), int):
            assert getattr(got, key) == getattr(want, key), key
        else:  # sums of floats in another order
            assert getattr(got, key) == pytest.approx(getattr(want, key), rel=1e-13), key
    for name, _ in module.named_parameters():
        assert (
            got.counts(name) == want.counts(name.replace("parametrizations.weight.original", "weight"))
        ).all()


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
@pytest.mark.parametrize("preset", ["definition", "paper"])
def test_small_networks(policy: str, preset: str) -> None:
    _compare(efficientnetv2(), policy, (3, 16, 16), preset=preset)
    _compare(Tower(), policy, (6, 8, 8), preset=preset)


def test_transformer_blocks() -> None:
    tokens = torch.randint(11, (1, 5), generator=torch.Generator().manual_seed(0))
    _compare(Transformer(), "by_module:blocks.*", tokens)


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_efficientnetv2_b0(policy: str) -> None:
    timm = pytest.importorskip("timm")
    _compare(timm.create_model("tf_efficientnetv2_b0"), policy, (3, 64, 64))


@pytest.mark.parametrize(
    "name", ["tf_efficientnetv2_b0", "resnet18", "convnext_atto", "mobilenetv3_small_050"]
)
def test_modules_are_described_as_their_trace_is(name: str) -> None:
    timm = pytest.importorskip("timm")
    module = timm.create_model(name)
    traced = {info.name: info for info in describe_parameters(describe(module, (3, 64, 64)).graph)}
    for info in describe_module_parameters(module):
        other = traced[info.name]
        # A name says what a parameter is in its module; a trace sees uses. Policies need these to agree.
        assert (info.shape, info.convolution) == (other.shape, other.convolution), info.name
        if info.convolution is not None:
            assert (info.role, info.kind) == (other.role, other.kind), info.name
