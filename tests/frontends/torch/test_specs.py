"""Specs that need PyTorch, and buffers of models built without weights."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

import reprior
from reprior.frontends.torch.build import build
from reprior.frontends.torch.specs import load_module

timm = pytest.importorskip("timm")
pytestmark = pytest.mark.filterwarnings("ignore")

# One of each kind: convolutions, gates, attention with windows, biases, talking heads, mixers, recurrence.
TIMM = [
    "resnet18",
    "efficientnet_lite0",
    "mobilenetv3_small_050",
    "regnetx_002",
    "densenet121",
    "vgg11",
    "hrnet_w18_small",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "deit_tiny_distilled_patch16_224",
    "swin_tiny_patch4_window7_224",
    "swinv2_cr_tiny_224",
    "beit_base_patch16_224",
    "mixer_s32_224",
    "poolformer_s12",
    "xcit_nano_12_p16_224",
    "coat_lite_tiny",
    "maxvit_rmlp_pico_rw_256",
    "halonet26t",
    "lambda_resnet26t",
    "gernet_s",
    "nfnet_f0",
    "resnetv2_50x1_bit",
    "levit_128s",
    "edgenext_xx_small",
    "volo_d1_224",
    "eva02_tiny_patch14_224",
    "visformer_tiny",
    "pvt_v2_b0",
    "twins_svt_small",
    "inception_v4",
    "ghostnet_050",
    "fastvit_t8",
]
TORCHVISION = [
    "squeezenet1_1",
    "googlenet",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "swin_v2_t",
    "r3d_18",
    "lraspp_mobilenet_v3_large",
    "ssdlite320_mobilenet_v3_large",
    "keypointrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn",
    "raft_small",
    "quantized_resnet18",
]


@pytest.mark.parametrize(
    "spec", [*(f"timm:{name}" for name in TIMM), *(f"torchvision:{name}" for name in TORCHVISION)]
)
def test_every_parameter_is_accounted_for(spec: str) -> None:
    module, _ = load_module(spec)
    total = sum(parameter.numel() for parameter in module.parameters())
    found = reprior.analyze(spec)
    assert found.num_parameters + found.dead_parameters == total
    assert found.num_parameters > 0.4 * total  # googlenet is built with heads for training
    assert {row.name for row in found.parameters} == {name for name, _ in module.named_parameters()}
    assert found.entropy + found.expected_spread == pytest.approx(found.log2_total_contexts, rel=1e-9)


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "levit_128s"])
def test_buffers_lost_on_the_meta_device_are_computed_again(name: str) -> None:
    """Relative-position tables and window masks are exact however the module was built."""
    with torch.device("meta"):
        meta = timm.create_model(name)
    assert reprior.analyze(meta).p_g == pytest.approx(reprior.analyze(f"timm:{name}").p_g, rel=1e-12)


def test_real_weights_count_like_none() -> None:
    real = timm.create_model("levit_128s")
    assert reprior.analyze(real).p_g == reprior.analyze("timm:levit_128s").p_g


def test_building_allocates_no_parameters_and_draws_no_numbers() -> None:
    random = torch.get_rng_state()
    module = build(lambda: timm.create_model("swin_tiny_patch4_window7_224"))
    assert all(parameter.is_meta for parameter in module.parameters())
    assert not any(buffer.is_meta for buffer in module.buffers())
    assert (torch.get_rng_state() == random).all()
    assert not torch.nn.Linear(2, 2).weight.is_meta


def test_sizes() -> None:
    small, large = reprior.analyze("timm:resnet18@64"), reprior.analyze("timm:resnet18@128")
    assert (small.num_inputs, large.num_inputs) == (3 * 64**2, 3 * 128**2)
    assert reprior.analyze("timm:vit_tiny_patch16_224@64").num_inputs == 3 * 64**2
    assert reprior.analyze("torchvision:vit_b_16@64").num_inputs == 3 * 64**2


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("timm:resnett18", "did you mean"),
        ("timm:resnet18@big", "size 'big'"),
        ("torchvision:resnett18", "did you mean"),
        ("torchvision:vgg11@0", "size '0'"),
        ("hf:Bertt", "unknown model|did you mean"),
        ("py:reprior_no_such_module:make", "no module"),
        ("py:json:dumpz", "has no 'dumpz'"),
        ("py:json", "does not read"),
        ("py:platform:node", "not a torch.nn.Module"),
    ],
)
def test_specs_that_name_nothing(spec: str, message: str) -> None:
    with pytest.raises(reprior.SpecError, match=message):
        reprior.analyze(spec)


def test_a_size_at_which_the_feature_map_vanishes() -> None:
    with pytest.raises(reprior.RepriorError, match="in module '"):
        reprior.analyze("timm:vgg11@8")


def test_python_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reprior_example_models.py").write_text(
        "import torch\n"
        "def small():\n    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)), (3,)\n"
        "class Alone(torch.nn.Linear):\n    def __init__(self):\n        super().__init__(3, 2)\n"
        "def broken():\n    raise RuntimeError('no such file')\n"
    )
    monkeypatch.chdir(tmp_path)
    assert reprior.analyze("py:reprior_example_models:small").num_parameters == 26
    assert reprior.analyze("py:reprior_example_models:Alone", input=(3,)).num_parameters == 8
    with pytest.raises(reprior.SpecError, match="give input="):
        reprior.analyze("py:reprior_example_models:Alone")
    with pytest.raises(reprior.SpecError, match="cannot be built: RuntimeError: no such file"):
        reprior.analyze("py:reprior_example_models:broken")
    assert str(tmp_path) not in sys.path


def test_what_if_layers_were_shared() -> None:
    """All blocks of equal geometry as one, without building that model."""
    plain = reprior.analyze("torchvision:mobilenet_v2")
    shared = reprior.analyze("torchvision:mobilenet_v2", share="all_but_bn")
    assert shared.num_parameters < plain.num_parameters
    assert shared.log2_total_contexts == pytest.approx(plain.log2_total_contexts, rel=1e-12)
