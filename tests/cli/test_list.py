import pytest

from reprior.models import PAPER_FIGURES, PAPER_MODELS
from reprior.registry import schemes


def test_every_scheme_is_explained(runner):
    out = runner.prints("list")
    assert all(f"{scheme}:" in out for scheme in schemes())
    assert max(map(len, out.splitlines())) <= 80


def test_paper_lists_what_analyze_takes(runner):
    lines = runner.prints("list", "paper").splitlines()
    assert lines == [f"paper:{name}" for name in (*PAPER_MODELS, *PAPER_FIGURES)]


@pytest.mark.parametrize(("scheme", "number"), [("nb201", 15_625), ("macro", 6_561)])
def test_search_spaces_are_listed_whole(runner, scheme, number):
    lines = runner.prints("list", scheme).splitlines()
    assert len(set(lines)) == number
    runner.prints("analyze", lines[-1])


def test_a_glob_selects(runner):
    assert runner.prints("list", "paper:figure2?").splitlines() == ["paper:figure2a", "paper:figure2b"]


@pytest.mark.parametrize("scheme", ["timm", "torchvision"])
def test_frameworks_list_their_models(runner, scheme):
    pytest.importorskip(scheme, reason=f"{scheme} is not installed")
    assert f"{scheme}:resnet18" in runner.prints("list", f"{scheme}:resnet*").splitlines()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("papr", "no scheme 'papr': did you mean paper?"),
        ("paper:zzz*", "no model matches 'paper:zzz*'"),
        ("dag", "dag:FILE.json cannot be listed"),
    ],
)
def test_refusals(runner, argument, message):
    assert runner.refuse("list", argument) == message
