"""Observations laid side by side: what counts as the same, as behind, as a mismatch, and as nobody's proof."""

from __future__ import annotations

import pytest

from mirrorctl.ecosystems.survey import Observation, Survey
from mirrorctl.verdicts import (
    Judgement,
    Kind,
    Reference,
    Verdict,
    compare,
    doubts,
    reference_among,
    reference_of,
    settle,
)

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
SHA512 = "sha512:" + "d" * 128
URL = "https://upstream.example/simple"


def seen(subject: str, got: str, kind: str = "hash", sample: str = "six", **more: object) -> Observation:
    return Observation(sample=sample, subject=subject, kind=kind, got=got, **more)  # type: ignore[arg-type]


def survey(*observations: Observation, whole: bool = True, absent: tuple[str, ...] = ()) -> Survey:
    samples = frozenset(item.sample for item in observations) if whole else frozenset[str]()
    return Survey(observations=observations, whole=samples, absent=frozenset(absent))


def against(reference: Survey, found: Survey) -> Judgement:
    return compare(found, reference_of(reference, URL))


def findings(judgement: Judgement) -> list[tuple[str, str, str]]:
    return [(item.finding.value, item.kind, item.subject) for item in judgement.evidence]


UPSTREAM = survey(
    seen("one.whl", A), seen("two.whl", B), seen("one.whl", "no", "yanked"), seen("two.whl", "no", "yanked")
)

CASES = {
    "the same": (UPSTREAM, Verdict.SAME, []),
    "a page that states another digest": (
        survey(seen("one.whl", C), seen("two.whl", B)),
        Verdict.MISMATCH,
        [("mismatch", "hash", "one.whl")],
    ),
    "a file listed twice, once with another digest": (
        survey(seen("one.whl", A), seen("one.whl", C), seen("two.whl", B)),
        Verdict.MISMATCH,
        [("mismatch", "hash", "one.whl")],
    ),
    "page and file altered together": (
        survey(seen("one.whl", C), seen("two.whl", B), seen("one.whl", C, "bytes", stated=C)),
        Verdict.MISMATCH,
        [("mismatch", "hash", "one.whl"), ("mismatch", "bytes", "one.whl")],
    ),
    "the file altered alone": (
        survey(seen("one.whl", A), seen("two.whl", B), seen("one.whl", C, "bytes", stated=A)),
        Verdict.MISMATCH,
        [("mismatch", "bytes", "one.whl")],
    ),
    "a page without digests, and the right bytes": (
        survey(seen("one.whl", ""), seen("two.whl", ""), seen("one.whl", A, "bytes")),
        Verdict.SAME,
        [],
    ),
    "a page without digests, and other bytes": (
        survey(seen("one.whl", ""), seen("two.whl", ""), seen("one.whl", C, "bytes")),
        Verdict.MISMATCH,
        [("mismatch", "bytes", "one.whl")],
    ),
    "digests by another algorithm": (
        survey(seen("one.whl", "sha512:" + "d" * 128), seen("two.whl", "sha512:" + "e" * 128)),
        Verdict.UNVERIFIABLE,
        [],
    ),
    "digests by another algorithm, and the right bytes of one": (
        survey(seen("one.whl", SHA512), seen("two.whl", SHA512), seen("one.whl", A, "bytes", stated=SHA512)),
        Verdict.BEHIND,
        [("differs", "hash", "two.whl")],
    ),
    "one digest by another algorithm among others": (
        survey(seen("one.whl", A), seen("two.whl", SHA512)),
        Verdict.BEHIND,
        [("differs", "hash", "two.whl")],
    ),
    "one file without a digest among others": (
        survey(seen("one.whl", A), seen("two.whl", "")),
        Verdict.BEHIND,
        [("differs", "hash", "two.whl")],
    ),
    "one file without a digest, and its right bytes": (
        survey(seen("one.whl", A), seen("two.whl", ""), seen("two.whl", B, "bytes")),
        Verdict.SAME,
        [],
    ),
    "a file that is missing": (survey(seen("one.whl", A)), Verdict.BEHIND, [("missing", "hash", "two.whl")]),
    "a project that is missing": (survey(absent=("six",)), Verdict.BEHIND, [("missing", "sample", "six")]),
    "a file that upstream does not list": (
        survey(seen("one.whl", A), seen("two.whl", B), seen("nine.whl", C)),
        Verdict.BEHIND,
        [("extra", "hash", "nine.whl")],
    ),
    "what is listed only in part lacks nothing": (survey(seen("one.whl", A), whole=False), Verdict.SAME, []),
    "yanked upstream and not yet here": (
        survey(seen("one.whl", A), seen("two.whl", B), seen("one.whl", "yes", "yanked")),
        Verdict.BEHIND,
        [("differs", "yanked", "one.whl")],
    ),
    "nothing": (survey(), Verdict.UNVERIFIABLE, []),
    "another project": (survey(seen("x.whl", C, sample="x")), Verdict.UNVERIFIABLE, []),
}


@pytest.mark.parametrize(("found", "verdict", "expected"), CASES.values(), ids=CASES)
def test_an_index_against_upstream(found: Survey, verdict: Verdict, expected: list[tuple[str, str, str]]) -> None:
    judgement = against(UPSTREAM, found)
    assert (judgement.verdict, findings(judgement)) == (verdict, expected)


def test_evidence_names_both_values_and_where_the_expected_one_was_seen() -> None:
    (item,) = against(survey(seen("one.whl", A)), survey(seen("one.whl", C))).evidence
    assert (item.sample, item.expected, item.got, str(item.basis)) == ("six", A, C, URL)


TAG = "library/busybox:latest"


def tag(got: str, *parts: str) -> Observation:
    return seen(TAG, got, "tag", TAG, parts=parts)


IMAGES = {
    "the same": ((tag(A, B),), Verdict.SAME, []),
    "one platform of the index": ((tag(B),), Verdict.SAME, []),
    "an index with one right platform": ((tag(C, B),), Verdict.BEHIND, ["differs"]),
    "a header that is not the body's": (
        (tag(A), seen(TAG, A, "digest-header", TAG, stated=C)),
        Verdict.MISMATCH,
        ["mismatch"],
    ),
    "a blob that is not its digest": ((tag(A), seen("x@b", A, "blob", TAG, stated=B)), Verdict.MISMATCH, ["mismatch"]),
    "a blob that is": ((tag(A), seen("x@b", B, "blob", TAG, stated=B)), Verdict.SAME, []),
}


@pytest.mark.parametrize(("found", "verdict", "expected"), IMAGES.values(), ids=IMAGES)
def test_an_image_against_upstream(found: tuple[Observation, ...], verdict: Verdict, expected: list[str]) -> None:
    judgement = against(survey(tag(A, B)), survey(*found))
    assert (judgement.verdict, [item.finding.value for item in judgement.evidence]) == (verdict, expected)


@pytest.mark.parametrize(
    ("kind", "known", "finding", "verdict"),
    [
        ("tag", True, Kind.OLDER, Verdict.BEHIND),
        ("tag", False, Kind.MISMATCH, Verdict.MISMATCH),
        ("tag", None, Kind.DIFFERS, Verdict.BEHIND),
        ("ref", True, Kind.DIFFERS, Verdict.BEHIND),
        ("ref", False, Kind.MISMATCH, Verdict.MISMATCH),
        ("ref", None, Kind.DIFFERS, Verdict.BEHIND),
    ],
)
def test_upstream_is_asked_what_a_moved_name_points_to(
    kind: str, known: bool | None, finding: Kind, verdict: Verdict
) -> None:
    judgement = against(survey(seen("x", A, kind)), survey(seen("x", C, kind)))
    assert [item.got for item in doubts(judgement)] == [C]
    settled = settle(judgement, {("six", C): known})
    assert ([item.finding for item in settled.evidence], settled.verdict) == ([finding], verdict)


def test_nothing_is_asked_about_branches_and_gaps() -> None:
    """A branch may have been rewritten, and what it was thrown away upstream."""
    judgement = against(survey(seen("x", A, "branch"), seen("y", A, "ref")), survey(seen("x", C, "branch")))
    assert doubts(judgement) == ()
    assert settle(judgement, {("six", C): False}).verdict is Verdict.BEHIND


def test_head_is_asked_about_first() -> None:
    """A mirror that moves many tags does not keep the question about what everybody clones from being put."""
    names = [f"o/r refs/tags/v{number}" for number in range(9)] + ["o/r HEAD"]
    upstream, mirror = (survey(*(seen(name, value, "ref") for name in names)) for value in (A, C))
    assert doubts(against(upstream, mirror))[0].subject == "o/r HEAD"


GOOD, BAD = survey(seen("one.whl", A)), survey(seen("one.whl", C))


@pytest.mark.parametrize(
    ("votes", "value"),
    [
        pytest.param([("a", GOOD), ("b", GOOD), ("c", BAD)], A, id="two against one"),
        pytest.param([("a", GOOD), ("b", BAD)], None, id="one against one"),
        pytest.param([("a", GOOD), ("b", GOOD), ("c", BAD), ("d", BAD)], None, id="two against two"),
        pytest.param([("a", GOOD), ("b", GOOD), ("c", BAD), ("c", BAD), ("c", BAD)], A, id="copies count once"),
        pytest.param([("a", GOOD), ("b", survey())], None, id="one alone"),
        pytest.param([("a", GOOD), ("b", GOOD)], A, id="two alone"),
    ],
)
def test_the_majority_of_operators_is_the_reference(votes: list[tuple[str, Survey]], value: str | None) -> None:
    reference = reference_among(votes)
    assert reference.values.get(("six", "one.whl", "hash")) == ((value,) if value else None)
    assert not reference.upstream


def test_without_a_majority_nobody_is_accused() -> None:
    judgement = compare(BAD, reference_among([("a", GOOD), ("b", BAD)]))
    assert (judgement.verdict, findings(judgement)) == (Verdict.UNVERIFIABLE, [("disputed", "hash", "one.whl")])


def test_who_is_ahead_of_the_others_has_nothing_extra() -> None:
    ahead = survey(seen("one.whl", A), seen("new.whl", C))
    reference = reference_among([("a", GOOD), ("b", GOOD), ("c", ahead)])
    assert compare(ahead, reference).verdict is Verdict.SAME


def test_being_true_to_itself_proves_nothing() -> None:
    blob = seen("library/busybox@x", B, "blob", TAG, stated=B)
    assert compare(survey(tag(A), blob), reference_among([])).verdict is Verdict.UNVERIFIABLE


def test_a_digest_that_was_asked_for_needs_no_reference() -> None:
    pinned = f"library/busybox@{A}"
    right = compare(survey(seen(pinned, A, "manifest", pinned, stated=A)), reference_among([]))
    wrong = compare(survey(seen(pinned, B, "manifest", pinned, stated=A)), reference_among([]))
    assert (right.verdict, wrong.verdict) == (Verdict.SAME, Verdict.MISMATCH)


def test_bytes_that_are_not_what_the_mirror_itself_states_need_no_other() -> None:
    reference = Reference(basis=reference_among([]).basis, upstream=False, operators=0)
    judgement = compare(survey(seen("one.whl", C, "bytes", stated=A)), reference)
    assert judgement.verdict is Verdict.MISMATCH
    honest = compare(survey(seen("one.whl", A, "bytes", stated=A)), reference)
    assert honest.verdict is Verdict.UNVERIFIABLE, "its own word proves nothing"
