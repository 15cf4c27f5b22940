"""Where parallel work runs: processes of this machine, or a Dask cluster.

Everything parallel in this package takes a `concurrent.futures.Executor`; these are the ones that the
command line can name.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

from .errors import RepriorError, SpecError

__all__ = ["cores", "open_executor", "process_pool"]

_DASK = "dask://"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_pool(workers: int, function: Callable[..., Any] | None = None) -> ProcessPoolExecutor:
    """Processes that end with this one, even if it is killed.

    Parameters
    ----------
    workers : int
    function : callable, optional
        What they will do: the module that it is of is imported first.
    """
    # Not fork: threads of the frameworks may hold locks.
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_set_up, initargs=(function,)
    )


@contextmanager
def open_executor(name: str = "local", workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """The executor that a name says, and how many of its workers there are.

    Parameters
    ----------
    name : str
        ``local``, or ``dask://HOST:PORT`` for the scheduler of a cluster that runs already.
    workers : int, optional
        Processes of ``local``; by default one per core.

    Raises
    ------
    SpecError
        If there is no such executor, or what it needs is not installed.
    RepriorError
        If the cluster does not answer or has no workers.
    """
    if name == "local":
        number = workers or cores()
        with process_pool(number) as pool:
            try:
                yield pool, number
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    elif name.startswith(_DASK):
        with _dask(name.removeprefix(_DASK)) as found:
            yield found
    else:
        raise SpecError(f"there is no executor '{name}': give local or dask://HOST:PORT")


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client
    except ImportError:
        raise SpecError("dask:// needs distributed: pip install 'reprior[dask]'") from None
    try:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=10).close()  # refused at once, unlike a Client
        client = Client(f"tcp://{address}", timeout=10)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise RepriorError(f"no Dask scheduler answers at '{address}': {reason}") from None
    with client:
        number = sum(client.nthreads().values())
        if not number:
            raise RepriorError(f"the Dask cluster at '{address}' has no workers")
        executor = client.get_executor(pure=False)
        try:
            yield executor, number
        finally:
            executor.shutdown(wait=False)


def _set_up(function: Callable[..., Any] | None) -> None:
    """In a worker: leave interrupts to the parent, and end with it if it is killed.

    A worker waits for work on a pipe that it holds open itself, so that nobody tells it of its parent's end.
    Receiving the function has imported its module. What was imported is there to stay: the collector need
    not go through it for every graph.
    """
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: object) -> None:
    parent.join()  # type: ignore[attr-defined]
    os._exit(1)
