"""Packed lists are lists: whatever is put in comes out, in its order and by its place."""

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.packed import Packed, Shelf


@given(st.lists(st.text(max_size=5), max_size=30), st.integers(1, 7))
def test_a_packed_list_is_the_list_that_it_was_made_of(values: list[str], portion: int) -> None:
    packed = Packed(values, portion=portion)

    assert len(packed) == len(values)
    assert list(packed) == values
    assert [packed[place] for place in reversed(range(len(values)))] == values[::-1]
    assert list(packed[1:9:2]) == values[1:9:2]
    assert packed == values
    assert [value for some in packed.portions() for value in some] == values


@given(st.lists(st.tuples(st.text(), st.integers()), min_size=1))
def test_what_a_shelf_packs_it_unpacks(values: list[tuple[str, int]]) -> None:
    shelf: Shelf[tuple[str, int]] = Shelf()

    assert [shelf.unpack(packed) for packed in [shelf.pack(value) for value in values]] == values
