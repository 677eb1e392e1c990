"""The first line of a status as text, and how a message is fitted into a line of it. Pure, from the document."""

from trainmon.meaning.derived import Status
from trainmon.status.outlook import GAP, ago_words, clock_words
from trainmon.status.schema import StatusDocument
from trainmon.words.visible import visible

SIGNS = {
    Status.WAITING: "○",
    Status.STARTING: "◌",
    Status.RUNNING: "●",
    Status.VALIDATING: "◆",
    Status.SAVING: "▼",
    Status.STALLED: "▲",
    Status.STOPPED: "■",
    Status.FINISHED: "✔",
    Status.INTERRUPTED: "■",
    Status.FAILED: "✖",
    Status.TERMINATED: "✖",
    Status.KILLED: "✖",
    Status.OUT_OF_MEMORY: "✖",
    Status.CRASHED: "✖",
    Status.DIED: "✖",
    Status.REBOOTED: "✖",
    Status.UNREACHABLE: "▲",
}
"""The sign before each status, as on the screen."""

MOST_MESSAGE = 400
"""Characters of a message that are shown however wide the terminal is."""

LEAST_MESSAGE = 32
"""Characters of a message that are shown however narrow the terminal is."""


def with_message(parts: list[str], at: int, message: str, width: int) -> str:
    """The parts with a message between them, which is cut so that all fit; untrusted."""
    others = sum(len(part) + len(GAP) for part in parts)
    shown = visible(message, min(MOST_MESSAGE, max(LEAST_MESSAGE, width - others)))
    return GAP.join([*parts[:at], shown, *parts[at:]])


def headline(document: StatusDocument, width: int) -> str:
    """Name, status, reason, and when it ended where all that fits into these columns."""
    ended = ended_words(document)
    if ended and (document.why is None or has_room(document, width)):
        return f"{_named(document, width - len(ended) - len(GAP))}{GAP}{ended}"
    return _named(document, width)


def has_room(document: StatusDocument, width: int) -> bool:
    """Whether the headline takes the whole reason and the time of the end, too."""
    return len(_named(document, MOST_MESSAGE)) + len(GAP) + len(ended_words(document)) <= width


def ended_words(document: StatusDocument) -> str:
    """When it was over; empty where it is not, or nobody knows."""
    if not document.status.over or document.since is None:
        return ""
    return f"at {clock_words(document, document.since)}, {ago_words(document, document.since)}"


def _named(document: StatusDocument, width: int) -> str:
    """Name, status and reason; how sure they are."""
    name = document.run.model_name if document.run is not None else document.folder
    parts = [visible(name, 80), f"{SIGNS[document.status]} {document.status.value.upper()}"]
    if document.status.over and document.certainty != "certain":
        parts.append("(likely)" if document.certainty == "likely" else "(cannot be known from here)")
    return GAP.join(parts) if document.why is None else with_message(parts, 2, document.why, width)
