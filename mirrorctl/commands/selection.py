"""From what the user typed (`fastest`, `upstream`, an id, an operator, a URL) to mirrors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from mirrorctl.catalog import is_usable
from mirrorctl.commands import gate
from mirrorctl.commands.session import Session, find_clients
from mirrorctl.errors import NoMirrorError, UsageError
from mirrorctl.model import Mirror, Notice, Ranking, Status, Trust
from mirrorctl.probing.events import Event
from mirrorctl.redaction import redact
from mirrorctl.targets import TARGETS
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass
from mirrorctl.variables import SPEAKERS

GITHUB = "https://github.com/"
# RFC 3986 without user information, query and fragment; and with the underscore that names in networks of containers have.
_ADDRESS = re.compile(
    r"https?://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?", re.ASCII
)
FASTEST, UPSTREAM = "fastest", "upstream"

# What `--trust LEVEL` lets in. Private mirrors are the user's own.
LEVELS: dict[Trust, frozenset[Trust]] = {
    Trust.PRIVATE: frozenset({Trust.PRIVATE}),
    Trust.UNIVERSITY: frozenset({Trust.PRIVATE, Trust.UNIVERSITY}),
    Trust.COMPANY: frozenset({Trust.PRIVATE, Trust.UNIVERSITY, Trust.COMPANY}),
    Trust.COMMUNITY: frozenset(Trust),
}
UNUSABLE = {Status.DEAD, Status.INTERNAL, Status.LOGIN, Status.RESTRICTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be chosen, and what measuring may cost."""

    trust: Trust = Trust.COMPANY
    max_lag_s: float | None = 86400.0
    deadline_s: float = 8.0
    budget_bytes: int = 25_000_000
    latency_only: bool = False
    force: bool = False


def candidates(session: Session, ecosystem: str, policy: Policy) -> tuple[Mirror, ...]:
    return session.catalog.candidates(ecosystem, trust=LEVELS[policy.trust])


def measure(
    session: Session,
    mirrors: dict[str, Sequence[Mirror]],
    policy: Policy,
    on_event: Callable[[Event], None] | None = None,
    priors: dict[str, float] | None = None,
) -> tuple[Ranking, ...]:
    """Measures the mirrors of each ecosystem; those without any are left out. `priors`: see `probing.measure`."""
    held = gate.held_back(session, (mirror for found in mirrors.values() for mirror in found))
    fit = {name: [mirror for mirror in found if mirror.id not in held] for name, found in mirrors.items()}
    wanted: dict[str, Sequence[Mirror]] = {ecosystem: found for ecosystem, found in fit.items() if found}
    if not wanted:
        return gate.with_held_back((), mirrors, held)
    from mirrorctl import probing  # noqa: PLC0415  httpx and asyncio load only here

    rankings: tuple[Ranking, ...] = probing.measure(
        wanted,
        environ=session.machine.environ,
        canaries=session.catalog.canaries,
        now=datetime.now(UTC),
        deadline_s=policy.deadline_s,
        budget_bytes=policy.budget_bytes,
        max_lag_s=policy.max_lag_s,
        latency_only=policy.latency_only,
        priors=priors,
        agents=_agents(session, wanted),
        on_event=on_event,
    )
    return gate.with_held_back(rankings, mirrors, held)


def _agents(session: Session, mirrors: Mapping[str, Sequence[Mirror]]) -> dict[str, dict[str, str]]:
    """What the clients of each ecosystem call themselves, as far as a mirror there is known to look at it."""
    wary = [name for name, found in mirrors.items() if any(mirror.features.get("user_agent") for mirror in found)]
    targets = tuple(name for name in TARGETS if TARGETS.ecosystem(name) in wary)
    if not targets:
        return {}
    from mirrorctl.ecosystems.agents import agent_of  # noqa: PLC0415  start-up time: only who measures needs it

    versions = {name: client.version for name, client in find_clients(session, (), targets)[0].items()}
    return {
        ecosystem: {
            name: agent_of(name, versions.get(name, ())) for name in targets if TARGETS.ecosystem(name) == ecosystem
        }
        for ecosystem in wary
    }


def can_race(ecosystem: str) -> bool:
    """Whether it is known what to ask mirrors for; the others can be named, not measured."""
    from mirrorctl.ecosystems import ECOSYSTEMS  # noqa: PLC0415  start-up time: only a race needs it

    return ecosystem in ECOSYSTEMS


def unmeasured(name: str) -> NoMirrorError:
    return NoMirrorError(
        _("mirrors for {target} cannot be measured yet", target=name),
        hint=_("name one of them, or its operator: mirrorctl list -t {target}", target=name),
        subject=name,
    )


def look_up(session: Session, which: str, ecosystem: str, policy: Policy) -> tuple[Mirror, ...]:
    """The mirrors of `ecosystem` that `which` names: none when it has nothing there.

    Raises UsageError for a name that is nowhere in the catalog, NoMirrorError for a mirror known not to work.
    """
    found = named(session, which, ecosystem)
    usable = tuple(mirror for mirror in found if is_usable(mirror) and (mirror.status not in UNUSABLE or policy.force))
    if found and not usable:
        raise NoMirrorError(
            _("{id} cannot be used: {why}", id=found[0].id, why=_why_unusable(found[0])),
            hint=_("--force uses it all the same; mirrorctl list shows what works")
            if is_usable(found[0])
            else _("mirrorctl catalog show {id} says more", id=found[0].id),
            subject=found[0].id,
        )
    return usable


def named(session: Session, which: str, ecosystem: str) -> tuple[Mirror, ...]:
    catalog = session.catalog
    if "://" in which:
        known = catalog.by_url(which, ecosystem)
        return (known,) if known else (_unlisted(which, ecosystem),)
    if not any(catalog.find(which, other) for other in catalog.canaries):
        near = catalog.suggest(which)
        raise UsageError(
            _("there is no mirror or operator {name}", name=which),
            hint=_("did you mean {names}?", names=", ".join(near)) if near else _("mirrorctl list shows them all"),
            subject=which,
        )
    return tuple(catalog.find(which, ecosystem))


def concerned(session: Session, which: str) -> tuple[str, ...]:
    """The targets that what was asked for has anything for; none of the others needs to be looked at."""
    if which in {FASTEST, UPSTREAM}:
        return tuple(TARGETS)
    having = {ecosystem for ecosystem in session.catalog.canaries if _has(session, which, ecosystem)}
    spoken = [name for name in SPEAKERS if name not in TARGETS and SPEAKERS.ecosystem(name) in having]
    if spoken and not having.intersection(each for name in TARGETS for each in TARGETS.ecosystems(name)):
        raise NoMirrorError(
            _("{name} is for {clients}, and mirrorctl writes no file of that", name=which, clients=", ".join(spoken)),
            hint=_("mirrorctl env {name} says by which variables it is used", name=which),
            subject=which,
        )
    return tuple(name for name in TARGETS if having.intersection(TARGETS.ecosystems(name))) or tuple(TARGETS)


def meant(session: Session, which: str, target: str) -> tuple[str, ...]:
    """What of a target is meant: all it can have mirrors of; of an address, what it serves, or the target's own."""
    ecosystems = TARGETS.ecosystems(target)
    if "://" not in which:
        return ecosystems
    return tuple(name for name in ecosystems if session.catalog.by_url(which, name)) or ecosystems[:1]


def _has(session: Session, which: str, ecosystem: str) -> bool:
    if "://" in which:
        return session.catalog.by_url(which, ecosystem) is not None
    return any(is_whole(mirror) or mirror.id == which for mirror in named(session, which, ecosystem))


def is_whole(mirror: Mirror) -> bool:
    """Whether it stands for its whole ecosystem (for git: all of GitHub), and not for a few repositories."""
    return mirror.ecosystem != "git" or GITHUB in mirror.replaces


def _unlisted(url: str, ecosystem: str) -> Mirror:
    """A mirror that the catalog does not know; the user vouches for it."""
    found = _ADDRESS.fullmatch(url)
    if not found or not 0 < int(found[1] or 443) < 65536:
        raise UsageError(
            _("{url} cannot be a mirror", url=repr(redact(url))),
            hint=_(
                "a mirror is http(s)://host[:port][/path], without password, query or fragment; "
                "passwords belong into ~/.netrc"
            ),
        )
    if ecosystem == "git" and not url.endswith("/"):
        url += "/"
    return Mirror(
        id=url,
        ecosystem=ecosystem,
        operator="-",
        url=url,
        kind="index",
        trust=Trust.PRIVATE,
        status=Status.ACTIVE,
        domain=url,
        replaces=(GITHUB,) if ecosystem == "git" else (),
        origin="command line",
    )


def _why_unusable(mirror: Mirror) -> Text:
    since = mirror.status_since or "?"
    match mirror.status:
        case Status.DEAD:
            return _("it has been dead since {since}", since=since)
        case Status.INTERNAL:
            return _("it answers only inside the cloud of its operator")
        case Status.LOGIN:
            return _("it wants a login")
        case _ if not is_usable(mirror):
            return _("the catalog knows it by name only")
        case _:
            return _("it answers only on its own campus")


def known_urls(session: Session, ecosystem: str) -> frozenset[str]:
    """Every address of the catalog for `ecosystem`, with and without a slash at its end: none of them is private."""
    urls = {url.rstrip("/") for mirror in session.catalog.of(ecosystem) for url in (mirror.url, *mirror.aliases)}
    if ecosystem == "docker":
        urls |= {f"https://{host}" for host in session.catalog.dead_docker_hosts}
    return frozenset(urls | {f"{url}/" for url in urls})


def strangers(mirrors: Iterable[Mirror]) -> list[Notice]:
    """What to know of mirrors of a community."""
    return [
        Notice(
            code="community",
            message=_("{id} is run by an individual, who sees what you pull and could alter it", id=mirror.id),
            hint=_("keep passwords and tokens away from it, and pin what you pull by hash, digest or commit"),
            subject=mirror.id,
        )
        for mirror in mirrors
        if mirror.trust is Trust.COMMUNITY
    ]


def left_out(session: Session, ecosystem: str, policy: Policy) -> Notice | None:
    """What the trust level has kept from being chosen, if anything."""
    everyone = session.catalog.candidates(ecosystem, trust=LEVELS[Trust.COMMUNITY])
    kept = {mirror.id for mirror in candidates(session, ecosystem, policy)}
    missing = [mirror for mirror in everyone if mirror.id not in kept]
    if not missing:
        return None
    strangers = all(mirror.trust is Trust.COMMUNITY for mirror in missing)
    return Notice(
        code="left-out",
        message=_(
            "left out for {ecosystem}: {count} run by individuals, who would see your traffic",
            ecosystem=ecosystem,
            count=len(missing),
        )
        if strangers
        else _("left out for {ecosystem}: {count} less trusted mirrors", ecosystem=ecosystem, count=len(missing)),
        hint=_("--trust community lets them take part")
        if strangers
        else _("--trust company and --trust community let more take part"),
        subject=ecosystem,
    )
