"""Running a search: ask a sampler, measure in workers, keep what is finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.trial import Trial

from ..errors import RepriorError, SpecError
from ..executors import cores, process_pool
from .choices import Choices
from .evaluation import Outcome, Task, evaluate, evaluate_candidate, prepare
from .isolation import isolated
from .ledger import Ledger
from .objectives import QUANTITIES, Limit, Objective, objectives
from .result import SearchResult
from .samplers import sampler as make_sampler
from .spaces import CallableSpace, Candidate, FunctionSpace, Space, space

__all__ = ["run"]

_ALWAYS = ("utility", "params", "macs", "depth")
"""Quantities that every candidate is given: they cost next to nothing beside building it."""

_NEAR_THE_END = 50
"""From so many trials before the last on, others are asked before every trial whether they were faster."""


def run(
    searched: str | Space | Callable[[Any], Candidate],
    objective: str | Objective | Sequence[str | Objective] = "utility",
    *,
    limits: Mapping[str, str | float] | None = None,
    trials: int = 100,
    sampler: str | None = None,
    seed: int | None = None,
    storage: str = "memory:",
    study: str | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    timeout: float | None = 60.0,
    input: Any = None,
    report: Callable[[int], None] = lambda finished: None,
) -> SearchResult:
    """Search a space for the architectures that are best by what can be counted.

    Parameters
    ----------
    searched : str, Space or callable
        The name of a space, ``FILE.py:build``, or a function from a trial to a torch module, a `Network` or
        anything else that `reprior.analyze` takes. A function object runs in this process.
    objective : str or sequence of str
        Quantities (`QUANTITIES`); ``-`` before one asks for less of it, ``+`` for more.
    limits : mapping, optional
        For quantities the most that is allowed: ``{"params": "5M", "latency": "20ms"}``.
    trials : int
        How many finished trials there shall be in all, those of earlier runs and other processes included.
    sampler : str, optional
        One of `SAMPLERS`; by default ``evolution`` for one objective, ``nsga2`` for several.
    seed : int, optional
        Makes a search by one worker repeat itself.
    storage : str
        Where trials are kept (`open_storage`).
    study : str, optional
        The study's name; by default it says what is searched for.
    executor : Executor, optional
        What measures candidates; by default processes of this machine.
    workers : int, optional
        How many measure at a time; by default as many as there are cores, and one where latency counts,
        so that nothing else disturbs it. With one and no executor all happens in this process.
    timeout : float, optional
        Seconds that a function in a file may take for one candidate.
    input : optional
        What is fed to modules that do not say: a shape, as for `reprior.analyze`.
    report : callable
        Called with the number of finished trials whenever it grows.

    Returns
    -------
    SearchResult

    Raises
    ------
    RepriorError
        If the search cannot go on; what is finished is kept in the storage.

    Examples
    --------
    >>> found = run("nb201", trials=20, workers=1, seed=1)
    >>> found.best.candidate.startswith("nb201:")
    True
    """
    chosen = _space(searched)
    goals = objectives([objective] if isinstance(objective, str | Objective) else objective)
    bounds = tuple(Limit.parse(name, most) for name, most in (limits or {}).items())
    if trials < 1:
        raise SpecError(f"a search of {trials} trials; there must be at least 1")
    asked = [*(goal.quantity for goal in goals), *(bound.quantity for bound in bounds)]
    wanted = tuple(dict.fromkeys([*_ALWAYS, *asked]))
    timed = any(QUANTITIES[name].source == "clock" for name in wanted)
    at_once = workers or (1 if timed or isinstance(chosen, CallableSpace) else cores())
    if isinstance(chosen, FunctionSpace):
        isolated(prepare, chosen, timeout=_PATIENCE)  # a file that does not run is no failed trial
    name = study or " ".join(
        [chosen.label, *map(str, goals), *(str(bound).replace(" ", "") for bound in bounds)]
    )
    ledger = Ledger(storage, name, chosen.label, goals, bounds, make_sampler(sampler, goals, seed))
    pool = _Workers(executor, at_once)
    with pool:
        _Run(chosen, ledger, pool, trials, wanted, seed or 0, timeout, input, report).go()
    return SearchResult.of(ledger.study, chosen.label, goals, bounds)


_PATIENCE = 120.0


def _space(searched: str | Space | Callable[[Any], Candidate]) -> Space:
    if isinstance(searched, str):
        return space(searched)
    if isinstance(searched, Space):
        return searched
    if callable(searched):
        return CallableSpace(searched)
    raise SpecError(f"{type(searched).__name__!r} is no space: give a name, FILE.py:build or a function")


def _measure(task: Task, timeout: float | None) -> Outcome:
    """A trial of the user's function, in a child process."""
    try:
        isolated(prepare, task.space, timeout=_PATIENCE)  # imports do not count against the trial
        return isolated(evaluate, task, timeout=timeout)
    except RepriorError as error:
        return Outcome(error=str(error))


@dataclass(slots=True)
class _Job:
    """A trial under way.

    Attributes
    ----------
    trial : Trial
    call : tuple
        The function that measures it and its arguments.
    choices : Choices or None
        Those made here.
    twins : list of _Job
        Trials of the same candidate, or the same graph, that wait for this one.
    second : bool
        Whether only what is costly is still missing.
    first : Outcome or None
        What was measured before.
    deaths : int
        Workers that died of it, or beside it.
    """

    trial: Trial
    call: tuple[Any, ...]
    choices: Choices | None = None
    candidate: Candidate = None
    twins: list[_Job] = field(default_factory=list)
    first: Outcome | None = None
    deaths: int = 0


class _Inline(Executor):
    """Does everything at once, here."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class _Workers:
    """The executor of a search; one of its own is replaced when a process of it dies."""

    def __init__(self, given: Executor | None, at_once: int) -> None:
        self._given, self.at_once = given, at_once
        self.capacity = at_once if given is None and at_once == 1 else 2 * at_once
        self._executor = given

    def __enter__(self) -> _Workers:
        if self._given is None:
            self._executor = (
                _Inline() if self.at_once == 1 else process_pool(self.at_once, evaluate_candidate)
            )
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._given is None and self._executor is not None:
            self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def submit(self, call: tuple[Any, ...]) -> Future[Outcome]:
        """Have a call done."""
        assert self._executor is not None
        function, *arguments = call
        return self._executor.submit(function, *arguments)

    def replace(self) -> bool:
        """A new pool for a broken one; whether there is one."""
        if self._given is not None:
            return False
        self.__exit__(BrokenExecutor)
        self.__enter__()
        return True


@dataclass(slots=True)
class _Run:
    """The loop."""

    space: Space
    ledger: Ledger
    workers: _Workers
    goal: int
    wanted: tuple[str, ...]
    seed: int
    timeout: float | None
    input: Any
    report: Callable[[int], None]
    jobs: dict[Future[Outcome], _Job] = field(default_factory=dict)
    under_way: dict[str, _Job] = field(default_factory=dict)
    waiting: int = 0

    def go(self) -> None:
        """Until there are as many finished trials as wanted."""
        ledger = self.ledger
        self.report(ledger.finished)
        try:
            while True:
                self._fill()
                if not self.jobs:
                    return
                wait(self.jobs, return_when=FIRST_COMPLETED)
                self._collect()
        finally:
            for future in self.jobs:
                future.cancel()

    # -- asking ---------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Begin trials until the workers are busy or there will be enough."""
        near = self.goal - self.ledger.finished <= _NEAR_THE_END
        self.ledger.news(urgent=near)
        while self.ledger.finished + self._open < self.goal and len(self.jobs) < self.workers.capacity:
            self._begin(self.ledger.ask())

    @property
    def _open(self) -> int:
        """Trials under way, those that wait for others included."""
        return len(self.jobs) + self.waiting

    def _begin(self, trial: Trial) -> None:
        proposed, seed = trial.relative_params or {}, (self.seed, trial.number)
        if not self.space.trusted:
            task = Task(self.space, proposed, seed, trial.number, self._cheap(), self.input)
            self._submit(_Job(trial, (_measure, task, self.timeout)))
            return
        choices = Choices(proposed, seed, trial.number)
        try:
            candidate = self.space.suggest(choices)
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            self._tell(_Job(trial, (), choices), Outcome(error=reason))
            return
        job = _Job(trial, (evaluate_candidate, candidate, self._cheap(), self.input), choices, candidate)
        known = self.ledger.by_candidate.get(candidate) if isinstance(candidate, str) else None
        if known is not None and all(name in known.quantities for name in self.wanted):
            self._tell(job, known)
        elif not isinstance(candidate, str) or not self._joined(candidate, job):
            self._submit(job)

    def _submit(self, job: _Job) -> None:
        try:
            future = self.workers.submit(job.call)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.jobs[future] = job

    def _joined(self, name: str, job: _Job) -> bool:
        """Let a job wait for one of the same name; whether there is one."""
        other = self.under_way.setdefault(name, job)
        if other is job:
            return False
        other.twins.append(job)
        self.waiting += 1
        return True

    def _cheap(self) -> tuple[str, ...]:
        return tuple(name for name in self.wanted if QUANTITIES[name].source == "graph")

    def _collect(self) -> None:
        """Take what is done."""
        for future in [future for future in self.jobs if future.done()]:
            job = self.jobs.pop(future, None)  # gone with the others where a process died meanwhile
            if job is not None:
                self._finish(job, future)

    # -- telling --------------------------------------------------------------------------------

    def _finish(self, job: _Job, future: Future[Outcome]) -> None:
        try:
            outcome = future.result()
        except BrokenExecutor:
            self._died(job)
            return
        except CancelledError:
            raise self._lost("its tasks were cancelled") from None
        except Exception as error:  # of the executor: a cluster gave the task up
            outcome = Outcome(error=f"{type(error).__name__}: {' '.join(str(error).split())}")
        if job.first is not None:
            outcome = _joined_outcome(job.first, outcome)
        missing = tuple(name for name in self.wanted if name not in outcome.quantities)
        if outcome.error is None and job.first is None and missing:
            self._second(job, outcome, missing)
        else:
            self._close(job, outcome)

    def _second(self, job: _Job, outcome: Outcome, missing: tuple[str, ...]) -> None:
        """Have measured what is costly, unless an equal graph was or is."""
        assert outcome.key is not None
        known = self.ledger.quantities.get(outcome.key, {})
        if all(name in known for name in missing):
            self._close(job, replace(outcome, quantities={**outcome.quantities, **known}))
            return
        job.first = outcome
        if job.choices is None:
            task: Task = job.call[1]
            task = replace(task, proposed=outcome.params, wanted=missing)
            job.call = (_measure, task, self.timeout)
        else:
            job.call = (evaluate_candidate, job.candidate, missing, self.input)
        if not self._joined(outcome.key, job):
            self._submit(job)

    def _close(self, job: _Job, outcome: Outcome) -> None:
        """Tell a trial and all that waited for it."""
        self._tell(job, outcome)
        for name in (job.candidate, outcome.key):
            if isinstance(name, str) and self.under_way.get(name) is job:
                del self.under_way[name]
        for twin in job.twins:
            self.waiting -= 1
            first = twin.first
            self._close(twin, outcome if first is None else _joined_outcome(first, outcome))

    def _tell(self, job: _Job, outcome: Outcome) -> None:
        ledger = self.ledger
        if ledger.finished >= self.goal:
            return  # others were faster
        if job.choices is not None:
            outcome = replace(
                outcome,
                params=job.choices.params,
                distributions=job.choices.distributions,
                attributes=job.choices.user_attrs,
            )
        try:
            ledger.tell(job.trial, outcome)
        except RepriorError as error:
            raise type(error)(
                f"{error}; {ledger.finished} finished trials are kept there"
            ) from error.__cause__
        self.report(ledger.finished)

    # -- what goes wrong ------------------------------------------------------------------------

    def _died(self, job: _Job) -> None:
        """A worker died: of this trial, or of another at the same time."""
        others = list(self.jobs.values())
        self.jobs.clear()
        if not self.workers.replace():
            raise self._lost("one of its processes died")
        job.deaths += 1
        if job.deaths > 1 and not others:
            self._close(job, Outcome(error="the process that measured it died twice"))
            return
        for other in (job, *others):
            self._alone(other)

    def _alone(self, job: _Job) -> None:
        """Do a job while no other runs: if a worker dies again, it died of this one."""
        job.deaths = max(1, job.deaths)
        self._submit(job)
        while job in self.jobs.values():
            wait(self.jobs)
            self._collect()

    def _lost(self, reason: str) -> RepriorError:
        return RepriorError(
            f"the executor cannot go on: {reason}; {self.ledger.finished} finished trials are kept"
        )


def _joined_outcome(first: Outcome, second: Outcome) -> Outcome:
    """What two measurements of one candidate say together."""
    return replace(
        first,
        quantities={**first.quantities, **second.quantities},
        error=first.error or second.error,
        seconds=first.seconds + second.seconds,
    )
