"""What goes wrong in functions of the user's, and in processes, fails trials and not the search."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reprior import RepriorError, SpecError
from reprior.search import run
from reprior.search.isolation import ChildError, isolated

FUNCTIONS = Path(__file__).with_name("functions.py")


def search(name, **options):
    options = {"trials": 8, "workers": 1, "seed": 4, "sampler": "random"} | options
    return run(f"{FUNCTIONS}:{name}", **options)


def outcomes(found, choice):
    """The errors by what was chosen; what never came back chose nothing that is known."""
    return {(trial.params.get(choice), trial.error) for trial in found.trials}


def test_a_function_that_raises():
    found = search("sometimes")
    for trial in found.trials:
        failed = trial.params["width"] > 5
        assert trial.error == ("RuntimeError: too wide to be built" if failed else None)
    assert found.best.params["width"] <= 5


def test_a_function_that_hangs():
    found = search("hangs", timeout=2.0, trials=2)
    assert outcomes(found, "hang") == {
        (False, None),
        (None, "it took longer than 2 s and was stopped"),
    }


@pytest.mark.parametrize(
    ("name", "choice", "reason"),
    [
        ("dies", "die", "its process was killed by signal 9"),
        ("leaves", "leave", "SystemExit: 3"),
    ],
)
def test_a_function_that_ends_its_process(name, choice, reason):
    found = search(name, trials=2)
    assert {error for _, error in outcomes(found, choice)} == {None, reason}


def test_an_objective_that_is_no_number():
    found = search("weightless", trials=3)
    assert {trial.error for trial in found.trials} == {"its utility is no finite number"}
    with pytest.raises(RepriorError, match="all 3 trials failed; the first: its utility is no finite number"):
        found.best  # noqa: B018 - the property raises


def test_a_function_that_returns_nothing():
    found = search("nothing", trials=2)
    assert all(trial.error.startswith("cannot analyse 'NoneType'") for trial in found.trials)


def test_choices_that_change_from_trial_to_trial(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import random\n"
        "def build(trial):\n"
        "    trial.suggest_categorical('kind', [str(random.random()), 'b'])\n"
        "    return 'macro:00000000'\n"
    )
    found = run(f"{tmp_path / 'mine.py'}:build", trials=3, workers=1, seed=0)
    assert [trial.error is None for trial in found.trials] == [True, False, False]
    assert "CategoricalDistribution" in found.trials[1].error


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def build(trial: return", "does not run: SyntaxError"),
        ("import no_such_module", "does not run: ModuleNotFoundError"),
        ("x = 1", "has no function 'build'"),
    ],
)
def test_a_file_that_does_not_run_ends_the_search_at_once(text, reason, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(SpecError, match=reason):
        run(f"{tmp_path / 'mine.py'}", trials=3, workers=2)


def test_a_child_is_used_again_and_replaced():
    first = isolated(os.getpid)
    assert isolated(os.getpid) == first
    with pytest.raises(ChildError, match=r"longer than 0.2 s"):
        isolated(time.sleep, 60, timeout=0.2)
    second = isolated(os.getpid)
    assert second != first
    with pytest.raises(RepriorError, match="ValueError: math domain error"):
        isolated(__import__("math").log, -1)
    assert isolated(os.getpid) == second


def test_a_worker_that_dies_of_a_candidate_fails_that_trial_alone():
    found = run(_sometimes_lethal, trials=2, workers=2, seed=4, sampler="random")
    lethal = {trial.params["lethal"]: trial.error for trial in found.trials}
    assert lethal == {True: "the process that measured it died twice", False: None}


class Lethal:
    """Kills the process that unpickles it."""

    def __reduce__(self):
        return _kill_this_process, ()


def _kill_this_process():
    os.kill(os.getpid(), signal.SIGKILL)


def _sometimes_lethal(trial):
    return Lethal() if trial.suggest_categorical("lethal", [False, True]) else "macro:00000000"


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    code = (
        "import os, sys, time\n"
        "from reprior.executors import process_pool\n"
        "if __name__ == '__main__':\n"
        "    pool = process_pool(2)\n"
        "    print(*{f.result() for f in [pool.submit(os.getpid) for _ in range(20)]}, flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "parent.py").write_text(code)
    with subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True
    ) as parent:
        workers = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert workers
    deadline = time.monotonic() + 20
    while any(_runs(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker for worker in workers if _runs(worker)]


def _runs(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
