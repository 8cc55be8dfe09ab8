"""A file that no layout fits: proposed, tried, saved, and from then on the creditor's usual layout."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fieldapp.domain.access import Role
from tests.flows.conftest import Desk, House
from tests.flows.test_access_table import neighbour

UNKNOWN = "\n".join(
    [
        "NDG;Intestatario;Cod. Fisc.;Ind. residenza;Località;C.A.P.;Prov.;Rif. bolletta;Scad.;Imponibile;Mora;Oneri;"
        "Esposizione;Affidata il;Fine affido;Situazione al",
        *(
            f"A{i:04d};Niccolò Rossi;RCCMNL83S18D969H;Via Roma {i + 1};Lodi;26900;LO;F{i};2026-06-01;100,00;2,50;1,00;"
            f"{'103,50' if i else '103,51'};2026-10-01;2026-12-31;2026-11-20"
            for i in range(9)
        ),
        "",
    ]
).encode()


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def proposal(desk: Desk, content: bytes = UNKNOWN) -> dict[str, Any]:
    answer = await desk.post("/layouts/proposal", files={"file": ("posizioni.csv", content)})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def saved(house: House, desk: Desk, draft: dict[str, Any], title: str = "Lume bollette") -> dict[str, Any]:
    answer = await desk.post("/layouts", json={"creditor_id": str(house.creditor_id), "title": title, "draft": draft})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_proposal_tried_tells_what_would_come_in_and_why_not(desk: Desk) -> None:
    draft = (await proposal(desk))["draft"]

    files = {"file": ("posizioni.csv", UNKNOWN)}
    answer = await desk.post("/layouts/preview", files=files, data={"draft": json.dumps(draft)})

    preview = answer.json()
    assert (preview["accepted"], preview["rejected"], preview["accepted_cents"]) == (8, 1, 8 * 10_350)
    assert preview["rows"][0]["debtor"] == "Niccolò Rossi"
    assert [reason["rows"] for reason in preview["reasons"]] == [1]
    assert (await desk.get("/practices")).json()["rows"] == []


async def test_a_saved_layout_becomes_the_creditors_usual_one_and_reads_its_files(house: House, desk: Desk) -> None:
    draft = (await proposal(desk))["draft"]

    layout = await saved(house, desk, draft)
    creditor = next(row for row in (await desk.get("/creditors")).json() if row["id"] == str(house.creditor_id))
    form = {"layout": layout["name"], "creditor_id": str(house.creditor_id)}
    started = await desk.post("/imports", files={"file": ("posizioni.csv", UNKNOWN)}, data=form)
    await house.run_jobs()
    report = (await desk.get(f"/imports/{started.json()['id']}")).json()

    assert creditor["layout"] == layout["name"] == "lume-bollette"
    assert layout["name"] in [row["name"] for row in (await desk.get("/layouts")).json()]
    assert (report["accepted"], report["rejected"]) == (8, 1)
    assert report["has_rejects_file"]


async def test_two_layouts_of_one_title_have_two_names(house: House, desk: Desk) -> None:
    draft = (await proposal(desk))["draft"]

    names = [(await saved(house, desk, draft))["name"] for _ in range(2)]

    assert names == ["lume-bollette", "lume-bollette-2"]


async def test_a_draft_that_contradicts_itself_is_refused(house: House, desk: Desk) -> None:
    draft = (await proposal(desk))["draft"]
    draft["columns"] = [{**column, "meaning": None} for column in draft["columns"]]

    body = {"creditor_id": str(house.creditor_id), "title": "x", "draft": draft}
    answer = await desk.post("/layouts", json=body)
    malformed = await desk.post("/layouts/preview", files={"file": ("a.csv", UNKNOWN)}, data={"draft": "{"})

    assert (answer.status_code, answer.json()["code"]) == (422, "layout.column_unnamed")
    assert malformed.json()["code"] == "layout.draft_malformed"


async def test_two_columns_of_one_meaning_are_refused_in_words_for_who_chose_them(house: House, desk: Desk) -> None:
    draft = (await proposal(desk))["draft"]
    draft["columns"] += [column for column in draft["columns"] if column["meaning"] == "street"]

    body = {"creditor_id": str(house.creditor_id), "title": "x", "draft": draft}
    answer = await desk.post("/layouts", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "layout.meaning_twice")


async def test_a_layout_is_its_agencys_own(house: House, desk: Desk) -> None:
    await saved(house, desk, (await proposal(desk))["draft"])
    stranger = await (await neighbour(house)).sign_in(Role.BACK_OFFICE)
    agent = await house.sign_in(Role.AGENT)

    theirs = [row["name"] for row in (await stranger.get("/layouts")).json()]

    assert "lume-bollette" not in theirs
    assert (await agent.post("/layouts/proposal", files={"file": ("a.csv", UNKNOWN)})).status_code == 403
