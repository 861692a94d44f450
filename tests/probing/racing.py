"""Short ways to measure servers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from mirrorctl.model import Mirror, Ranking, Reason, Status, Trust
from mirrorctl.probing import Event, measure

CANARIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pypi": {"small_projects": ("six",), "large_projects": ("big",)}
}
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def mirror(name: str, url: str, features: Mapping[str, bool] | None = None) -> Mirror:
    return Mirror(
        id=name,
        ecosystem="pypi",
        operator=name,
        url=url,
        kind="index",
        trust=Trust.PRIVATE,
        status=Status.ACTIVE,
        domain=name,
        features=features or {},
    )


def race(
    urls: Mapping[str, str],
    *,
    deadline_s: float = 20.0,
    environ: Mapping[str, str] | None = None,
    latency_only: bool = False,
    agents: Mapping[str, str] | None = None,
    features: Mapping[str, bool] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Ranking:
    """The ranking of these mirrors. The deadline is far away, for machines with other things to do."""
    (found,) = measure(
        {"pypi": [mirror(name, url, features) for name, url in urls.items()]},
        environ=environ or {},
        canaries=CANARIES,
        now=NOW,
        deadline_s=deadline_s,
        latency_only=latency_only,
        agents={"pypi": agents or {}},
        on_event=on_event,
    )
    return found


def reason_of(url: str, environ: Mapping[str, str] | None = None, *, deadline_s: float = 20.0) -> Reason | None:
    """Why the only mirror is rejected, or None when it is eligible."""
    found = race({"only": url}, environ=environ, deadline_s=deadline_s)
    return found.rejected[0].reason if found.rejected else None


def code_of(url: str, environ: Mapping[str, str] | None = None, *, deadline_s: float = 20.0) -> str | None:
    reason = reason_of(url, environ, deadline_s=deadline_s)
    return reason.code if reason else None
