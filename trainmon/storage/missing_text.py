"""What a text log lacks of the text that it should have: the comparison that follows a crash.

A file is only ever added to. Usually it holds a beginning of what is expected, cut anywhere, even within a
character; then the rest is missing. Where a person edited it, each line that stands there counts for one.
"""

from collections import Counter


def missing_text(there: bytes, expected: bytes) -> tuple[bytes, bool]:
    """(bytes to add, whether they continue the last line that is there).

    Args:
        there: What stands in the file behind the place where `expected` begins; its last line may be torn.
        expected: Whole lines.
    """
    if expected.startswith(there):
        return expected[len(there) :], bool(there) and not there.endswith(b"\n")
    lines = _lines(there)
    torn = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    standing = Counter(lines)
    missing: list[bytes] = []
    for line in _lines(expected):
        if standing[line] > 0:
            standing[line] -= 1
        else:
            missing.append(line)
    begun = next((index for index, line in enumerate(missing) if torn and line.startswith(torn)), None)
    if begun is None:
        return b"".join(missing), False
    rest = missing.pop(begun)[len(torn) :]
    return rest + b"".join(missing), True


def _lines(text: bytes) -> list[bytes]:
    r"""The lines with their `\n`, which alone ends one; the last may lack it."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
