"""The spec's `monitoring_data` with every entry of the run, from the journal: a state keeps the newest ones only."""

from pathlib import Path
from typing import Any

from trainmon.facts.events import Checkpoint, Error, Operation, Performance, Validation
from trainmon.fold.reducer import copy_state
from trainmon.meaning.monitoring import monitoring_data
from trainmon.reading.walk import Walk

_LISTS = {
    Checkpoint: "checkpoints",
    Validation: "validations",
    Error: "errors",
    Performance: "performance",
    Operation: "operations",
}
"""The list of the state to which an event adds."""


def whole_monitoring_data(folder: Path, now: float) -> dict[str, Any]:
    """`monitoring_data` of the newest run of a folder, with all entries of its lists; some seconds for a million steps.

    Args:
        folder: The run folder.
        now: Unix seconds for what depends on the time.

    Raises:
        FolderError: There is no journal, or it cannot be read.
    """
    kept: dict[str, list[object]] = {name: [] for name in _LISTS.values()}
    run = 0
    with Walk(folder) as walk:
        for told in walk:
            state = walk.state
            if told.run != run:
                run = told.run
                # What was said just before a start belongs to it; the fold has carried it over.
                kept = {name: list(getattr(state, name)) for name in kept}
                continue
            name = _LISTS.get(type(told.event))
            if name is not None:
                kept[name].append(getattr(state, name)[-1])
        whole = copy_state(walk.state)
    for name, entries in kept.items():
        setattr(whole, name, entries)
    return monitoring_data(whole, now)
