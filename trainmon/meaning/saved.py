"""What a run that broke off can go on from, as far as is known of the files of its checkpoints. Pure."""

from collections.abc import Mapping, Sequence

from trainmon.fold.state_entries import CheckpointEntry


def newest_there(
    checkpoints: Sequence[CheckpointEntry], files: Mapping[str, bool | None]
) -> CheckpointEntry | None:
    """The newest checkpoint whose file is not known to be gone; None where there is none.

    Args:
        checkpoints: Oldest first.
        files: Whether a file is there, by path; None or absent: not known.
    """
    return next(
        (entry for entry in reversed(checkpoints) if files.get(entry.checkpoint_path) is not False), None
    )


def unsaved(run_step: int, newest: CheckpointEntry | None) -> int:
    """Steps after the newest checkpoint that can be gone on from; all of them where there is none."""
    return max(0, run_step - (newest.run_step if newest is not None else 0))
