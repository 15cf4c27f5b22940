"""Running code of the user's in a process of its own, which may hang or die.

A pool cannot stop a task that hangs, and workers of a cluster may have no children of `multiprocessing`;
so a plain child process, one for each thread that asks, gets pickled calls and answers them.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, TypeVar

from ..errors import RepriorError

__all__ = ["ChildError", "isolated"]

T = TypeVar("T")

_START = 120.0
"""Seconds that a child may take to start and to import what a call needs."""


class ChildError(RepriorError):
    """The call was stopped, or its process died."""


def isolated(function: Callable[..., T], *arguments: Any, timeout: float | None = None) -> T:
    """Call a function in this thread's child process.

    Parameters
    ----------
    function : callable
        Found by name in its module, as all that is pickled.
    *arguments
        Picklable.
    timeout : float, optional
        Seconds after which the child is killed.

    Raises
    ------
    ChildError
        If the call took too long, or the child died.
    Exception
        What the function raised.
    """
    child = getattr(_local, "child", None)
    if child is None or not child.alive:
        child = _local.child = _Child()
    try:
        ok, value = child.ask((function, arguments), timeout)
    except BaseException:
        child.kill()
        raise
    if not ok:
        raise value
    return value  # type: ignore[no-any-return]


_local = threading.local()


class _Child:
    """The process and the thread that reads its answers."""

    def __init__(self) -> None:
        source = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from reprior.search.isolation import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": source},
        )
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # The thread knows the pipe alone, so that a child nobody knows any more is ended.
        threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True).start()
        self.ask((os.getpid, ()), _START)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def ask(self, call: Any, timeout: float | None) -> Any:
        """Send a call and wait for the answer."""
        assert self._process.stdin is not None
        try:
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()
            answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise ChildError(f"it took longer than {timeout:g} s and was stopped") from None
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise ChildError(f"its process {_death(self._process.wait())}")
        return answer

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):  # what was still to be sent has no reader
                self._process.stdin.close()

    def __del__(self) -> None:
        self.kill()


def _read(pipe: IO[bytes], answers: queue.SimpleQueue[Any]) -> None:
    """Pass answers on, and None when there will be no more."""
    with pipe, suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
        while True:
            answers.put(pickle.load(pipe))
    answers.put(None)


def _death(status: int) -> str:
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"


def serve() -> None:
    """Answer calls until there are no more: the child's main program."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at the terminal is for the search
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the user's code prints is no answer
    calls = sys.stdin.buffer
    while True:
        try:
            function, arguments = pickle.load(calls)
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except BaseException as error:
            answer = (
                False,
                error
                if isinstance(error, RepriorError)
                else RepriorError(f"{type(error).__name__}: {error}"),
            )
        pickle.dump(answer, answers)
        answers.flush()
