"""The expressions of `trainmon wait`: `val_loss < 2.1 or nan or "train/acc" >= 0.9 and not stalled`.

    either     = both { "or" both }
    both       = negation { "and" negation }
    negation   = "not" negation | "(" either ")" | word | comparison
    comparison = operand ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) operand
    operand    = NUMBER | NAME | "'" … "'" | '"' … '"'

A word stands alone and is true or false; a name stands in a comparison and is a number. What compares with a value that
is not known is neither true nor false (Kleene's three values), and so is what depends on it.
"""

import operator
import re
from collections.abc import Callable
from typing import assert_never

import msgspec

from trainmon.errors import ArgumentError

LENGTH_LIMIT = 4_096
"""Characters of an expression."""

DEPTH_LIMIT = 64
"""Parentheses and `not` within each other."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]))
    | (?P<name>[A-Za-z_][\w./@]*)
    | (?P<quoted>"[^"]*"|'[^']*')
    | (?P<sign><=|>=|==|!=|<|>|\(|\))
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_NAMED = {"name": ("and", "or", "not"), "sign": ("(", ")"), "number": (), "quoted": (), "end": ()}
"""Tokens that are a kind of their own."""


class ExpressionError(ArgumentError):
    """An expression that is wrong, with the place."""

    def __init__(self, why: str, text: str, column: int) -> None:
        """Says why.

        Args:
            why: A sentence without its full stop.
            text: The whole expression.
            column: Of the first wrong character, from 0.
        """
        super().__init__(f"{why}, at column {column + 1}")
        self.why = why
        self.text = text
        self.column = column


class Word(msgspec.Struct, frozen=True):
    """True or false by what became of the run."""

    name: str


class Number(msgspec.Struct, frozen=True):
    """A number as it stands there."""

    value: float


class Name(msgspec.Struct, frozen=True):
    """The newest value of a metric."""

    name: str


class Comparison(msgspec.Struct, frozen=True):
    """Two operands and how they compare."""

    left: Number | Name
    sign: str
    right: Number | Name


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    part: "Expression"


class Both(msgspec.Struct, frozen=True):
    """All parts are true."""

    parts: "tuple[Expression, ...]"


class Either(msgspec.Struct, frozen=True):
    """One of the parts is true."""

    parts: "tuple[Expression, ...]"


Expression = Word | Comparison | Not | Both | Either
"""What was parsed, as a tree."""


def evaluate(
    expression: Expression, word: Callable[[str], bool], value: Callable[[str], float | None]
) -> bool | None:
    """Whether it is true; None where it depends on what is not known.

    Args:
        expression: As `parse` made it.
        word: Whether a word is true.
        value: The newest value of a metric, which may be NaN; None where it has none.
    """
    match expression:
        case Word(name):
            return word(name)
        case Comparison(left, sign, right):
            one, other = (
                side.value if isinstance(side, Number) else value(side.name) for side in (left, right)
            )
            return None if one is None or other is None else _OPERATORS[sign](one, other)
        case Not(part):
            found = evaluate(part, word, value)
            return None if found is None else not found
        case Both(parts):
            truths = [evaluate(part, word, value) for part in parts]
            return False if False in truths else None if None in truths else True
        case Either(parts):
            truths = [evaluate(part, word, value) for part in parts]
            return True if True in truths else None if None in truths else False
        case _:
            assert_never(expression)


def names(expression: Expression) -> tuple[str, ...]:
    """The metrics that it asks for, in order."""
    match expression:
        case Word():
            return ()
        case Comparison(left, _, right):
            return tuple(side.name for side in (left, right) if isinstance(side, Name))
        case Not(part):
            return names(part)
        case Both(parts) | Either(parts):
            return tuple(dict.fromkeys(name for part in parts for name in names(part)))
        case _:
            assert_never(expression)


def parse(text: str, words: frozenset[str]) -> Expression:
    """The expression that a text is.

    Args:
        text: As somebody typed it.
        words: Those that may stand alone.

    Raises:
        ExpressionError: It is none.
    """
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(f"more than {LENGTH_LIMIT:,} characters", text, LENGTH_LIMIT)
    parser = _Parser(text, words)
    found = parser.either(0)
    if parser.kind != "end":
        raise ExpressionError(f"expected 'and', 'or' or the end, not {parser.said}", text, parser.column)
    return found


class _Parser:
    """Takes one token after the other."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        self._text = text
        self._words = words
        self._behind = 0
        self.kind = self.token = ""
        self.column = 0
        self._next()

    @property
    def said(self) -> str:
        """The token, for a message."""
        return "the end" if self.kind == "end" else repr(self.token)

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._behind)
        if found is None or found.lastgroup is None:
            rest = self._text[self._behind :]
            column = self._behind + len(rest) - len(rest.lstrip())
            character = self._text[column]
            hint = (
                ": '==' compares"
                if character == "="
                else ": this quote has no end"
                if character in "\"'"
                else ""
            )
            raise ExpressionError(f"cannot read {character!r}{hint}", self._text, column)
        self.kind, self.token = found.lastgroup, found[found.lastgroup]
        self.column, self._behind = found.start(found.lastgroup), found.end()
        if self.token in _NAMED[self.kind]:
            self.kind = self.token

    def either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self.kind == "or":
            self._next()
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, depth: int) -> Expression:
        parts = [self._negation(depth)]
        while self.kind == "and":
            self._next()
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _negation(self, depth: int) -> Expression:
        if depth > DEPTH_LIMIT:
            raise ExpressionError(f"more than {DEPTH_LIMIT} levels", self._text, self.column)
        if self.kind == "not":
            self._next()
            return Not(self._negation(depth + 1))
        if self.kind == "(":
            opened = self.column
            self._next()
            found = self.either(depth + 1)
            if self.kind != ")":
                why = f"expected ')' for the '(' at column {opened + 1}, not {self.said}"
                raise ExpressionError(why, self._text, self.column)
            self._next()
            return found
        return self._word_or_comparison()

    def _word_or_comparison(self) -> Expression:
        kind, token, column = self.kind, self.token, self.column
        left = self._operand()
        if self.kind == "sign":
            sign = self.token
            self._next()
            return Comparison(left, sign, self._operand())
        if kind == "name" and token in self._words:
            return Word(token)
        known = ", ".join(sorted(self._words))
        why = f"{token!r} alone says nothing: compare it with a number, or use one of {known}"
        raise ExpressionError(why, self._text, column)

    def _operand(self) -> Number | Name:
        found: Number | Name
        match self.kind:
            case "number":
                found = Number(float(self.token))
            case "name":
                found = Name(self.token)
            case "quoted":
                found = Name(self.token[1:-1])
            case _:
                why = f"expected a metric, a number or a word, not {self.said}"
                raise ExpressionError(why, self._text, self.column)
        self._next()
        return found
