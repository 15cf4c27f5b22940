"""The floors that counting stands on import no framework, whatever is installed."""

import subprocess
import sys

import pytest

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "timm", "transformers", "jax", "keras", "onnx"):
            raise AssertionError(f"{name} is imported")

sys.meta_path.insert(0, Blocked())
import importlib, pkgutil
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", BLOCKED + code], capture_output=True, text=True)


@pytest.mark.parametrize(
    "rooms", ["core lowering scalar sharing analysis models frontends.network views", "rank registry api"]
)
def test_no_framework_is_imported(rooms):
    done = run(f"""
for room in {rooms.split()!r}:
    package = importlib.import_module("reprior." + room)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
        importlib.import_module(module.name)
""")
    assert done.returncode == 0, done.stderr


def test_an_analysis_needs_none():
    done = run("import reprior; print(reprior.analyze('paper:figure3a').to_html()[:15])")
    assert done.stdout == "<!doctype html>\n", done.stderr


def test_what_needs_one_says_so():
    assert "torch is imported" in run("import reprior; reprior.share_parameters").stderr
