"""Classes whose objects do what no object should: what a log call may be given."""

from collections.abc import Iterator, Mapping


class BrokenFloat:
    def __float__(self) -> float:
        raise RuntimeError


class BrokenItem:
    def item(self) -> float:
        raise OSError


class BrokenAttributes:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


class BrokenRepr:
    def __repr__(self) -> str:
        raise KeyError


class BrokenClass:
    @property  # type: ignore[misc]  # what a proxy or a mock may do
    def __class__(self) -> type:
        raise RuntimeError


class LyingClass:
    __class__ = float  # type: ignore[assignment]  # as above


class LyingText:
    __class__ = str  # type: ignore[assignment]  # as above


class LyingDict:
    __class__ = dict  # type: ignore[assignment]  # as above


class BrokenMeta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]  # a hostile class
        raise ZeroDivisionError


class BrokenName(metaclass=BrokenMeta):
    pass


class BrokenMapping(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise OSError

    def __iter__(self) -> Iterator[str]:
        return iter("ab")

    def __len__(self) -> int:
        return 2


HOSTILE: dict[str, type] = {
    "float": BrokenFloat,
    "item": BrokenItem,
    "attributes": BrokenAttributes,
    "repr": BrokenRepr,
    "class": BrokenClass,
    "lying class": LyingClass,
    "lying text": LyingText,
    "lying dict": LyingDict,
    "name": BrokenName,
    "mapping": BrokenMapping,
}
"""Classes, because the runner itself cannot hold some of their objects."""
