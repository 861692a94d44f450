"""Reports read back from JSON: from earlier and later versions, and from what is no report."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render import reports

from mirrorctl.benchmark import Difference
from mirrorctl.benchmark.comparison import Saved, compare
from mirrorctl.benchmark.loading import load_report
from mirrorctl.commands.result import Result
from mirrorctl.errors import UsageError
from mirrorctl.render.envelope import envelope, jsonable
from mirrorctl.render.report import write_comparison
from mirrorctl.render.text import Writer

REPORT = reports.report(
    reports.workload("docker", "large", {"direct": (420, 80, 0, 60), "hub": (88, 12, 30, 0)}, rounds=3),
    reports.workload("git", "small", {"direct": (4.1, 0.5, 0, 0)}, rounds=3),
)
WRITTEN = envelope(Result(command="bench", data=REPORT), str)


def document() -> Any:
    return json.loads(WRITTEN)


def load(found: object) -> Any:
    return load_report(json.dumps(found).encode(), "old.json")


def test_what_was_written_is_read() -> None:
    assert jsonable(load_report(WRITTEN.encode(), "old.json"), str) == jsonable(REPORT, str)
    assert load(document()["data"]) == load(document())


def test_texts_are_data() -> None:
    """A brace in a text that was read is no field to be filled in."""
    found = document()
    found["data"]["workloads"][0]["verdict"] = "{0} {x"
    assert str(load(found).workloads[0].verdict) == "{0} {x"


def test_a_report_of_a_later_version_is_read() -> None:
    found = document()
    found["schema"] = "mirrorctl/2"
    found["data"]["new"] = found["data"]["workloads"][0]["runs"][0]["new"] = {"x": [1]}
    found["data"]["workloads"][0]["summary"][1]["difference"] = "much-faster"
    assert load(found).workloads[0].summary[1].difference is Difference.UNKNOWN


def test_a_report_of_an_earlier_version_is_read() -> None:
    found = document()
    del found["data"]["interrupted"], found["data"]["method"]["notes"], found["data"]["environment"]["load"]
    report = load(found)
    assert (report.interrupted, report.method.notes, report.environment.load) == (False, (), None)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("workloads",), None, "old.json: data.workloads should be a list"),
        (("workloads", 0), [], "old.json: data.workloads[0] should be an object"),
        (("workloads", 1, "runs", 2, "seconds"), "9", "old.json: data.workloads[1].runs[2].seconds should be a number"),
        (("workloads", 1, "runs", 2, "seconds"), True, "data.workloads[1].runs[2].seconds should be a number"),
        (("workloads", 1, "runs", 2, "seconds"), 10**400, "data.workloads[1].runs[2].seconds should be a number"),
        (("workloads", 1, "runs", 2, "seconds"), float("nan"), "data.workloads[1].runs[2].seconds should be a number"),
        (("workloads", 1, "runs", 2, "seconds"), -1.0, "data.workloads[1].runs[2].seconds should be a number"),
        (("workloads", 1, "runs", 2, "round"), 1.5, "data.workloads[1].runs[2].round should be a whole number"),
        (("workloads", 1, "runs", 2, "ok"), 1, "data.workloads[1].runs[2].ok should be true or false"),
        (("workloads", 1, "name"), None, "data.workloads[1].name should be a text"),
        (("started_at",), "2026-09-15T08:30:00", "data.started_at should be a time with its zone"),
        (("started_at",), "yesterday", "data.started_at should be a time with its zone"),
        (("environment", "catalog_date"), "2026-13-01", "data.environment.catalog_date should be a date"),
    ],
)
def test_what_is_wrong_is_named(path: tuple[str | int, ...], value: object, said: str) -> None:
    found = document()
    *way, last = path
    place = found["data"]
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises(UsageError) as caught:
        load(found)
    assert said in str(caught.value)
    assert caught.value.subject == "old.json"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "old.json: this is not JSON"),
        (b"\xff\xfe\x00", "old.json: this is not JSON"),
        (b"[" * 100_000, "old.json: this is not JSON"),
        (b"[]", "old.json: the document should be an object"),
        (b"{}", "old.json: method is missing"),
        (b'{"command": "probe", "data": {}}', "old.json: this is not the report of a benchmark"),
        (b'{"command": "bench"}', "old.json: data should be an object"),
    ],
    ids=["empty", "not-text", "deep", "list", "bare", "other-command", "no-data"],
)
def test_what_is_no_report_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_report(data, "old.json")
    assert said in str(caught.value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_whatever_is_changed_is_read_or_refused(data: st.DataObject) -> None:
    """One place of a report gets any JSON at all: a report that can be compared comes out, or an error with the file."""
    found = place = document()["data"]
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JUNK)
    try:
        report = load(found)
    except UsageError as error:
        assert str(error).startswith("old.json: ")  # noqa: PT017  either outcome is right
        return
    old, new = Saved(file="old.json", report=report), Saved(file="new.json", report=REPORT)
    result = Result(command="bench", data=compare(old, new, Random(1).randrange, confidence=0.95, resamples=10))
    assert write_comparison(result, "md", Writer(), "en").startswith(b"# ")
