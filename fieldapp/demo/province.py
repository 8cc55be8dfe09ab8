"""The demo's province: the real comuni of Lodi with their postal codes, weighted by how many people live there."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.geo.comuni import comuni_of

PROVINCE = "LO"
PROVINCE_NAME = "Lodi"

_CAP_GROUPS = """
26811 Boffalora d'Adda; 26812 Borghetto Lodigiano; 26813 Graffignana; 26814 Livraga; 26815 Massalengo
26816 Ossago Lodigiano; 26817 San Martino in Strada; 26818 Villanova del Sillaro; 26821 Bertonico; 26822 Brembio
26823 Castiglione d'Adda; 26824 Cavenago d'Adda; 26825 Mairago; 26826 Secugnago; 26827 Terranova dei Passerini
26828 Turano Lodigiano; 26831 Casalmaiocco; 26832 Cervignano d'Adda; 26832 Galgagnano; 26833 Comazzo; 26833 Merlino
26834 Abbadia Cerreto; 26834 Corte Palasio; 26835 Crespiatica; 26836 Montanaso Lombardo; 26837 Mulazzano
26838 Tavazzano con Villavesco; 26839 Zelo Buon Persico; 26841 Casalpusterlengo; 26842 Caselle Landi
26842 Cornovecchio; 26843 Castelnuovo Bocca d'Adda; 26843 Maccastorna; 26843 Meleti; 26844 Castelgerundo
26845 Codogno; 26846 Corno Giovine; 26847 Maleo; 26848 San Fiorano; 26849 Santo Stefano Lodigiano
26851 Borgo San Giovanni; 26852 Casaletto Lodigiano; 26853 Caselle Lurani; 26854 Cornegliano Laudense
26854 Pieve Fissiraga; 26855 Lodi Vecchio; 26856 Senna Lodigiana; 26857 Salerano sul Lambro; 26858 Sordio
26859 Valera Fratta; 26861 Fombio; 26862 Guardamiglio; 26863 Orio Litta; 26864 Ospedaletto Lodigiano
26865 San Rocco al Porto; 26866 Castiraga Vidardo; 26866 Marudo; 26866 Sant'Angelo Lodigiano; 26867 Somaglia
26900 Lodi
"""

CAP_OF: dict[str, str] = {
    name: cap
    for entry in _CAP_GROUPS.replace("\n", ";").split(";")
    if entry.strip()
    for cap, name in [entry.strip().split(" ", 1)]
}

WRONG_CAPS = ("80121", "95024", "00184", "37122", "16128")
"""Postal codes of cities far away, for addresses that are deliberately wrong."""


@dataclass(frozen=True, slots=True)
class Town:
    """One real comune of the province; the point is in degrees."""

    code: str
    name: str
    cap: str
    lat: float
    lon: float
    population: int


def towns() -> tuple[Town, ...]:
    """The province's comuni that have a point, the largest first."""
    listed = [
        Town(c.code, c.name, CAP_OF[c.name], c.lat, c.lon, max(c.population, 150))
        for c in comuni_of(PROVINCE)
        if c.lat is not None and c.lon is not None
    ]
    return tuple(sorted(listed, key=lambda town: (-town.population, town.code)))
