"""Sharing in real modules: what is tied, state dicts, undoing it, and what PyTorch does with the result."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn

from reprior import RepriorError, SpecError
from reprior.sharing import by_module, share_parameters
from tests.sharing.networks import Tower, Transformer, efficientnetv2


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def _numel(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_text_rule_ties_what_agrees_in_everything() -> None:
    net = Tower()
    share_parameters(net, "all_but_bn")
    assert net.b.weight is net.a.weight
    assert net.b.bias is net.a.bias
    assert net.d.weight is net.c.weight
    assert net.e.weight is not net.a.weight  # transposed
    assert net.f.weight is not net.a.weight  # stride
    assert net.c.weight is not net.a.weight  # kernel
    assert net.norms[0].weight is not net.norms[1].weight
    assert net.head.weight is not net.tail.weight  # dense


def test_the_original_code_shares_leading_taps() -> None:
    net = Tower()
    kernel = net.a.weight
    share_parameters(net, "original_code")
    assert net.f.weight is kernel
    assert torch.equal(net.c.weight, kernel[:, :, :1, :1])
    net.a.weight.data.mul_(2)
    assert torch.equal(net.d.weight, kernel[:, :, :1, :1])
    net.c(torch.ones(1, 6, 1, 1)).sum().backward()
    assert kernel.grad is not None
    assert kernel.grad[:, :, 0, 0].abs().sum() > 0
    assert kernel.grad[:, :, 1:].abs().sum() == 0


def test_the_summary_adds_up() -> None:
    net = efficientnetv2()
    before = _numel(net)
    shared = share_parameters(net)
    assert (shared.before, shared.after) == (before, _numel(net))
    assert sum(item.saved for item in shared.sets) == shared.before - shared.after > 0
    assert "blocks.1.1.conv_exp.weight, blocks.1.2.conv_exp.weight" in str(shared)


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_state_dicts_hold_each_tensor_once_and_load_back(policy: str) -> None:
    net = Tower()
    share_parameters(net, policy)
    state = net.state_dict()
    storages = [tensor.data_ptr() for tensor in state.values() if tensor.numel() > 1]
    assert len(set(storages)) == len(storages)
    assert (
        sum(tensor.numel() for tensor in state.values()) == _numel(net) + 2 * 13
    )  # 2 batch norms' statistics
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    other = Tower()
    share_parameters(other, policy)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.randn(2, 6, 8, 8)
    assert torch.equal(other.eval()(x), net.eval()(x))


def test_a_submodule_loads_under_its_prefix() -> None:
    net = nn.Sequential(nn.Identity(), Tower())
    share_parameters(net[1])
    other = copy.deepcopy(net)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1)
    assert "1.b.weight" not in net.state_dict()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other[1].b.weight, net[1].a.weight)
    assert other[1].b.weight is other[1].a.weight


def test_a_whole_state_dict_loads_only_if_it_agrees() -> None:
    whole = Tower()
    net = Tower()
    share_parameters(net)
    with pytest.raises(RuntimeError, match=r"'b\.weight' shares 'a\.weight', but their saved values differ"):
        net.load_state_dict(whole.state_dict())
    whole.b.load_state_dict(whole.a.state_dict())
    whole.d.weight.data.copy_(whole.c.weight)
    net.load_state_dict(whole.state_dict())
    assert torch.equal(net.b.weight, whole.a.weight)


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code", "by_module:norms.*"])
def test_undo_puts_the_module_back(policy: str) -> None:
    net = Tower()
    state = copy.deepcopy(net.state_dict())
    shared = share_parameters(net, policy)
    shared.undo()
    assert net.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert _numel(net) == shared.before
    with pytest.raises(RepriorError, match="undone already"):
        shared.undo()


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_separating_keeps_what_the_module_computes(policy: str) -> None:
    net = Tower().eval()
    shared = share_parameters(net, policy)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x = torch.randn(2, 6, 8, 8)
    want = net(x)
    shared.separate()
    assert torch.equal(net(x), want)
    assert len({id(p) for p in net.parameters()}) == len(list(Tower().parameters()))
    net.b.weight.data.zero_()
    assert net.a.weight.abs().sum() > 0


def test_undoing_follows_the_module_to_another_type() -> None:
    net = Tower()
    shared = share_parameters(net)
    net.double()
    shared.undo()
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float64}


def test_blocks_of_a_transformer() -> None:
    net = Transformer()
    blocks = [_numel(block) for block in net.blocks]
    shared = share_parameters(net, by_module("blocks.*"))
    assert shared.before - shared.after == sum(blocks[1:])
    assert net.blocks[2].norm1.weight is net.blocks[0].norm1.weight
    assert net.head.weight is net.embed.weight  # the model's own tie stays
    assert "head.weight" in net.state_dict()
    assert str(shared).startswith("by_module:blocks.*")
    tokens = torch.randint(11, (2, 5))
    other = Transformer()
    share_parameters(other, "by_module:blocks.*")
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.eval()(tokens), net.eval()(tokens))


def test_a_tie_of_the_model_that_joins_a_set_moves_as_a_whole() -> None:
    net = Tower()
    net.tail.weight = net.head.weight
    net.extra = nn.Linear(6, 6)
    share_parameters(net, lambda info: "dense" if info.kind == "linear" and info.role == "weight" else None)
    assert net.extra.weight is net.tail.weight is net.head.weight
    assert [name for name in net.state_dict() if name.endswith(("d.weight", "l.weight", "extra.weight"))] == [
        "d.weight",
        "head.weight",
    ]


def test_gradients_of_all_uses_add_up() -> None:
    whole, net = Tower(), Tower()
    whole.b.load_state_dict(whole.a.state_dict())
    whole.d.weight.data.copy_(whole.c.weight)
    net.load_state_dict(whole.state_dict())
    share_parameters(net)
    x = torch.randn(2, 6, 8, 8)
    whole(x).square().sum().backward()
    net(x).square().sum().backward()
    torch.testing.assert_close(net.a.weight.grad, whole.a.weight.grad + whole.b.weight.grad)


def test_optimizer_groups_hold_each_tensor_once() -> None:
    from timm.optim import param_groups_weight_decay

    net = efficientnetv2()
    share_parameters(net)
    groups = param_groups_weight_decay(net, 1e-5)
    held = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(set(held)) == len(held) == len(list(net.parameters()))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    assert len(optimizer.param_groups[0]["params"]) == len(list(net.parameters()))


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_copies_and_pickles_stay_shared(policy: str) -> None:
    net = efficientnetv2()
    share_parameters(net, policy)
    twin = copy.deepcopy(net)
    assert _numel(twin) == _numel(net)
    assert twin.state_dict().keys() == net.state_dict().keys()
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(twin(x), net(x))


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_export_keeps_working(policy: str) -> None:
    net = efficientnetv2()
    share_parameters(net, policy)
    x = torch.randn(2, 3, 16, 16)
    program = torch.export.export(net, (x,))
    torch.testing.assert_close(program.module()(x), net(x))
    trained = {id(p) for p in program.parameters()}
    assert len(trained) == len(list(net.parameters()))


@pytest.mark.parametrize("policy", ["all_but_bn", "original_code"])
def test_compile_keeps_working(policy: str) -> None:
    net = efficientnetv2()
    share_parameters(net, policy)
    x = torch.randn(2, 3, 16, 16)
    compiled = torch.compile(net, backend="aot_eager")
    compiled(x).square().sum().backward()
    got = net.blocks[1][1].conv_exp.weight.grad.clone()
    net.zero_grad()
    net(x).square().sum().backward()
    torch.testing.assert_close(got, net.blocks[1][1].conv_exp.weight.grad)
    torch.compiler.reset()


def test_ddp_keeps_working(tmp_path) -> None:
    net = efficientnetv2().train()
    share_parameters(net)
    want = copy.deepcopy(net)
    x = torch.randn(4, 3, 16, 16)
    want(x).square().sum().backward()
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/ddp", rank=0, world_size=1)
    try:
        wrapped = nn.parallel.DistributedDataParallel(net)
        wrapped(x).square().sum().backward()
        for a, b in zip(net.parameters(), want.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad)
        assert len(wrapped.state_dict()) == len(net.state_dict())
    finally:
        torch.distributed.destroy_process_group()


def test_a_refused_policy_changes_nothing() -> None:
    net = Tower()
    parameters = list(net.parameters())
    with pytest.raises(
        RepriorError, match=r"cannot share 'a.weight' .* with 'a.bias' .*: their shapes differ"
    ):
        share_parameters(net, lambda info: 1)
    assert all(a is b for a, b in zip(net.parameters(), parameters, strict=True))


def test_refusals() -> None:
    with pytest.raises(SpecError, match="'evrything' is not one of"):
        share_parameters(Tower(), "evrything")
    with pytest.raises(SpecError, match=r"not a dotted path of modules such as blocks\.\*"):
        share_parameters(Tower(), "by_module:blocks..x")
    with pytest.raises(RepriorError, match=r"'weight' is lazy"):
        share_parameters(nn.LazyConv2d(4, 3))
    net = Tower()
    net.b.requires_grad_(False)
    with pytest.raises(RepriorError, match="whether they learn"):
        share_parameters(net)
    crossed = nn.Sequential(nn.Conv2d(4, 4, (1, 3)), nn.Conv2d(4, 4, (3, 1)))
    with pytest.raises(RepriorError, match="no kernel of its set has all the taps"):
        share_parameters(crossed, "original_code")
