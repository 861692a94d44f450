"""The small values that measuring brings home. `mirrorctl.model` has them all."""

from __future__ import annotations

from mirrorctl.text import Text
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a mirror was rejected."""

    code: str
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The pull that a ranking is about: sequential requests and bytes over one connection."""

    requests: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One of the two ways to a host, over IPv4 or over IPv6; `used` is the one that was measured, as a client goes it.

    `error` is the code of a rejection (docs/reference/rejections.md). None means not measured, or no error.
    """

    family: str  # ipv4 or ipv6
    used: bool = False
    connect_s: float | None = None
    tls_s: float | None = None
    ttfb_s: float | None = None
    error: str | None = None
