"""The frames of a store's log, and which of them the disk has changed (S28).

SQLite believes a log up to the first frame whose sum is wrong, and forgets all behind it, sound or not. Each
frame's sum goes on from that of the one before, so that each can be proven by itself. A single bit that was
turned is found by the sum, if no other fits it as well, and turned back.

Source: the file format as published by its makers, https://www.sqlite.org/fileformat2.html#walformat
"""

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_HEADER = 32
_FRAME = 24
_MAGIC = 0x377F0682  # its lowest bit says that sums are made of big-endian words
_SALT = 8
_NO_COMMIT = bytes(4)
_WORD = 0xFFFFFFFF
Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """A page as a transaction left it. ``commit`` is the store's size in pages where one ends, else 0."""

    page: int
    commit: int
    salt: bytes
    sums: Sums
    content: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """The frames of the log's present round, whatever became of them; ``big`` is the order in its words."""

    header: bytes
    big: bool
    salt: bytes
    first: Sums
    frames: tuple[Frame, ...]


def commits(log: bytes | mmap.mmap, page_size: int) -> list[bool]:
    """Of each frame up to the last that is of the present round, whether a transaction ends with it."""
    _header, salt, _first, _big = _beginning(log, page_size)
    heads = [log[at : at + 16] for at in _slots(log, page_size)]
    count = next((at for at in range(len(heads), 0, -1) if heads[at - 1][8:] == salt), 0)
    return [head[4:8] != _NO_COMMIT for head in heads[:count]]


def length(frames: int, page_size: int) -> int:
    """How many bytes a log of so many frames has."""
    return _HEADER + frames * (_FRAME + page_size)


def read(log: bytes, page_size: int) -> Log:
    """The log's frames up to the last that is of the present round."""
    header, salt, first, big = _beginning(log, page_size)
    count = len(commits(log, page_size))
    frames = tuple(_frame(log, at, page_size) for at in _slots(log, page_size)[:count])
    return Log(header, big, salt, first, frames)


def proven(log: Log) -> list[Frame | None]:
    """Each frame as it was written; ``None`` for one that the disk has changed beyond a bit."""
    found: list[Frame | None] = []
    before = {log.first}
    for index, frame in enumerate(log.frames):
        sums = [_summed(_body(frame), log.big, start) for start in sorted(before)]
        following = log.frames[index + 1] if index + 1 < len(log.frames) else None
        if frame.sums in sums:
            found.append(frame)
        elif following is not None and _follows(following, log.big, sums):
            found.append(frame)  # it is the sum itself that was changed
        else:
            found.append(_turned_back(frame, log.big, sums))
        before = {frame.sums, *sums}
    return found


def written(log: Log, frames: Sequence[Frame], pages: int) -> bytes:
    """A log of these frames that SQLite believes; behind the last one the store has so many pages."""
    out, sums = [log.header], log.first
    for index, frame in enumerate(frames):
        last = replace(frame, commit=pages) if index == len(frames) - 1 else frame
        sums = _summed(_body(last), log.big, sums)
        head = struct.pack(">2I", last.page, last.commit) + log.salt + struct.pack(">2I", *sums)
        out.append(head + last.content)
    return b"".join(out)


def _slots(log: bytes | mmap.mmap, page_size: int) -> range:
    """Where frames begin."""
    slot = _FRAME + page_size
    return range(_HEADER, len(log) - slot + 1, slot)


def _beginning(log: bytes | mmap.mmap, page_size: int) -> tuple[bytes, bytes, Sums, bool]:
    """The header, its salt, what sums begin with, and the order of words; made anew where it is bad."""
    header = log[:_HEADER]
    if len(header) == _HEADER:
        magic, *_rest, one, other = struct.unpack(">8I", header)
        big = bool(magic & 1)
        if magic & ~1 == _MAGIC and _summed(header[:24], big, (0, 0)) == (one, other):
            return header, header[16:24], (one, other), big
    salt = log[_HEADER + 8 : _HEADER + 16]
    salt = salt if len(salt) == _SALT and any(salt) else b"no salt!"
    header = _header(page_size, salt)
    one, other = struct.unpack(">2I", header[24:])
    return header, salt, (one, other), False


def _frame(log: bytes, at: int, page_size: int) -> Frame:
    page, commit = struct.unpack_from(">2I", log, at)
    one, other = struct.unpack_from(">2I", log, at + 16)
    content = log[at + _FRAME : at + _FRAME + page_size]
    return Frame(page, commit, log[at + 8 : at + 16], (one, other), content)


def _header(page_size: int, salt: bytes) -> bytes:
    start = struct.pack(">4I", _MAGIC, 3007000, page_size, 0) + salt
    return start + struct.pack(">2I", *_summed(start, False, (0, 0)))


def _body(frame: Frame) -> bytes:
    return struct.pack(">2I", frame.page, frame.commit) + frame.content


def _words(data: bytes, big: bool) -> tuple[int, ...]:
    return struct.unpack(f"{'>' if big else '<'}{len(data) // 4}I", data)


def _summed(data: bytes, big: bool, start: Sums) -> Sums:
    one, other = start
    words = _words(data, big)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + other) & _WORD
        other = (other + odd + one) & _WORD
    return one, other


def _follows(frame: Frame, big: bool, before: Sequence[Sums]) -> bool:
    return any(_summed(_body(frame), big, start) == frame.sums for start in before)


def _turned_back(frame: Frame, big: bool, sums: Sequence[Sums]) -> Frame | None:
    """The frame with that bit turned back which made its sum wrong, if it was a single one."""
    body = _body(frame)
    for found in sums:
        off = (frame.sums[0] - found[0]) & _WORD, (frame.sums[1] - found[1]) & _WORD
        bit = _bit_of(_words(body, big), off)
        if bit is not None:
            place, value = bit
            word = struct.pack(">I" if big else "<I", value)
            mended = body[: 4 * place] + word + body[4 * place + 4 :]
            page, commit = struct.unpack_from(">2I", mended)
            return replace(frame, page=page, commit=commit, content=mended[8:])
    return None


def _bit_of(words: Sequence[int], off: Sums) -> tuple[int, int] | None:
    """The word, and what it was, in which one bit changes the sums by so much; ``None`` unless only one can.

    A word counts in the sums so many times, by its distance from the end; that is reckoned from there. Of a
    word's highest bits, several may fit.
    """
    fit: list[tuple[int, int]] = []
    even, odd = (1, 1), (0, 1)
    for place in range(len(words) - 1, 0, -2):
        for at, times in ((place, odd), (place - 1, even)):
            for was in _one_bit_off(words[at]):
                change = was - words[at]
                if (change * times[0]) & _WORD == off[0] and (change * times[1]) & _WORD == off[1]:
                    fit.append((at, was))
        even, odd = _a_pair_further(even), _a_pair_further(odd)
    return fit[0] if len(fit) == 1 else None


def _one_bit_off(word: int) -> Iterator[int]:
    return (word ^ (1 << bit) for bit in range(32))


def _a_pair_further(times: Sums) -> Sums:
    one = (times[0] + times[1]) & _WORD
    return one, (times[1] + one) & _WORD
