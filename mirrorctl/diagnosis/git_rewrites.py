"""What is wrong with the rules by which git rewrites addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mirrorctl.diagnosis.case import Case, Place, check_address
from mirrorctl.diagnosis.finding import Code, Finding, Item, Repair, Severity
from mirrorctl.diagnosis.known import find_dead, mirror_of
from mirrorctl.model import Trust
from mirrorctl.redaction import redact
from mirrorctl.targets import git_repairs
from mirrorctl.targets.common import host_of
from mirrorctl.targets.git_rules import FETCH, NAMES, PUSH, Entry, push_url, winner
from mirrorctl.text import _

NAME = "git"
# Nothing, a bare scheme, or a host without the slash behind it.
_WIDE = re.compile(r"(?:(?:https?|git|ssh):/{0,2})?|[a-z+]+://[^/]+", re.IGNORECASE)


class Rewrite(NamedTuple):
    """A rule where it stands. `ours`: in a file that mirrorctl may change."""

    entry: Entry
    path: Path | None
    line: int | None
    ours: bool = False

    @property
    def place(self) -> Place:
        rule = self.entry.rule
        return Place(name=f"url.{redact(rule.base)}.{NAMES[rule.key]}", path=self.path, line=self.line)


def check_rewrites(case: Case, rewrites: Sequence[Rewrite], entries: Sequence[Entry]) -> Iterator[Finding]:
    """`entries` is all that git reads, in its order."""
    for rewrite in rewrites:
        rule = rewrite.entry.rule
        if _WIDE.fullmatch(rule.prefix):
            yield _wide(rewrite)
        if rule.key != FETCH or host_of(rule.base) == host_of(rule.prefix):
            continue
        if find_dead(case.catalog, rule.base, NAME):
            yield from check_address(case, rule.base, rewrite.place, partial(_repair, rewrite, rewrites))
        elif host_of(rule.prefix) and rule.base.startswith(("http", "git:")):
            yield from check_address(case, rule.base, rewrite.place)
            yield from _foreign(case, rewrite)
            yield from _pushes(case, rewrite, entries)
        yield from _shadowed(rewrite, rewrites, entries)


def _item(rewrite: Rewrite) -> Item:
    rule = rewrite.entry.rule
    return rule.base, rule.key, rule.prefix


def _repair(rewrite: Rewrite, rewrites: Sequence[Rewrite], new: str | None) -> Repair | None:
    """Takes the rule out, and the one that kept pushes away from it, unless another rule needs that."""
    if not rewrite.ours or rewrite.path is None:
        return None
    rule = rewrite.entry.rule
    gone: list[tuple[Item | None, Item | None]] = [(_item(rewrite), (new, rule.key, rule.prefix) if new else None)]
    others = [r for r in rewrites if r != rewrite and r.entry.rule.key == FETCH and r.entry.rule.prefix == rule.prefix]
    if not others and not new:
        gone.append(((rule.prefix, PUSH, rule.prefix), None))
    return Repair(lens=git_repairs.NAME, path=rewrite.path, changes=tuple(gone))


def _wide(rewrite: Rewrite) -> Finding:
    prefix = rewrite.entry.rule.prefix
    return Finding(
        code=Code.WIDE_REWRITE,
        severity=Severity.ERROR if not prefix else Severity.WARNING,
        target=NAME,
        subject=redact(rewrite.entry.rule.base),
        path=rewrite.path,
        line=rewrite.line,
        message=_("this rule rewrites every address, those of your own files included")
        if not prefix
        else _(
            "{prefix} has no slash behind its host, so the rule also catches hosts that only begin like it",
            prefix=prefix,
        )
        if host_of(prefix)
        else _("this rule sends every host's traffic, with the passwords in addresses, to {url}",
               url=redact(rewrite.entry.rule.base)),
        remedy=_("end both addresses of the rule with a slash: {prefix}", prefix=f"{prefix}/")
        if host_of(prefix)
        else _("name the one host that is meant: https://github.com/"),
    )  # fmt: skip


def _foreign(case: Case, rewrite: Rewrite) -> Iterator[Finding]:
    """A rule of another program, or of the user. Who runs what it leads to is worth knowing."""
    rule = rewrite.entry.rule
    if rule.base.rstrip("/") in {url.rstrip("/") for url in case.ours}:
        return
    mirror = mirror_of(case.catalog, rule.base, NAME)
    stranger = mirror is not None and mirror.trust is Trust.COMMUNITY
    command = f"git config --file {rewrite.path} --unset-all url.{redact(rule.base)}.insteadOf"
    yield Finding(
        code=Code.FOREIGN_REWRITE,
        severity=Severity.WARNING if stranger else Severity.NOTE,
        target=NAME,
        subject=redact(rule.base),
        path=rewrite.path,
        line=rewrite.line,
        message=_(
            "git fetches {prefix} from {base}, which a private person runs, and mirrorctl did not write that",
            prefix=rule.prefix,
            base=redact(rule.base),
        )
        if stranger
        else _(
            "git fetches {prefix} from {base}, and mirrorctl did not write that",
            prefix=rule.prefix,
            base=redact(rule.base),
        ),
        remedy=_("if you do not want that: {command}", command=command)
        if rewrite.path
        else _("if you do not want that, look where {name} is set", name="GIT_CONFIG_COUNT"),
    )


def _pushes(case: Case, rewrite: Rewrite, entries: Sequence[Entry]) -> Iterator[Finding]:
    rule = rewrite.entry.rule
    upstream = f"{rule.prefix.rstrip('/')}/"
    if push_url(upstream, entries).rstrip("/") != rule.base.rstrip("/"):
        return
    known = mirror_of(case.catalog, rule.base, NAME) is not None
    repair = None
    if known and rewrite.ours and rewrite.path:
        repair = Repair(lens=git_repairs.NAME, path=rewrite.path, changes=((None, (upstream, PUSH, upstream)),))
    command = f"git config --global url.{upstream}.pushInsteadOf {upstream}"
    yield Finding(
        code=Code.PUSH_TO_MIRROR,
        severity=Severity.WARNING if known else Severity.NOTE,
        target=NAME,
        subject=redact(rule.base),
        path=rewrite.path,
        line=rewrite.line,
        message=_("git push to {prefix} goes to {base} as well", prefix=rule.prefix, base=redact(rule.base)),
        remedy=_("mirrorctl doctor --fix adds the rule that keeps pushes on {prefix}", prefix=upstream)
        if repair
        else _("run: {command}", command=command),
        repair=repair,
    )


def _shadowed(rewrite: Rewrite, rewrites: Sequence[Rewrite], entries: Sequence[Entry]) -> Iterator[Finding]:
    """Of two rules for the same address git takes the one that it reads first."""
    rule = rewrite.entry.rule
    found = winner(rule.prefix, entries)
    if found is None or found.rule.prefix != rule.prefix or found.rule.base == rule.base:
        return
    strong = next((r.place for r in rewrites if r.entry.rule == found.rule), Place(name=found.origin))
    yield Finding(
        code=Code.SHADOWED,
        severity=Severity.WARNING,
        target=NAME,
        subject=redact(rule.base),
        path=rewrite.path,
        line=rewrite.line,
        message=_(
            "git does not use this rule: {winner} sends {prefix} to {base}, and the first one read wins",
            winner=strong.said,
            prefix=rule.prefix,
            base=redact(found.rule.base),
        ),
        remedy=_("keep one of the two: mirrorctl use ID -t git writes one rule in the place of all of them"),
    )
