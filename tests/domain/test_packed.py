"""Packed lists are lists: whatever is put in comes out, in its order and by its place."""

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.packed import Made, Packed, Shelf, Shelved


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


@given(st.lists(st.tuples(st.integers(0, 9), st.text(max_size=5)), max_size=30))
def test_shelved_values_are_read_in_any_order_and_put_into_another(values: list[tuple[int, str]]) -> None:
    shelved: Shelved[tuple[int, str]] = Shelved()
    for value in values:
        shelved.append(value)

    assert [shelved[place] for place in reversed(range(len(values)))] == values[::-1]
    shelved.sort([key for key, _ in values])
    assert list(shelved) == sorted(values, key=lambda value: value[0])
    assert shelved[2:5] == sorted(values, key=lambda value: value[0])[2:5]


@given(st.lists(st.integers(), max_size=30))
def test_what_is_made_when_it_is_looked_at_is_what_would_have_been_made_at_once(values: list[int]) -> None:
    made = Made(values, str)

    assert made == [str(value) for value in values]
    assert [made[place - len(values)] for place in range(len(values))] == list(map(str, values))
    assert made[1:9:2] == list(map(str, values))[1:9:2]
