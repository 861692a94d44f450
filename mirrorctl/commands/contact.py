"""Asks the mirrors in use, once and briefly, whether they answer and how far behind they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mirrorctl.commands import selection
from mirrorctl.commands.choice import OFFLINE
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.diagnosis.known import find_dead
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Mirror, Probe, Trust
from mirrorctl.redaction import redact
from mirrorctl.targets.common import same_url
from mirrorctl.text import _

DEADLINE_S = 5.0
BRIEF = Policy(trust=Trust.COMMUNITY, deadline_s=DEADLINE_S, latency_only=True)


def check_mirrors(session: Session, cases: list[Case]) -> Iterator[Finding]:
    users: dict[str, list[str]] = {}
    racing: dict[str, Sequence[Mirror]] = {}
    for case in cases:
        for mirror in _in_use(session, case):
            users.setdefault(mirror.url, []).append(case.name)
            known = {each.url: each for each in racing.get(case.ecosystem, ())}
            racing[case.ecosystem] = tuple((known | {mirror.url: mirror}).values())
    rankings = selection.measure(session, racing, BRIEF)
    failed = [probe for ranking in rankings for probe in ranking.rejected]
    answered = any(ranking.ranked for ranking in rankings)
    codes = {probe.reason.code for probe in failed if probe.reason}
    if len(failed) > 1 and not answered and codes <= OFFLINE:
        yield Finding(
            code=Code.MIRROR_UNREACHABLE,
            severity=Severity.ERROR,
            subject="network",
            message=_(
                "none of the {count} mirrors in use was reached, so the fault is on this side", count=len(failed)
            ),
            remedy=_("check the network of this machine, its DNS and its proxy"),
        )
        return
    for probe in failed:
        for name in users.get(probe.mirror.url, ()):
            yield _finding(probe, name)


def _in_use(session: Session, case: Case) -> Iterator[Mirror]:
    """What the client asks first; for those that hold several mirrors, all of them. Nobody's private ones."""
    try:
        state = case.target.state(case.machine, case.client, case.contents, case.scope)
    except MirrorctlError:
        return
    urls = [state.effective_url] if state.overrides and case.ecosystem == "pypi" else list(state.urls)
    if not urls and case.ecosystem == "pypi":
        urls = [state.effective_url]
    for url in filter(None, urls):
        if same_url(url, case.client.default_url) or find_dead(case.catalog, url, case.ecosystem):
            continue
        try:
            yield selection.named(session, url, case.ecosystem)[0]
        except MirrorctlError:  # no address that anybody may ask, as one with a password in it
            continue


def _finding(probe: Probe, name: str) -> Finding:
    reason = probe.reason
    stale = reason is not None and reason.code == "stale"
    return Finding(
        code=Code.MIRROR_STALE if stale else Code.MIRROR_UNREACHABLE,
        severity=Severity.WARNING if stale else Severity.ERROR,
        target=name,
        subject=redact(probe.mirror.url),
        message=_("the mirror in use is out of date: {reason}", reason=reason.detail)
        if stale and reason
        else _("the mirror in use does not work now: {reason}", reason=reason.detail if reason else "?"),
        remedy=_("mirrorctl use fastest -t {target} looks for a better one", target=name),
    )
