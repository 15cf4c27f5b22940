"""Item 14: analyses in several threads, beside threads that train.

Tracing used to change what belongs to the whole process (hooks on all modules, the number of threads, the
flag of the fused attention, the random state) and the user's module itself (mode, forwards). With four
threads, 39 of 40 analyses failed, and so did forward passes of the user's own.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_module
from torch.utils import _python_dispatch

import reprior
from reprior.frontends.torch.build import build


class Small(nn.Module):
    """Whatever tracing might disturb: dropout, running statistics, a helper that holds a module."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.3)
        self.activation: Callable[[torch.Tensor], torch.Tensor] = lambda x: self.drop(self.norm(x)).relu()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.activation(self.first(x)))


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def train(module: nn.Module, x: torch.Tensor, steps: int) -> list[float]:
    """Losses of some steps of gradient descent; dropout takes this thread's place in the random stream."""
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        assert module.training
        loss = module(x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each call returns, all of them running at once."""
    results: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def totals(module: nn.Module, shape: tuple[int, ...], times: int) -> set[int | None]:
    return {reprior.analyze(module, shape, exact=True).total_contexts for _ in range(times)}


def process_state() -> tuple[Any, ...]:
    """What belongs to the whole process."""
    hooks = [value for name, value in vars(torch_module).items() if name.startswith("_global_")]
    return (
        [dict(one) for one in hooks if isinstance(one, dict)],
        torch.backends.mha.get_fastpath_enabled(),
        torch.get_num_threads(),
        _python_dispatch._is_in_torch_dispatch_mode,
        torch.get_default_dtype(),
        torch.get_rng_state().tolist(),
        list(warnings.filters),
    )


def test_item_14_eight_threads_of_analyses_beside_two_of_training() -> None:
    x = torch.rand(4, 6)
    torch.manual_seed(0)
    own, attending = Small(), Attending()  # one is trained while it is analysed
    expected = [totals(own, (6,), 1), totals(attending, (5, 8), 1)]
    state = {name: value.clone() for name, value in own.state_dict().items()}
    torch.manual_seed(1)
    undisturbed = train(own, x, 400)
    own.load_state_dict(state)
    deterministic = nn.Sequential(nn.Linear(6, 6), nn.Tanh())
    before = {name: value.clone() for name, value in deterministic.state_dict().items()}
    other = train(deterministic, x, 400)
    deterministic.load_state_dict(before)
    torch.manual_seed(1)  # the only thread that draws at random is the one that trains
    results = in_threads(
        [
            partial(train, own, x, 400),
            partial(train, deterministic, x, 400),
            *[partial(totals, own, (6,), 200)] * 4,
            *[partial(totals, attending, (5, 8), 100)] * 4,
        ]
    )
    assert results[0] == undisturbed
    assert results[1] == other
    assert results[2:6] == [expected[0]] * 4
    assert results[6:] == [expected[1]] * 4


@pytest.mark.parametrize("real", [False, True])
def test_item_14_nothing_of_the_process_changes_within_the_forward(real: bool) -> None:
    seen = []

    class Watching(Attending):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(process_state())
            return super().forward(x)

    module = Watching()
    before = process_state()
    reprior.analyze(reprior.frontends.torch.describe_module(module, (5, 8), real=real))
    assert process_state() == before
    assert seen == [before]


def test_item_14_building_leaves_the_modules_of_other_threads_alone() -> None:
    state = torch.get_rng_state()

    def make_mine() -> nn.Module:
        for _ in range(50):
            assert not nn.Linear(3, 3).weight.is_meta
        return nn.Linear(3, 3)

    def make() -> nn.Module:
        for _ in range(50):
            assert nn.Linear(3, 3).weight.is_meta
        return nn.Linear(3, 3)

    built = in_threads([*[make_mine] * 4, *[partial(build, make)] * 4])
    assert [one.weight.is_meta for one in built] == [False] * 4 + [True] * 4
    assert not torch_module._global_parameter_registration_hooks
    torch.set_rng_state(state)
    build(lambda: nn.ParameterList([torch.randn(3)]))
    assert (torch.get_rng_state() == state).all()


def test_item_14_whatever_refers_to_the_module_follows_its_twin() -> None:
    class Helper:
        def __init__(self, owner: nn.Module) -> None:
            self.owner, self.calls = owner, []

        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            self.calls.append(x)
            return self.owner.drop(self.owner.second(x))

    class Tangled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.drop = nn.Linear(4, 4), nn.Linear(4, 4), nn.Dropout()
            self.helper, self.hidden, self.seen = Helper(self), [self.first], {}
            self.bound = partial(self.second.forward)
            self.second.register_forward_hook(self.note)

        def note(self, module: nn.Module, args: Any, result: torch.Tensor) -> None:
            self.seen[module] = self.training

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.late = x
            x = self.hidden[0](x)
            return self.bound(self.helper(x))

    module = Tangled()
    graph = reprior.frontends.torch.trace(module, (4,)).graph
    scopes = [node.scope for node in graph.nodes if node.op.label.startswith("contract")]
    assert scopes == ["first", "second", ""]
    assert module.training and module.drop.training
    assert not module.seen and not module.helper.calls and not hasattr(module, "late")


COLD = """
import threading
import reprior
specs, found, errors = ["timm:resnet10t", "torchvision:resnet18"], [], []
def run(first):
    try:
        found.extend((spec, reprior.analyze(spec).p_g) for spec in specs[first:] + specs[:first])
    except BaseException as error:
        errors.append(error)
threads = [threading.Thread(target=run, args=(number % 2,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not errors, errors
assert len(found) == 12 and len(set(found)) == 2
"""


def test_item_14_threads_that_import_the_frameworks_first() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", COLD], check=True)
