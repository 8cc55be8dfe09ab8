"""The register holds every write: who did what; and the screen that shows it has words for each."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from fieldapp.domain.payment_links import LinkState
from fieldapp.domain.repayment_plan import SettlementState
from fieldapp.words import LANGUAGES

PACKAGE = Path(__file__).parents[2] / "fieldapp"
WRITES = ("post", "put", "patch", "delete")
WRITE_NOTHING = {
    "ask_export_host_key": "a question to a receiving server, shown for a person to compare",
    "check_receipt": "a question of anybody",
    "complete_address": "a question while somebody types",
    "list_missing_attachments": "a question of the phone",
    "list_rescue_states": "a question of the phone",
    "preview_counter_payment": "a question while somebody types",
    "preview_export": "shown and forgotten",
    "preview_layout": "tried and forgotten",
    "preview_replan": "shown and forgotten",
    "preview_rules": "shown and forgotten",
    "propose_layout": "tried and forgotten",
    "say_where_i_look": "told to colleagues while it lasts: how somebody works is not recorded",
}
CHOSEN = {
    ("limitation.py", "fact"): {"limitation.interrupted", "limitation.interruption_withdrawn"},
    # Actions that the code puts together: file and expression, and what they can become.
    ("addresses.py", "kind"): {"address.moved", "address.put_back", "address.settled"},
    ("agreed.py", "kind"): {"appointment.cancelled", "appointment.moved", "appointment.taken"},
    ("approvals.py", "kind"): {"rule.approved", "rule.approval_withdrawn"},
    ("cash.py", "kind"): {"payment.cleared", "cheque.unpaid"},
    ("hands.py", "action"): {
        *(
            "board.filled",
            "board.forbidden",
            "board.handed_over",
            "board.locked",
            "board.moved",
            "board.opened",
            "board.pinned",
            "board.put_in",
            "board.replanned",
        ),
        *("board.taken_out", "board.undone", "board.unpinned"),
    },
    ("outgoing.py", "'export.paused' if paused else 'export.resumed'"): {"export.paused", "export.resumed"},
    ("pads.py", "kind"): {"pad.came_back", "pad.handed_over"},
    ("payment_links.py", "f'payment_link.{row.state}'"): {f"payment_link.{state.value}" for state in LinkState},
    ("same_debtor.py", "kind"): {"debtor.joined", "debtor.kept_apart", "debtor.parted"},
    ("sync.py", "f'envelope.{decision.verdict.value}'"): {"envelope.accepted", "envelope.refused", "envelope.conflict"},
    ("rescue.py", "f'rescue.{state}'"): {"rescue.accepted", "rescue.refused"},
    ("settlements.py", "f'settlement.{state.value}'"): {
        f"settlement.{state.value}" for state in (SettlementState.APPROVED, SettlementState.REFUSED)
    },
}


def services() -> dict[tuple[str, str], str]:
    """(Module, function) -> its source, for everything in `fieldapp/services`."""
    found = {}
    for path in PACKAGE.glob("services/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[path.stem, node.name] = ast.unparse(node)
    return found


def writing_operations() -> dict[str, str]:
    """Operation id -> source of its handler."""
    found = {}
    for path in PACKAGE.glob("routes/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.AsyncFunctionDef):
                continue
            for decorator in map(ast.unparse, node.decorator_list):
                named = re.search(r"operation_id='(\w+)'", decorator)
                if named and decorator.startswith(tuple(f"{method}(" for method in WRITES)):
                    found[named[1]] = ast.unparse(ast.Module(node.body, []))
    return found


def leaves_an_entry(source: str, module: str, known: dict[tuple[str, str], str], seen: set[tuple[str, str]]) -> bool:
    """Whether `source`, a function of `module`, or any service that it calls writes into the register."""
    if re.search(r"\baudit\(", source):
        return True
    called = set(re.findall(r"\b(\w+)\.(\w+)\(", source)) | {
        (module, name) for name in re.findall(r"\b(\w+)\(", source)
    }
    new = (called & known.keys()) - seen
    seen |= new
    return any(leaves_an_entry(known[name], name[0], known, seen) for name in new)


def test_every_operation_that_writes_leaves_an_entry() -> None:
    known, operations = services(), writing_operations()

    silent = {name for name, source in operations.items() if not leaves_an_entry(source, "", known, set())}

    assert len(operations) > 50
    assert silent == set(WRITE_NOTHING)


def actions() -> set[str]:
    """Every action that the code writes into the register."""
    found: set[str] = set()
    for path in PACKAGE.glob("*/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "audit":
                action = node.args[1]
                chosen = (path.name, ast.unparse(action))
                found |= {str(action.value)} if isinstance(action, ast.Constant) else CHOSEN[chosen]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_of_the_register_has_words(language: str) -> None:
    words = {
        key
        for path in (PACKAGE / "pwa" / "src" / "text").glob(f"*.{language}.json")
        for key in json.loads(path.read_text())
    }

    assert {action for action in actions() if f"audit.{action}" not in words} == set()


FINGERPRINTS = {"sha256", "digest"}


def test_the_screen_has_a_word_for_every_detail_that_it_shows() -> None:
    shown: dict[str, set[str]] = {}
    for path in PACKAGE.glob("services/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit", "feed.audit"):
                for keyword in node.keywords:
                    if keyword.arg is not None and not keyword.arg.endswith("_id"):
                        shown.setdefault(keyword.arg, set()).add(path.name)
    # Their values are keys of rows, which are not shown.
    keys = {"correction", "edited_from", "ids", "visit"}
    for language in LANGUAGES:
        texts = (PACKAGE / "pwa" / "src" / "text").glob(f"*.{language}.json")
        words = {key for text in texts for key in json.loads(text.read_text())}
        missing = {name for name in shown if f"field.{name}" not in words} - FINGERPRINTS - keys
        assert missing == set(), (language, {name: sorted(shown[name]) for name in missing})
