"""Messages: short, with all that decides, and harmless whatever a run calls itself."""

import pytest

from tests.builders import a_run
from tests.core.test_notify_news import ALL, moment
from trainmon.notify.ledger import Entry
from trainmon.notify.message import LINE_LIMIT, TITLE_LIMIT, message, plain, summary, with_held
from trainmon.notify.news import what_is_news

TEXTS = [
    "\x1b]52;c;cHduZWQ=\x07", "\x9b31mred", "\u202egnp.exe", "\0", "line\nbreak\r\ttab", "\ud800", "{0.__class__}", "",
]  # fmt: skip


def test_a_death_says_who_what_when_how_far_how_good_what_is_left_and_where_to_look() -> None:
    dead = moment(a_run(), alive=False, signal=9)
    [news] = what_is_news(moment(a_run()), dead, ALL)

    said = message(news, dead, "/runs/my run", a_run().now)

    assert said.title == "✖ DemoModel: killed: SIGKILL"
    assert said.body.splitlines() == [
        "at 23:41:34, ran 27s",
        "62.5 %, step 250/400, epoch 3/4",
        "loss 0.6886, best val_loss 0.8000 in epoch 2",
        "checkpoint /ckpt/epoch_002.pt, step 200; 50 steps lost",
        "on gpu-07: trainmon watch '/runs/my run'",
    ]


def test_what_is_lost_counts_from_a_checkpoint_whose_file_is_there() -> None:
    """Whoever reads it on a phone decides by it whether to get up."""
    journal = a_run().checkpoint(240, "/ckpt/newer.pt")
    dead = moment(journal, alive=False, signal=9)
    [news] = what_is_news(moment(journal), dead, ALL)
    paths = [entry.checkpoint_path for entry in dead.state.checkpoints]

    def saved(files: dict[str, bool | None]) -> str:
        return message(news, dead, "/runs/a", journal.now, files).body.splitlines()[3]

    assert saved({}).startswith("checkpoint /ckpt/newer.pt, step 240; 10 steps")
    assert saved({"/ckpt/newer.pt": False}) == (
        "checkpoint /ckpt/epoch_002.pt, step 200 (the files of newer ones are gone); 50 steps lost"
    )
    assert saved(dict.fromkeys(paths, False)) == "no file of a checkpoint is left; 250 steps lost"


def test_of_a_living_run_it_says_what_is_left() -> None:
    bad = moment(a_run().progress(251, "NaN", epoch=3))
    [news] = what_is_news(moment(a_run()), bad, ALL)

    said = message(news, bad, "/runs/a", a_run().now)

    assert "loss is NaN" in said.title
    assert "running" in said.body
    assert "left 1" in said.body
    assert "ends 23:4" in said.body


@pytest.mark.parametrize(
    "text", [*TEXTS, "@everyone <!channel> [x](http://evil)", "hf_" + "a" * 30, "x" * 5_000]
)
def test_whatever_a_run_calls_itself_stays_harmless(text: str) -> None:
    """One line each, no control character, no call to a channel, no secret, no length without bound."""
    journal = a_run()
    journal.started(text).error(text)
    dead = moment(journal.ended(success=False, reason="failed", error=text))
    [news] = what_is_news(None, dead, ALL)

    said = message(news, dead, f"/runs/{text}", journal.now)

    assert len(said.title) <= TITLE_LIMIT
    assert said.title.isprintable()
    assert all(line.isprintable() and len(line) <= LINE_LIMIT + 80 for line in said.body.split("\n"))
    whole = said.title + said.body
    assert not {"<", ">", "`"} & set(whole)
    assert "@everyone" not in whole
    assert "a" * 30 not in whole


def test_a_word_after_an_at_sign_that_calls_nobody_stays() -> None:
    assert plain("recall@5 is up, ada@gpu") == "recall@5 is up, ada@gpu"


def test_what_was_held_is_counted_in_a_line() -> None:
    held = tuple(
        Entry(f"k{n}", kind, f"title {n}", 0.0, "held") for n, kind in enumerate(["best", "best", "alert"])
    )
    dead = moment(a_run(), alive=False)
    [news] = what_is_news(None, dead, ALL)

    said = with_held(message(news, dead, "/runs/a", a_run().now), held)

    assert said.body.endswith("\nand 3 more: 1 alert, 2 best")
    assert summary(held, "/runs/a").body == "title 0\ntitle 1\ntitle 2\ntrainmon watch /runs/a"
