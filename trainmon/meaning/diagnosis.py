"""What an error means and what to do about it: the first rule of the table that fits, and the sizes in the message.

An error's category is never stored: it follows from the type and the message, so that a better table explains old
journals better, too. The table is in `trainmon.meaning.diagnosis_rules` and `trainmon.meaning.diagnosis_rules_program`.
"""

import re
from functools import cache, lru_cache

import msgspec

from trainmon.meaning.diagnosis_rules import MACHINE_RULES, Category, Rule
from trainmon.meaning.diagnosis_rules_program import PROGRAM_RULES
from trainmon.words.memory_sizes import memory_advice, memory_sizes

__all__ = ["RULES", "Category", "Diagnosis", "diagnose", "explanation", "matching_rule"]

RULES: tuple[Rule, ...] = MACHINE_RULES + PROGRAM_RULES
"""All rules, in the order in which they are tried."""

_EITHER_END = 4_096
"""Characters that are searched at the beginning and at the end of a long message: C++ frames follow what torch says,
and the traceback of a data loader's worker precedes its message."""

_MEMORY = (Category.CUDA_MEMORY, Category.HOST_MEMORY)


class Diagnosis(msgspec.Struct, frozen=True):
    """An error explained."""

    category: Category
    advice: str | None
    """What helps most often; None where nothing general can be said."""
    source: str | None
    """Where the advice is from; None where there is none."""
    sizes: dict[str, int] = {}
    """Bytes that a memory error names: `tried`, `free`, `total`, `allocated`, `reserved`, see `memory_sizes`. Shared
    between equal errors: not to be changed."""

    @property
    def headline(self) -> str | None:
        """The category in words; None where it says no more than the error itself."""
        return None if self.category is Category.UNKNOWN else self.category.value


def diagnose(error_type: str, message: str) -> Diagnosis:
    """What an exception means; `UNKNOWN` where no rule fits.

    Args:
        error_type: Name of its class, with or without the module.
        message: `str(error)`; of a long one the beginning and the end are looked at.
    """
    if len(message) > 2 * _EITHER_END:
        message = f"{message[:_EITHER_END]}\n{message[-_EITHER_END:]}"
    return _diagnose(error_type.rsplit(".", 1)[-1], message)


@lru_cache(maxsize=128)
def _diagnose(name: str, message: str) -> Diagnosis:
    """Cached because a snapshot explains the same hundred errors again and again."""
    rule = matching_rule(name, message)
    if rule is None:
        return Diagnosis(Category.UNKNOWN, None, None)
    sizes = memory_sizes(message) if rule.category in _MEMORY else {}
    advice = memory_advice(sizes) if rule.category is Category.CUDA_MEMORY else None
    return Diagnosis(rule.category, advice or rule.advice, rule.source, sizes)


def matching_rule(name: str, message: str) -> Rule | None:
    """The first rule that fits; None where none does.

    Args:
        name: Of the exception's class, without its module.
        message: At most some thousand characters.
    """
    text = message.lower()
    for rule in RULES:
        if name in rule.types.split() or (rule.pattern and _compiled(rule.pattern).search(text)):
            return rule
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: a program without errors never pays for it."""
    return re.compile(pattern)


def explanation(error_type: str, message: str) -> dict[str, object]:
    """The diagnosis as JSON: `category`, `advice`, `advice_source` and `sizes`, for readers that are not Python."""
    diagnosis = diagnose(error_type, message)
    return {
        "category": diagnosis.category.value,
        "advice": diagnosis.advice,
        "advice_source": diagnosis.source,
        "sizes": diagnosis.sizes,
    }
