"""From journal lines to the text of the five logs; that it is exact across crashes is in tests/laws."""

from tests.builders import Journal
from trainmon.storage.projection import Projector, summary
from trainmon.words.paths import LogFile


def text(journal: Journal, file: LogFile) -> str:
    """What a journal puts into one file."""
    lines = Projector().apply(journal.events, range(len(journal.events)))
    return "\n".join(line for where, line in lines if where is file)


def test_each_kind_goes_to_its_file() -> None:
    journal = Journal().opened().started().steps(2).error().performance().operation().message()

    assert "Training started" in text(journal, LogFile.PROGRESS)
    assert "Step 2/400 (0.5%)" in text(journal, LogFile.PROGRESS)
    assert "mat1 and mat2" in text(journal, LogFile.ERRORS)
    assert "inference" in text(journal, LogFile.PERFORMANCE)
    assert "model_loading_success" in text(journal, LogFile.OPERATIONS)
    assert "hello" in text(journal, LogFile.GENERAL)


def test_a_repeated_line_has_no_second_text() -> None:
    journal = Journal().opened().started().error()
    once = text(journal, LogFile.ERRORS)
    journal.events.append(journal.events[-1])

    assert text(journal, LogFile.ERRORS) == once


def test_a_repeated_step_among_new_ones_has_no_second_text() -> None:
    journal = Journal().opened().started().steps(5)
    first = journal.events[2]
    journal.steps(10, first=6)
    once = text(journal, LogFile.PROGRESS)
    journal.events.insert(9, first)

    assert text(journal, LogFile.PROGRESS) == once


def test_the_best_validation_is_marked_as_the_fold_decides() -> None:
    journal = Journal().opened().started().validation(1, 1.0).validation(2, 2.0).validation(3, 0.5)

    assert text(journal, LogFile.PROGRESS).count("BEST") == 2


def test_progress_lines_beyond_the_rate_are_left_out_and_counted() -> None:
    journal = Journal().opened().started().steps(3_000, every=0.001)

    shown = text(journal, LogFile.PROGRESS).count("Loss:")

    assert 1_000 <= shown <= 1_100


def last(lines: list[str], words: str) -> str:
    return next(line for line in reversed(lines) if words in line)


def test_every_line_that_was_left_out_is_counted_before_the_next_thing_that_is_no_step() -> None:
    """At twenty steps a second, not with every other line of the log; and none is missing at the end."""
    journal = Journal().opened().started().steps(4_000, every=0.05).validation(4_000, 0.5).ended()

    lines = text(journal, LogFile.PROGRESS).splitlines()

    counts = [int(line.split("… ")[1].split()[0].replace(",", "")) for line in lines if "left out" in line]
    assert (
        sum("Loss:" in line and "Step" in line and "Phase" in line for line in lines) + sum(counts) == 4_000
    )
    assert 10 <= len(counts) <= 25
    assert (
        next(line for line in lines if "Validation" in line)
        == lines[lines.index(last(lines, "left out")) + 1]
    )


def test_a_program_that_ends_without_a_word_leaves_no_line_uncounted() -> None:
    """It logs no end of the training, and closes its log in order."""
    journal = Journal().opened().started().steps(3_000, every=0.01).closed()

    lines = text(journal, LogFile.PROGRESS).splitlines()

    counts = [int(line.split("… ")[1].split()[0].replace(",", "")) for line in lines if "left out" in line]
    assert sum("Loss:" in line for line in lines) + sum(counts) == 3_000
    assert "left out" in lines[-1]


def test_what_is_said_of_lines_left_out_does_not_depend_on_where_the_journal_was_cut() -> None:
    """Nor where lines are repeated, as after a recovery: whoever says nothing of them has not said it."""
    events = Journal().opened().started().steps(1_100, every=0.001).steps(2_300, 1_101, every=0.01).events
    for place in range(2_096, 2_108):
        again = [events[place - 300], events[place - 1]]
        parts = ([*events[:place], *again], events[place:])
        whole, cut = Projector(), Projector()

        expected = whole.apply([*parts[0], *parts[1]], range(len(events) + 2))
        lines = [line for part in parts for line in cut.apply(part, range(len(part)))]

        assert (lines, cut.rate) == (expected, whole.rate)


def test_the_end_says_what_became_of_the_run() -> None:
    journal = Journal().opened().started().steps(100).span("validation", 3.0).validation(100, 0.5)
    state = journal.checkpoint(100, "/best.pt").error().lost(3).ended().state()

    said = dict(summary(state))

    assert said["steps"] == "100/400"
    assert said["last checkpoint"] == "/best.pt"
    assert said["best"].startswith("loss 0.5")
    assert said["errors"] == "1"
    assert "validation" in said
