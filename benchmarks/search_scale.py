"""How fast `reprior search` is, and that kills lose nothing: the figures of docs/search.md.

python benchmarks/search_scale.py speed --trials 10000      # the MBConv space within 8M and 800M
python benchmarks/search_scale.py kills --kills 20          # SIGKILL at random moments
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMITS = ("--max-params", "8M", "--max-macs", "800M")
CREATED = b'"op_code":4,'  # what Optuna's journal writes of a trial


def command(storage: Path, space: str, trials: int, workers: int, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "reprior", "search", "--space", space, "--trials", str(trials), "--seed", "0",
        "--workers", str(workers), "--storage", str(storage), "--json", "-", *more,
    ]  # fmt: skip


def speed(trials: int, workers: list[int]) -> None:
    """Time by the clock and by the processors, start included."""
    print("| workers | trials | seconds | processor seconds | a trial |\n|--:|--:|--:|--:|--:|")
    for number in workers:
        with tempfile.TemporaryDirectory() as folder:
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            line = command(Path(folder) / "kept", "mbconv", trials, number, *LIMITS)
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            seconds = time.perf_counter() - begun
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"| {number} | {trials} | {seconds:.0f} | {used:.0f} | {1e3 * used / trials:.1f} ms |", flush=True
        )
        found = json.loads(done.stdout)
        best = found["front"][0]
        print(
            f"  {found['feasible']} within the limits; best {best['candidate']}, {best['quantities']}",
            flush=True,
        )


def kills(number: int) -> None:
    """Kill a search again and again; every finished trial must still be there, unchanged."""
    lots = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        storage, before = Path(folder) / "kept", b""
        for k in range(number):
            line = command(storage, "resnet-width", 10**6, 2, "--sampler", "random")
            process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
            goal = before.count(CREATED) + lots.randrange(1, 60)
            while not storage.exists() or storage.read_bytes().count(CREATED) < goal:
                time.sleep(0.005)
                assert process.poll() is None, "the search ended by itself"
            time.sleep(lots.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
            after = storage.read_bytes()
            whole = after[: after.rfind(b"\n") + 1]
            kept = before[: before.rfind(b"\n") + 1]
            assert after.startswith(kept), "a finished trial is gone"
            print(f"kill {k + 1}: {whole.count(CREATED)} trials, {len(after) - len(whole)} bytes cut off")
            before = whole
        goal = before.count(CREATED) + 10
        line = command(storage, "resnet-width", goal, 2, "--sampler", "random")
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["trials"] >= goal
        print(f"{number} kills: every finished trial was there again, and the search went on to {goal}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "kills"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if asked.what == "speed":
        speed(asked.trials, asked.workers)
    else:
        kills(asked.kills)


if __name__ == "__main__":
    main()
