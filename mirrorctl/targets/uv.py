"""uv: the one `[[index]]` with `default = true`, in uv.toml or in [tool.uv] of pyproject.toml.

Sources: uv documentation, "Package indexes" and "Configuration files". Private and explicit indexes are not ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mirrorctl.errors import ConflictError, FormatError
from mirrorctl.formats import decode, encode
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Scope
from mirrorctl.redaction import redact
from mirrorctl.targets import uv_client, uv_lens
from mirrorctl.targets import uv_settings as model
from mirrorctl.targets.base import ConfigFile, Contents, Decision, Setting, State, activate_nothing, drain_nothing
from mirrorctl.targets.common import host_of, is_loopback, is_private, same_url, unreadable
from mirrorctl.targets.uv_settings import ENVIRONMENT
from mirrorctl.text import Text, _

NAME = "uv"
ECOSYSTEM = "pypi"
SCOPES = (Scope.USER, Scope.SYSTEM, Scope.PROJECT)
CAPACITY = 1
TRACES = ("/usr/bin/uv", "/usr/local/bin/uv", "/bin/uv", "/root/.local/bin/uv")
LOCK = None
FIRST_WITH_INDEX = (0, 4, 23)
# Any value that nothing else can have, to see what would win over it.
PROBE = "override:"

inspect = uv_client.find
verify = uv_client.try_install
read, write, frame = uv_lens.read, uv_lens.write, uv_lens.frame
drain = drain_nothing
accept = uv_client.try_file
activate = activate_nothing


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME)


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:  # noqa: ARG001
    return model.config_files(machine)


# What is in force


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:
    path = _file_of(machine, contents, scope)
    value = next(iter(_held_in(contents, path).values()), None)
    environ, found = model.environ_of(machine), model.sources(machine, contents)
    option = model.default_index(environ, found, pip=True)
    effective = None if model.no_index(found, pip=True) else option.value if option else client.default_url
    overrides = _winners(machine, client, _with(contents, path, PROBE), path, PROBE)
    return State(
        path=path,
        urls=(value,) if value else (),
        effective_url=effective,
        overrides=tuple(
            dict.fromkeys(Override(source=o.source, name=o.name, value=redact(o.value)) for o in overrides)
        ),
        notices=tuple(_notices(environ, found, effective)),
    )


def _file_of(machine: Machine, contents: Contents, scope: Scope) -> Path:
    """The file of `scope` that decides, or the one to make."""
    if scope is Scope.SYSTEM:
        places = model.system_paths(machine)
        return next((path for path in places if contents.get(path) is not None), places[-1])
    if scope is Scope.USER:
        return model.user_path(machine)
    base = model.base_of(contents, model.start_of(machine))
    found = model.project_path(contents, base)
    return found or base / (model.PROJECT if contents.get(base / model.PROJECT) is not None else model.FILE)


def _held_in(contents: Contents, path: Path) -> dict[uv_lens.Place, str]:
    try:
        return uv_lens.held(decode(contents.get(path) or b""), path)
    except FormatError as error:
        raise unreadable(path, error) from error


def _with(contents: Contents, path: Path, value: str | None) -> Contents:
    """`contents` after `value` has been written to `path`."""
    try:
        return {**contents, path: encode(uv_lens.write(decode(contents.get(path) or b""), path, value))}
    except FormatError as error:
        raise unreadable(path, error) from error


def _winners(
    machine: Machine, client: Client, contents: Contents, path: Path, wanted: str | None
) -> Iterator[Override]:
    """What keeps any of uv's commands from using `wanted` (None: nothing configured) although `path` says so."""
    environ, found = model.environ_of(machine), model.sources(machine, contents)
    if wanted and path not in [source.path for source in found]:
        name = "UV_CONFIG_FILE" if environ.get("UV_CONFIG_FILE") else "UV_NO_CONFIG"
        yield Override(source=ENVIRONMENT, name=name, value=environ.get(name, ""))
    for pip in (False, True):
        if off := model.no_index(found, pip=pip):
            yield off
        option = model.default_index(environ, found, pip=pip)
        if option and not same_url(option.value, wanted or client.default_url):
            yield option


def _notices(environ: Mapping[str, str], found: tuple[model.Source, ...], url: str | None) -> Iterator[Notice]:
    for source, index in model.indexes(environ, found):
        if index.get("default") is not True and index.get("explicit") is not True:
            yield Notice(
                code="index-first",
                message=_("uv asks {url} before the default index", url=redact(str(index.get("url")))),
                subject=str(source.path),
            )
    host = host_of(url or "")
    for source in found:
        if url and url.startswith("https:") and host in _strings(source.settings.get("allow-insecure-host")):
            yield Notice(
                code="insecure-host",
                message=_("uv does not check the certificate of {host}", host=host),
                hint=_("remove it from allow-insecure-host"),
                subject=str(source.path),
            )
    if url and url.startswith("http:") and not is_loopback(url):
        yield Notice(
            code="plain-http",
            message=_("{url} is not https: whoever is on the way can change packages", url=redact(url)),
            hint=_("choose an https mirror"),
        )


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


# What to write


def decide(
    machine: Machine,
    client: Client,
    contents: Contents,
    scope: Scope,
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    wanted = mirrors[0].url if mirrors else None
    path = _file_of(machine, contents, scope)
    _refuse_old(client, wanted)
    if wanted is None:
        _refuse_bound(contents, path)
    after = _with(contents, path, wanted)
    for option in _winners(machine, client, after, path, wanted):
        raise _ineffective(machine, option, path)
    if not force:
        public = known | {url for url in (client.default_url, wanted) if url}
        for option, has_login in _replaced(machine, contents, path):
            if option.value != wanted and (has_login or is_private(option.value, public=public, ours=ours)):
                raise _private(option)
    found = model.sources(machine, after)
    notices = [*_notices(model.environ_of(machine), found, wanted or client.default_url)]
    notices += _lock_notices(machine, contents, wanted or client.default_url)
    return Decision(settings=(Setting(path=path, value=wanted),), notices=tuple(notices))


def _refuse_old(client: Client, wanted: str | None) -> None:
    if wanted and client.version and client.version < FIRST_WITH_INDEX:
        raise ConflictError(
            _("uv {version} does not know [[index]]", version=".".join(map(str, client.version))),
            hint=_("update it: {version} is the first that does", version=".".join(map(str, FIRST_WITH_INDEX))),
            subject=NAME,
        )


def _refuse_bound(contents: Contents, path: Path) -> None:
    try:
        name = uv_lens.bound(decode(contents.get(path) or b""), path)
    except FormatError as error:
        raise unreadable(path, error) from error
    if name:
        raise ConflictError(
            _(
                "[tool.uv.sources] of {path} takes packages from the index “{name}”, and uv refuses it without",
                path=path,
                name=name,
            ),
            hint=_("take those sources out first, or name the mirror that is to take its place"),
            subject=str(path),
        )


def _replaced(machine: Machine, contents: Contents, path: Path) -> Iterator[tuple[Override, bool]]:
    """What the change takes out of force, its own file's or hidden by it; and whether a login belongs to its name."""
    for place, value in _held_in(contents, path).items():
        name = "index" if place[-1] == "url" else ".".join(map(str, place[len(uv_lens.root(path)) :]))
        yield Override(source=str(path), name=name, value=value), False
    environ, found = model.environ_of(machine), model.sources(machine, contents)
    hidden = model.default_index(environ, found, pip=True)
    if hidden and hidden.source != ENVIRONMENT:
        yield hidden, False
    for source, index in model.indexes(environ, found):
        if source.path == path and index.get("default") is True and _has_login(environ, str(index.get("name", ""))):
            yield Override(source=str(path), name="index", value=str(index.get("url"))), True


def _has_login(environ: Mapping[str, str], name: str) -> bool:
    """Whether UV_INDEX_<NAME>_PASSWORD is there: the new index would be sent it."""
    plain = "".join(char if char.isalnum() else "_" for char in name.upper())
    return bool(name) and any(environ.get(f"UV_INDEX_{plain}_{what}") for what in ("USERNAME", "PASSWORD"))


def _private(option: Override) -> ConflictError:
    return ConflictError(
        _("{path} uses {url}, which is no known public mirror", path=option.source, url=redact(option.value)),
        hint=_("packages may come from there alone; --replace-private replaces it, mirrorctl undo brings it back"),
        subject=option.source,
    )


def _ineffective(machine: Machine, option: Override, path: Path) -> ConflictError:
    return ConflictError(
        _(
            "uv would not follow {path}: {name} = {value} wins ({source})",
            path=path,
            name=option.name,
            value=redact(option.value),
            source=option.source,
        ),
        hint=_remedy(machine, option),
        subject=option.source,
    )


def _remedy(machine: Machine, option: Override) -> Text:
    if option.source == ENVIRONMENT:
        return _("unset {name}, here and where it is set at login, then run the command again", name=option.name)
    scopes = {str(file.path): file.scope for file in model.config_files(machine)}
    scope = scopes.get(option.source)
    if scope is Scope.PROJECT and not option.name.endswith("no-index"):
        return _("run the command with --scope project to change that file, or outside of this project")
    if scope and not option.name.endswith("no-index"):
        return _("run the command with --scope {scope} to change that file", scope=scope.value)
    return _("remove the line from {path}, then run the command again", path=option.source)


def _lock_notices(machine: Machine, contents: Contents, url: str | None) -> Iterator[Notice]:
    """A lock file names the index of each package: after a change it is out of date, or keeps using the old one."""
    path = model.base_of(contents, model.start_of(machine)) / model.LOCK_FILE
    data = contents.get(path)
    if data is not None and url and url.encode() not in data:
        yield Notice(
            code="lock-file",
            message=_("{path} was made with another index", path=path),
            hint=_("uv lock --check fails until uv lock writes it anew; uv sync --frozen keeps to the old index"),
            subject=str(path),
        )


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    if not mirrors:
        return ()
    message = _("uv lock writes the address of the mirror into uv.lock of every project")
    return (
        Notice(
            code="lock-files", message=message, hint=_("that is how uv works; others will use it too"), subject=NAME
        ),
    )
