"""Files as credit servicers, lenders and utilities write them come in by layouts that are data alone."""

from __future__ import annotations

from fieldapp.documents.tabular import read_intake, rejects_file
from fieldapp.domain.intake import IntakeReading, SubjectKind
from tests.documents.tables.builders import LAYOUTS, TODAY, WORDS, codes

POSITIONS = """\
Cedente;Codice posizione;Intestazione;Natura giuridica;Cod. Fiscale;P.IVA;Garante;CF garante;Indirizzo residenza;CAP;\
Comune;Prov.;Cellulare;Numero rapporto;Forma tecnica;Data decadenza;Capitale residuo;Interessi di mora;Spese legali;\
GBV;Data affido;Scadenza affido;Data riferimento;Gestore;Richiamata
Banca Inventata S.p.A.;00012345;CANTÙ NICCOLÒ;PF;RCCMNL83S18D969H;;Riva Anna;;Via XX Settembre 12/B;16121;GENOVA;GE;\
347 1234567;CC 1000/77;Scoperto di c/c;15/03/2024;€ 4.120,50;312,00;;4.432,50;01/10/2026;31/12/2026;31/10/2026;Verdi;N
Banca Inventata S.p.A.;00012345;CANTÙ NICCOLÒ;PF;RCCMNL83S18D969H;;;;Via XX Settembre 12/B;16121;GENOVA;GE;;\
MU 55/3;Mutuo chirografario;15-03-2024;10.000,00;1.250,25;49,75;11.300,00;01/10/2026;31/12/2026;31/10/2026;Verdi;N
Banca Inventata S.p.A.;00012346;EDIL NORD S.R.L.;PG;;01234567897;;;Via Roma 1;26900;LODI;LO;0371 123456;\
CC 2;Anticipo fatture;15/03/2024;500,00;;;500,01;01/10/2026;31/12/2026;31/10/2026;Verdi;N
"""
INSTALMENTS = (
    "FILIALE\tCONTRATTO\tCOGNOME_NOME\tCOD_FISC\tINDIRIZZO\tCAP\tLOCALITA\tPROV\tTEL_1\tNUM_RATA\tTIPO_PRODOTTO\t"
    "DT_SCADENZA\tIMP_CAPITALE\tIMP_INTERESSI\tIMP_SPESE\tIMP_INSOLUTO\tDT_AFFIDO\tDT_FINE_AFFIDO\tDT_ESTRAZIONE\n"
    "12\t4711\tRossi Mario\tRCCMNL83S18D969H\tVia Roma 1\t16121\tGenova\tGE\t347 1234567\t7\tPRESTITO\t2026-03-01\t"
    "150.00\t12.5\t\t162.50\t2026-10-01\t2026-12-31\t2026-11-15\n"
    "12\t0000004711\tRossi Mario\tRCCMNL83S18D969H\tVia Roma 1\t16121\tGenova\tGE\t\t8\tPRESTITO\t2026-04-01\t"
    "150.00\t11.25\t3\t164.25\t2026-10-01\t2026-12-31\t2026-11-15\n"
)


def bill(customer: str, number: str, cents: int, *, name: str = "ROSSI MARIO", total: int | None = None) -> str:
    cells = (
        (customer, 12), (name, 35), ("D", 1), ("RCCMNL83S18D969H", 16), ("VIA ROMA 1", 35), ("16121", 5),
        ("GENOVA", 25), ("GE", 2), ("3471234567", 15), (number, 14), ("ACQUA", 8), ("01062026", 8),
        (f"{cents:011}", 11), ("0" * 9, 9), ("", 9), (f"{cents if total is None else total:011}", 11),
        ("01102026", 8), ("31122026", 8), ("20112026", 8),
    )  # fmt: skip
    return "".join(value.ljust(width) for value, width in cells)


def read(layout: str, text: str, encoding: str) -> IntakeReading:
    return read_intake(text.encode(encoding), LAYOUTS[layout], today=TODAY)


def test_sold_positions_have_a_row_for_each_account_and_a_seller_that_no_rule_reads() -> None:
    reading = read("servicer-posizioni", POSITIONS, "windows-1252")

    assert reading.refused is None
    [position] = reading.accepted
    assert (position.practice_number, position.debtor.name) == ("00012345", "CANTÙ NICCOLÒ")
    assert [(line.title, line.total_cents) for line in position.debt_lines] == [
        ("CC 1000/77", 443_250),
        ("MU 55/3", 1_130_000),
    ]
    assert position.total_cents == reading.accepted_cents == 1_573_250
    assert [obligor.name for obligor in position.obligors] == ["Riva Anna"]
    [rejected] = reading.rejected
    assert (rejected.practice_number, rejected.rows[0].line) == ("00012346", 4)
    assert reading.accepted_cents + reading.rejected_cents == 1_573_250 + 50_001


def test_a_firm_among_the_positions_is_one() -> None:
    reading = read("servicer-posizioni", POSITIONS.replace("500,01", "500,00"), "windows-1252")

    assert [draft.debtor.kind for draft in reading.accepted] == [SubjectKind.PERSON, SubjectKind.COMPANY]


def test_instalments_of_one_contract_come_together_whatever_the_spreadsheet_did_to_its_zeros() -> None:
    reading = read("finanziaria-rate", INSTALMENTS, "utf-8")

    [contract] = reading.accepted
    assert contract.practice_number == "0000004711"
    assert [(line.title, line.total_cents) for line in contract.debt_lines] == [("7", 16_250), ("8", 16_425)]
    assert reading.accepted_rows == 2


def test_a_lot_of_fixed_width_is_read_by_its_places_and_held_to_its_control_total() -> None:
    records = [
        bill("C000000001", "B-1", 12_345),
        bill("C000000001", "B-2", 500),
        bill("C000000002", "B-3", 1_000, name="È CITTÀ"),
    ]
    closing = "99TOTALE".ljust(12) + " " * 193 + f"{13_845:011}"

    reading = read("multiutility-lotto", "\r\n".join([*records, closing]), "iso-8859-15")

    assert reading.refused is None, reading.refused
    assert [(draft.practice_number, draft.total_cents) for draft in reading.accepted] == [
        ("C000000001", 12_845),
        ("C000000002", 1_000),
    ]
    assert reading.accepted[1].debtor.name == "È CITTÀ"
    assert reading.control_total_cents == 13_845


def test_a_lot_that_lost_its_end_is_refused_and_a_false_record_goes_back_as_it_came() -> None:
    good, false = bill("C000000001", "B-1", 12_345), bill("C000000002", "B-2", 500, total=501)
    closing = "99TOTALE".ljust(12) + " " * 193 + f"{12_846:011}"

    cut = read("multiutility-lotto", "\r\n".join([good, false]), "iso-8859-15")
    whole = read("multiutility-lotto", "\r\n".join([good, false, closing]), "iso-8859-15")

    assert cut.refused is not None
    assert codes([cut.refused])
    assert (whole.accepted_cents, whole.rejected_cents) == (12_345, 501)
    back = rejects_file(whole, LAYOUTS["multiutility-lotto"], words=WORDS).decode("iso-8859-15")
    assert false.rstrip() in back
