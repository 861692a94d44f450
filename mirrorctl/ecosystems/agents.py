"""What clients call themselves in the User-Agent of a request. Some mirrors treat them differently.

Sources: pip/_internal/network/session.py, uv (crates/uv-client/src/linehaul.rs), moby (dockerversion/useragent.go),
git (version.c). What they add of the machine is left out, except where it is the form itself.
"""

from __future__ import annotations

from collections.abc import Mapping

# What is supposed where the version is not known: one of this year.
RECENT: Mapping[str, tuple[int, ...]] = {"pip": (26, 0), "uv": (0, 9), "docker": (29, 0, 0), "git": (2, 51, 0)}


def agent_of(client: str, version: tuple[int, ...]) -> str:
    """The User-Agent of a client, near enough; its name and version come first, and that is what filters look at."""
    text = ".".join(str(part) for part in version or RECENT.get(client, ()))
    if client in ("pip", "uv"):
        return f'{client}/{text} {{"installer":{{"name":"{client}","version":"{text}"}}}}'
    if client == "docker":
        return f"docker/{text} go/go1.24 os/linux arch/amd64"
    return f"{client}/{text}" if text else client
