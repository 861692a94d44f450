"""What is said of real files: never an exception, always something of a file that the client refuses, and repairs hold."""

from __future__ import annotations

from pathlib import Path

import corpus
import pytest
from diagnosis.patients import CLIENTS, FILES, PROJECT

from mirrorctl import diagnosis
from mirrorctl.catalog import Catalog, bundled_text
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.commands.repairs import amended
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Finding, rank
from mirrorctl.formats import decode
from mirrorctl.model import Machine, Scope
from mirrorctl.planning import in_order, make_edit
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)
# uv reads past a byte order mark, which the reader of the corpus did not.
FINE = {"uv/hostile-bom.toml"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return merge([parse(bundled_text(), name="mirrors.toml", origin=BUNDLED)])


def look(path: Path, place: Path, data: bytes, catalog: Catalog) -> tuple[Finding, ...]:
    name = path.parent.name
    case = Case(
        machine=MACHINE,
        target=TARGETS[name],
        client=CLIENTS[name],
        scope=Scope.SYSTEM if name == "docker" else Scope.USER,
        contents={place: data},
        catalog=catalog,
    )
    return rank(diagnosis.diagnose(case))


@pytest.mark.parametrize("path", corpus.cases("pip", "uv", "git", "docker"))
def test_real_files(path: Path, catalog: Catalog) -> None:
    data = path.read_bytes()
    place = PROJECT if path.suffix == ".toml" and b"[tool" in data else FILES[path.parent.name]
    found = look(path, place, data, catalog)
    if not corpus.is_accepted(path) and f"{path.parent.name}/{path.name}" not in FINE:
        assert {finding.code.value for finding in found} & {"unreadable", "daemon-refuses"}
    assert not any("{" in f"{finding.message}{finding.remedy}".replace("{}", "") for finding in found)
    repairs = [finding.repair for finding in found if finding.repair]
    if not repairs:
        return
    lens = TARGETS[repairs[0].lens]
    text = decode(data)
    wanted = in_order(lens, place, text, amended(lens.read(text, place), repairs))
    edit = make_edit(lens, Setting(path=place, value=wanted), data)
    assert edit.changed
    left = look(path, place, edit.after or b"", catalog)
    assert [finding for finding in left if finding.repair] == []
    assert {finding.code for finding in left} <= {finding.code for finding in found}


def test_the_corpus_has_what_people_suffer_from(catalog: Catalog) -> None:
    """As counted in the real files of this corpus."""
    if not corpus.ROOT.is_dir():
        pytest.skip("no corpus here: set MIRRORCTL_CORPUS")
    codes: dict[str, int] = {}
    for name in ("pip", "docker"):
        for path in sorted((corpus.ROOT / name).glob("[0-9]*")):
            for code in {finding.code.value for finding in look(path, FILES[name], path.read_bytes(), catalog)}:
                codes[code] = codes.get(code, 0) + 1
    assert codes["dead-mirror"] >= 7
    assert codes["trusted-host"] >= 9
    assert codes["extra-index"] >= 9
    assert codes["plain-http"] >= 9
