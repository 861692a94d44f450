"""What `verify` keeps of its findings, and what refutes them."""

from __future__ import annotations

import pytest
from ecosystems.walking import mirror

from mirrorctl import mismatches
from mirrorctl.commands import suspects
from mirrorctl.environment import capture
from mirrorctl.probing.inspection import Outcome
from mirrorctl.text import Text
from mirrorctl.values import replace
from mirrorctl.verdicts import Evidence, Judgement, Kind, Verdict

MIRROR = mirror("pypi", "https://m.example/simple")
EVIDENCE = Evidence(
    finding=Kind.MISMATCH,
    sample="six",
    subject="six\x1b.whl",
    kind="bytes",
    expected="sha256:a",
    got="sha256:" + "b" * 5000,
    basis=Text("upstream"),
)


def outcome(verdict: Verdict, *samples: str, evidence: tuple[Evidence, ...] = ()) -> Outcome:
    judgement = Judgement(verdict=verdict, compared=1, evidence=evidence, samples=frozenset(samples))
    return Outcome(mirror=MIRROR, judgement=judgement, reason=None, read_bytes=0, elapsed_s=0.0)


def remembered() -> list[tuple[str, tuple[str, ...]]]:
    return [(entry.id, entry.samples) for entry in mismatches.load(capture(), suspects.now())]


def accuse() -> None:
    assert suspects.remember(capture(), [outcome(Verdict.MISMATCH, "six", "idna", evidence=(EVIDENCE,))]) == []


def test_a_mismatch_is_kept_once_with_what_it_concerns() -> None:
    accuse()
    accuse()
    assert remembered() == [("m", ("six",))]
    (entry,) = mismatches.load(capture(), suspects.now())
    assert entry.evidence[0]["subject"] == "six\\u001b.whl"
    assert len(entry.evidence[0]["got"]) < 300
    assert suspects.samples_of(capture(), [MIRROR]) == ("six",)
    assert suspects.samples_of(capture(), [replace(MIRROR, url="https://o.example/simple")]) == ()


@pytest.mark.parametrize(
    ("later", "forgiven"),
    [
        pytest.param(outcome(Verdict.SAME, "six", "idna"), True, id="the same now"),
        pytest.param(outcome(Verdict.BEHIND, "six"), True, id="behind, and right in what it has"),
        pytest.param(outcome(Verdict.SAME, "idna"), False, id="something else is the same"),
        pytest.param(outcome(Verdict.UNVERIFIABLE, "six"), False, id="unverifiable"),
        pytest.param(outcome(Verdict.MISMATCH, "six", evidence=(EVIDENCE,)), False, id="still so"),
    ],
)
def test_only_the_same_sample_refutes_it(later: Outcome, *, forgiven: bool) -> None:
    accuse()
    notices = suspects.remember(capture(), [later])
    assert (remembered() == []) == forgiven
    assert [notice.code for notice in notices] == (["cleared"] if forgiven else [])
