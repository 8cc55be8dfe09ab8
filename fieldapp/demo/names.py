"""Invented names for the demo: surnames put together from syllables, streets, firms. Data only, no real person."""

from __future__ import annotations

MALE_NAMES = (
    "Adriano", "Aldo", "Alessio", "Andrea", "Angelo", "Antonio", "Bruno", "Carlo", "Claudio", "Dario", "Davide",
    "Diego", "Edoardo", "Elio", "Emanuele", "Enrico", "Ettore", "Fabio", "Federico", "Filippo", "Franco",
    "Gabriele", "Giacomo", "Gianni", "Giorgio", "Giulio", "Ivan", "Lorenzo", "Luca", "Luigi", "Marco", "Mario",
    "Massimo", "Matteo", "Mauro", "Michele", "Nicola", "Oscar", "Paolo", "Pietro", "Renato", "Riccardo",
    "Roberto", "Sandro", "Sergio", "Silvio", "Stefano", "Tommaso", "Ugo", "Valerio", "Vincenzo", "Vito",
    "Walter", "Nicolò",
)  # fmt: skip

FEMALE_NAMES = (
    "Ada", "Alba", "Alessia", "Alice", "Anna", "Antonella", "Aurora", "Barbara", "Beatrice", "Bianca", "Carla",
    "Caterina", "Chiara", "Cinzia", "Claudia", "Cristina", "Daniela", "Debora", "Donata", "Elena", "Elisa",
    "Emma", "Erica", "Federica", "Fiorella", "Francesca", "Gaia", "Giada", "Giovanna", "Giulia", "Grazia",
    "Ilaria", "Irene", "Lara", "Laura", "Lidia", "Lisa", "Lucia", "Luisa", "Marta", "Marina", "Michela",
    "Monica", "Nadia", "Nicoletta", "Noemi", "Olga", "Paola", "Patrizia", "Rita", "Rosa", "Sara", "Serena",
    "Silvia", "Sofia", "Teresa", "Valeria", "Vera",
)  # fmt: skip

SURNAME_HEADS = (
    "Bald", "Barl", "Bell", "Berg", "Bov", "Bramb", "Camp", "Carv", "Cerl", "Corv", "Dell", "Fabr", "Fald",
    "Fasol", "Fiord", "Galb", "Garl", "Gavr", "Lam", "Lov", "Mald", "Marv", "Melz", "Mont", "Narv", "Oldr",
    "Palv", "Pell", "Pint", "Quar", "Rav", "Rosc", "Salv", "Sart", "Scarp", "Tarl", "Torv", "Ulv", "Valm",
    "Vend", "Verg", "Zamb", "Zerl",
)  # fmt: skip

SURNAME_TAILS = (
    "acchi", "agni", "aldi", "anelli", "ani", "anini", "ardi", "asco", "atti", "avelli", "azzini", "elli",
    "endi", "eni", "eroni", "eschi", "etti", "igari", "ini", "inotti", "isoni", "olani", "oldi", "oni", "onzi",
    "orini", "otti", "ovani", "ucchi", "ulli", "undi", "uschi",
)  # fmt: skip

FIRM_KINDS = (
    "Autofficina", "Panificio", "Trasporti", "Impresa edile", "Idraulica", "Arredamenti", "Ferramenta",
    "Caseificio", "Pasticceria", "Carrozzeria", "Serramenti", "Vivai", "Lavanderia", "Bar Trattoria",
    "Elettroimpianti",
)  # fmt: skip
FIRM_FORMS = (
    "S.r.l.", "S.n.c.", "S.a.s.", "di famiglia S.s.",
)  # fmt: skip

MAIN_STREETS = (
    "CORSO ROMA", "VIA GIUSEPPE GARIBALDI", "CORSO GIUSEPPE MAZZINI", "VIALE DELLA REPUBBLICA", "VIA MILANO",
    "VIALE DANTE ALIGHIERI", "VIA CAVOUR", "CORSO VITTORIO EMANUELE II", "VIA XX SETTEMBRE", "VIALE EUROPA",
)  # fmt: skip

RING_STREETS = (
    "CIRCONVALLAZIONE NORD", "CIRCONVALLAZIONE SUD", "VIALE DEI TIGLI", "VIALE DEL PARCO", "VIA DELLE MURA",
)  # fmt: skip

SIDE_STREETS = (
    "VIA XXV APRILE", "VIA 4 NOVEMBRE", "VIA I MAGGIO", "PIAZZA DELLA VITTORIA", "PIAZZA DEL POPOLO",
    "VICOLO DEL POZZO", "VICOLO STRETTO", "VIA ALESSANDRO MANZONI", "VIA GIACOMO LEOPARDI",
    "VIA GIOSUÈ CARDUCCI", "VIA UGO FOSCOLO", "VIA TORQUATO TASSO", "VIA LUDOVICO ARIOSTO",
    "VIA FRANCESCO PETRARCA", "VIA GIOVANNI BOCCACCIO", "VIA GIUSEPPE VERDI", "VIA GIACOMO PUCCINI",
    "VIA GIOACHINO ROSSINI", "VIA VINCENZO BELLINI", "VIA GAETANO DONIZETTI", "VIA ANTONIO VIVALDI",
    "VIA ARTURO TOSCANINI", "VIA LEONARDO DA VINCI", "VIA MICHELANGELO BUONARROTI", "VIA RAFFAELLO SANZIO",
    "VIA DONATELLO", "VIA GIOTTO", "VIA CARAVAGGIO", "VIA TIZIANO VECELLIO", "VIA GALILEO GALILEI",
    "VIA ALESSANDRO VOLTA", "VIA LUIGI GALVANI", "VIA GUGLIELMO MARCONI", "VIA ENRICO FERMI",
    "VIA EVANGELISTA TORRICELLI", "VIA CRISTOFORO COLOMBO", "VIA AMERIGO VESPUCCI", "VIA MARCO POLO",
    "VIA FRATELLI CAIROLI", "VIA FRATELLI BANDIERA", "VIA GOFFREDO MAMELI", "VIA NAZARIO SAURO",
    "VIA CESARE BATTISTI", "VIA CARLO CATTANEO", "VIA SILVIO PELLICO", "VIA MASSIMO D'AZEGLIO",
    "VIA GIACOMO MATTEOTTI", "VIA ANTONIO GRAMSCI", "VIA ALCIDE DE GASPERI", "VIA ALDO MORO",
    "VIA GIUSEPPE DI VITTORIO", "VIA MARTIRI DELLA LIBERTÀ", "VIA DELLA RESISTENZA", "VIA DEI PARTIGIANI",
    "VIA DEI CADUTI", "VIA DELL'ARTIGIANATO", "VIA DELL'INDUSTRIA", "VIA DEL LAVORO", "VIA DEL COMMERCIO",
    "VIA DELLE INDUSTRIE", "VIA DEI MILLE", "VIA DELLA STAZIONE", "VIA DEL MOLINO", "VIA DELLA FORNACE",
    "VIA DEL CASTELLO", "VIA DELLA CHIESA", "VIA SAN ROCCO", "VIA SANT'ANTONIO", "VIA SAN GIOVANNI",
    "VIA SANTA MARIA", "VIA SAN FRANCESCO", "VIA SAN BIAGIO", "VIA SANTO STEFANO", "VIA SAN MARTINO",
    "VIA SANT'ANNA", "VIA SAN GIUSEPPE", "VIA SANTA LUCIA", "VIA SAN PIETRO", "VIA DEI PIOPPI",
    "VIA DELLE ROSE", "VIA DEI GELSI", "VIA DEI SALICI", "VIA DELLE ACACIE", "VIA DEI PLATANI",
    "VIA DEGLI OLMI", "VIA DELLE GINESTRE", "VIA DEI LILLÀ", "VIA DELLE MAGNOLIE", "VIA DEI FAGGI",
    "VIA DELLE QUERCE", "VIA DEI CASTAGNI", "VIA DEGLI ALPINI", "VIA DEI BERSAGLIERI", "VIA DELL'ADDA",
    "VIA DEL LAMBRO", "VIA DEL PO", "VIA TICINO", "VIA ISONZO", "VIA PIAVE", "VIA TAGLIAMENTO",
    "VIA MONTE GRAPPA", "VIA MONTE NERO", "VIA MONTE ROSA", "VIA ADAMELLO", "VIA CERVINO", "VIA DOLOMITI",
    "VIA TRIESTE", "VIA TRENTO", "VIA GORIZIA", "VIA VENEZIA", "VIA FIRENZE", "VIA BOLOGNA", "VIA TORINO",
    "VIA GENOVA", "VIA NAPOLI", "VIA PALERMO", "VIA CAGLIARI", "VIA PAVIA", "VIA PIACENZA", "VIA CREMONA",
    "VIA MANTOVA", "VIA BRESCIA", "VIA BERGAMO", "VIA COMO", "VIA VARESE", "VIA GRAZIA DELEDDA",
    "VIA MARIA MONTESSORI", "VIA RITA LEVI MONTALCINI", "VIA MADRE TERESA DI CALCUTTA", "VIA ANNA FRANK",
    "VIA DON MINZONI", "VIA DON BOSCO", "VIA PAPA GIOVANNI XXIII", "VIA PAOLO VI", "VIA KENNEDY",
    "VIA MARTIN LUTHER KING", "VIA GANDHI", "VIA SALVO D'ACQUISTO", "VIA GIOVANNI FALCONE",
    "VIA PAOLO BORSELLINO", "VIA CARLO ALBERTO DALLA CHIESA", "VIA SANDRO PERTINI", "VIA LUIGI EINAUDI",
    "VIA FERRUCCIO PARRI", "VIA ENZO FERRARI", "VIA FAUSTO COPPI", "VIA TAZIO NUVOLARI",
    "LARGO DONATORI DI SANGUE", "LARGO CASALI", "VICOLO DEL FORNO", "VICOLO CIECO", "VICOLO DELLE GRAZIE",
    "VIA DEI FABBRI", "VIA DEI TESSITORI", "VIA DEL MERCATO", "VIA DELLA ROGGIA", "VIA DELLA COSTA",
    "VIA DELLE FONTANE", "VIA DEL BOSCO",
)  # fmt: skip

FARMS = (
    "MUZZETTA", "COLOMBARONE", "BOSCHINA", "GUARDAMONTE", "PAULLINA", "BELFIORITO", "CAMPAGNOLA", "ISOLONE",
)  # fmt: skip

STREETS_NOWHERE = (
    "VIA DELLE OCHE SELVATICHE", "VIA BARTOLOMEO SCHIDONE", "VIA ZEFFIRINO QUAGLIARELLA",
    "VIALE DEGLI EUCALIPTI", "VIA WOLFGANG AMADEUS MOZART", "VIA DELLO SPUTNIK", "VIA HERMANN HESSE",
    "VICOLO DEL GUFO BRUNO",
)  # fmt: skip
"""Street names that no comune of the demo has: addresses that are deliberately wrong use them."""
