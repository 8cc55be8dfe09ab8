"""How Italian creditors head their columns: the spellings by which an unknown file is recognised."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from fieldapp.domain.intake_cells import heading_key
from fieldapp.domain.intake_layout import Field

_SPELLINGS: Mapping[Field, str] = {
    Field.PRACTICE_NUMBER: "numero pratica|n pratica|num pratica|nr pratica|pratica|codice pratica|id pratica|ndg"
    "|numero posizione|posizione|id posizione|codice posizione|rapporto|numero rapporto|codice cliente|id cliente"
    "|n contratto|numero contratto|contratto|riferimento|rif pratica|case id|case number|account",
    Field.DEBTOR: "debitore|nominativo|nominativo debitore|intestatario|cliente|ragione sociale|denominazione"
    "|nome cliente|cognome e nome|cognome nome|nome e cognome|anagrafica|obbligato principale|debtor|name",
    Field.SUBJECT_KIND: "tipo soggetto|natura giuridica|pf pg|persona|tipo cliente",
    Field.TAX_CODE: "codice fiscale|cod fiscale|cf|c f|cod fisc|codfisc|codicefiscale|cf debitore|cf piva|cf p iva"
    "|tax code",
    Field.VAT_NUMBER: "partita iva|p iva|piva|part iva|partitaiva|vat",
    Field.BORN_ON: "data nascita|data di nascita|nato il|nascita|dt nascita|birth date",
    Field.OBLIGOR: "coobbligato|garante|coobbligati|cointestatario|fideiussore|nominativo garante",
    Field.OBLIGOR_ROLE: "ruolo coobbligato|tipo garante|ruolo",
    Field.OBLIGOR_TAX_CODE: "cf coobbligato|codice fiscale coobbligato|cf garante|codice fiscale garante",
    Field.STREET: "indirizzo|via|indirizzo residenza|ind residenza|residenza|recapito|indirizzo fornitura|address",
    Field.POSTCODE: "cap|c a p|codice postale|cap residenza|zip",
    Field.MUNICIPALITY: "comune|citta|localita|comune residenza|city",
    Field.PROVINCE: "provincia|prov|pr|sigla provincia|provincia residenza",
    Field.PHONE_1: "telefono|telefono 1|tel|tel 1|telefono fisso|recapito telefonico|phone",
    Field.PHONE_2: "telefono 2|cellulare|cell|tel 2|mobile",
    Field.PHONE_3: "telefono 3|tel 3|altro telefono|cellulare 2",
    Field.IBAN: "iban|codice iban|coordinate bancarie",
    Field.TITLE: "titolo|titolo del credito|numero fattura|n fattura|fattura|n documento|numero documento|documento"
    "|rif bolletta|rif fattura|numero bolletta|bolletta|linea|numero utenza|descrizione|causale",
    Field.DEBT_KIND: "tipo credito|prodotto|tipo prodotto|servizio|tipologia|tipo rapporto|forma tecnica",
    Field.DUE_ON: "scadenza|data scadenza|scad|dt scadenza|data scad|due date",
    Field.PRINCIPAL: "capitale|quota capitale|importo capitale|sorte|sorte capitale|residuo capitale|capitale residuo"
    "|imponibile|importo fattura|principal",
    Field.INTEREST: "interessi|interessi di mora|mora|int mora|interessi maturati|quota interessi|interest",
    Field.COSTS: "spese|spese e oneri|oneri|spese legali|spese accessorie|altri oneri|penali|costs|fees",
    Field.TOTAL: "totale|totale dovuto|importo totale|importo|saldo|debito totale|totale debito|esposizione|insoluto"
    "|importo da recuperare|totale da recuperare|importo dovuto|gbv|saldo dovuto|importo affidato|total|amount|balance",
    Field.PLACEMENT_STARTS_ON: "data affidamento|inizio mandato|data inizio mandato|affidata il|dt affido|data affido"
    "|inizio affidamento|data inizio|decorrenza",
    Field.PLACEMENT_ENDS_ON: "data fine mandato|fine mandato|scadenza mandato|fine affidamento|data revoca prevista"
    "|fine affido|scadenza affido|data fine|scadenza affidamento",
    Field.AS_OF: "saldo al|data saldo|data estrazione|data riferimento|situazione al|data contabile|aggiornato al",
    Field.CASE_OWNER: "responsabile pratica|responsabile|gestore|referente|phone collector",
    Field.PHASE: "fase|stato|stato pratica|fase recupero|bucket",
    Field.RECALLED: "revocata|revoca|richiamata|ritirata",
    Field.SKILLS: "competenze|competenze richieste|competenza|lingua|lingua richiesta|lingua debitore"
    "|lingua visita|skills",
}  # fmt: skip


def _folded(title: str) -> str:
    plain = unicodedata.normalize("NFKD", heading_key(title))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


_MEANINGS: Mapping[str, Field] = {
    _folded(spelling): meaning for meaning, spellings in _SPELLINGS.items() for spelling in spellings.split("|")
}


def meaning_of(title: str) -> Field | None:
    """What a column of that heading usually means, if anything; case, accents and punctuation make no difference."""
    return _MEANINGS.get(_folded(title))
