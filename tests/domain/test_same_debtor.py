"""The same debtor spelled in several ways is recognised; namesakes, couples, fathers and sons are not."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.documents.tables.checks import tax_code_doubt
from fieldapp.domain.same_debtor import Likeness, SeenDebtor, joined, likeness, name_words, names_alike, strength
from fieldapp.domain.tax_codes import check_letter, is_sound, one_slip_away

CODE = "RSSMRA80A01E648Z"[:15] + check_letter("RSSMRA80A01E648")
HOME = frozenset({"lodi|via roma|12"})
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@st.composite
def sound_codes(draw: st.DrawFn) -> str:
    letters, digits = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), st.sampled_from("0123456789LMNPQRSTUV")
    stem = "".join(draw(digits if kind == "0" else letters) for kind in "AAAAAA00A00A000")
    return stem + check_letter(stem)


@given(sound_codes(), st.integers(0, 15), st.sampled_from(LETTERS))
def test_a_wrong_character_is_seen_and_the_right_code_is_among_those_one_slip_away(
    code: str, place: int, wrong: str
) -> None:
    slipped = code[:place] + wrong + code[place + 1 :]

    assert slipped == code or not is_sound(slipped)
    assert slipped == code or code in one_slip_away(slipped)
    assert one_slip_away(code) == frozenset()


@given(sound_codes(), st.integers(0, 15), st.sampled_from(LETTERS))
def test_a_missing_added_or_swapped_character_is_mended(code: str, place: int, added: str) -> None:
    missing = code[:place] + code[place + 1 :]
    swapped = code[:place] + code[place : place + 2][::-1] + code[place + 2 :]

    assert code in one_slip_away(missing)
    assert code in one_slip_away(code[:place] + added + code[place:])
    assert is_sound(swapped) or code in one_slip_away(swapped)


@given(sound_codes())
def test_sound_codes_are_sound_for_the_library_too(code: str) -> None:
    assert tax_code_doubt(code) not in ("intake.tax_code_check",)


@pytest.mark.parametrize("code", ["", "01234567890", "RSS", "RSSMRA80A01E648Z999", "È" * 16, "RSSMRA8 A01E648Z"])
def test_what_is_far_from_any_code_has_none_near(code: str) -> None:
    assert one_slip_away(code) == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("Mario Rossi", "ROSSI MARIO", Likeness.NAME),
        ("Niccolò D'Angelo", "D’ANGELO NICCOLO'", Likeness.NAME),
        ("De Luca Anna", "Anna Deluca", Likeness.NAME),
        ("Sig.ra Anna Bianchi", "BIANCHI ANNA", Likeness.NAME),
        ("Dott. Mario Rossi", "Mario Rossi", Likeness.NAME),
        ("Rossi M.", "Mario Rossi", Likeness.NAME_INITIALS),
        ("M. Rossi", "Rossi Mario", Likeness.NAME_INITIALS),
        ("Mario Rosssi", "Mario Rossi", Likeness.NAME_SLIP),
        ("Mraio Rossi", "Mario Rossi", Likeness.NAME_SLIP),
        ("Mario Giovanni Rossi", "Rossi Mario", Likeness.NAME_SHORTER),
        # A couple, two surnames, initials that do not fit, a surname alone.
        ("Mario Rossi", "Maria Rossi", None),
        ("Paola Verdi", "Paolo Verdi", None),
        ("Mario Rossi", "Mario Russi Bianchi", None),
        ("Rossi L.", "Mario Rossi", None),
        ("Rossi", "Mario Rossi", None),
        ("M. R.", "Mario Rossi", None),
        ("", "Mario Rossi", None),
    ],
)
def test_names_are_compared_as_a_person_compares_them(one: str, other: str, how: Likeness | None) -> None:
    assert names_alike(name_words(one), name_words(other)) == how
    assert names_alike(name_words(other), name_words(one)) == how


@pytest.mark.parametrize("other", ["Edil Nord s.r.l.", "EDIL NORD SRL", "Edil Nord S.R.L. in liquidazione"])
def test_a_firm_is_the_same_in_any_legal_spelling(other: str) -> None:
    assert name_words("EDIL NORD S.r.l.", firm=True) == name_words(other, firm=True)


def test_a_name_needs_something_beside_it() -> None:
    one, other = SeenDebtor("Mario Rossi"), SeenDebtor("ROSSI MARIO")

    assert likeness(one, other) == ()
    assert likeness(replace(one, addresses=HOME), replace(other, addresses=HOME)) == (Likeness.NAME, Likeness.ADDRESS)
    assert likeness(replace(one, phones=frozenset("7")), replace(other, phones=frozenset("7"))) == (
        Likeness.NAME,
        Likeness.PHONE,
    )
    assert likeness(replace(one, born_on=date(1980, 1, 1)), replace(other, born_on=date(1980, 1, 1))) == (
        Likeness.NAME,
        Likeness.BORN_ON,
    )


def test_the_tax_code_or_one_a_slip_away_is_enough_whatever_the_name() -> None:
    one = SeenDebtor("Anna Rossi", tax_code=CODE)

    assert likeness(one, SeenDebtor("Anna Verdi", tax_code=CODE)) == (Likeness.TAX_CODE,)
    slipped = "X" + CODE[1:]
    assert likeness(one, SeenDebtor("Rossi Anna", tax_code=slipped)) == (Likeness.TAX_CODE_SLIP, Likeness.NAME)
    assert likeness(SeenDebtor("A B", tax_code="Y" + CODE[1:]), SeenDebtor("C D", tax_code=slipped)) == (
        Likeness.TAX_CODE_SLIP,
    )


def test_father_and_son_of_one_name_and_house_are_two() -> None:
    father = SeenDebtor("Mario Rossi", born_on=date(1950, 1, 1), addresses=HOME, phones=frozenset("7"))
    stem = "RSSMRA50A01E648"

    assert likeness(father, replace(father, born_on=date(1980, 1, 1))) == ()
    coded = replace(father, born_on=None, tax_code=stem + check_letter(stem))
    assert likeness(coded, replace(coded, tax_code=CODE)) == ()


def test_a_firm_is_no_person_and_two_vat_numbers_are_two_firms() -> None:
    firm = SeenDebtor("Rossi Mario", firm=True, vat_number="01234567897", addresses=HOME)

    assert likeness(firm, SeenDebtor("Rossi Mario", addresses=HOME)) == ()
    assert likeness(firm, replace(firm, vat_number="00000000000")) == ()
    assert likeness(firm, replace(firm, name="Altro nome")) == (Likeness.VAT_NUMBER, Likeness.ADDRESS)


WORDS = ("Mario", "Maria", "Rossi", "ROSSI", "Rosi", "M.", "D'", "Angelo", "è", "李", "srl")
seen = st.builds(
    SeenDebtor,
    st.lists(
        st.sampled_from(["Mario", "Maria", "Rossi", "ROSSI", "Rosi", "M.", "D'", "Angelo", "è", "李", "srl"]),
        max_size=4,
    ).map(" ".join),
    firm=st.booleans(),
    tax_code=st.sampled_from(["", CODE, "X" + CODE[1:], "BNCMRA80A01E648Z", "01234567897"]),
    vat_number=st.sampled_from(["", "01234567897"]),
    born_on=st.sampled_from([None, date(1980, 1, 1), date(1950, 1, 1)]),
    phones=st.frozensets(st.sampled_from("123")),
    addresses=st.frozensets(st.sampled_from("abc")),
)


@given(seen, seen)
def test_likeness_is_the_same_from_both_sides_and_never_a_name_alone(one: SeenDebtor, other: SeenDebtor) -> None:
    tells = likeness(one, other)

    assert tells == likeness(other, one)
    assert not tells or set(tells) - {tell for tell in Likeness if tell.startswith("name")}
    assert 0 <= strength(tells) <= 100


@given(st.text(), st.randoms(use_true_random=False))
def test_the_order_of_the_words_and_their_case_mean_nothing(name: str, dice: random.Random) -> None:
    words = [word for word in name.split() if len(word) > 3 and word.isalpha() and word.upper().lower() == word.lower()]
    shuffled = list(words)
    dice.shuffle(shuffled)

    assert name_words(" ".join(words)) == name_words(" ".join(shuffled).upper())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_joining_is_whole_and_its_order_means_nothing(numbers: list[tuple[int, int]]) -> None:
    pairs = [(UUID(int=a), UUID(int=b)) for a, b in numbers if a != b]

    groups = joined(pairs)

    assert groups == joined([(b, a) for a, b in reversed(pairs)])
    assert all(groups[a] == groups[b] for a, b in pairs)
    assert all(
        groups[leader] == leader == min(one for one in groups if groups[one] == leader) for leader in groups.values()
    )
    # What a pair held together and nothing else does comes apart without it.
    for pair in set(pairs):
        rest = [each for each in pairs if set(each) != set(pair)]
        apart = joined(rest)
        reached = apart.get(pair[0], pair[0]) == apart.get(pair[1], pair[1])
        assert reached == _connected(rest, *pair)


def _connected(pairs: list[tuple[UUID, UUID]], one: UUID, other: UUID) -> bool:
    reached, edge = {one}, {one}
    while edge:
        edge = {b if a in edge else a for a, b in pairs if (a in edge) != (b in edge)} - reached
        reached |= edge
    return other in reached
