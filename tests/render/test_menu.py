"""The list to choose from: what it shows while things are learnt, and where the cursor goes."""

from __future__ import annotations

import pytest

from mirrorctl.model import Mirror, Probe, Ranked, Ranking, Reason, Status, Trust, Workload
from mirrorctl.probing.events import Event, Stage
from mirrorctl.render.menu import Menu
from mirrorctl.render.screen import width
from mirrorctl.render.text import Writer
from mirrorctl.text import _

WORKLOAD = Workload(requests=1, bytes=1)


def mirror(name: str, ecosystem: str = "pypi") -> Mirror:
    return Mirror(
        id=f"{ecosystem}-{name}",
        ecosystem=ecosystem,
        operator=name,
        url=f"https://{name}.example/{ecosystem}",
        kind="index",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain=name,
    )


NEAR, FAR, NEAR_DOCKER = mirror("near"), mirror("far"), mirror("near", "docker")
SILENT = Probe(mirror=NEAR, reason=Reason(code="silent", detail=_("it says nothing")))


def menu() -> Menu:
    return Menu([NEAR, FAR, NEAR_DOCKER], ["pypi", "docker"], Writer())


def lines(found: Menu, columns: int = 79, height: int = 18) -> list[str]:
    return "".join(text for _style, text in found.picture(columns, height)).split("\n")


def key(found: Menu) -> str | None:
    return found.chosen.key if found.chosen else None


def ranking(*seconds: tuple[Mirror, float], rejected: tuple[Probe, ...] = ()) -> Ranking:
    ranked = tuple(Ranked(probe=Probe(mirror=each), predicted_s=each_s) for each, each_s in seconds)
    return Ranking(ecosystem="pypi", workload=WORKLOAD, ranked=ranked, rejected=rejected)


def test_the_best_for_each_client_is_the_first_offer() -> None:
    assert key(menu()) == "fastest"


def test_the_cursor_stays_within_the_list() -> None:
    found = menu()
    for by, expected in [(-1, "fastest"), (1, "upstream"), (99, "far"), (1, "far"), (-99, "fastest")]:
        found.move(by)
        assert key(found) == expected


def test_typing_filters_by_name_and_address() -> None:
    found = menu()
    found.type("far.exam")
    assert key(found) == "far"
    found.type("x")
    assert key(found) is None
    found.erase()
    assert key(found) == "far"


@pytest.mark.parametrize("height", [5, 6, 18])
def test_no_line_is_too_long_and_none_too_many(height: int) -> None:
    found = menu()
    found.take(Event(ecosystem="pypi", mirror="pypi-near", stage=Stage.REJECTED, probe=SILENT))
    for columns in (20, 40, 79):
        picture = lines(found, columns, height)
        assert len(picture) <= height
        assert max(map(width, picture)) <= columns


def test_what_is_measured_is_shown_at_once() -> None:
    found = menu()
    found.take(Event(ecosystem="pypi", mirror="pypi-far", stage=Stage.WAITING, probe=Probe(mirror=FAR, ttfb_s=0.0421)))
    assert "42 ms" in next(line for line in lines(found) if "far" in line)


def test_seconds_put_the_best_first_and_leave_the_cursor_where_it_is() -> None:
    found = menu()
    found.move(2)
    assert key(found) == "near"
    found.finish([ranking((FAR, 1.25), rejected=(SILENT,))])
    names = [line.strip(" ❯").split(" ")[0] for line in lines(found)[2:6]]
    assert names == ["fastest", "upstream", "far", "near"]
    assert key(found) == "near"
    assert "it says nothing" in lines(found)[-2]
    assert "1.2 s" in next(line for line in lines(found) if "far" in line)
