"""The recipe of docs/sharing.md: sharing under FSDP trains what sharing in one process trains."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, distributed = torch.nn, torch.distributed

from reprior.sharing import share_parameters  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "sharing.md"
RANKS = 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Linear(6, 8), nn.Linear(8, 3)
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(4)))

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))


def build():
    torch.manual_seed(0)
    return Net()


def train(net, optimizer, rank=0, ranks=1):
    """Three steps; each rank has every `ranks`-th sample, and gradients are means over ranks."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        x, y = torch.randn(4, 6, generator=generator), torch.randn(4, 3, generator=generator)
        optimizer.zero_grad()
        (net(x[rank::ranks]) - y[rank::ranks]).square().mean().backward()
        optimizer.step()


def recipe():
    """The lines of the page, in two parts: what every rank runs, and what rank 0 goes on with."""
    section = PAGE.read_text(encoding="utf-8").partition("### FSDP and state dicts")[2]
    code = re.search(r"```py\n(.*?)```", section, re.DOTALL)
    assert code is not None
    return code[1].split("\n\nagain =")


def follow(rank, folder):
    from torch.distributed.device_mesh import init_device_mesh

    distributed.init_process_group(
        "gloo", init_method=(Path(folder) / "meeting").as_uri(), rank=rank, world_size=RANKS
    )
    everyone, first = recipe()
    names = {
        "torch": torch,
        "build": build,
        "share_parameters": share_parameters,
        "mesh": init_device_mesh("cpu", (RANKS,)),
        "train": lambda net, optimizer: train(net, optimizer, rank, RANKS),
    }
    exec(everyone, names)
    shards = {name: tuple(p.to_local().shape) for name, p in names["net"].named_parameters()}
    if rank == 0:
        exec(f"again ={first}", names)
        torch.save((names["whole"], names["again"].state_dict(), shards), Path(folder) / "found.pt")
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_available(), reason="torch has no distributed package")
def test_two_processes_train_what_one_trains(tmp_path):
    torch.multiprocessing.spawn(follow, args=(str(tmp_path),), nprocs=RANKS)
    whole, again, shards = torch.load(tmp_path / "found.pt")
    alone = build()
    shared = share_parameters(alone, "cycle:2")
    train(alone, torch.optim.SGD(alone.parameters(), lr=0.1))
    expected = alone.state_dict()
    # A shared tensor stands once, under its first name: two blocks of four.
    assert list(whole) == list(again) == list(expected)
    assert [name for name in whole if name.startswith("blocks")] == [
        f"blocks.{k}.0.{leaf}" for k in (0, 1) for leaf in ("weight", "bias")
    ]
    for name, value in expected.items():
        torch.testing.assert_close(whole[name], value, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(again[name], whole[name], rtol=0, atol=0)
    assert shards["blocks.0.0.weight"] == (4, 8)  # half on each rank
    changed = build().blocks[0][0].weight
    assert not torch.equal(changed, whole["blocks.0.0.weight"])
    # Handed to code that does not share, every name is there.
    shared.separate()
    separate = build()
    assert separate.load_state_dict(alone.state_dict()).missing_keys == []
    torch.testing.assert_close(separate.blocks[2][0].weight, whole["blocks.0.0.weight"], rtol=1e-5, atol=1e-6)
