"""What is wrong with pip's files and variables.

Sources: pip documentation, "Configuration" and "pip install"; pip/_internal/configuration.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mirrorctl.diagnosis.case import Case, check_address, no_change, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Item, Repair, Severity
from mirrorctl.diagnosis.known import is_public, secure_twin
from mirrorctl.diagnosis.pip_precedence import check_precedence
from mirrorctl.diagnosis.pip_words import EXTRA, INDEX, TRUSTED, Word, variables, words_of
from mirrorctl.diagnosis.wording import unchecked, unset
from mirrorctl.errors import FormatError
from mirrorctl.formats import ini
from mirrorctl.redaction import redact
from mirrorctl.targets import pip_repairs
from mirrorctl.targets.common import host_of, is_loopback
from mirrorctl.targets.pip_settings import COMMANDS, sources
from mirrorctl.text import _

NAME = "pip"
# What people write for the keys that they mean.
MISTAKEN = {
    "trust-host": TRUSTED,
    "trusted-hosts": TRUSTED,
    "trustedhost": TRUSTED,
    "index": INDEX,
    "indexurl": INDEX,
    "index-urls": INDEX,
    "extra-index": EXTRA,
    "extra-index-urls": EXTRA,
}
_USABLE = re.compile(r"(?:https?|file)://[^\s\"'<>]+|/\S*|\.{1,2}/\S*")


def diagnose(case: Case) -> Iterator[Finding]:
    words: list[Word] = []
    for path in dict.fromkeys(source.path for source in sources(case.machine, case.client)):
        text = case.text(path)
        if text is None:
            continue
        try:
            _refuse_mark(text)
            document = ini.scan(text)
        except FormatError as error:
            yield unreadable(case, path, error)
            continue
        words += words_of(path, document, may_change=case.may_change(path))
        yield from _ignored(path, document)
    words += variables(case)
    for word in words:
        if word.key in {INDEX, EXTRA}:
            yield from _check_index(case, word, words)
    yield from _check_trusted(case, words)
    yield from check_precedence(case, words)


def _refuse_mark(text: str) -> None:
    if text.startswith("\ufeff"):
        raise FormatError(_("it begins with a byte order mark; save it as UTF-8 without one"), line=1)


def _ignored(path: Path, document: ini.Document) -> Iterator[Finding]:
    """What looks like a setting and is none: section names are exact, and unknown keys are not complained of."""
    for section in document.sections:
        right = section.name.strip().lower()
        if section.name != right and right in {"global", *COMMANDS}:
            yield _ignored_finding(path, section.line, f"[{section.name}]", f"[{right}]")
    for option in document.options:
        if known := MISTAKEN.get(ini.normalise(option.name)):
            yield _ignored_finding(path, option.line, option.name, known)


def _ignored_finding(path: Path, line: int, found: str, right: str) -> Finding:
    return Finding(
        code=Code.IGNORED,
        severity=Severity.WARNING,
        target=NAME,
        subject=found,
        path=path,
        line=line,
        message=_("pip ignores {found} without a word; it knows {right}", found=found, right=right),
        remedy=_("write {right}", right=right),
    )


# Addresses


def _check_index(case: Case, word: Word, words: list[Word]) -> Iterator[Finding]:
    url = word.word.strip()
    if word.key == INDEX and url and not _USABLE.fullmatch(url):
        yield Finding(
            code=Code.BAD_URL,
            severity=Severity.ERROR,
            target=NAME,
            subject=redact(url),
            path=word.place.path,
            line=word.place.line,
            message=_("this is no address, and pip takes all of it for one: {value}", value=redact(url)),
            remedy=_("leave nothing but the address: https://host/path/simple"),
        )
        return
    item, path = word.item, word.place.path
    if item is None or path is None:
        yield from check_address(case, url, word.place, no_change)
        return

    def change(new: str | None) -> Repair:
        hosts = _needless(case, url, words, path) if url.lower().startswith("http://") else []
        return Repair(
            lens=pip_repairs.NAME,
            path=path,
            changes=((item, (*item[:2], new) if new else None), *((host, None) for host in hosts)),
        )

    yield from check_address(case, url, word.place, change)


def _needless(case: Case, url: str, words: list[Word], path: Path) -> list[Item]:
    """The trusted hosts of the file that were there for `url` alone, and for others that become https as it does."""
    host = host_of(url)
    others = [word.word for word in words if word.key in {INDEX, EXTRA} and host_of(word.word) == host]
    if any(_is_plain(other) and not secure_twin(case.catalog, other, "pypi") for other in others):
        return []
    return [
        word.item
        for word in words
        if word.item and word.key == TRUSTED and word.place.path == path and _host(word.word) == host
    ]


def _is_plain(url: str) -> bool:
    return url.strip().lower().startswith("http://") and not is_loopback(url)


# Certificates


def _host(word: str) -> str:
    return host_of(word if "://" in word else f"https://{word}")


def _check_trusted(case: Case, words: list[Word]) -> Iterator[Finding]:
    urls = [word.word for word in words if word.key in {INDEX, EXTRA}] + [case.client.default_url or ""]
    needed = {host_of(url) for url in urls if _is_plain(url)}
    checked = {host_of(url) for url in urls if url.strip().lower().startswith("https://")} - needed
    for word in words:
        if word.key != TRUSTED:
            continue
        if "/" in word.word:
            yield _bad_host(word)
        elif _host(word.word) in checked:
            yield _trusted(case, word, _host(word.word))


def _bad_host(word: Word) -> Finding:
    return Finding(
        code=Code.BAD_URL,
        severity=Severity.WARNING,
        target=NAME,
        subject=redact(word.word),
        path=word.place.path,
        line=word.place.line,
        message=_(
            "{name} takes a host, not the address {value}; pip may even crash on it",
            name=TRUSTED,
            value=redact(word.word),
        ),
        remedy=_("take it out; over https no host has to be trusted. Over http, write {host}", host=_host(word.word)),
    )


def _trusted(case: Case, word: Word, host: str) -> Finding:
    """Where the host is a public one, its certificate is in order; one of a company's own may need its authority."""
    public = is_public(case.catalog, host, "pypi") or host == host_of(case.client.default_url or "")
    repair = None
    if public and word.item and word.place.path:
        repair = Repair(lens=pip_repairs.NAME, path=word.place.path, changes=((word.item, None),))
    if repair:
        remedy = _("mirrorctl doctor --fix takes it out: https does not need it")
    elif word.place.path is None:
        remedy = unset(word.place.name)
    else:
        remedy = _("if it has a certificate of its own, name its authority instead: cert = /path/to/ca.pem")
    return unchecked(case, word.word, word.place, remedy, repair)
