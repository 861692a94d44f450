"""`apply`: brings the machine to what a profile states, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote

from mirrorctl import files
from mirrorctl.commands.change import Switches
from mirrorctl.commands.choice import Request
from mirrorctl.commands.fallback import Fallback
from mirrorctl.commands.outcome import UseData
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import FASTEST, Policy
from mirrorctl.commands.session import Session
from mirrorctl.commands.use import use
from mirrorctl.errors import ConfigError, UsageError, WriteError
from mirrorctl.probing.events import Event
from mirrorctl.profile import Profile, Terms, Wish, parse
from mirrorctl.text import _
from mirrorctl.values import replace


def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises UsageError."""
    hint = _("a profile is a TOML file that has a table for each client, as [target.pip]")
    try:
        data = files.read(path)
    except ConfigError as error:
        raise UsageError(error.message, hint=hint, subject=str(path)) from error
    except WriteError as error:
        raise UsageError(error.message, hint=_("this user has to be able to read it"), subject=str(path)) from error
    if data is None:
        raise UsageError(_("{path}: there is no such profile", path=path), hint=hint, subject=str(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(_("{path}: not UTF-8: {reason}", path=path, reason=error.reason), subject=str(path)) from error
    return parse(text, str(path))


def catalogs_of(profile: Profile, path: Path) -> tuple[Path, ...]:
    """The catalogs that a profile names, from where it is."""
    return tuple(path.parent / name for name in profile.catalogs)


def request_for(profile: Profile, path: Path, *, dry_run: bool, check: bool) -> Request:
    """What the profile at `path` asks for, as one request."""
    each = {wish.target: _request(wish, profile.terms) for wish in profile.wishes}
    racing = any(wish.which == FASTEST for wish in profile.wishes)
    return Request(
        which=FASTEST if racing else profile.wishes[0].which,
        targets=tuple(each),
        policy=_policy(profile.terms),
        dry_run=dry_run,
        check=check,
        max_age_s=profile.terms.max_age_s if racing else None,
        each=each,
        label=f"apply {path.name}",
        repeat=f"apply {quote(str(path))}",
    )


def _request(wish: Wish, terms: Terms) -> Request:
    return Request(
        which=wish.which,
        targets=(wish.target,),
        scope=wish.scope,
        policy=replace(_policy(terms), force=wish.force),
        replace_private=wish.replace_private,
        fallback=Fallback(terms.fallback),
    )


def _policy(terms: Terms) -> Policy:
    return Policy(
        trust=terms.trust,
        max_lag_s=terms.max_lag_s,
        deadline_s=terms.deadline_s,
        budget_bytes=terms.budget_bytes,
        latency_only=terms.latency_only,
    )


def apply(
    session: Session,
    request: Request,
    *,
    switches: Switches,
    confirm: Callable[[UseData], bool],
    on_event: Callable[[Event], None] | None = None,
) -> Result[UseData]:
    result = use(session, request, switches=switches, confirm=confirm, on_event=on_event)
    return replace(result, command="apply")
