"""Layers laid over one another."""

from __future__ import annotations

from datetime import date

import pytest

from mirrorctl.catalog import Catalog
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.errors import CatalogError
from mirrorctl.model import Trust

BASE = """
schema = 1
catalog_date = 2026-09-15
[operator]
uni = { name = "Some University", trust = "university", home = "https://mirrors.uni.example/" }
corp = { name = "Corp Cloud", trust = "company" }
folk = { name = "folk.example", trust = "community" }
[probe.pypi]
small_projects = ["six"]
large_projects = ["numpy"]
[evidence]
list = { ref = "https://list.example/", date = "2025", says = "works" }

[[mirror]]
id = "pypi-corp"
ecosystem = "pypi"
operator = "corp"
url = "https://mirrors.corp.example/pypi/simple/"
status = "active"
default = true
rank = 2
evidence = ["list"]

[[mirror]]
id = "pypi-uni"
ecosystem = "pypi"
operator = "uni"
url = "https://mirrors.uni.example/pypi/web/simple"
aliases = ["https://pypi.uni.example/simple"]
status = "active"
default = true
rank = 1
quirks = ["no nightlies"]
evidence = ["list"]

[[mirror]]
id = "pypi-uni-old"
ecosystem = "pypi"
operator = "uni"
url = "https://old.uni.example/simple"
status = "dead"
replaced_by = "pypi-uni"
evidence = ["list"]
"""


def catalog(*overlays: str) -> Catalog:
    layers = [parse(BASE, name="mirrors.toml", origin=BUNDLED)]
    return merge([*layers, *(parse(text, name=f"{n}.toml", origin="named") for n, text in enumerate(overlays))])


def ids(catalog: Catalog) -> list[str]:
    return [mirror.id for mirror in catalog.candidates("pypi")]


def failure(*overlays: str) -> str:
    with pytest.raises(CatalogError) as caught:
        catalog(*overlays)
    hint = f" ({caught.value.hint})" if caught.value.hint else ""
    return f"{caught.value.message}{hint}"


def test_an_overlay_replaces_an_entry_as_a_whole_and_in_its_place() -> None:
    overlay = '[[mirror]]\nid = "pypi-uni"\necosystem = "pypi"\noperator = "uni"\nurl = "http://localhost:1/simple"\n'
    found = catalog(overlay)
    (mirror,) = found.find("pypi-uni", "pypi")
    assert (mirror.url, mirror.rank, mirror.quirks, mirror.origin) == ("http://localhost:1/simple", None, (), "named")
    assert [other.id for other in found.mirrors] == [other.id for other in catalog().mirrors]
    assert found.by_url("https://mirrors.uni.example/pypi/web/simple", "pypi") is None


def test_the_last_overlay_wins() -> None:
    mine = '[[mirror]]\nid = "mine"\necosystem = "pypi"\nurl = "https://{}.example/simple"\n'
    (mirror,) = catalog(mine.format("one"), mine.format("two")).find("mine", "pypi")
    assert mirror.url == "https://two.example/simple"


def test_an_overlay_describes_an_address_that_was_known() -> None:
    overlay = '[[mirror]]\nid = "mine"\necosystem = "pypi"\nurl = "https://pypi.uni.example/simple"\n'
    mirror = catalog(overlay).by_url("https://pypi.uni.example/simple", "pypi")
    assert mirror
    assert mirror.id == "mine"


def test_an_overlay_disables_an_entry() -> None:
    found = catalog('[[mirror]]\nid = "pypi-uni"\ndisabled = true\n')
    assert ids(found) == ["pypi-corp"]
    (old,) = found.find("pypi-uni-old", "pypi")
    assert old.replaced_by is None


def test_an_entry_of_an_overlay_is_in_the_default_set_unless_it_says_otherwise() -> None:
    head = '[[mirror]]\necosystem = "pypi"\nurl = "https://new.example/simple"\n'
    found = catalog(
        f'{head}id = "a"\noperator = "corp"\n'
        f'{head}id = "b"\noperator = "corp"\ndefault = false\n'
        f'{head}id = "c"\noperator = "folk"\n'
        f'{head}id = "d"\noperator = "corp"\nstatus = "login"\n'
    )
    assert {mirror.id: mirror.default for mirror in found.mirrors if mirror.origin == "named"} == {
        "a": True,
        "b": False,
        "c": False,
        "d": False,
    }


def test_operators_of_overlays_are_private_and_known_ones_keep_their_trust() -> None:
    found = catalog('[operator]\nacme = { name = "ACME" }\ncorp = { name = "Corp" }\nuni = { trust = "community" }\n')
    trust = {name: operator.trust.value for name, operator in found.operators.items()}
    assert trust == {"uni": "community", "corp": "company", "folk": "community", "acme": "private"}
    assert found.operators["uni"].name == "Some University"
    (mirror,) = found.find("pypi-uni", "pypi")
    assert (mirror.trust, mirror.default) == (Trust.COMMUNITY, False)


def test_evidence_canaries_and_dead_hosts_of_layers_come_together() -> None:
    found = catalog(
        '[probe.pypi]\nsmall_projects = ["acme-base"]\n[probe.npm]\nnames = ["left-pad"]\n'
        '[dead]\ndocker_hosts = ["gone.example"]\n[evidence.mine]\nref = "memo"\ndate = "2026-01"\nsays = "so"\n',
        '[dead]\ndocker_hosts = ["gone.example", "lost.example"]\n',
    )
    assert found.canaries["pypi"] == {"small_projects": ("acme-base",), "large_projects": ("numpy",)}
    assert found.canaries["npm"] == {"names": ("left-pad",)}
    assert found.dead_docker_hosts == ("gone.example", "lost.example")
    assert found.evidence["mine"].at == date(2026, 1, 1)


MINE = '[[mirror]]\nid = "mine"\necosystem = "pypi"\nurl = "https://mine.example/simple"\n'


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        pytest.param(
            MINE + 'operator = "unni"',
            "0.toml: mirror[0].operator: unni is not known (Did you mean uni?)",
            id="operator",
        ),
        pytest.param(
            MINE + 'evidence = ["list", "lisst"]',
            "0.toml: mirror[0].evidence[1]: lisst is not known (Did you mean list?)",
            id="evidence",
        ),
        pytest.param(
            MINE + 'sync = { source = ["lisst"] }',
            "0.toml: mirror[0].sync.source[0]: lisst is not known (Did you mean list?)",
            id="source",
        ),
        pytest.param(
            MINE + 'replaced_by = "pypi-un"',
            "0.toml: mirror[0].replaced_by: pypi-un is not known (Did you mean pypi-uni, pypi-uni-old, pypi-corp?)",
            id="successor",
        ),
        pytest.param(
            MINE.replace("pypi", "pypii") + 'kind = "index"',
            "0.toml: mirror[0].ecosystem: pypii is not known (Did you mean pypi?)",
            id="ecosystem",
        ),
        pytest.param(
            '[[mirror]]\nid = "pypi-unni"\ndisabled = true\n' + MINE,
            "0.toml: mirror[0].id: pypi-unni is not known (Did you mean pypi-uni, pypi-uni-old?)",
            id="disabled",
        ),
        pytest.param(
            '[operator.folk]\ntrust = "private"\n',
            "0.toml: operator.folk.trust: folk is known as community, and an overlay cannot raise that"
            " (Declare an operator of your own for it.)",
            id="raised-trust",
        ),
        pytest.param(
            MINE + 'operator = "folk"\ndefault = true',
            "0.toml: mirror[0].default: a community mirror cannot be in the default set",
            id="community-default",
        ),
    ],
)
def test_what_an_entry_names_has_to_be_there(overlay: str, expected: str) -> None:
    assert failure(overlay) == expected
