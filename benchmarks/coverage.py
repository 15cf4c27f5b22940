"""Analyse many models in worker processes, and keep a table of what came of each.

Runs in parallel, shows progress, survives models that crash or hang, and resumes: models that stand in the
table already are left out. Used by `coverage_timm`, `coverage_torchvision` and `coverage_hf`.
"""

from __future__ import annotations

import argparse
import csv
import json
import queue
import resource
import select
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

COLUMNS = (
    "model", "status", "seconds", "num_parameters", "dead_parameters", "module_parameters",
    "num_weight_nodes", "num_inputs", "num_outputs", "log2_total_contexts", "expected_spread", "entropy",
    "total_surprisal", "p_g", "p_g_prime", "macs", "depth", "weighted_layers", "activations", "reason",
)  # fmt: skip
_COSTS = ("macs", "depth", "weighted_layers", "activations")

Row = dict[str, Any]


def main(
    description: str, specs: Callable[[], Iterable[str]], table: str, largest: float = float("inf")
) -> int:
    """The command line of a coverage script.

    Parameters
    ----------
    description : str
    specs : callable
        The specs of all models.
    table : str
        Where the table lies, from the root of the repository.
    largest : float
        Models with more parameters are left out (status ``skipped``).
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds allowed to one model")
    parser.add_argument("--table", type=Path, default=Path(table), help="the CSV to write and to resume from")
    parser.add_argument("--retry", action="store_true", help="try again what did not succeed")
    parser.add_argument("--only", nargs="*", help="these specs instead of all")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return work(largest)
    rows = read(args.table)
    if args.retry:
        rows = {name: row for name, row in rows.items() if row["status"] in ("ok", "skipped")}
    wanted = list(args.only or specs())
    todo = [name for name in wanted if args.only or name not in rows]
    say(f"{len(wanted)} models, {len(wanted) - len(todo)} in {args.table} already")
    run(todo, rows, args.table, args.jobs, args.timeout)
    return report(rows)


def say(line: str) -> None:
    """Show progress."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(todo: list[str], rows: dict[str, Row], table: Path, jobs: int, timeout: float) -> None:
    """Analyse specs in worker processes, writing the table as results come in."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for spec in todo:
        waiting.put(spec)
    lock, start = threading.Lock(), time.monotonic()
    done = 0

    def keep(row: Row) -> None:
        nonlocal done
        with lock:
            rows[row["model"]] = row
            done += 1
            left = (time.monotonic() - start) / done * (len(todo) - done)
            reason = f"  {row['reason'][:120]}" if row["status"] not in ("ok", "skipped") else ""
            took = f"{row['status']}  {row['seconds']} s  ({left:.0f} s left)"
            say(f"{done}/{len(todo)}  {row['model']}  {took}{reason}")
            if done % 20 == 0 or done == len(todo):
                write(table, rows)

    threads = [threading.Thread(target=_drive, args=(waiting, keep, timeout)) for _ in range(max(jobs, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write(table, rows)


def _drive(waiting: queue.SimpleQueue[str], keep: Callable[[Row], None], timeout: float) -> None:
    """Feed one worker process, and start another when it dies."""
    process: subprocess.Popen[str] | None = None
    while True:
        try:
            spec = waiting.get_nowait()
        except queue.Empty:
            break
        if process is None or process.poll() is not None:
            process = _start()
        row = _ask(process, spec, timeout)
        if row is None:
            process.kill()
            process.wait()
            reason = f"the process ended with status {process.returncode}, or took more than {timeout:.0f} s"
            row = {"model": spec, "status": "crashed", "seconds": "", "reason": reason}
            process = None
        keep(row)
    if process is not None and process.stdin is not None:
        process.stdin.close()
        process.wait()


def _start() -> subprocess.Popen[str]:
    command = [sys.executable, sys.argv[0], "--worker"]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _ask(process: subprocess.Popen[str], spec: str, timeout: float) -> Row | None:
    """The worker's answer, None if it does not give one."""
    stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
    try:
        stdin.write(spec + "\n")
        stdin.flush()
    except BrokenPipeError:
        return None
    ready, _, _ = select.select([stdout], [], [], timeout)
    line = stdout.readline() if ready else ""
    return json.loads(line) if line else None


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def work(largest: float) -> int:
    """Read specs from standard input, answer each with one line of JSON."""
    warnings.simplefilter("ignore")
    out, sys.stdout = sys.stdout, sys.stderr  # models that print must not disturb the answers
    for line in sys.stdin:
        out.write(json.dumps(analyse(line.strip(), largest)) + "\n")
        out.flush()
    return 0


def analyse(spec: str, largest: float) -> Row:
    """One row of the table."""
    import reprior
    from reprior.frontends.torch import describe_module
    from reprior.frontends.torch.specs import load_module

    start = time.perf_counter()
    try:
        module, input = load_module(spec)
        total = sum(parameter.numel() for parameter in module.parameters())
        if total > largest:
            return {"model": spec, "status": "skipped", "seconds": "", "module_parameters": total,
                    "reason": f"more than {largest:.3g} parameters"}  # fmt: skip
        start = time.perf_counter()
        result = reprior.analyze(describe_module(module, input, name=spec))
    except Exception as error:
        kind = "refused" if isinstance(error, reprior.RepriorError) else "failed"
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return {
            "model": spec,
            "status": kind,
            "seconds": round(time.perf_counter() - start, 3),
            "reason": reason,
        }
    row: Row = {"model": spec, "status": "ok", "seconds": round(time.perf_counter() - start, 3), "reason": ""}
    for column in COLUMNS:
        source = result.costs if column in _COSTS else result
        if column not in row and hasattr(source, column):
            value = getattr(source, column)
            row[column] = repr(float(value)) if isinstance(value, float) else int(value)
    row["module_parameters"] = total
    if result.num_parameters + result.dead_parameters != total:
        row |= {
            "status": "incomplete",
            "reason": "N_G and dead parameters do not sum to the module's parameters",
        }
    return row


def read(table: Path) -> dict[str, Row]:
    """The rows of an earlier run."""
    if not table.exists():
        return {}
    with table.open(newline="") as stream:
        return {row["model"]: dict(row) for row in csv.DictReader(stream)}


def write(table: Path, rows: dict[str, Row]) -> None:
    """Write the table, in the order of the names."""
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def report(rows: dict[str, Row]) -> int:
    """Print how many succeeded and why the others did not."""
    counted = [row for row in rows.values() if row["status"] != "skipped"]
    good = sum(row["status"] == "ok" for row in counted)
    for row in counted:
        if row["status"] != "ok":
            say(f"{row['status']}  {row['model']}  {row['reason']}")
    if counted:
        share = f"{good} of {len(counted)} analysed ({100 * good / len(counted):.2f} %)"
        say(f"{share}, {len(rows) - len(counted)} left out for their size")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    say(f"largest worker: {peak:.0f} MB")
    return 0
