"""A Dask cluster as the executor, and executors of the user's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import reprior
from reprior import RepriorError
from reprior.executors import cores, open_executor
from reprior.rank import score_models
from reprior.search import run

distributed = pytest.importorskip("distributed", reason="needs distributed")

FUNCTIONS = Path(__file__).with_name("functions.py")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as found:
        yield found


def address(cluster):
    return cluster.scheduler_address.replace("tcp://", "dask://")


@pytest.mark.filterwarnings("ignore")  # what distributed says of its own sockets when a worker is killed
class TestDask:
    def test_a_search_on_a_cluster_of_which_a_worker_is_killed(self, cluster, tmp_path):
        killed = []

        def kill_one(number):
            if number >= 6 and not killed:
                killed.append(next(iter(cluster.workers.values())).process.pid)
                cluster.workers[next(iter(cluster.workers))].process.process._process.kill()

        storage = str(tmp_path / "kept")
        with open_executor(address(cluster)) as (executor, workers):
            assert workers == 2
            found = run(
                "resnet-width",
                trials=30,
                executor=executor,
                workers=workers,
                report=kill_one,
                storage=storage,
                seed=0,
            )
        assert killed
        assert len(found.trials) == 30
        assert all(trial.error is None for trial in found.trials)

    def test_functions_of_the_users_run_in_children_of_workers(self, cluster):
        with open_executor(address(cluster)) as (executor, workers):
            found = run(f"{FUNCTIONS}:dies", trials=3, executor=executor, workers=workers, seed=4)
        assert {trial.error for trial in found.trials} == {None, "its process was killed by signal 9"}

    def test_ranking_and_comparing(self, cluster):
        specs = [f"macro:{k}0000000" for k in range(3)] + ["macro:1"]
        with open_executor(address(cluster)) as (executor, _):
            scored = score_models(specs, executor=executor, uncounted=True)
            compared = reprior.compare(specs[:3], executor=executor, sort="given")
            with pytest.raises(RepriorError, match="'1' is not an architecture"):
                reprior.compare(specs, executor=executor)
        assert scored == score_models(specs, processes=1, uncounted=True)
        alone = reprior.compare(specs[:3], sort="given")
        assert compared.rows() == alone.rows()


def test_threads():
    with ThreadPoolExecutor(2) as executor:
        found = run("macro", trials=10, executor=executor, workers=2, seed=0, sampler="random")
    assert len(found.trials) == 10


def test_a_broken_executor_of_the_users_ends_in_one_line():
    class Broken(ThreadPoolExecutor):
        def submit(self, *call, **options):
            if self._counter_of_calls > 3:
                from concurrent.futures import BrokenExecutor

                raise BrokenExecutor("gone")
            self._counter_of_calls += 1
            return super().submit(*call, **options)

        _counter_of_calls = 0

    with Broken(1) as executor, pytest.raises(RepriorError, match=r"cannot go on.*finished trials are kept"):
        run("macro", trials=10, executor=executor, workers=1, seed=0)


@pytest.mark.parametrize(
    ("name", "reason"), [("dask://127.0.0.1:1", "no Dask scheduler answers"), ("slurm", "give local or dask")]
)
def test_what_is_no_executor_is_refused(name, reason):
    with pytest.raises(RepriorError, match=reason), open_executor(name):
        pass


def test_local_is_a_pool_of_processes():
    with open_executor("local", 1) as (executor, workers):
        assert workers == 1
        assert executor.submit(abs, -3).result() == 3
    assert cores() >= 1
