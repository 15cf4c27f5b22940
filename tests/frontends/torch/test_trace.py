"""What a trace does and does not do to a module, and what it says when it cannot."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

import reprior
from reprior import RepriorError, ShapeError, SpecError, UnknownOperatorError
from reprior.core.primitives import Input
from reprior.frontends.torch import describe_module, trace
from reprior.frontends.torch.registry import module_rule, rule


def counts(module: nn.Module, input: Any, **options: Any) -> dict[str, float]:
    """Total of the contexts of every parameter, exactly."""
    found = reprior.analyze(describe_module(module, input), exact=True, **options)
    return {row.name: found.counts(row.name).sum() for row in found.parameters}


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout()
        self.head = nn.Linear(4, 2)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("order", torch.tensor([2, 0, 3, 1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.last = x
        y = self.drop(self.norm(self.conv(x)).relu()).mean((2, 3))
        return self.head(y[:, self.order])


def test_the_module_is_left_as_it_was() -> None:
    module = Small().train()
    module.norm.eval()
    hook = module.head.register_forward_hook(lambda *args: None)
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    attributes, random = set(vars(module)), torch.get_rng_state()
    threads = torch.get_num_threads()
    trace(module, (3, 8, 8))
    assert module.training and not module.norm.training and module.drop.training
    assert set(vars(module)) == attributes
    assert all((tensor == state[name]).all() for name, tensor in module.state_dict().items())
    assert (torch.get_rng_state() == random).all()
    assert list(module.head._forward_hooks) == [hook.id]
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks
    assert torch.get_num_threads() == threads
    assert not any(hasattr(one, "_reprior_slot") for one in module.parameters())


def test_a_module_that_fails_is_left_as_it_was_too() -> None:
    module = Small().train()
    with pytest.raises(ShapeError, match="in module 'conv'"):
        trace(module, (2, 8, 8))
    assert module.training and module.norm.training
    assert not nn.modules.module._global_forward_hooks


def test_a_module_on_any_device_counts_alike() -> None:
    with torch.device("meta"):
        meta = Small()
    meta.order = torch.tensor([2, 0, 3, 1])
    assert counts(Small(), (3, 8, 8)) == counts(meta, (3, 8, 8))


def test_scopes_are_module_paths() -> None:
    module = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 2))
    graph = trace(module, (3,)).graph
    assert [node.scope for node in graph.nodes if node.op.label.startswith("contract")] == ["0.0", "1"]


def test_several_inputs_and_outputs() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 2), nn.Linear(4, 5)

        def forward(self, left: torch.Tensor, right: torch.Tensor, scale: float = 1.0) -> Any:
            one = self.first(left)
            return {"sum": one.sum(1) * scale, "rest": (self.second(right), {"index": one.argmax(1)})}

    for given in (
        [(1, 3), (6, 4)],
        {"left": (1, 3), "right": (6, 4), "scale": 2.0},
        ["1x3", torch.zeros(6, 4)],
    ):
        traced = trace(Two(), given)
        assert traced.graph.num_inputs == 27 and traced.graph.num_outputs == 31
        names = [node.op.name for node in traced.graph.nodes if isinstance(node.op, Input)]
        assert names == ["left", "right"]
    only = trace(Two(), [(1, 3), (6, 4)], outputs=["rest"])
    assert only.graph.num_outputs == 30
    assert trace(Two(), [(1, 3), (6, 4)], outputs=["rest.0"]).graph.num_outputs == 30
    with pytest.raises(SpecError, match=r"there are sum, rest\.0, rest\.1\.index"):
        trace(Two(), [(1, 3), (6, 4)], outputs=["logits"])


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((3, 8, 8), (1, 3, 8, 8)),
        ((1, 3, 8, 8), (1, 3, 8, 8)),
        ("3x8x8", (1, 3, 8, 8)),
        ("3,8,8", (1, 3, 8, 8)),
    ],
)
def test_ways_to_say_a_shape(given: Any, shape: tuple[int, ...]) -> None:
    graph = trace(Small(), given).graph
    assert next(node.shape for node in graph.nodes if isinstance(node.op, Input)) == shape


def test_tokens() -> None:
    module = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 3))
    for given in ((7,), "7", "7:int64", torch.zeros(1, 7, dtype=torch.long)):
        graph = trace(module, given).graph
        assert graph.num_inputs == 7 and graph.num_outputs == 21


@pytest.mark.parametrize("given", [None, "3xbig", "3x8x8:floaty", (3, 0, 8), 5, [], {}, object()])
def test_input_that_cannot_be_understood(given: Any) -> None:
    with pytest.raises(SpecError):
        trace(Small(), given)


def test_an_input_of_the_wrong_type_names_the_module() -> None:
    with pytest.raises(RepriorError, match=r"embedding|'0'"):
        trace(nn.Sequential(nn.Embedding(10, 4)), torch.zeros(1, 7))


def test_without_parameters_or_outputs() -> None:
    with pytest.raises(RepriorError, match="'ReLU' has no learnable parameter"):
        trace(nn.ReLU(), (3,))

    class Silent(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input).argmax(1)

    with pytest.raises(RepriorError, match="no floating tensor"):
        trace(Silent(3, 2), (3,))
    with pytest.raises(SpecError, match="lazy"):
        trace(nn.LazyLinear(3), (3,))


class Gated(nn.Module):
    """Its structure depends on what is fed."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ModuleDict({"a": nn.Linear(3, 3)})
        self.other = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner["a"](x) if x.sum() > 0 else self.other(x)


def test_control_flow_that_depends_on_data() -> None:
    with pytest.raises(RepriorError, match=r"its structure depends on data.*real=True"):
        trace(Gated(), (3,))
    positive = trace(Gated(), torch.ones(1, 3), real=True)
    assert positive.real and positive.notes
    assert [node.scope for node in positive.graph.nodes if node.op.label.startswith("contract")] == [
        "inner.a"
    ]
    negative = trace(Gated(), -torch.ones(1, 3), real=True)
    assert [node.scope for node in negative.graph.nodes if node.op.label.startswith("contract")] == ["other"]


def test_a_real_forward_counts_as_one_on_meta_and_leaves_buffers() -> None:
    module = Small()
    real = describe_module(module, (3, 8, 8), real=True)
    assert module.calls == 0
    found = reprior.analyze(real, exact=True)
    assert {row.name: found.counts(row.name).sum() for row in found.parameters} == counts(module, (3, 8, 8))


def test_control_flow_on_constants_is_followed() -> None:
    class Chosen(Gated):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            steps = torch.arange(3)
            for step in steps:
                if step > 1 and bool((steps == 2).any()) and step.item() in steps.tolist():
                    x = self.other(x)
            return self.inner["a"](x) * float(steps.float().mean()) + steps.cpu().numpy().sum()

    assert trace(Chosen(), (3,)).graph.num_outputs == 3


# -- parameters by identity -----------------------------------------------------------------------------


def test_tied_weights_are_one_parameter() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(11, 4)
            self.head = nn.Linear(4, 11, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.head(self.embed(tokens))

    traced = trace(Tied(), {"tokens": (1, 5)})
    assert traced.aliases == {"embed.weight": ("head.weight",)}
    # As an embedding, each of 44 scalars meets all 5 tokens and reaches the 11 logits of each; as the head,
    # it reaches one logit of each.
    assert counts(Tied(), {"tokens": (1, 5)}) == {"embed.weight": 44 * 5 * 11 + 44 * 5}


def test_a_module_called_twice_adds_up() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(self.layer(x))

    assert counts(Twice(), (3,)) == {"layer.weight": 9 * 3 + 9}


def test_views_of_one_parameter() -> None:
    class Views(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bank = nn.Parameter(torch.empty(4, 3))
            self.flat = nn.Parameter(torch.empty(6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x @ self.bank[1:3].T
            return (y + (x @ self.bank[:2].T)) @ self.flat.view(3, 2).t()[:, :1]

    found = reprior.analyze(describe_module(Views(), (3,)), exact=True)
    assert found.counts("bank").tolist() == [[1] * 3, [2] * 3, [1] * 3, [0] * 3]
    # The flattened parameter's first row meets both sums.
    assert found.counts("flat").tolist() == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "parametrise", [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm]
)
def test_parametrisations_lead_to_the_parameters_beneath(parametrise: Any) -> None:
    module = nn.Sequential(parametrise(nn.Linear(3, 4)), nn.Linear(4, 2))
    found = reprior.analyze(describe_module(module, (3,)), exact=True)
    assert found.dead_parameters == 0
    assert found.num_parameters == sum(p.numel() for p in module.parameters())
    assert all(one.name.startswith(("0.", "1.")) for one in found.parameters)


def test_a_low_rank_update_merges_into_its_weight() -> None:
    class Adapted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.empty(4, 3))
            self.down, self.up = nn.Parameter(torch.empty(2, 3)), nn.Parameter(torch.empty(4, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x, self.weight + self.up @ self.down)

    found = reprior.analyze(describe_module(Adapted(), (3,)), exact=True)
    assert set(found.counts("weight").ravel()) == {1}
    assert set(found.counts("down").ravel()) == {4} and set(found.counts("up").ravel()) == {3}


def test_unused_parameters_are_dead_not_lost() -> None:
    module = nn.Sequential(nn.Linear(3, 2))
    module.spare = nn.Parameter(torch.empty(5))
    module[0].extra = nn.Linear(2, 2)

    class Wrapper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.unused = nn.Linear(3, 2), nn.Linear(7, 7)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

    found = reprior.analyze(describe_module(Wrapper(), (3,)))
    assert (found.num_parameters, found.dead_parameters) == (8, 56)


# -- operators without rules ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def custom_operator() -> Any:
    @torch.library.custom_op("reprior_tests::swiglu", mutates_args=())
    def swiglu(x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return x * gate

    @swiglu.register_fake
    def _(x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return torch.empty_like(x)

    return swiglu


class Custom(nn.Module):
    def __init__(self, operator: Any) -> None:
        super().__init__()
        self.operator, self.part = operator, nn.ModuleDict({"mlp": nn.Linear(3, 4)})
        self.act = Act(operator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.part["mlp"](x)
        return self.act(y)


class Act(nn.Module):
    def __init__(self, operator: Any) -> None:
        super().__init__()
        self.operator = operator

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator(x, x)


def test_unknown_operator_then_a_rule_for_it(custom_operator: Any) -> None:
    message = r"reprior_tests.swiglu.default' in module 'act' \(node \d+\) has no rule; .*@reprior.rule"
    with pytest.raises(UnknownOperatorError, match=message):
        trace(Custom(custom_operator), (3,))

    @rule("reprior_tests::swiglu")
    def swiglu(lower: Any, x: Any, gate: Any) -> Any:
        return lower.map("swiglu", x, gate)

    assert counts(Custom(custom_operator), (3,)) == {"part.mlp.weight": 12, "part.mlp.bias": 4}
    with pytest.raises(SpecError, match="has a rule already"):
        rule("reprior_tests.swiglu")(lambda lower, x, gate: lower.map("other", x, gate))


def test_a_stand_in_for_a_module_class() -> None:
    @module_rule(f"{__name__}.Sampled")
    def sampled(module: Any, x: torch.Tensor) -> torch.Tensor:
        return module.layer(x)

    module = Sampled()
    assert counts(module, (3,)) == {"layer.weight": 6, "layer.bias": 2}
    assert "forward" not in vars(module)


class Sampled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x[x.sum(1) > 0])


def test_a_copy_of_the_module_counts_the_same() -> None:
    """Nothing hangs on the traced module's tensors."""
    module = Small()
    assert counts(module, (3, 8, 8)) == counts(copy.deepcopy(module), (3, 8, 8))


# -- indices that are fed or computed ---------------------------------------------------------------------


def table_contexts(forward: Any, rows: int = 4, width: int = 2) -> list[int]:
    """Contexts of a table's rows, under a function of it and of three fed indices."""

    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.empty(rows, width))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return forward(self.table, ids)

    found = reprior.analyze(describe_module(Table(), {"ids": (3,)}), exact=True)
    return [int(row.sum()) for row in found.counts("table")]


@pytest.mark.parametrize(
    "forward",
    [
        lambda table, ids: nn.functional.embedding(ids, table),
        lambda table, ids: table[ids],
        lambda table, ids: table.index_select(0, ids),
        lambda table, ids: table.gather(0, ids[:, None].expand(3, 2)),
        lambda table, ids: torch.take_along_dim(table, ids[:, None], 0),
        lambda table, ids: nn.functional.one_hot(ids, 4).float() @ table,
    ],
    ids=["embedding", "index", "index_select", "gather", "take_along_dim", "one_hot"],
)
def test_any_row_may_be_looked_up(forward: Any) -> None:
    """Convention 8, however it is written: each of two elements of a row reaches three positions."""
    assert table_contexts(forward) == [6] * 4


def test_known_rows_are_the_same_elements() -> None:
    assert table_contexts(lambda table, ids: table[torch.tensor([2, 2, 0])] * ids[:, None]) == [2, 0, 4, 0]


def test_a_write_at_places_that_are_fed_may_land_anywhere() -> None:
    """Each element of the last row may be written over any of the four of its column."""

    def forward(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        out = torch.zeros(4, 2)
        out[ids[:1]] = table[3:]
        return out

    assert table_contexts(forward) == [0, 0, 0, 2 * 4]


def test_scatter_to_places_that_are_fed() -> None:
    def forward(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return torch.zeros(5, 2).scatter_add(0, ids[:, None].expand(3, 2), table[:3])

    # Each element of the first three rows may land on any of the five places of its column.
    assert table_contexts(forward) == [10, 10, 10, 0]
