"""Makes any value of a training script safe for JSON: texts and whole configurations.

Nothing here raises for any value, and nothing reads the memory of a device. Only what an object's own code
raises beyond `Exception` (a Ctrl-C that lands in it) gets through.
"""

import numbers
import os
from collections import deque
from collections.abc import Iterable, Mapping, Set, Sized, ValuesView
from datetime import date, time
from decimal import Decimal
from enum import Enum
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import TypeAlias, TypeGuard

import msgspec

from trainmon.words.scalars import as_number
from trainmon.words.secrets import MASK, hides_next, is_secret_key, mask_text
from trainmon.words.visible import valid

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""What `freeze` makes: floats are finite, ints are within ±(2**63 - 1), texts are valid Unicode."""

MAX_TEXT = 65_536
"""Characters of one text: the journal's cap for a message."""

MAX_DEPTH = 16
"""Containers within containers: the journal's cap."""

MAX_CONTAINER_ITEMS = 1_000
"""Items kept of one container."""

MAX_ITEMS = 20_000
"""Items kept of one value, over all its containers: holds a structure that branches at every level."""

MAX_BYTES = 262_144
"""About how long one value may be as JSON: a quarter of the longest line of the journal."""

_MAX_NAME = 256
"""Characters of one name in an object."""

_MAX_BLOB = 64
"""Bytes shown of a binary value."""

_MASK_MARGIN = 1_024
"""Characters that `mask_text` sees beyond a cut, so that a secret which crosses it is recognised."""

_NUMBERS = (int, float, Decimal, numbers.Rational)
_SEQUENCES = (list, tuple, Set, deque, ValuesView)

_MAX_DIGITS_BITS = 4_096
"""Larger ints are described: writing their digits takes quadratic time, and raises beyond 4,300 digits."""


def type_name(value: object) -> str:
    """The name of the value's class, without its module, past whatever a metaclass makes of `__name__`."""
    name: str = vars(type)["__name__"].__get__(type(value))
    return name[:_MAX_NAME]


def as_text(value: object, limit: int = MAX_TEXT) -> str:
    r"""The text itself, or the `repr` of another value: valid Unicode, `limit` characters and a mark at most.

    A lone surrogate becomes the six characters `\udXXX`. What was cut is said: ` … [truncated N characters]`.
    Of a text only what is kept is copied; a container is frozen first, which bounds it and hides its secrets.
    """
    return _cut(_written(value), limit, mask=True)


def _is_text(value: object) -> TypeGuard[str]:
    """Whether this is a str by its real class; `isinstance` believes a `__class__` that lies."""
    return issubclass(type(value), str)


def _written(value: object) -> str:
    """A str as it is, uncopied; the guarded `repr` of anything else."""
    if _is_text(value):
        return value
    try:
        if isinstance(value, bytes | bytearray):
            return _leaf_text(value)
        if _is_container(value):
            value = freeze(value)
        elif isinstance(value, int) and value.bit_length() > _MAX_DIGITS_BITS:
            return f"<int of {value.bit_length():,} bits>"
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a broken repr must not hide its value's record
        return f"<{type_name(value)}: repr raised {type_name(error)}>"


def _cut(text: str, limit: int, *, mask: bool) -> str:
    """The beginning of the text, valid, masked if asked, with a mark that counts what it lost."""
    length, margin = str.__len__(text), _MASK_MARGIN if mask else 0
    seen = str.__getitem__(text, slice(limit + margin))
    whole = valid(seen)
    if mask:
        whole = mask_text(whole)
    unseen = max(length - limit - margin, 0)
    kept = whole[: min(limit, max(len(whole) - margin, 0) if unseen else limit)]
    lost = unseen + len(whole) - len(kept)
    return kept if not lost else f"{kept} … [truncated {lost:,} characters]"


def freeze(value: object) -> JsonValue:
    """The value as plain JSON, detached from the script, with its secrets masked; never raises.

    Mappings, dataclasses and namespaces become objects; lists, tuples, sets, deques and views become lists;
    numbers are as `as_number` has them; everything else becomes a text. An array or tensor, and a number on a
    GPU, becomes its shape and type, unread. Kept are `MAX_DEPTH` levels, `MAX_CONTAINER_ITEMS` items of a
    container, `MAX_ITEMS` items and about `MAX_BYTES` bytes in all; every cut is said where it was made.
    """
    try:
        return _Freezer().freeze(value, depth=0)
    except Exception as error:  # noqa: BLE001 - no room is left on the stack, or no memory
        return f"<freezing it raised {type(error).__name__}>"


class _Freezer:
    """One freezing: what may still be kept, and which containers are being read."""

    __slots__ = ("_bytes_left", "_items_left", "_open")

    def __init__(self) -> None:
        self._items_left = MAX_ITEMS
        self._bytes_left = MAX_BYTES
        self._open: set[int] = set()

    def freeze(self, value: object, depth: int) -> JsonValue:
        try:
            return self._freeze(value, depth)
        except Exception as error:  # noqa: BLE001 - foreign iterators, properties and descriptors
            return self._text(f"<{type_name(value)}: reading it raised {type_name(error)}>")

    def _freeze(self, value: object, depth: int) -> JsonValue:
        self._bytes_left -= _SCALAR_BYTES
        if value is None or value is True or value is False:
            return value
        if _is_text(value):
            return self._text(value)
        if _is_array(value) and not _is_host_scalar(value):
            return self._text(_outline(value))
        is_number = isinstance(value, _NUMBERS) and not isinstance(value, Enum)
        if (is_number or _is_array(value)) and (number := as_number(value)) is not None:
            return number
        if _is_container(value):
            return self._container(value, depth)
        return self._text(_leaf_text(value))

    def _container(self, value: object, depth: int) -> JsonValue:
        if id(value) in self._open:
            return self._text(f"<{type_name(value)}: contains itself>")
        if depth >= MAX_DEPTH:
            return self._text(f"<{type_name(value)}: truncated, deeper than {MAX_DEPTH} levels>")
        self._open.add(id(value))
        try:
            if isinstance(value, _SEQUENCES):
                return self._list(value, depth)
            return self._object(value, depth)
        finally:
            self._open.discard(id(value))

    def _list(self, items: Iterable[object], depth: int) -> list[JsonValue]:
        # Read in one go: a thread of the script may change the container while its items are frozen.
        read = list(islice(items, MAX_CONTAINER_ITEMS + 1))
        frozen: list[JsonValue] = []
        hide_next = False
        for item in read[:MAX_CONTAINER_ITEMS]:
            if self._is_full():
                break
            self._items_left -= 1
            text = str.__str__(item) if _is_text(item) else ""  # past what a subclass makes of its methods
            if hide_next and not text.startswith("--"):
                frozen.append(_hidden(item))
            elif _is_secret_pair(item):
                frozen.append([self.freeze(item[0], depth + 2), _hidden(item[1])])
            else:
                frozen.append(self.freeze(item, depth + 1))
            hide_next = hides_next(text)
        if lost := _length(items, at_least=len(read)) - len(frozen):
            frozen.append(f"… [truncated {lost:,} items]")
        return frozen

    def _object(self, value: object, depth: int) -> dict[str, JsonValue]:
        read = list(islice(_pairs(value), MAX_CONTAINER_ITEMS + 1))
        frozen: dict[str, JsonValue] = {}
        for key, item in read[:MAX_CONTAINER_ITEMS]:
            if self._is_full():
                break
            self._items_left -= 1
            key_text = key if _is_text(key) else _leaf_text(key)
            name = _free_name(_cut(key_text, _MAX_NAME, mask=True), frozen)
            self._bytes_left -= len(msgspec.json.encode(name)) + 2
            frozen[name] = _hidden(item) if is_secret_key(key_text) else self.freeze(item, depth + 1)
        if lost := _length(value, at_least=len(read)) - len(frozen):
            frozen[_free_name("…", frozen)] = f"truncated {lost:,} items"
        return frozen

    def _is_full(self) -> bool:
        return self._items_left <= 0 or self._bytes_left <= 0

    def _text(self, text: str) -> str:
        """The masked text, as much of it as still fits."""
        limit = MAX_TEXT
        while True:
            kept = _cut(text, limit, mask=True)
            size = len(msgspec.json.encode(kept))
            if size <= max(self._bytes_left, _SHORT_BYTES):
                self._bytes_left -= size
                return kept
            limit = min(limit, len(kept)) // 2


_SCALAR_BYTES = 5
"""What a value costs apart from its text: `null` or a short number, and a comma."""

_SHORT_BYTES = 1_024
"""A text that begins within the budget may overrun it by this, to stay readable."""


def _is_array(value: object) -> bool:
    """Whether this is an array, tensor or scalar of NumPy, PyTorch, JAX; a config may have a dtype."""
    kind = type(value)
    if not (hasattr(kind, "shape") and hasattr(kind, "dtype")):
        return False
    return hasattr(kind, "item") or hasattr(kind, "__array__")


def _is_host_scalar(value: object) -> bool:
    """Whether this array has no dimensions and reading it waits for no device."""
    device = getattr(value, "device", "cpu")  # NumPy has none before 2.0
    return getattr(value, "shape", None) == () and str(getattr(device, "type", device)) == "cpu"


def _outline(value: object) -> str:
    """`<Tensor shape=(3, 4) dtype=torch.float32>`, made without reading the data."""
    shape = tuple(getattr(value, "shape", ()))
    device = str(getattr(value, "device", "cpu"))
    place = "" if device == "cpu" else f" device={device}"
    return f"<{type_name(value)} shape={shape} dtype={getattr(value, 'dtype', None)}{place}>"


def _is_container(value: object) -> bool:
    return isinstance(value, (Mapping, *_SEQUENCES)) or _has_fields(value)


def _has_fields(value: object) -> bool:
    """Whether this is a dataclass, or a namespace of `argparse` or `types`, but not the class of one."""
    if isinstance(value, type):
        return False
    kind = type(value)
    return (
        isinstance(value, SimpleNamespace)
        or hasattr(kind, "__dataclass_fields__")
        or any(base.__module__ == "argparse" and base.__name__ == "Namespace" for base in kind.__mro__)
    )


def _pairs(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, Mapping):
        return value.items()
    if not hasattr(type(value), "__dataclass_fields__"):
        return vars(value).items()
    # Deferred: saves 4 ms of `import trainmon`, and whoever made a dataclass has loaded it.
    import dataclasses

    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    return [(field.name, getattr(value, field.name, "<unset>")) for field in fields]


def _length(value: object, *, at_least: int) -> int:
    return max(len(value), at_least) if isinstance(value, Sized) else at_least


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    """The name, or a numbered one where two keys read alike, as 1 and "1" do."""
    free, number = name, len(taken)
    while free in taken:
        free, number = f"{name} #{number}", number + 1
    return free


def _hidden(value: object) -> JsonValue:
    """`MASK`, but what can hold no secret is told: None, a switch, an empty text."""
    if value is None or value is True or value is False:
        return value
    return "" if type(value) is str and not value else MASK


def _is_secret_pair(value: object) -> TypeGuard[tuple[str, object] | list[object]]:
    """Whether this is a name and its value, as in a list of headers, and the name is that of a secret."""
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return False
    return _is_text(value[0]) and _is_text(value[1]) and is_secret_key(value[0])


def _leaf_text(value: object) -> str:
    if isinstance(value, Enum):
        return f"{type_name(value)}.{value.name}"
    if isinstance(value, bytes | bytearray):
        more = len(value) - _MAX_BLOB
        return repr(bytes(value[:_MAX_BLOB])) + (f" … [truncated {more:,} bytes]" if more > 0 else "")
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, type | FunctionType | BuiltinFunctionType | MethodType):
        home = "" if value.__module__ in ("builtins", None) else f"{value.__module__}."
        return f"{home}{value.__qualname__}"
    return _written(value)
