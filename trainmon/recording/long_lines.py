"""Events whose line would be longer than a line may be, made shorter."""

from msgspec import structs

from trainmon.facts.codec import LINE_LIMIT, encode_line
from trainmon.facts.events import AnyEvent, Error, Message


def fitting_line(event: AnyEvent) -> bytes:
    """The line of an event, with its free texts cut where it was too long; escapes make a line six times its text."""
    line = encode_line(event)
    return line if len(line) <= LINE_LIMIT else encode_line(_shorter(event))


def _shorter(event: AnyEvent) -> AnyEvent:
    if isinstance(event, Error):
        return structs.replace(
            event,
            message=event.message[:8_192],
            traceback=event.traceback[:32_768] + "\n… cut: the line would have been too long",
            additional_data={"…": "cut: the line would have been too long"},
        )
    text = f"a record of kind {event.__struct_config__.tag} was too long and is left out"
    return Message(
        event.writer, event.seq, event.time, event.mono, logger="trainmon", level="WARNING", text=text
    )
