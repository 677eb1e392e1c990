"""Untrusted text: what it is made of never reaches a real terminal as anything but visible characters.

Every sink of a run carries the same payload; every view is looked at, living, dead, wide and narrow. The bytes that the
monitor wrote are then taken apart: sequences of a short list, and printable text.
"""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_reading
from tests.run_folders import write_run
from tests.tui.terminals import Terminal
from trainmon.facts.codec import encode_line
from trainmon.facts.readings import FileSystemReading, GpuProcess, MachineReading
from trainmon.words.paths import JOURNAL, OUTPUT

PAYLOADS = {
    "clipboard, BEL": "\x1b]52;c;cHduZWQ=\x07",
    "clipboard, ST": "\x1b]52;c;cHduZWQ=\x1b\\",
    "title": "\x1b]0;pwned\x07\x1b]2;pwned\x1b\\",
    "link": "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "notification": "\x1b]9;pwned\x07\x1b]777;notify;a;b\x07\x1b]50;font\x07",
    "device control": "\x1bP+q544e\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",
    "other screen": "\x1b[?1049l\x1b[?25h\x1b[2J\x1bc",
    "question": "\x1b[6n\x1b[c\x1b[>0q\x05",
    "C1": "\x9b31m\x9d0;pwned\x9c\x90q\x9c",
    "NUL, DEL, shifts": "a\x00b\x7fc\x0e\x0fd\x08\x08\r\n\x0b\x0ce",
    "bidi": "\u202eevil\u202c\u2066x\u2069\u200f",
    "zero width": "a\u200bb\u200d\u2060c\ufeff\u3164\U000e0041d\u0301" + "\u0301" * 40,
    "markup": "[/][bold]x[/bold][/nothing][",
    "action": "[@click=app.quit]press[/] [@click=app.exit(3)]me[/]",
    "markup link": "[link=https://evil.example]here[/link][on red]",
    "100 KB": "long " * 20_000,
}

WATCHING = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours
    rb"|\x1b\[\d+;\d+H|\x1b\[\d+C"  # moves
    rb"|\x1b\[\?(?:1000|1003|1004|1006|1015|1049|2004|2026)h"  # mouse, focus, other screen, paste, whole frames
    rb"|\x1b\[\?(?:25|7|2026)l|\x1b\[>\d+u|\x1b\[\?(?:2026|2048)\$p"  # cursor, wrapping; keyboard; what it can
    rb"|\x1b\[22;2t|\x1b\]22;(?:default|text|pointer)\x07"  # title kept, pointer
)
"""All that the monitor may send while it watches, its title apart."""

LEAVING = re.compile(
    WATCHING.pattern
    + rb"|\x1b\[\?(?:1000|1003|1004|1006|1015|1049|2004)l|\x1b\[\?(?:25|7)h|\x1b\[<u|\x1b\[23;2t"
)
"""All that it may send once it is told to quit."""

TITLE = re.compile(r"\x1b\]2;([^\x00-\x1f\x7f-\x9f]{0,80})\x1b\\")

SINKS = (
    "model", "metric", "key", "val", "error", "context", "traceback", "datum", "warning", "file", "command", "output",
    "operation", "deed", "net", "detail", "logged", "former", "typed", "copied", "abode", "gpuname", "ailment", "argv",
)  # fmt: skip
"""Words that stand before the payload in the places where a log, a name or a paste carries text; all are seen."""

PASTE_END = "\x1b[201~"
"""What would end a paste: whoever can paste that can type."""

QUIET_READS = 6
"""Reads of 50 ms without a byte after which a screen counts as drawn."""

VIEWS = "234dy5iA671"
"""Keys of all views, the overview last, with the data and the copy of the newest error."""

SHOWN = {
    "3": "gpuname", "4": "context", "y": "copied to", "5": "logged", "i": "learning rate", "A": "acknowledge the next",
    "6": "deed", "7": "former",
}  # fmt: skip
"""What stands on a wide screen once a key has done its work; some of it is read by a thread."""

CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
"""What a copy sends to the terminal's clipboard."""


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def sinks(payload: str) -> Journal:
    """A living run with the payload wherever a log may carry text, each after the name of its sink."""
    short = payload[:200] if len(payload) > 10_000 else payload
    journal = Journal().opened().started(f"former{payload}").steps(3)
    journal.opened(host=f"host{short}", command=("python", f"command{payload}"), folder=short)
    journal.started(
        f"model{payload}", git=short, config={f"key{payload}": f"value{payload}", "nested": {short: [short]}}
    )
    # Metric names are said again in every record: a long one is told once.
    journal.steps(30, metrics={f"metric{short}": 1.0}).progress(
        31, metrics={f"huge{payload}": 1.0}, phase=short
    )
    journal.validation(31, 1.0, val_metrics={f"val{payload}": 0.5}).checkpoint(31, f"/ckpt/file{payload}")
    journal.warned(f"warning{payload}").performance(f"operation{payload}")
    journal.operation(f"deed{payload}", model_name=f"net{payload}", details={f"detail{short}": [payload]})
    journal.system(a_machine(payload, short, journal.now))
    journal.message(f"message{payload}", level=short, logger=short).debug(payload)
    return journal.error(
        f"error{payload}",
        error_type=f"Type{short}",
        context=f"context{payload}",
        traceback=f"traceback{payload}",
        additional_data={f"datum{short}": {"nested": [payload]}},
    )


def a_machine(payload: str, short: str, now: float) -> MachineReading:
    """A machine whose cards, file systems and processes are called so."""
    reading = a_reading(now, gpus=2)
    process = GpuProcess(7, 1, own=False, user=short, command=f"argv{payload}")
    cards = (
        replace(reading.gpus[0], name=f"gpuname{payload}", throttle=(short,), processes=(process,)),
        replace(reading.gpus[1], state=f"ailment{short}"),
    )
    disk = FileSystemReading(path=short, kind=short, free=1, total=2)
    return replace(reading, gpus=cards, file_systems=(disk,))


def folder_name(payload: str) -> str:
    """As much of the payload as the name of a folder can hold."""
    return "run" + payload.replace("\x00", "").replace("/", "")[:60]


def look_at(terminal: Terminal, views: str) -> None:
    """Opens each of the views and waits until it has been drawn."""
    wide = terminal.screen.columns > 80
    for key in views:
        words = SHOWN.get(key, "") if wide else ""
        if key.isdigit():
            open_view(terminal, key)
        else:
            terminal.send(key)
        until_seen(terminal, words)
        until_quiet(terminal)


def open_view(terminal: Terminal, key: str) -> None:
    """Presses the key of a view until its tab is the chosen one: a click or a change of screens may come between."""
    again = 0.0

    def opened() -> bool:
        nonlocal again
        if f"[{key} " in terminal.screen.display[-1]:
            return True
        if time.monotonic() > again:
            terminal.send(key)
            again = time.monotonic() + 3.0
        return False

    terminal.until(opened)


def until_seen(terminal: Terminal, words: str) -> None:
    """Reads until that is on the screen."""
    terminal.until(lambda: words in terminal.text)


def until_quiet(terminal: Terminal) -> None:
    """Reads until nothing has come for some reads; only the clock, once a second, comes then."""
    sizes = [-1] * QUIET_READS

    def quiet() -> bool:
        sizes.append(len(terminal.output))
        return sizes[-1] == sizes[-QUIET_READS]

    terminal.until(quiet)


def paste(terminal: Terminal, view: str, payload: str) -> None:
    """Pastes it as what a view is filtered by or searched for, and leaves the view."""
    look_at(terminal, view)
    terminal.send_when_quiet("/")
    terminal.send_when_quiet(f"\x1b[200~typed{payload.replace(PASTE_END, '')[:500]}\x1b[201~")
    until_seen(terminal, "typed")
    until_quiet(terminal)
    terminal.send("\r")
    until_quiet(terminal)
    open_view(terminal, "1")


def click_everywhere(terminal: Terminal) -> None:
    """Presses the left button in some columns of every row but the last, where our keys are: one of them quits."""
    for row in range(1, terminal.screen.lines):
        for column in (4, 12, 24, 60, 86, 120):
            terminal.send(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")


def assert_harmless(output: bytes, allowed: re.Pattern[bytes]) -> str:
    """The printable text of an output that holds nothing else but the allowed sequences."""
    copied = [base64.b64decode(found[1]).decode() for found in CLIPBOARD.finditer(output)]
    assert all(character.isprintable() or character == "\n" for one in copied for character in one)
    output = CLIPBOARD.sub(b"", output) if copied != ["pwned"] else output
    text = TITLE.sub(lambda found: found[1], allowed.sub(b"", output).decode())
    wrong = {character for character in text if not character.isprintable()} - {"\r", "\n"}
    assert wrong == set(), [text[max(0, at - 40) : at + 40] for at in map(text.find, wrong)]
    return text


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_text_of_a_run_reaches_the_terminal_as_anything_but_text_S01_S03_S04_P10(
    tmp_path: Path, opened: list[Terminal], payload: str
) -> None:
    """Nothing crashes, nothing is obeyed, nothing is clicked; the exit code says that no panel failed."""
    journal = sinks(payload)
    folder = write_run(tmp_path / folder_name(payload), journal)
    stamp = "2026-11-22T23:41:03.000+00:00 "
    (folder / OUTPUT).write_bytes(f"{stamp}output{payload}\n{stamp}last\n".encode())
    (folder / "training_progress.log").write_text(
        f"[2026-11-22 23:41:03] TRAINING - INFO - logged{payload}\n"
    )
    home = tmp_path / f"abode{folder_name(payload)}"
    terminal = Terminal(folder, width=160, height=45, variables={"XDG_STATE_HOME": str(home)})
    opened.append(terminal)

    terminal.until(lambda: "─ loss ─" in terminal.text and "last output" in terminal.text)
    look_at(terminal, VIEWS)
    # One of the views that echo what was pasted, another one for each payload.
    paste(terminal, "257"[list(PAYLOADS.values()).index(payload) % 3], payload)
    journal.ended(success=False, reason="failed", error=f"end{payload}")
    with (folder / JOURNAL).open("ab") as lines:
        lines.write(encode_line(journal.events[-1]))
    terminal.until(lambda: "what is left" in terminal.text)
    if "@click" in payload:
        click_everywhere(terminal)
    terminal.resize(80, 24)
    terminal.until(lambda: "what is left" in terminal.text and "FAILED" in terminal.text)
    look_at(terminal, "41")
    watched = len(terminal.output)
    terminal.send("q")

    assert terminal.wait() == 0
    text = assert_harmless(terminal.output[:watched], WATCHING)
    assert_harmless(terminal.output, LEAVING)
    for sink in SINKS:
        assert sink in text


def test_the_list_of_sequences_lets_no_payload_through() -> None:
    """The judge itself is judged: what a payload would do unescaped is not on the list."""
    for name, payload in PAYLOADS.items():
        if payload.isprintable() or name == "title":  # markup; and the title, which the sinks never are
            continue
        with pytest.raises(AssertionError):
            assert_harmless(payload.encode(), WATCHING)
