"""What is finished is kept: over runs, kills, full disks and lost databases."""

import json
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from reprior import RepriorError, SpecError
from reprior.search import run
from reprior.search.storage import StorageError, kept_in, open_storage
from tests.search.postgresql import postgresql

SPACE = "resnet-width"


@pytest.fixture
def server():
    with postgresql() as found:
        yield found


def test_a_search_goes_on_up_to_n_trials_in_all(tmp_path):
    storage = str(tmp_path / "kept.journal")
    first = run(SPACE, trials=6, workers=1, seed=0, storage=storage)
    again = run(SPACE, trials=6, workers=1, seed=0, storage=storage)
    assert [t.candidate for t in first.trials] == [t.candidate for t in again.trials]
    more = run(SPACE, trials=9, workers=1, seed=0, storage=storage)
    assert more.trials[:6] == first.trials
    assert [trial.number for trial in more.trials] == list(range(9))


@pytest.mark.parametrize("url", ["sqlite:///{}/kept.db", "journal:///{}/kept.journal", "{}/a file"])
def test_files_that_keep_trials(url, tmp_path):
    storage = url.format(tmp_path)
    first = run(SPACE, ["utility", "-macs"], limits={"params": "5M"}, trials=5, workers=1, storage=storage)
    more = run(SPACE, ["utility", "-macs"], limits={"params": "5M"}, trials=7, workers=1, storage=storage)
    assert more.trials[:5] == first.trials
    assert len(more.trials) == 7


def test_samplers_go_on_where_they_were(tmp_path):
    for sampler in ("nsga2", "tpe", "evolution"):
        storage = str(tmp_path / sampler)
        run(SPACE, sampler=sampler, trials=110, workers=1, seed=0, storage=storage)
        more = run(SPACE, sampler=sampler, trials=140, workers=1, seed=1, storage=storage)
        early = sum(trial.quantities["utility"] for trial in more.trials[:40]) / 40
        late = sum(trial.quantities["utility"] for trial in more.trials[110:]) / 30
        assert late > early, sampler


def test_another_search_needs_another_study(tmp_path):
    storage = str(tmp_path / "kept")
    run(SPACE, trials=1, workers=1, storage=storage, study="mine")
    with pytest.raises(SpecError, match=r"'mine' .* searches resnet-width for \+utility, not macro"):
        run("macro", trials=1, workers=1, storage=storage, study="mine")
    with pytest.raises(SpecError, match="give another --study"):
        run(SPACE, limits={"params": 5e6}, trials=1, workers=1, storage=storage, study="mine")
    run("macro", trials=1, workers=1, storage=storage)


def test_a_half_written_record_is_cut_off(tmp_path):
    storage = tmp_path / "kept"
    run(SPACE, trials=3, workers=1, seed=0, storage=str(storage))
    with open(storage, "ab") as file:
        file.write(b'{"op_code":4,"worker_id":"x","study_')
    found = run(SPACE, trials=5, workers=1, seed=0, storage=str(storage))
    assert len(found.trials) == 5
    for line in storage.read_text().splitlines():
        json.loads(line)


def test_what_is_no_storage_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello\nworld\n")
    for storage, reason in [
        (f"{tmp_path}/none/kept", "No such file"),
        (str(tmp_path), "Is a directory"),
        (str(tmp_path / "text"), "no journal of trials"),
        ("sqlite:////none/such/place.db", "unable to open"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "refused"),
        ("nosuchdatabase://x", "nosuchdatabase"),
    ]:
        with pytest.raises(RepriorError, match=reason) as caught:
            run(SPACE, trials=1, workers=1, storage=storage)
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)
    assert (tmp_path / "text").read_text() == "hello\nworld\n"


def test_passwords_are_not_printed():
    assert kept_in("postgresql://me:secret@host/name") == "postgresql://me:***@host/name"


def command(storage, trials, *more):
    return [
        sys.executable, "-m", "reprior", "search", "--space", SPACE, "--sampler", "random", "--workers", "1",
        "--storage", str(storage), "--trials", str(trials), "--json", "-", *more,
    ]  # fmt: skip


CREATED = b'"op_code":4,'
"""What Optuna's journal writes of a trial."""


def finished(storage):
    """Number and candidate of every finished trial, as Optuna itself reads them."""
    kept = open_storage(str(storage))
    studies = kept.get_all_studies()
    trials = kept.get_all_trials(studies[0]._study_id) if studies else []
    return [(trial.number, trial.user_attrs["candidate"]) for trial in trials if trial.state.is_finished()]


def test_kills_lose_no_finished_trial(tmp_path):
    storage = tmp_path / "kept"
    lots = random.Random(0)
    before = []
    for _ in range(2):
        process = subprocess.Popen(command(storage, 100_000), stdout=subprocess.DEVNULL)
        goal = len(before) + lots.randrange(3, 30)
        while not storage.exists() or storage.read_bytes().count(CREATED) < goal:
            time.sleep(0.01)
            assert process.poll() is None
        time.sleep(lots.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = finished(storage)
        assert after[: len(before)] == before and len(after) >= goal
        before = after
    done = subprocess.run(command(storage, len(before) + 5), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["trials"] == len(before) + 5
    assert finished(storage)[: len(before)] == before


def test_an_interrupted_search_says_what_is_kept(tmp_path):
    storage = tmp_path / "kept"
    process = subprocess.Popen(
        command(storage, 100_000),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background ignores the signal and hands that on; one in a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not storage.exists() or storage.read_bytes().count(b"\n") < 8:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    number = len(finished(storage))
    # The last trial may have been written when the signal came before it was counted.
    assert err in {
        f"interrupted: {said} of 100000 trials are finished and kept in '{storage}'; run again to go on\n"
        for said in (number - 1, number)
    }


def test_a_full_disk_ends_in_one_line_and_keeps_what_is_finished(tmp_path):
    storage = tmp_path / "kept"
    most = 30_000
    done = subprocess.run(
        command(storage, 100_000),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 2
    kept = finished(storage)
    assert len(kept) > 5
    reason = f"cannot write to '{storage}': File too large; {len(kept)} finished trials are kept there"
    assert done.stderr == f"reprior: error: {reason}\n"
    assert storage.read_bytes().endswith(b"\n")
    again = run(SPACE, sampler="random", trials=len(kept) + 2, workers=1, storage=str(storage))
    assert [(trial.number, trial.candidate) for trial in again.trials[:-2]] == kept


def test_a_file_that_vanishes(tmp_path, monkeypatch):
    storage = tmp_path / "folder" / "kept"
    storage.parent.mkdir()

    def gone(number):
        if number == 4 and storage.parent.exists():
            storage.unlink()
            storage.parent.rmdir()

    with pytest.raises(StorageError, match=r"4 finished trials are kept|No such file"):
        run(SPACE, trials=10, workers=1, storage=str(storage), report=gone)


def test_postgresql_keeps_trials_of_several_processes(server):
    workers = [
        subprocess.Popen(
            command(server.url, 30, "--seed", str(k)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for k in range(2)
    ]
    said = [worker.communicate(timeout=120) for worker in workers]
    for worker, (out, err) in zip(workers, said, strict=True):
        assert worker.returncode == 0, err
        assert json.loads(out)["trials"] >= 30
    kept = finished(server.url)
    # Both may finish a last trial at the same moment, never more.
    assert 30 <= len(kept) <= 31
    assert [number for number, _ in kept] == list(range(len(kept)))


def test_a_lost_database_ends_in_one_line_and_keeps_what_is_finished(server):
    def lose(number):
        if number == 5:
            server.stop()

    with pytest.raises(StorageError, match=r"cannot (read|write to) 'postgresql://postgres@127") as caught:
        run(SPACE, trials=10, workers=1, storage=server.url, report=lose)
    assert "\n" not in str(caught.value)
    server.start()
    assert len(finished(server.url)) == 5
    assert len(run(SPACE, trials=7, workers=1, storage=server.url).trials) == 7
