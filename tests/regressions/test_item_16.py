"""Item 16: modules in wrappers, and inputs in nests.

``DataParallel``, ``torch.compile`` and TorchScript failed or named parameters after the wrapper; detection
models refused the ``[[image]]`` that they are called with.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import reprior
from reprior import RepriorError, SpecError
from reprior.core.primitives import Input
from reprior.frontends.torch import trace
from reprior.frontends.torch.build import build
from reprior.frontends.torch.twins import make_twin


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout())
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


def with_body(wrap: Callable[[nn.Module], Any]) -> nn.Module:
    net = Net().eval()
    net.body = wrap(net.body)
    return net


def compiled_in_place() -> nn.Module:
    net = Net()
    net.compile(backend="eager")
    return net


compile_ = functools.partial(torch.compile, backend="eager")


def jit_trace(module: nn.Module) -> Any:
    return torch.jit.trace(module.eval(), torch.zeros(1, 6))


def exported() -> Any:
    return torch.export.export(Net().eval(), (torch.zeros(1, 6),))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.DataParallel(Net()),
        lambda: nn.DataParallel(compile_(Net())),
        lambda: compile_(Net()),
        lambda: with_body(compile_),
        compiled_in_place,
        lambda: torch.jit.script(Net()),
        lambda: jit_trace(Net()),
        lambda: with_body(torch.jit.script),
        lambda: with_body(jit_trace),
        exported,
        lambda: exported().module(),
        lambda: torch.fx.symbolic_trace(Net()),
    ],
)
def test_item_16_wrappers_count_as_what_they_wrap(make: Callable[[], Any]) -> None:
    expected = reprior.analyze(Net(), (6,), exact=True)
    module = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = reprior.analyze(module, (6,), exact=True)
    assert found.total_contexts == expected.total_contexts
    assert [row.name for row in found.parameters] == [row.name for row in expected.parameters]
    if isinstance(module, nn.Module) and not isinstance(module, torch.fx.GraphModule):
        assert module.training == make().training  # as it was made


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_item_16_the_mode_of_a_scripted_module_stays() -> None:
    module = torch.jit.script(Net()).train()
    for _ in range(3):
        assert reprior.analyze(module, (6,), exact=True).total_contexts == 243
    assert module.training and module.body.training
    twin = make_twin(module)
    assert not twin.body.training and twin.head.weight.data_ptr() == module.head.weight.data_ptr()


@pytest.fixture
def group() -> Iterator[None]:
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=store)
    yield
    torch.distributed.destroy_process_group()


def test_item_16_distributed(group: None) -> None:
    found = reprior.analyze(nn.parallel.DistributedDataParallel(Net()), (6,), exact=True)
    assert found.model == "Net" and found.total_contexts == 243
    assert found.parameters[0].name == "body.0.weight"


def test_item_16_sharded_modules_are_refused_in_one_line(group: None) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    module = Net()
    fully_shard(module, mesh=init_device_mesh("cpu", (1,)))
    with pytest.raises(SpecError, match="sharded"):
        reprior.analyze(module, (6,))


@dataclass
class Batch:
    left: Any
    right: Any


Pair = namedtuple("Pair", ["left", "right"])


class Taking(nn.Module):
    """Takes its two features out of a nest."""

    def __init__(self, take: Callable[[Any], Any]) -> None:
        super().__init__()
        self.linear, self.take = nn.Linear(4, 3), take

    def forward(self, batch: Any, scale: float = 1.0) -> torch.Tensor:
        left, right = self.take(batch)
        return self.linear(left * scale) + self.linear(right)


x, y = torch.zeros(2, 4), torch.zeros(2, 4)
by_key = lambda batch: (batch["left"], batch["right"])  # noqa: E731
by_field = lambda batch: (batch.left, batch.right)  # noqa: E731


@pytest.mark.parametrize(
    ("take", "given", "names"),
    [
        (by_key, {"left": x, "right": y}, ["batch.left", "batch.right"]),
        (by_key, {"left": (2, 4), "right": (2, 4)}, ["batch.left", "batch.right"]),
        (by_field, Batch(x, y), ["batch.left", "batch.right"]),
        (by_field, Pair(x, y), ["batch.left", "batch.right"]),
        (lambda batch: [one["x"] for one in batch], [{"x": x}, {"x": y}], ["batch.0.x", "batch.1.x"]),
        (lambda batch: batch[0], [(x, y)], ["batch.0.0", "batch.0.1"]),
        (lambda batch: batch[0]["a"], ({"a": (x, y)}, 3), ["batch.0.a.0", "batch.0.a.1"]),
        (lambda batch: batch, [x.numpy(), np.zeros((2, 4), np.float32)], ["batch.0", "batch.1"]),
        (lambda batch: batch, [x, x], ["batch.0"]),  # fed once
    ],
)
def test_item_16_nests(take: Callable[[Any], Any], given: Any, names: list[str]) -> None:
    before = copy.deepcopy(given)
    for wrapped in ([given], [given, 2.0], {"batch": given, "scale": 2.0}):
        graph = trace(Taking(take), wrapped).graph
        assert [node.op.name for node in graph.nodes if isinstance(node.op, Input)] == names
        assert graph.num_inputs == 8 * len(names) and graph.num_outputs == 6
    assert repr(before) == repr(given)
    assert trace(Taking(take), [given], real=True).graph.num_outputs == 6


def test_item_16_detectors_take_lists_of_images() -> None:
    detection = pytest.importorskip("torchvision.models.detection")
    make = functools.partial(
        detection.ssdlite320_mobilenet_v3_large, weights=None, weights_backbone=None, num_classes=3
    )
    module = build(make)
    expected = reprior.analyze(module, [(1, 3, 320, 320)])
    for given in ([[torch.zeros(3, 320, 320)]], [[(3, 320, 320)]], {"images": [torch.zeros(3, 320, 320)]}):
        found = reprior.analyze(module, given)
        assert (found.p_g, found.num_inputs) == (expected.p_g, expected.num_inputs)
    with pytest.raises(RepriorError, match="images of one size"):
        reprior.analyze(module, [[(3, 320, 320), (3, 300, 320)]])


def test_item_16_marks_in_a_profile_are_no_operators() -> None:
    class Marked(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.profiler.record_function("marked"):
                return super().forward(x)

    assert reprior.analyze(Marked(3, 2), (3,), exact=True).total_contexts == 8


@functools.lru_cache
def triangle(size: int) -> torch.Tensor:
    return torch.ones(size, size).tril()


def test_item_16_a_table_that_the_model_keeps_between_calls() -> None:
    class Masked(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * triangle(x.shape[-1])

    counted = [reprior.analyze(Masked(4, 4), (4, 4), exact=True) for _ in range(2)]
    assert [one.total_contexts for one in counted] == [50, 50] and not counted[1].notes


def test_item_16_real_needs_weights() -> None:
    with pytest.raises(SpecError, match="'weight' lies on the meta device"):
        reprior.analyze(nn.Linear(3, 2, device="meta"), (3,), real=True)


def test_item_16_a_real_forward_draws_from_its_own_generator() -> None:
    class Noisy(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            noise = torch.rand_like(x) + torch.randn(3) + torch.empty(3).uniform_() + torch.randperm(3)
            return super().forward(x + noise)

    module, state = Noisy(3, 2), torch.get_rng_state()
    assert reprior.analyze(module, (3,), real=True, exact=True).total_contexts == 8
    assert (torch.get_rng_state() == state).all()


def test_item_16_models_of_transformers_on_meta_and_for_real() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.Swinv2Config(
        image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4
    )
    with torch.device("meta"):
        meta = transformers.Swinv2Model(config)
    given = {"pixel_values": (1, 3, 32, 32)}
    found, expected = reprior.analyze(meta, given), reprior.analyze(transformers.Swinv2Model(config), given)
    assert found.p_g == pytest.approx(expected.p_g, rel=1e-12) or any("unknown" in n for n in found.notes)
    config = transformers.GPTNeoConfig(
        hidden_size=16, num_layers=2, attention_types=[[["global", "local"], 1]], num_heads=2, vocab_size=50,
        window_size=4, max_position_embeddings=32, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    module = transformers.GPTNeoForCausalLM(config)
    tokens = {"input_ids": torch.randint(0, 50, (1, 8))}
    figures = [reprior.analyze(module, tokens, real=real) for real in (False, True)]
    assert figures[0].p_g == pytest.approx(figures[1].p_g, rel=1e-12)
    assert figures[0].dead_parameters == figures[1].dead_parameters
