"""What a reader of one maker's GPUs offers: all that another maker has to follow."""

from typing import Protocol

from trainmon.facts.readings import GpuReading


class GpuSource(Protocol):
    """What a reader of one maker's GPUs offers; for one thread."""

    def open(self) -> str | None:
        """Prepares reading; None where that went well, otherwise in words why there is nothing to read."""

    def sample(self) -> tuple[GpuReading, ...]:
        """All cards now, by rising index; () while it is not open."""

    def close(self) -> None:
        """Gives back what `open` took; may be called twice."""
