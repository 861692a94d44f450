"""Where the program runs, captured once; and where its own files are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mirrorctl.disk import REAL
from mirrorctl.errors import UsageError, WriteError
from mirrorctl.model import Machine, Scope
from mirrorctl.places import own_rules, reach
from mirrorctl.text import _
from mirrorctl.values import replace

if TYPE_CHECKING:
    from mirrorctl.network import Facts


def capture(root: Path | None = None) -> Machine:
    """The machine as it is now. `root` is an image to be treated as /."""
    if root is not None and not root.is_dir():
        raise UsageError(
            _("{path} is not a directory", path=root),
            hint=_("--root takes the directory of an image that has been unpacked"),
            subject=str(root),
        )
    return Machine(
        environ=dict(os.environ),
        home=_home(),
        cwd=_cwd(),
        platform=sys.platform,
        euid=os.geteuid() if hasattr(os, "geteuid") else -1,
        root=root.resolve() if root is not None else None,
    )


def _home() -> Path:
    try:
        return _cwd() / Path.home()  # for who has set a relative HOME, as clients read it
    except RuntimeError:  # no HOME and no entry in the user database, as in some containers
        return Path("/")


def _cwd() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def state_directory(machine: Machine, scope: Scope) -> Path:
    """Where the journal of `scope` is: MIRRORCTL_STATE_DIR, or what the XDG and FHS conventions say."""
    if machine.root is not None:
        return machine.path("/var/lib/mirrorctl")
    if chosen := machine.environ.get("MIRRORCTL_STATE_DIR"):
        return machine.cwd / chosen
    if scope is Scope.SYSTEM:
        return Path("/var/lib/mirrorctl")
    return _user_directory(machine, "state", "XDG_STATE_HOME", ".local/state")


def chronicle_path(machine: Machine) -> Path:
    """Where measurements are kept: they are the user's own, and of this machine, even while an image is prepared."""
    return state_directory(replace(machine, root=None), Scope.USER) / "chronicle.db"


def catalog_files(machine: Machine, given: tuple[Path, ...]) -> tuple[tuple[str, Path], ...]:
    """Overlay files in the order in which they apply, each with its layer: system, user, then those named.

    A named file has to exist; the habitual ones need not.
    """
    layers = [("system", overlay_path(machine, Scope.SYSTEM))]
    if machine.root is None:
        own = overlay_path(machine, Scope.USER)
        layers += [("user", own)] if is_own(own, machine) else []
    found = [(layer, path) for layer, path in layers if path.is_file()]
    named = [Path(name) for name in machine.environ.get("MIRRORCTL_CATALOG", "").split(os.pathsep) if name]
    return (*found, *(("named", path) for path in (*named, *given)))


def overlay_path(machine: Machine, scope: Scope) -> Path:
    """The overlay of the user, or of the system; that of an image is the system's."""
    if scope is Scope.SYSTEM or machine.root is not None:
        return machine.path("/etc/mirrorctl/mirrors.toml")
    return _user_directory(machine, "config", "XDG_CONFIG_HOME", ".config") / "mirrors.toml"


def updated_catalog(machine: Machine) -> Path:
    """The catalog that stands in for the bundled one while it is newer."""
    return state_directory(replace(machine, root=None), Scope.USER) / "mirrors.toml"


def is_own(path: Path, machine: Machine) -> bool:
    """Whether nobody but the user, or root, can have written the file: after sudo, HOME may be somebody else's."""
    try:
        with reach(path, own_rules(machine), REAL) as place:
            return REAL.lstat(place.name, place.folder).st_uid in {0, machine.euid}
    except (OSError, WriteError):
        return False


_TUNNELS = {"512", "65534"}  # ARPHRD_PPP, ARPHRD_NONE (<linux/if_arp.h>)


def network_facts(machine: Machine) -> Facts:
    """What tells the network apart that the machine is on now."""
    from mirrorctl.network import Facts  # noqa: PLC0415  start-up time: only who measures needs it

    routes = _text("/proc/net/route")
    return Facts(
        routes=routes or None,
        routes6=_text("/proc/net/ipv6_route"),
        neighbours=_text("/proc/net/arp"),
        resolver=_text("/etc/resolv.conf"),
        tunnels=tuple(sorted(_tunnels())) if routes else (),
        environ=machine.environ,
    )


def _tunnels() -> Iterator[str]:
    """The interfaces that are tunnels and up: a VPN may take all packets without a route that says so."""
    for place in Path("/sys/class/net").glob("*"):
        flags = _text(f"{place}/flags").strip()
        if _text(f"{place}/type").strip() in _TUNNELS and flags.endswith(tuple("13579bdf")):
            yield place.name


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _user_directory(machine: Machine, kind: str, variable: str, habit: str) -> Path:
    if machine.platform.startswith("linux"):  # what platformdirs does there, without its start-up cost
        base = machine.environ.get(variable, "").strip()
        # "If an implementation encounters a relative path … it should consider the path invalid and ignore it."
        return (Path(base) if base.startswith("/") else machine.home / habit) / "mirrorctl"
    import platformdirs  # noqa: PLC0415

    return Path(getattr(platformdirs, f"user_{kind}_dir")("mirrorctl", appauthor=False))
