"""A front-end of another package: one entry point, and its models are everywhere that others are.

The package is not installed, which would need more than this test may have; what an installer would leave
behind, a folder and its metadata on the search path, is all that Python asks for.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import reprior
from reprior import registry
from reprior.rank.cache import address

PACKAGE = """
from functools import partial
from reprior import Model, Network
from reprior.frontends import Frontend, Scheme


class Widths(list):
    "An object of this package: widths of the layers of a perceptron."


def describe(model, input, name, real):
    if not isinstance(model, Widths):
        return None
    net = Network()
    x = net.input(model[0])
    for width in model[1:]:
        x = net.dense(x, width)
    net.output(x)
    return Model(name or "widths", net.graph())


def load(spec, input, real):
    return describe(Widths(map(int, spec.partition(":")[2].split("-"))), input, spec, real)


def read(spec, input, real):
    return describe(Widths(map(int, open(spec).read().split())), input, spec, real)


FRONTEND = Frontend(
    name="toy",
    schemes=(
        Scheme(name="toy", form="toy:WIDTHS", what="perceptrons", load=load,
               names=lambda: ["2-2", "3-4-5"], is_quick=True),
        Scheme(name="toy-file", form="FILE.toy", what="perceptrons in files", load=read, suffixes=(".toy",)),
    ),
    objects="Widths",
    describe=describe,
)
"""


def install(folder: Path, package: str, content: str, version: str = "1.0") -> None:
    """What an installer leaves behind."""
    (folder / f"{package}.py").write_text(content)
    metadata = folder / f"{package}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(f"[reprior.frontends]\ntoy = {package}:FRONTEND\n")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python that finds the package."""
    path = os.pathsep.join([str(folder), *sys.path])
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        cwd=folder,
    )


def asked(folder: Path, expression: str) -> object:
    """The value of an expression, by way of JSON."""
    imports = "import json, reprior, reprior.registry as registry"
    done = run(folder, "-c", f"{imports}; print(json.dumps({expression}))")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path, "toys", PACKAGE)
    return tmp_path


def test_its_specs_are_analysed_listed_and_completed(folder):
    done = run(folder, "-m", "reprior", "analyze", "toy:3-4-5", "--json", "-")
    found = json.loads(done.stdout)
    # 3 x 4 weights and 4 biases have 5 outputs each, 4 x 5 weights and 5 biases one.
    assert found["model"] == "toy:3-4-5"
    assert found["num_parameters"] == 16 + 25
    assert 2 ** found["log2_total_contexts"] == pytest.approx(16 * 5 + 25)
    assert "perceptrons in files" in run(folder, "-m", "reprior", "list").stdout
    assert run(folder, "-m", "reprior", "list", "toy:3*").stdout == "toy:3-4-5\n"
    assert asked(folder, "__import__('reprior.cli.completion', fromlist=['x']).complete_spec('toy:2')") == [
        "toy:2-2"
    ]


def test_its_files_and_objects_are_models(folder):
    (folder / "net.toy").write_text("3 4 5")
    found = asked(
        folder,
        "[reprior.analyze(one).num_parameters for one in ('net.toy', __import__('toys').Widths([2, 2]))]",
    )
    assert found == [41, 6]


def test_a_score_is_kept_for_a_version_of_the_package(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(registry, "_others", registry._others.__wrapped__)
    before = address("toy:2-2")
    assert before == address("toy:2-2") is not None
    (folder / "toys-1.0.dist-info").rename(folder / "toys-1.1.dist-info")
    metadata = folder / "toys-1.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "1.1"))
    importlib.invalidate_caches()
    assert address("toy:2-2") != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import nothing_of_this_name", "cannot be loaded: ModuleNotFoundError"),
        ("FRONTEND = 3", "is no reprior.frontends.Frontend"),
        (
            PACKAGE.replace('name="toy",', 'name="timm",'),
            "both reprior and broken_.* give the scheme 'timm:'",
        ),
    ],
)
def test_a_broken_one_is_named_and_leaves_the_others_alone(tmp_path, monkeypatch, content, message):
    package = f"broken_{abs(hash(content))}"
    install(tmp_path, package, content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_others", registry._others.__wrapped__)
    with pytest.raises(reprior.SpecError, match=message):
        reprior.analyze("toy:2-2")
    assert reprior.analyze("paper:figure3a").num_parameters == 8
