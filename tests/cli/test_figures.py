from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")


def test_all_figures_as_svg_and_png(runner, tmp_path):
    out = runner.prints("figures", "--out", str(tmp_path / "figures"))
    names = [f"figure{n}.{kind}" for n in ("1", "2a", "2b", "3a", "3b", "3c") for kind in ("svg", "png")]
    assert out.splitlines() == [str(tmp_path / "figures" / name) for name in names]
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == sorted(names)


def test_some_figures(runner, tmp_path):
    runner.prints("figures", "--out", str(tmp_path), "--only", "figure3a", "--format", "svg")
    (path,) = tmp_path.iterdir()
    assert "Figure 3(a)" in ElementTree.parse(path).getroot().get("aria-label")


def test_unknown_names(runner, tmp_path):
    assert "there is no figure 'figure4'" in runner.refuse(
        "figures", "--out", str(tmp_path), "--only", "figure4"
    )
    assert "there is no format 'gif'" in runner.refuse("figures", "--out", str(tmp_path), "--format", "gif")
    (tmp_path / "file").write_text("")
    assert "cannot make the folder" in runner.refuse("figures", "--out", str(tmp_path / "file"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_unroll_page(runner, tmp_path):
    path = tmp_path / "unrolled.html"
    runner.prints("unroll", "paper:figure3a", "--html", str(path))
    assert "8 parameters in 12 places" in path.read_text(encoding="utf-8")


def test_reports(runner, tmp_path):
    for command in (["analyze", "paper:figure3a"], ["compare", "paper:figure3a", "paper:figure2a"]):
        path = tmp_path / f"{command[0]}.html"
        runner.prints(*command, "--html", str(path))
        assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
