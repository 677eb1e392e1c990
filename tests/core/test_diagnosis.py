"""An error's text says what it is and what to do: tried on what torch raises here, and on what people reported."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.core.real_errors import IN_A_FOLDER, REAL, raised
from trainmon.meaning.diagnosis import RULES, Category, diagnose, explanation, matching_rule
from trainmon.meaning.diagnosis_rules import Rule
from trainmon.words.memory_sizes import memory_advice, memory_sizes

RECORDED = tomllib.loads((Path(__file__).parent / "data" / "recorded_errors.toml").read_text())["error"]

ELSEWHERE = [
    ("RuntimeError", "PytorchStreamReader failed reading zip archive: failed finding central directory"),
    ("_pickle.UnpicklingError", "Weights only load failed."),
    ("RuntimeError", "Attempting to deserialize object on a CUDA device"),
    ("RuntimeError", "DataLoader worker (pid(s) 4711) exited unexpectedly"),
]
"""What the tests above raise in folders and processes."""

WORKER = """
import os, torch

class Deadly(torch.utils.data.Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        {body}

try:
    list(torch.utils.data.DataLoader(Deadly(), num_workers=1))
except Exception as error:
    print(type(error).__name__, error, sep="|")
"""


@pytest.mark.parametrize("name", REAL)
def test_what_is_really_raised_here_gets_its_category(name: str) -> None:
    """The wording changes between releases; this is where it is noticed."""
    category, action = REAL[name]

    error_type, message = raised(action)

    assert diagnose(error_type, message).category is category, message


@pytest.mark.parametrize("name", IN_A_FOLDER)
def test_what_checkpoints_raise_here_gets_its_category(name: str, tmp_path: Path) -> None:
    """Files that were cut, that hold more than numbers, that come from a GPU."""
    category, action = IN_A_FOLDER[name]

    error_type, message = raised(lambda: action(tmp_path))

    assert diagnose(error_type, message).category is category, message


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ("os.kill(os.getpid(), 9)", Category.WORKER),
        ("return torch.zeros(2) + torch.zeros(3)", Category.SHAPE),
        ("return open('/nowhere/image.png')", Category.MISSING_FILE),
    ],
)
def test_a_worker_that_is_killed_is_told_from_one_that_raised(body: str, category: Category) -> None:
    """What a worker raised comes back behind its traceback, at the end of a long message."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER.format(body=body)], capture_output=True, text=True, check=True
    )

    error_type, _, message = done.stdout.partition("|")

    assert diagnose(error_type, message).category is category, done.stdout


@pytest.mark.parametrize("error", RECORDED, ids=lambda error: error["source"][-40:])
def test_what_people_reported_gets_its_category_sizes_and_advice(error: dict[str, object]) -> None:
    """Texts of torch from 2.0 to today, and those of CUDA, NCCL and others that need hardware."""
    diagnosis = diagnose(str(error["type"]), str(error["message"]))

    assert diagnosis.category is Category[str(error["category"])]
    assert str(error.get("says", "")) in (diagnosis.advice or "")
    assert "sizes" not in error or diagnosis.sizes == error["sizes"]


def test_every_rule_explains_a_message() -> None:
    """A rule that no real or recorded text needs, or that another hides, is taken out."""
    texts = [raised(action) for _, action in REAL.values()]
    texts += [(str(error["type"]), str(error["message"])) for error in RECORDED]
    texts += ELSEWHERE

    used = {matching_rule(error_type.rpartition(".")[2], message) for error_type, message in texts}

    assert [rule.pattern for rule in RULES if rule not in used] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern[:30])
def test_every_rule_has_advice_a_source_and_a_pattern_in_lower_case(rule: Rule) -> None:
    """A pattern with a capital letter would never be found, but for classes such as non-space."""
    letters = rule.pattern.replace(r"\S", "").replace(r"\W", "")

    assert letters == letters.lower()
    assert rule.pattern or rule.types
    assert rule.advice[0].islower()
    assert not rule.advice.endswith(".")
    assert rule.source


def test_an_error_that_nobody_knows_gets_no_headline_and_no_advice() -> None:
    """A wrong advice is worse than none."""
    diagnosis = diagnose("ValueError", "the moon is full")

    assert diagnosis.category is Category.UNKNOWN
    assert (diagnosis.headline, diagnosis.advice, diagnosis.source) == (None, None, None)


def test_the_end_of_a_long_message_counts_too() -> None:
    """And its length does not: what is searched is bounded."""
    message = "frame " * 100_000 + "OSError: [Errno 28] No space left on device"

    assert diagnose("RuntimeError", message).category is Category.DISK_FULL


def test_sizes_are_read_across_line_breaks_and_absurd_numbers_do_not_matter() -> None:
    """A terminal wraps lines; a message may be anything."""
    wrapped = memory_sizes("Tried to allocate 2.00\n MiB. GPU 0 has a total capacity\nof 4.00 GiB")
    absurd = memory_sizes(f"Tried to allocate {'9' * 400}.5 GiB; 1e999 GiB free")

    assert wrapped == {"tried": 2 << 20, "total": 4 << 30}
    assert all(value < 1 << 130 for value in absurd.values())


def test_an_explanation_is_json_with_its_source() -> None:
    """For the snapshot and for `--json`."""
    explained = explanation("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB")

    assert explained["category"] == "GPU out of memory"
    assert explained["sizes"] == {"tried": 2 << 30}
    assert set(explained) == {"category", "advice", "advice_source", "sizes"}


def test_the_sizes_decide_on_the_advice_where_they_tell_more_than_the_rule() -> None:
    """Too large for the device, in pieces, held by others; else the rule's advice stands."""
    gib = 2**30
    fits = {"tried": gib, "total": 16 * gib, "free": 0, "allocated": 15 * gib, "reserved": 15 * gib}

    assert memory_advice(fits) is None
    assert "freeing memory cannot help" in (memory_advice(fits | {"tried": 17 * gib}) or "")
    assert "expandable_segments" in (memory_advice(fits | {"allocated": 13 * gib}) or "")
    assert "other processes" in (memory_advice(fits | {"allocated": gib, "reserved": gib}) or "")
    assert memory_advice({}) is None
