"""What the tab key offers, asked the way a shell asks."""

import os
import subprocess
import sys

import pytest


def complete(line, shell="fish"):
    request = {
        "_REPRIOR_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    program = [sys.executable, "-c", "import sys; from reprior.cli import main; sys.exit(main())"]
    done = subprocess.run(program, env=os.environ | request, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return [item.split("\t")[0] for item in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_commands(shell):
    assert complete("reprior an", shell) == ["analyze"]


def test_models():
    assert complete("reprior analyze paper:figure3") == ["paper:figure3a", "paper:figure3b", "paper:figure3c"]
    assert complete("reprior compare paper:resnet50 tim") == ["timm:"]


def test_options():
    assert complete("reprior analyze --norm") == ["--normalization"]


def test_script_for_the_shell():
    program = [sys.executable, "-c", "import sys; from reprior.cli import main; sys.exit(main())"]
    request = os.environ | {"_REPRIOR_COMPLETE": "source_bash"}
    done = subprocess.run(program, env=request, capture_output=True, text=True, check=False)
    assert "_REPRIOR_COMPLETE=complete_bash" in done.stdout
