"""Models of the builder as PyTorch modules and ONNX files: every figure stays."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import reprior
from reprior.errors import RepriorError, SpecError
from reprior.models import nasbench201
from reprior.search.export import to_source

torch = pytest.importorskip("torch", reason="modules need PyTorch")

from reprior.search.export import example_inputs, to_onnx, to_torch  # noqa: E402

FIGURES = (
    "num_parameters", "num_weight_nodes", "num_inputs", "num_outputs", "dead_parameters", "expected_spread",
    "entropy", "total_surprisal", "p_g", "p_g_prime", "utility",
)  # fmt: skip

CELL = "nb201:|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
AUTOFORMER = {"layer_num": 2, "embed_dim": [64, 64], "num_heads": [1, 2], "mlp_ratio": [2, 3]}

MODELS = [
    (CELL, "none"),
    ("macro:01201201", "none"),
    ("macro:11111111", "all_but_bn"),
    ("macro:11111111", "sequence:1"),
    ("paper:efficientnetv2-b0@32", "none"),
    ("paper:efficientnetv2-b0@64", "all_but_bn"),
    ("paper:resnet50@64", "none"),
    ("channels:1234321", "none"),
    ("mnasnet:6.3.1.0_6.3.1.0_6.5.1.1_6.3.2.0_6.5.1.1_6.5.1.1_6.3.1.0", "none"),
    ("mobilenet:v1_0.25_64", "none"),
    ("mobilenet:v2_0.35_64", "none"),
    ("transnas:123012", "none"),
    ("transnas:010000", "none"),
    ("encoder:n0|64|SA-WMA-4-128-3|LT-DCT-2-64-3", "none"),
    ("open_lm:d64_l2_h4", "none"),
    ("shared_lm:cycle:2:3:64:4", "none"),
    (f"autoformer:{json.dumps(AUTOFORMER)}", "none"),
]


def same(one: float | None, other: float | None) -> bool:
    return one == other or (None not in (one, other) and one == pytest.approx(other, rel=1e-9))


@pytest.mark.parametrize(("spec", "share"), MODELS)
def test_figures_stay(spec: str, share: str) -> None:
    module, feed = to_torch(spec, share=share), example_inputs(spec)
    traced, built = reprior.analyze(module, feed[0]), reprior.analyze(spec, share=share)
    for key in FIGURES:
        assert same(getattr(traced, key), getattr(built, key)), key
    if built.utility is not None:  # what no parameter reaches costs a module nothing
        assert traced.costs == built.costs
        assert not traced.notes


def test_kernels_of_different_sizes_share_their_leading_taps() -> None:
    """U_G takes a part of a tensor for a weight of its own; a policy does not."""
    spec = "paper:efficientnetv2-b0@64"
    traced = reprior.analyze(to_torch(spec, share="original_code"), example_inputs(spec)[0])
    built = reprior.analyze(spec, share="original_code")
    for key in FIGURES[:-1]:
        assert same(getattr(traced, key), getattr(built, key)), key


def test_batches_and_the_kind_of_pooling() -> None:
    module = to_torch(f"autoformer:{json.dumps(AUTOFORMER)}")
    assert module(torch.zeros(3, 3, 224, 224)).shape == (3, 1000)
    assert "F.avg_pool2d" in to_source(CELL)
    assert "F.max_pool2d" in to_source(CELL, pool="max")


def test_builder_functions() -> None:
    """Norms, transposed convolutions, interpolation, masks and constants that no named model has."""
    net = reprior.Network()
    x = net.conv(net.input(4, 6, 6), 8, (3, 2), padding=((1, 0), (0, 1)), bias=True)
    x = net.group_norm(x, 2)
    x = net.conv_transpose(x, 4, 2, stride=2, bias=True)
    x = net.upsample(net.adaptive_pool(x, 3), 2, mode="bilinear")
    x = net.take(x, [3, 0, 1], axis=1) * net.sigmoid(net.scale(net.slice(x, 0, 3), 3, 1, 1))
    tokens = net.permute(net.reshape(x, 1, 3, 36), 0, 2, 1)
    tokens = net.rms_norm(net.layer_norm(net.dense(tokens, 8), bias=False))
    mask = np.tri(36, 36, 2, dtype=bool)
    y = net.attention(tokens, tokens, tokens, mask=mask)
    z = net.softmax(net.matmul(net.permute(y, 0, 2, 1), net.pad(tokens, (0, 0), (0, 2))), axis=1)
    net.output(net.reduce(z, 1), net.activation(y, "hardswish"))
    module = to_torch(net)
    traced, built = reprior.analyze(module, example_inputs(net)[0]), reprior.analyze(net)
    for key in FIGURES:
        assert same(getattr(traced, key), getattr(built, key)), key


def test_the_source_stands_alone() -> None:
    text = to_source("macro:01201201", name="Found")
    assert "reprior" not in text.replace("written by reprior", "")
    assert max(map(len, text.splitlines())) < 120
    space: dict[str, type] = {}
    exec(compile(text, "found.py", "exec"), space)
    assert reprior.analyze(space["Found"](), (3, 32, 32)).utility == pytest.approx(
        reprior.analyze("macro:01201201").utility
    )


def test_it_trains_one_epoch() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits are scikit-learn's")
    images, labels = datasets.load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    y = torch.tensor(labels)
    torch.manual_seed(0)
    cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|skip_connect~2|"
    module = to_torch(nasbench201(cell, size=8, channels=8))
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    x = x.expand(-1, 3, -1, -1)
    module.train()
    for batch in torch.randperm(1500).split(50):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(x[batch]), y[batch]).backward()
        optimizer.step()
    module.eval()
    with torch.no_grad():
        accuracy = (module(x[1500:]).argmax(1) == y[1500:]).float().mean()
    assert accuracy > 0.6


@pytest.mark.parametrize("spec", ["macro:01000002", "encoder:n0|32|SA-WMA-4-64-1"])
def test_onnx_computes_the_same(spec: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    pytest.importorskip("onnxscript", reason="torch.onnx needs onnxscript")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    file = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = to_onnx(spec, file)
    onnx.checker.check_model(str(file), full_check=True)
    feed = example_inputs(spec)
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: feed[0].numpy()})
    with torch.no_grad():
        wanted = module(*feed).numpy()
    assert np.abs(found - wanted).max() < 1e-4 * max(1, np.abs(wanted).max())


def test_mistakes() -> None:
    with pytest.raises(SpecError, match="no name of a class"):
        to_source("macro:01201201", name="class")
    with pytest.raises(SpecError, match="neither average nor max"):
        to_source("macro:01201201", pool="min")
    with pytest.raises(SpecError, match="scalar graph"):
        to_source("paper:figure3a")
    net = reprior.Network()
    net.output(net.lstm(net.input(3, 4), 5))
    with pytest.raises(RepriorError, match="no PyTorch code for the function 'gate'"):
        to_source(net)
    with pytest.raises(RepriorError, match="give inputs"):
        to_onnx(torch.nn.Linear(1, 1), "model.onnx")
