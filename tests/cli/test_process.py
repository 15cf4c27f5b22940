"""The program as a process of its own: what it imports, prints and returns."""

import os
import signal
import subprocess
import sys
import time

import pytest

from reprior.cli.app import COMMANDS

HEAVY = (
    "torch",
    "torchvision",
    "timm",
    "transformers",
    "tensorflow",
    "jax",
    "keras",
    "pandas",
    "scipy",
    "networkx",
)


def run(*arguments, **options):
    """``python -m`` would not do: the console script's own entry is called."""
    code = "import sys; from reprior.cli import main; sys.exit(main())"
    environment = {**os.environ, "COLUMNS": "80"} | options.pop("environment", {})
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        **options,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "paper:efficientnetv2-b0@64", "--json", "-"],
        ["compare", "paper:figure3a", "nb201:|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"],
        ["unroll", "paper:figure3a"],
        ["list"],
        ["--help"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_framework_is_imported(arguments):
    code = (
        "import sys; from reprior.cli import main; status = main(sys.argv[1:]); sys.stdout.flush();"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr);"
        "sys.exit(status)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )
    assert (result.returncode, result.stderr) == (0, "heavy: []\n")


def test_the_package_alone_imports_little_and_soon():
    names = ("typer", "rich", *HEAVY)
    code = f"import sys, reprior; print([name for name in {names!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "[]\n", "")
    # Processor time, less what numpy alone takes: a busy machine must not fail this.
    code = (
        "import time, numpy; start = time.process_time(); import reprior; print(time.process_time() - start)"
    )
    best = min(float(subprocess.check_output([sys.executable, "-c", code], timeout=60)) for _ in range(3))
    assert best < 0.5


def test_exit_statuses():
    assert run("paper:figure3a").returncode == 2
    assert run("analyze", "paper:figure3a").returncode == 0
    assert run("--version").stdout.startswith("reprior ")
    helped = run()
    assert (helped.returncode, helped.stderr) == (0, "") and "Usage: reprior" in helped.stdout


def test_a_bug_is_status_1_with_a_traceback():
    code = (
        "import sys; from reprior.cli import main; import reprior.cli.analyze as module\n"
        "def broken(*arguments, **options): raise AssertionError('a bug')\n"
        "module.analyze = broken; sys.exit(main(['analyze', 'paper:figure3a']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "Traceback" in result.stderr and "AssertionError: a bug" in result.stderr


@pytest.mark.parametrize("variable", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_pipes_carry_no_colour(variable):
    result = run("analyze", "paper:efficientnetv2-b0@32", environment=variable)
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_terminal_without_unicode_still_shows_tables():
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = run("analyze", "paper:efficientnetv2-b0@32", environment=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii() and "P'_G" in result.stdout


def test_names_outside_the_encoding_are_escaped(tmp_path):
    graph = tmp_path / "graph.json"
    graph.write_text(
        '{"nodes": [{"name": "x", "kind": "input"}, {"name": "gewicht_\\u03b8", "kind": "parameter"},'
        ' {"name": "y", "kind": "output", "sources": ["x", "gewicht_\\u03b8"]}]}'
    )
    result = run("analyze", f"dag:{graph}", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (result.returncode, result.stderr) == (0, "")
    assert "gewicht_\\u03b8" in result.stdout


def test_a_reader_that_leaves_early_is_no_error():
    code = "import sys; from reprior.cli import main; sys.exit(main(['list', 'nb201']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        error = process.stderr.read()
        assert (process.wait(timeout=60), error) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["analyze", "paper:figure3a"], ["list", "nb201"], ["paper", "--json", "-"]]
)
def test_a_full_disk_is_said(arguments):
    code = "import sys; from reprior.cli import main; sys.exit(main())"
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert result.returncode == 2
    assert result.stderr == "reprior: error: cannot write to standard output: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="descriptors are POSIX")
def test_closed_streams_are_borne():
    code = "import sys; from reprior.cli import main; sys.exit(main())"
    command = f"exec '{sys.executable}' -c '{code}' "
    for arguments, status in (("analyze paper:figure3a", 0), ("list paper --help", 0), ("nothing", 2)):
        result = subprocess.run(
            ["sh", "-c", f"{command} {arguments} >&- 2>&-"], capture_output=True, text=True, timeout=60
        )
        assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no /dev/stdout")
def test_a_pipe_can_be_named_as_a_file():
    result = run("unroll", "paper:figure3a", "--json", "/dev/stdout")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith('{\n "nodes": [')


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_an_interrupt_ends_quietly():
    code = (
        "import signal, sys, time; from reprior.cli import main; import reprior.cli.analyze as module\n"
        # A shell lets its background jobs ignore interrupts, and a test run may be one.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def slow(*arguments, **options): print('begun', flush=True); time.sleep(60)\n"
        "module.analyze = slow; sys.exit(main(['analyze', 'paper:figure3a']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == b""


def test_what_does_not_fit_into_memory_is_said():
    pytest.importorskip("resource", reason="limits are POSIX")
    code = (
        "import resource, sys; from reprior.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "sys.exit(main(['analyze', 'paper:efficientnetv2-b0@500000']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "reprior: error: this does not fit into memory\n"


def test_every_command_has_help_with_an_example():
    for command in COMMANDS[:5]:
        result = run(command, "--help")
        assert result.returncode == 0
        assert f"reprior {command}" in result.stdout.partition("Options:")[0].partition("Usage:")[2]


SLOW = """
import sys, time
import reprior.cli.analyze as module
from reprior.cli import main
analyze = module.analyze
def slow(*arguments, **options):
    time.sleep(float(sys.argv[1]))
    return analyze(*arguments, **options)
module.analyze = slow
sys.exit(main(["analyze", "paper:figure3a", "--json", "-"]))
"""


@pytest.mark.parametrize(("seconds", "expected"), [("1.6", True), ("0", False)])
def test_progress_appears_on_a_terminal_after_a_second(seconds, expected):
    pty = pytest.importorskip("pty", reason="terminals are POSIX")
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm"}
    result = subprocess.run(
        [sys.executable, "-c", SLOW, seconds],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        timeout=60,
    )
    os.close(theirs)
    try:
        shown = os.read(ours, 1 << 16).decode()
    except OSError:  # what Linux says where nothing was written
        shown = ""
    os.close(ours)
    assert result.returncode == 0
    assert result.stdout.startswith(b"{")
    assert ("paper:figure3a" in shown) == expected


def test_progress_is_for_terminals_only():
    result = subprocess.run([sys.executable, "-c", SLOW, "1.6"], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
