"""A long list of values that is read in its order and rarely otherwise, in a tenth of the memory.

A file of a hundred thousand rows becomes as many drafts, each of some thirty objects; what is not being looked at
lies compressed. The bytes never leave the process.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

PORTION = 1_000
"""How many values are compressed together, and unpacked at once, unless a list is read out of its order."""
_QUICK = 1
_SMALL_WINDOW = 12

T = TypeVar("T")
S = TypeVar("S")


class Packed(Sequence[T], Generic[T]):
    """Values in portions of `portion`: the last, open one as they are, all others compressed."""

    def __init__(self, values: Iterable[T] = (), *, portion: int = PORTION) -> None:
        self._portion = portion
        self._closed: list[bytes] = []
        self._open: list[T] = []
        self._at: tuple[int, list[T]] = (-1, [])
        self.extend(values)

    def append(self, value: T) -> None:
        self._open.append(value)
        if len(self._open) == self._portion:
            self._closed.append(zlib.compress(pickle.dumps(self._open, pickle.HIGHEST_PROTOCOL), _QUICK))
            self._open = []

    def extend(self, values: Iterable[T]) -> None:
        for value in values:
            self.append(value)

    def portions(self) -> Iterator[Sequence[T]]:
        """The values in lists, the last one shorter."""
        for number in range(len(self._closed)):
            yield self._unpacked(number)
        if self._open:
            yield self._open

    def _unpacked(self, number: int) -> list[T]:
        if self._at[0] != number:
            self._at = (number, pickle.loads(zlib.decompress(self._closed[number])))
        return self._at[1]

    def __len__(self) -> int:
        return len(self._closed) * self._portion + len(self._open)

    def __iter__(self) -> Iterator[T]:
        for portion in self.portions():
            yield from portion

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        number, within = divmod(range(len(self))[place], self._portion)
        return self._open[within] if number == len(self._closed) else self._unpacked(number)[within]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it grows


class Shelf(Generic[T]):
    """Packs values of one kind one by one, each in what sets it apart from the first."""

    def __init__(self) -> None:
        self._pattern = b""

    def pack(self, value: T) -> bytes:
        plain = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._pattern = self._pattern or plain
        packer = zlib.compressobj(_QUICK, zlib.DEFLATED, -_SMALL_WINDOW, zdict=self._pattern)
        return packer.compress(plain) + packer.flush()

    def unpack(self, packed: bytes) -> T:
        plain: T = pickle.loads(zlib.decompressobj(-_SMALL_WINDOW, zdict=self._pattern).decompress(packed))
        return plain


class Shelved(Sequence[T], Generic[T]):
    """Values packed one by one on a shelf: for those that are read in any order."""

    def __init__(self) -> None:
        self._shelf: Shelf[T] = Shelf()
        self._packed: list[bytes] = []

    def append(self, value: T) -> None:
        self._packed.append(self._shelf.pack(value))

    def sort(self, keys: Sequence[int]) -> None:
        """Put the values into the order of `keys`, one for each."""
        self._packed = [self._packed[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return [self._shelf.unpack(packed) for packed in self._packed[place]]
        return self._shelf.unpack(self._packed[place])


class Made(Sequence[S], Generic[T, S]):
    """The values of another sequence, each made into what it is asked for as it is looked at; the last one stays."""

    def __init__(self, values: Sequence[T], make: Callable[[T], S]) -> None:
        self._values, self._make = values, make
        self._last: tuple[int, S] | None = None

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> S: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[S]: ...
    def __getitem__(self, place: int | slice) -> S | Sequence[S]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        place = range(len(self))[place]
        if self._last is None or self._last[0] != place:
            self._last = (place, self._make(self._values[place]))
        return self._last[1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # what it is made of may grow
