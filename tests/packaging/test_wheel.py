"""The source distribution and the wheel are built, and the wheel runs where nothing else of this tree is."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation: the backend is installed for the tests, and nothing is fetched.
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    """The interpreter of an environment with the wheel; the dependencies are this one's."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (wheel,) = built.glob("*.whl")
    python = next(folder.glob("bin/python"))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    done = subprocess.run([*pip, "--quiet", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    # As a .pth file: behind the wheel on the search path, and without this tree's own editable install.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text(
        "".join(f"import sys; sys.path.append({path!r})\n" for path in others)
    )
    return python


def test_the_wheel_holds_all_files_of_the_package(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "src/reprior"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {path.removeprefix("src/") for path in tracked if (ROOT / path).exists()} <= inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_the_source_distribution_can_be_tested(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = {name.partition("/")[2] for name in opened.getnames()}
    wanted = {"Makefile", "pyproject.toml", "CONTRIBUTING.md", "requirements/test.txt", "tests/oracle.py"}
    assert wanted | {"docs/conventions.md", "benchmarks/unchanged.json"} <= inside


def test_the_wheel_runs(installed, tmp_path):
    command = [str(installed.parent / "reprior")]
    page = tmp_path / "page.html"
    done = subprocess.run(
        [*command, "analyze", "paper:figure3a", "--html", str(page)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert "P_G" in done.stdout
    assert page.read_text().startswith("<!doctype html>")  # style, scripts and template are in the wheel
    where = "import reprior; print(reprior.__file__, reprior.compare(['macro:01201201']).evidence)"
    shown = subprocess.run(
        [str(installed), "-c", where], capture_output=True, text=True, cwd=tmp_path, env={"PATH": ""}
    )
    assert str(installed.parent.parent) in shown.stdout, shown.stdout + shown.stderr
