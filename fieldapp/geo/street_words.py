"""The words of Italian addresses as tables: street types, their abbreviations, words abbreviated in names.

Data only. To teach the normalisation a new abbreviation, add it here and a line to the golden table of the
tests. Street types (DUG, *denominazione urbanistica generica*) are those that the national register ANNCSU
uses most; abbreviations are the ones that creditors' files and envelopes show.
"""

from __future__ import annotations


def words(listed: str) -> frozenset[str]:
    """The blank-separated words of one string as a set."""
    return frozenset(listed.split())


STREET_TYPES: dict[str, tuple[str, ...]] = {
    "VIA": ("V",),
    "VIALE": ("VLE", "VIAL", "VL"),
    "PIAZZA": ("PZZA", "PZA", "PZ", "PIAZ", "PZZ"),
    "PIAZZALE": ("PLE", "PZLE", "PZZLE", "PLLE", "PZALE"),
    "PIAZZETTA": ("PZTTA", "PTTA", "PZZETTA", "PZZTA"),
    "CORSO": ("CSO", "CRS", "CRSO", "COR"),
    "LARGO": ("LGO", "LRG", "LARG"),
    "LARGHETTO": (),
    "STRADA": ("STR", "STRAD", "SDA"),
    "STRADA STATALE": ("SS", "STR STAT", "STR STATALE", "STATALE"),
    "STRADA PROVINCIALE": ("SP", "STR PROV", "STR PROVINCIALE", "PROVINCIALE"),
    "STRADA REGIONALE": ("SR", "STR REG"),
    "STRADA COMUNALE": ("SC", "STR COM", "STR COMUNALE"),
    "STRADA VICINALE": ("STR VIC", "STR VICINALE"),
    "STRADA PRIVATA": ("STR PRIV",),
    "VIA PRIVATA": ("VIA PRIV", "V PRIV"),
    "VIA VICINALE": ("VIA VIC",),
    "VIA PROVINCIALE": ("VIA PROV", "VIA PROVLE", "V PROVLE"),
    "VIA COMUNALE": ("VIA COM",),
    "VICOLO": ("VLO", "VIC", "VCL", "VICLO"),
    "VICOLETTO": (),
    "VICO": ("VCO",),
    "CALLE": (),
    "CALATA": ("CALTA",),
    "SALITA": ("SAL", "SLT"),
    "DISCESA": ("DISC",),
    "RAMPA": (),
    "SCALINATA": ("SCALIN",),
    "GALLERIA": ("GALL",),
    "TRAVERSA": ("TRAV", "TRV", "TRSA"),
    "CIRCONVALLAZIONE": ("CIRC", "CIRCNE", "CIRCONV", "CNE"),
    "LUNGOMARE": ("LMARE", "LGMARE", "LUNGOM"),
    "LUNGOLAGO": ("LLAGO",),
    "LUNGOTEVERE": ("LTEVERE", "LGTEV"),
    "LUNGARNO": ("LARNO",),
    "LUNGO": (),
    "BORGO": ("BGO", "BRG"),
    "BORGATA": ("BTA", "BGTA", "BORG"),
    "CONTRADA": ("CDA", "CONTR", "CTR", "CTRA", "CONTRDA"),
    "FRAZIONE": ("FRAZ", "FR", "FRZ", "FRNE"),
    "LOCALITÀ": ("LOC", "LOCTA", "LCTA", "LOCALITA"),
    "VOCABOLO": ("VOC",),
    "REGIONE": ("REG",),
    "CASCINA": ("CNA", "CASC", "CSNA"),
    "CASE SPARSE": ("CSPARSE",),
    "CASA SPARSA": (),
    "PODERE": ("POD",),
    "CORTE": (),
    "CORTILE": ("CLE", "CORT"),
    "RIONE": ("RNE",),
    "QUARTIERE": ("QRE", "QUART", "QTRE"),
    "VILLAGGIO": ("VILL", "VILLGIO"),
    "RONCO": (),
    "RUA": (),
    "RIVA": (),
    "RIVIERA": (),
    "PASSAGGIO": ("PASS",),
    "PASSEGGIATA": ("PASSEGG",),
    "SENTIERO": ("SENT",),
    "STRADELLO": (),
    "STRADONE": ("STRNE",),
    "CHIASSO": (),
    "SOTTOPASSO": (),
    "ALZAIA": (),
    "BASTIONI": (),
    "FONDAMENTA": ("FDTA",),
    "CAMPO": (),
    "NUCLEO": (),
    "ZONA": (),
    "MASO": (),
    "ROTONDA": (),
    "PARCO": (),
}

NUMBERED_TYPES = frozenset({"STRADA STATALE", "STRADA PROVINCIALE", "STRADA REGIONALE", "STRADA COMUNALE"})
"""Street types whose first number is their name: `S.P. 23 KM 4`."""

NAMES_OF_THEIR_OWN = frozenset(
    {"CASE SPARSE", "CIRCONVALLAZIONE", "LUNGOLAGO", "LUNGOMARE", "VIA COMUNALE", "VIA PRIVATA", "VIA PROVINCIALE"}
)
"""Street types that many comuni use as a whole name: `VIA PROVINCIALE 12`."""

PLACE_TYPES = frozenset({"FRAZIONE", "LOCALITÀ", "BORGATA", "CASCINA", "CONTRADA", "VOCABOLO", "REGIONE"})
"""Types that name a part of the comune when they follow a house number: `VIA ROMA 3 FRAZ. RIOLO`."""

NAME_WORDS: dict[str, str] = {
    "AVV": "AVVOCATO",
    "BATT": "BATTISTA",
    "BEATA V": "BEATA VERGINE",
    "CARD": "CARDINALE",
    "CAV": "CAVALIERE",
    "COL": "COLONNELLO",
    "COMM": "COMMENDATORE",
    "DOTT": "DOTTOR",
    "DR": "DOTTOR",
    "FLLI": "FRATELLI",
    "FRAT": "FRATELLI",
    "GEN": "GENERALE",
    "GIUS": "GIUSEPPE",
    "ING": "INGEGNER",
    "MAD": "MADONNA",
    "MADD": "MADDALENA",
    "MAGG": "MAGGIORE",
    "MAR": "MARESCIALLO",
    "MART": "MARTIRI",
    "MONS": "MONSIGNOR",
    "MTE": "MONTE",
    "ON": "ONOREVOLE",
    "PROF": "PROFESSOR",
    "REP": "REPUBBLICA",
    "SEN": "SENATORE",
    "STA": "SANTA",
    "STO": "SANTO",
    "SS": "SANTI",
    "TEN": "TENENTE",
    "VITT": "VITTORIO",
    "VLI": "VITTORI",
}
"""Words of a street's name that are written short, without their dots."""

ALWAYS_SHORT = frozenset({"FLLI", "STA", "STO"})
"""Short forms that are no word of their own: expanded even where the dot is missing."""

FEMALE_SAINTS = words(
    "AGATA AGNESE APOLLONIA BARBARA BRIGIDA CATERINA CECILIA CHIARA CRISTINA CROCE DOROTEA FRANCESCA GEMMA"
    " GIULIA GIULIANA GIUSTINA LIBERATA LUCIA MADDALENA MARGHERITA MARIA MARINA MARTA MONICA PAOLA REPARATA RITA"
    " ROSA ROSALIA SABINA SOFIA TECLA TERESA VENERA VERONICA VITTORIA ZITA"
)

HOLIEST = words("ANNUNZIATA CONCEZIONE CROCIFISSO REDENTORE SACRAMENTO SALVATORE TRINITÀ TRINITA")
"""What `SS.` makes holiest (SANTISSIMA, SANTISSIMO) where it otherwise stands for several saints."""

ELIDED = frozenset({"ALL", "COLL", "D", "DALL", "DELL", "L", "NELL", "SANT", "SULL"})
"""Words that lose their vowel before another one: `SANT ANGELO` is `SANT'ANGELO`."""

TRUNCATED = frozenset({"CA", "CO", "DA", "DE", "FRA", "MO", "NE", "PO", "PIE", "SU", "TO", "VA"})
"""Words whose final apostrophe marks a lost syllable, not an accent: `CA' BIANCA`, `VIA DE' NERI`."""

MONTHS = words("GENNAIO FEBBRAIO MARZO APRILE MAGGIO GIUGNO LUGLIO AGOSTO SETTEMBRE OTTOBRE NOVEMBRE DICEMBRE")

NUMBER_WORDS: dict[str, str] = {
    "PRIMO": "1", "SECONDO": "2", "TERZO": "3", "QUARTO": "4", "QUINTO": "5", "SESTO": "6", "SETTIMO": "7",
    "OTTAVO": "8", "NONO": "9", "DECIMO": "10", "PRIMA": "1", "SECONDA": "2", "TERZA": "3", "QUARTA": "4",
    "DUE": "2",
    "TRE": "3",
    "QUATTRO": "4",
    "CINQUE": "5",
    "SEI": "6",
    "SETTE": "7",
    "OTTO": "8",
    "NOVE": "9",
    "DIECI": "10",
    "UNDICI": "11",
    "VENTI": "20",
    "VENTIQUATTRO": "24",
    "VENTICINQUE": "25",
    "VENTOTTO": "28",
}  # fmt: skip

SAINTS = words("S SS SAN SANT SANTA SANTE SANTI SANTO SANTISSIMA SANTISSIMO SANTISSIMI STA STO SANKT ST")
"""Words that people write for each other: which saint it is, the next word says."""

ARTICLES = words(
    "A AD AI AGLI AL ALL ALLA ALLE ALLO D DA DAI DAL DALL DALLA DE DEI DEGLI DEL DELL DELLA DELLE DELLO DI E ED"
    " I IL IN L LA LE LO NEL NELL NELLA SU SUL SULL SULLA"
)
"""Words that say nothing about which street is meant."""

ARTICLE_SLIPS = words(
    "DLLA DELA DELLLA DLELA DEELA DELAL DELL DLLE DELE DEELE DELLLE DLEI DGLI DEGI DELI DEGLLI DALA DLLO DELO ALA"
    " NELA SULA DELLOA DELLAA DDELLA DDEI DDEL DDI DII DELL DEL DEGL"
) - frozenset({"DELL", "DEL"})
"""Articles with one slip of the pen."""

PROVINCES: dict[str, str] = {
    "01": "AQ CH PE TE",
    "02": "MT PZ",
    "03": "CS CZ KR RC VV",
    "04": "AV BN CE NA SA",
    "05": "BO FC FE MO PC PR RA RE RN",
    "06": "GO PN TS UD",
    "07": "FR LT RI RM VT",
    "08": "GE IM SP SV",
    "09": "BG BS CO CR LC LO MB MI MN PV SO VA",
    "10": "AN AP FM MC PU",
    "11": "CB IS",
    "12": "AL AT BI CN NO TO VB VC",
    "13": "BA BR BT FG LE TA",
    "14": "CA NU OR SS SU",
    "15": "AG CL CT EN ME PA RG SR TP",
    "16": "AR FI GR LI LU MS PI PO PT SI",
    "17": "BZ TN",
    "18": "PG TR",
    "19": "AO",
    "20": "BL PD RO TV VE VI VR",
}
"""Provinces by region; the key is the region's first-level code in GeoNames."""

REGION_OF_PROVINCE: dict[str, str] = {
    province: region for region, provinces in PROVINCES.items() for province in provinces.split()
}

CAP_ZONES: dict[str, str] = {
    "00": "RM", "01": "VT", "02": "RI", "03": "FR", "04": "LT", "05": "TR", "06": "PG", "07": "SS",
    "08": "NU OR", "09": "CA OR SU", "10": "TO", "11": "AO", "12": "CN", "13": "VC BI", "14": "AT", "15": "AL",
    "16": "GE", "17": "SV", "18": "IM", "19": "SP", "20": "MI MB", "21": "VA", "22": "CO", "23": "SO LC",
    "24": "BG", "25": "BS", "26": "CR LO", "27": "PV", "28": "NO VB", "29": "PC", "30": "VE", "31": "TV",
    "32": "BL", "33": "UD PN", "34": "TS GO", "35": "PD", "36": "VI", "37": "VR", "38": "TN", "39": "BZ",
    "40": "BO", "41": "MO", "42": "RE", "43": "PR", "44": "FE", "45": "RO", "46": "MN", "47": "FC RN",
    "48": "RA", "50": "FI", "51": "PT", "52": "AR", "53": "SI", "54": "MS", "55": "LU", "56": "PI", "57": "LI",
    "58": "GR", "59": "PO", "60": "AN", "61": "PU", "62": "MC", "63": "AP FM", "64": "TE", "65": "PE",
    "66": "CH", "67": "AQ", "70": "BA", "71": "FG", "72": "BR", "73": "LE", "74": "TA", "75": "MT", "76": "BT",
    "80": "NA", "81": "CE", "82": "BN", "83": "AV", "84": "SA", "85": "PZ", "86": "CB IS", "87": "CS",
    "88": "CZ KR", "89": "RC VV", "90": "PA", "91": "TP", "92": "AG", "93": "CL", "94": "EN", "95": "CT",
    "96": "SR", "97": "RG", "98": "ME",
}  # fmt: skip
"""The provinces that a CAP's first two digits belong to; a hint, never a proof (zones cross borders)."""

PROVINCE_NAMES: dict[str, str] = {
    "AGRIGENTO": "AG", "ALESSANDRIA": "AL", "ANCONA": "AN", "AOSTA": "AO", "AREZZO": "AR", "ASCOLI PICENO": "AP",
    "ASTI": "AT", "AVELLINO": "AV", "BARI": "BA", "BARLETTA ANDRIA TRANI": "BT", "BELLUNO": "BL",
    "BENEVENTO": "BN", "BERGAMO": "BG", "BIELLA": "BI", "BOLOGNA": "BO", "BOLZANO": "BZ", "BRESCIA": "BS",
    "BRINDISI": "BR", "CAGLIARI": "CA", "CALTANISSETTA": "CL", "CAMPOBASSO": "CB", "CASERTA": "CE",
    "CATANIA": "CT", "CATANZARO": "CZ", "CHIETI": "CH", "COMO": "CO", "COSENZA": "CS", "CREMONA": "CR",
    "CROTONE": "KR", "CUNEO": "CN", "ENNA": "EN", "FERMO": "FM", "FERRARA": "FE", "FIRENZE": "FI",
    "FOGGIA": "FG", "FORLI CESENA": "FC", "FORLI": "FC", "FROSINONE": "FR", "GENOVA": "GE", "GORIZIA": "GO",
    "GROSSETO": "GR", "IMPERIA": "IM", "ISERNIA": "IS", "L AQUILA": "AQ", "LA SPEZIA": "SP", "LATINA": "LT",
    "LECCE": "LE", "LECCO": "LC", "LIVORNO": "LI", "LODI": "LO", "LUCCA": "LU", "MACERATA": "MC",
    "MANTOVA": "MN", "MASSA CARRARA": "MS", "MATERA": "MT", "MESSINA": "ME", "MILANO": "MI", "MODENA": "MO",
    "MONZA E BRIANZA": "MB", "MONZA": "MB", "NAPOLI": "NA", "NOVARA": "NO", "NUORO": "NU", "ORISTANO": "OR",
    "PADOVA": "PD", "PALERMO": "PA", "PARMA": "PR", "PAVIA": "PV", "PERUGIA": "PG", "PESARO E URBINO": "PU",
    "PESARO": "PU", "PESCARA": "PE", "PIACENZA": "PC", "PISA": "PI", "PISTOIA": "PT", "PORDENONE": "PN",
    "POTENZA": "PZ", "PRATO": "PO", "RAGUSA": "RG", "RAVENNA": "RA", "REGGIO CALABRIA": "RC",
    "REGGIO EMILIA": "RE", "RIETI": "RI", "RIMINI": "RN", "ROMA": "RM", "ROVIGO": "RO", "SALERNO": "SA",
    "SASSARI": "SS", "SAVONA": "SV", "SIENA": "SI", "SIRACUSA": "SR", "SONDRIO": "SO", "SUD SARDEGNA": "SU",
    "TARANTO": "TA", "TERAMO": "TE", "TERNI": "TR", "TORINO": "TO", "TRAPANI": "TP", "TRENTO": "TN",
    "TREVISO": "TV", "TRIESTE": "TS", "UDINE": "UD", "VARESE": "VA", "VENEZIA": "VE",
    "VERBANO CUSIO OSSOLA": "VB", "VERCELLI": "VC", "VERONA": "VR", "VIBO VALENTIA": "VV", "VICENZA": "VI",
    "VITERBO": "VT",
}  # fmt: skip
"""Provinces by folded name, as people write them out behind the comune."""

NEIGHBOUR_SIGLE: dict[str, str] = {
    "OG": "NU", "OT": "SS", "CI": "SU", "VS": "SU", "SU": "CA", "FO": "FC", "PS": "PU", "MS": "MS",
}  # fmt: skip
"""Provinces that came and went: which one a comune is in depends on the year of the paper."""

STRONG_TYPES = frozenset(
    [
        "VIA",
        "VIALE",
        "PIAZZA",
        "PIAZZALE",
        "PIAZZETTA",
        "CORSO",
        "LARGO",
        "VICOLO",
        "STRADA",
        "STRADA STATALE",
        "STRADA PROVINCIALE",
        "VIA PRIVATA",
        "STRADA REGIONALE",
        "STRADA COMUNALE",
        "STRADA VICINALE",
        "VIA VICINALE",
        "VIA COMUNALE",
        "VIA PROVINCIALE",
    ]
)
"""Types that hardly ever are a name's own word: where one stands, the street begins."""

FOREIGN_WORDS = words(
    "ALBANIA AUSTRIA BELGIQUE BELGIO BELGIUM BERLIN BERLINO CROATIA CROAZIA DEUTSCHLAND ENGLAND ESPANA FRANCE"
    " FRANCIA GERMANIA GERMANY GREECE GRECIA HRVATSKA INGHILTERRA LONDON LONDRA LUGANO MADRID MUNCHEN NEDERLAND"
    " OLANDA PARIGI PARIS POLAND POLONIA PORTOGALLO PORTUGAL ROMANIA SCHWEIZ SLOVENIA SPAGNA SPAIN SUISSE SVIZZERA"
    " SWITZERLAND UK USA WIEN VIENNA ZURICH ZURIGO GINEVRA GENEVE LONDRES BARCELONA BRUXELLES BRUSSELS AMSTERDAM"
    " TIRANA BUCAREST BUCURESTI KIEV KYIV MOSCA MOSCOW UCRAINA UKRAINE RUSSIA CHINA CINA MAROCCO TUNISIA"
)
"""Countries and cities that end an address which is not an Italian one."""

FORENAMES = words(
    "ABRAMO ACHILLE ADA ADELE ADOLFO ADRIANO AGATA AGOSTINO ALBERTO ALCIDE ALDO ALESSANDRO ALESSIO ALFONSO ALFREDO"
    " ALICE AMBROGIO AMEDEO AMERIGO ANDREA ANGELA ANGELO ANITA ANNA ANNIBALE ANTONIA ANTONINO ANTONIO ARMANDO"
    " ARNALDO ARTURO ATTILIO AUGUSTO AURELIO BARTOLOMEO BATTISTA BENEDETTO BENIAMINO BERNARDINO BERNARDO BIAGIO"
    " BONAVENTURA BRUNO CAMILLO CARLA CARLO CARMELO CATERINA CECILIA CESARE CHIARA CIRO CLAUDIO CLEMENTE CORRADO"
    " COSIMO COSTANTINO CRISTINA CRISTOFORO DANIELE DANTE DARIO DAVIDE DIEGO DINO DOMENICO DONATO EDMONDO EDOARDO"
    " EGIDIO ELENA ELEONORA ELIA ELISA ELIO EMANUELE EMILIO EMMA ENRICO ENZO ERCOLE ERMANNO ERNESTO ETTORE EUGENIO"
    " EZIO FABIO FABRIZIO FAUSTO FEDERICO FELICE FERDINANDO FERRUCCIO FILIPPO FLAVIO FORTUNATO FRANCESCA FRANCESCO"
    " FRANCO GABRIELE GAETANO GALILEO GASPARE GENNARO GERARDO GEROLAMO GIACINTO GIACOMO GIANNI GIAMBATTISTA GINO"
    " GIOACCHINO GIOACHINO GIORDANO GIORGIO GIOSUE GIOVANNI GIOVANNA GIROLAMO GIULIA GIULIANO GIULIO GIUSEPPE"
    " GIUSEPPINA GOFFREDO GRAZIA GREGORIO GUALTIERO GUGLIELMO GUIDO IGNAZIO IPPOLITO ITALO IVO JACOPO JOHN LEONARDO"
    " LEONE LEOPOLDO LINO LIVIO LORENZO LUCA LUCIANO LUCIO LUDOVICO LUIGI LUIGIA LUISA MARCELLO MARCO MARGHERITA"
    " MARIA MARIANO MARINO MARIO MARTINO MASSIMO MATILDE MATTEO MAURIZIO MAURO MICHELANGELO MICHELE NATALE NAZARIO"
    " NICCOLO NICOLA NICOLO NINO NORBERTO ORAZIO ORESTE OSCAR OSVALDO OTTAVIO PALMIRO PAOLA PAOLO PASQUALE PIER"
    " PIERA PIERO PIETRO PLINIO PRIMO QUINTINO RAFFAELE RAFFAELLO REMO RENATO RENZO RICCARDO RINALDO ROBERTO"
    " ROCCO RODOLFO ROMEO ROMOLO ROSA ROSARIO RUGGERO SALVATORE SALVO SANDRO SANTE SAVERIO SEBASTIANO SERGIO"
    " SILVESTRO SILVIO SIMONE STEFANO TANCREDI TERESA TITO TOMMASO TORQUATO TULLIO UBALDO UGO ULISSE UMBERTO"
    " VALENTINO VALERIO VASCO VINCENZO VIRGILIO VITO VITTORIA VITTORIO WALTER ABBA GIOVAN GIAN CAMILLA"
)
TITLES = words(
    "AVVOCATO BEATO BEATA CARDINALE CAVALIERE CAPITANO COLONNELLO COMMENDATORE CONTE DON DOTTOR DOTTORE DUCA FRA"
    " FRATELLI GENERALE INGEGNER INGEGNERE MAESTRO MARCHESE MARESCIALLO MONSIGNOR MONSIGNORE ONOREVOLE PADRE PAPA"
    " PARTIGIANO PRESIDENTE PRINCIPE PROFESSOR PROFESSORE REGINA SENATORE SUOR TENENTE VESCOVO S MAGGIORE SERGENTE"
    " BRIGADIERE CADUTO MEDAGLIA ARCIPRETE PARROCO CANONICO"
)
"""Words before a name that many people leave out: their absence says little, another one says another street."""
