"""Scoring many models: in parallel, from the cache where possible, past failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from pathlib import Path
from warnings import catch_warnings, simplefilter

from ..errors import RepriorError
from ..executors import cores, process_pool
from ..models.nasbench201 import without_idle_edges
from .cache import Cache, address
from .scores import Scores, load_user_score, score, score_uncounted

__all__ = ["Outcome", "score_models"]

Outcome = Scores | str
"""The scores of a model, or in one line why it has none."""

_BATCH = 25

_SIMPLER: dict[str, Callable[[str], str]] = {"nb201": without_idle_edges}
"""For schemes where many specs name networks of equal scores: the one among them that stands for all."""


def score_models(
    specs: Iterable[str],
    *,
    cache: Cache | None = None,
    processes: int | None = None,
    own: str | None = None,
    uncounted: bool = False,
    executor: Executor | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Outcome]:
    """Score models; what is in the cache is not computed, and what is computed goes there at once.

    A run that was interrupted goes on where it stopped. Failures are not kept. With several processes, a
    script that calls this guards its main part by ``if __name__ == "__main__"``, as `multiprocessing` asks.

    Parameters
    ----------
    specs : iterable of str
        The models; repetitions, and cells that differ in idle edges alone, are scored once.
    cache : Cache, optional
        Where scores are kept.
    processes : int, optional
        How many to use; by default one per core.
    own : str, optional
        A score of the user's own, ``FILE.py:function``.
    uncounted : bool
        Only what needs no counting (`score_uncounted`).
    executor : Executor, optional
        What scores them, instead of processes of this machine.
    report : callable
        Called with the number of models done whenever it grows.

    Returns
    -------
    dict
        For each spec its scores, or the message of what went wrong.

    Raises
    ------
    RepriorError
        If a process dies, for want of memory most likely; what is scored by then is in the cache.
    """
    cache = Cache(None) if cache is None else cache
    if own is not None:
        load_user_score(own)  # refuses before any work
    # A user's own score may look at anything, so that every spec is scored as it is.
    standing = {spec: _standing_for(spec) if own is None else spec for spec in dict.fromkeys(specs)}
    times = Counter(standing.values())
    places = {spec: address(spec, _way(own, uncounted)) for spec in times}
    outcomes: dict[str, Outcome] = dict(_kept(cache, places))
    report(done := sum([times[spec] for spec in outcomes]))
    missing = [spec for spec in places if spec not in outcomes]
    for batch in _computed(missing, processes, own, uncounted, executor):
        outcomes |= batch
        fresh = {places[spec]: found for spec, found in batch.items() if not isinstance(found, str)}
        cache.put({place: found for place, found in fresh.items() if place is not None})
        report(done := done + sum([times[spec] for spec in batch]))
    return {spec: outcomes[other] for spec, other in standing.items()}


def _kept(cache: Cache, places: Mapping[str, str | None]) -> dict[str, Scores]:
    """The scores that are in the cache."""
    found = cache.get(place for place in places.values() if place is not None)
    return {spec: found[place] for spec, place in places.items() if place is not None and place in found}


def _standing_for(spec: str) -> str:
    """The spec whose scores are those of this one, as far as the name alone says."""
    scheme, _, rest = spec.partition(":")
    if scheme not in _SIMPLER:
        return spec
    try:
        return f"{scheme}:{_SIMPLER[scheme](rest)}"
    except RepriorError:
        return spec  # scoring it says what is wrong


def _way(own: str | None, uncounted: bool) -> str:
    """What the scores depend on beside the model."""
    if own is None:
        return "uncounted" if uncounted else ""
    return f"{own}\0{Path(own.rpartition(':')[0]).read_text(encoding='utf-8')}"


def _computed(
    specs: Sequence[str], processes: int | None, own: str | None, uncounted: bool, executor: Executor | None
) -> Iterator[dict[str, Outcome]]:
    batches = [specs[start : start + _BATCH] for start in range(0, len(specs), _BATCH)]
    if executor is not None:
        yield from _on(executor, batches, own, uncounted)
        return
    workers = min(processes or cores(), len(batches))
    if workers <= 1:
        for spec in specs:
            yield _score_batch([spec], own, uncounted)
        return
    with process_pool(workers, _score_batch) as pool:
        yield from _on(pool, batches, own, uncounted)


def _on(
    executor: Executor, batches: Iterable[Sequence[str]], own: str | None, uncounted: bool
) -> Iterator[dict[str, Outcome]]:
    tasks: list[Future[dict[str, Outcome]]] = []
    try:
        tasks += [executor.submit(_score_batch, batch, own, uncounted) for batch in batches]
        for task in as_completed(tasks):
            yield task.result()
    except BrokenExecutor:
        raise RepriorError("a process that scored models died; try fewer of them") from None
    except CancelledError:
        raise RepriorError("the executor gave up the models it was to score") from None
    finally:
        for task in tasks:
            task.cancel()


def _score_batch(specs: Sequence[str], own: str | None, uncounted: bool) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    for spec in specs:
        try:
            with catch_warnings():
                simplefilter("ignore")  # what frameworks say of their own models is not about the scores
                outcomes[spec] = score_uncounted(spec) if uncounted else score(spec, own)
        except RepriorError as error:
            outcomes[spec] = str(error)
    return outcomes
