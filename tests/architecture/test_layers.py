"""The house plan holds: imports go one way, and pure rooms stay pure."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fieldapp"
IMPURE = {"asyncio", "os", "random", "socket", "subprocess", "time", "secrets", "sqlite3", "threading", "urllib"}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts)
PURE_FILES = sorted((PACKAGE / "domain").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: path.stem)
def test_domain_needs_nothing_but_the_pure_standard_library(path: Path) -> None:
    for name in imported(path):
        root = name.split(".")[0]
        if root == "fieldapp":
            assert name.startswith("fieldapp.domain")
        else:
            assert root in sys.stdlib_module_names
            assert root not in IMPURE


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_import_hides_in_a_function(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"{path.name}: {node.name} imports inside"
