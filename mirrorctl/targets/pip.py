"""pip: `index-url` of [global], in the file that pip itself goes by.

Sources: pip documentation, "Configuration"; PEP 503; pip/_internal/configuration.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mirrorctl.errors import ConflictError, FormatError
from mirrorctl.formats import decode, encode, ini
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Scope, Value
from mirrorctl.redaction import redact
from mirrorctl.targets import pip_client
from mirrorctl.targets.base import (
    ConfigFile,
    Contents,
    Decision,
    Setting,
    State,
    accept_anything,
    activate_nothing,
    drain_nothing,
)
from mirrorctl.targets.common import host_of, is_loopback, is_private, same_url, unreadable
from mirrorctl.targets.pip_settings import COMMANDS, ENVIRONMENT, TRUE, Option, config_files, loaded, merge, options
from mirrorctl.text import Text, _

NAME = "pip"
ECOSYSTEM = "pypi"
SCOPES = (Scope.USER, Scope.SYSTEM)
CAPACITY = 1
TRACES = ("/usr/bin/pip", "/usr/bin/pip3", "/usr/local/bin/pip", "/usr/local/bin/pip3")
LOCK = None
SECTION, KEY = "global", "index-url"
FILE_VARIABLE = "PIP_CONFIG_FILE"

inspect = pip_client.find
verify = pip_client.try_download


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME)


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    return config_files(machine, client)


# The lens


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    return ini.get(text, SECTION, KEY)


def write(text: str, path: Path, value: Value) -> str:  # noqa: ARG001
    if not isinstance(value, str | None):
        raise TypeError("pip has one index")
    return ini.put(text, SECTION, KEY, value)


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """All other options by section. An empty [global] is as good as none."""
    found = parsed(text)
    found.get(SECTION, {}).pop(KEY, None)
    if not found.get(SECTION):
        found.pop(SECTION, None)
    return found


def parsed(text: str) -> dict[str, dict[str, str]]:
    """All options by section, as Python's own parser reads them."""
    import configparser  # noqa: PLC0415  start-up time
    import io  # noqa: PLC0415

    parser = configparser.RawConfigParser(strict=False, default_section="")  # so that [DEFAULT] is one of the sections
    try:
        for each in (configparser.RawConfigParser(), parser):
            each.read_file(io.StringIO(text, newline=None))
    except configparser.Error as error:
        raise FormatError(_("pip cannot read it: {reason}", reason=str(error).splitlines()[0]), line=1) from error
    return {name: {ini.normalise(key): value for key, value in parser.items(name)} for name in parser.sections()}


drain = drain_nothing
accept = accept_anything
activate = activate_nothing


# What is in force


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:
    path = _file_of(machine, client, contents, scope)
    value = _value_in(contents, path)
    in_force = options(merge(machine, client, contents), "install")
    effective = None if _is_off(in_force) else _url_of(in_force) or client.default_url
    return State(
        path=path,
        urls=(value.strip(),) if value and value.strip() else (),
        effective_url=effective,
        overrides=tuple(dict.fromkeys(_overrides(machine, client, contents, path))),
        notices=tuple(_notices(in_force, effective)),
    )


def _file_of(machine: Machine, client: Client, contents: Contents, scope: Scope) -> Path:
    """The file of `scope` that decides; where none does, the strongest one there is, or the one pip would make."""
    own = [file.path for file in config_files(machine, client) if file.scope is scope]
    deciding = [path for path in own if _value_in(contents, path) is not None]
    existing = [path for path in own if contents.get(path) is not None]
    return (deciding or existing or own)[-1]


def _value_in(contents: Contents, path: Path) -> str | None:
    try:
        return ini.get(decode(contents.get(path) or b""), SECTION, KEY)
    except FormatError as error:
        raise unreadable(path, error) from error


def _with(contents: Contents, path: Path, value: str | None) -> Contents:
    """`contents` after `value` has been written to `path`."""
    try:
        return {**contents, path: encode(ini.put(decode(contents.get(path) or b""), SECTION, KEY, value))}
    except FormatError as error:
        raise unreadable(path, error) from error


def _url_of(in_force: dict[str, Option]) -> str | None:
    option = in_force.get(KEY)
    return option.value.strip() if option else None


def _is_off(in_force: dict[str, Option]) -> bool:
    """Whether pip asks no index at all."""
    option = in_force.get("no-index")
    return option is not None and option.value.strip().lower() in TRUE


def _overrides(machine: Machine, client: Client, contents: Contents, path: Path) -> Iterator[Override]:
    """Whatever wins over any value that `path` could hold."""
    for option in _winners(machine, client, _with(contents, path, "override:"), path, "override:"):
        yield Override(source=option.source, name=option.name, value=redact(option.value))


def _winners(machine: Machine, client: Client, contents: Contents, path: Path, wanted: str | None) -> Iterator[Option]:
    """What keeps any of pip's commands from using `wanted` (None: nothing configured) although `path` says so."""
    if wanted and path not in loaded(machine, client, contents):
        yield Option(source=ENVIRONMENT, name=FILE_VARIABLE, value=machine.environ[FILE_VARIABLE])
    settings = merge(machine, client, contents)
    for command in COMMANDS:
        in_force = options(settings, command)
        if _is_off(in_force):
            yield in_force["no-index"]
        option = in_force.get(KEY)
        if option and not same_url(option.value, wanted or client.default_url):
            yield option


def _notices(in_force: dict[str, Option], url: str | None) -> Iterator[Notice]:
    if extra := in_force.get("extra-index-url"):
        yield Notice(
            code="extra-index-url",
            message=_(
                "pip takes packages from {url} as well, whichever index has the newer version",
                url=redact(" ".join(extra.value.split())),
            ),
            hint=_("keep {name} only for an index that you trust with every package name", name=extra.name),
            subject=extra.source,
        )
    trusted = in_force.get("trusted-host")
    if url and trusted and url.startswith("https:") and _trusts(trusted.value, url):
        yield Notice(
            code="trusted-host",
            message=_("pip does not check the certificate of {host}", host=host_of(url)),
            hint=_("remove it from {name}: https does not need that", name=trusted.name),
            subject=trusted.source,
        )


def _trusts(hosts: str, url: str) -> bool:
    """Whether the value of `trusted-host` covers `url`: a host stands for all its ports."""
    place = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return not {place, place.rpartition(":")[0] or place}.isdisjoint(hosts.lower().split())


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
    path = _file_of(machine, client, contents, scope)
    paths = [path] if wanted else _holders(machine, client, contents, scope, path)
    after = contents
    for each in paths:
        after = _with(after, each, wanted)
    for option in _winners(machine, client, after, path, wanted):
        raise _ineffective(machine, client, option, path)
    if not force:
        public = known | {url for url in (client.default_url, wanted) if url}
        for option in _replaced(machine, client, contents, paths):
            if option.value != wanted and is_private(option.value, public=public, ours=ours):
                raise _private(option)
    in_force = options(merge(machine, client, after), "install")
    _refuse_plain(wanted, in_force, path)
    return Decision(
        settings=tuple(Setting(path=each, value=wanted) for each in paths),
        notices=tuple(_notices(in_force, wanted or client.default_url)),
    )


def _holders(machine: Machine, client: Client, contents: Contents, scope: Scope, path: Path) -> list[Path]:
    """Every file of `scope` with the key: a weaker one would come to light when the stronger one lets go."""
    own = [file.path for file in config_files(machine, client) if file.scope is scope]
    return [each for each in own if each == path or _value_in(contents, each) is not None]


def _replaced(machine: Machine, client: Client, contents: Contents, paths: list[Path]) -> Iterator[Option]:
    """What the change takes out of force: the settings in its own files, and one that they would hide."""
    for path in paths:
        if value := _value_in(contents, path):
            yield Option(source=str(path), name=f"{SECTION}.{KEY}", value=value)
    hidden = options(merge(machine, client, contents), "install").get(KEY)
    if hidden and hidden.source != ENVIRONMENT:
        yield hidden


def _private(option: Option) -> ConflictError:
    return ConflictError(
        _("{path} uses {url}, which is no known public mirror", path=option.source, url=redact(option.value.strip())),
        hint=_("packages may come from there alone; --replace-private replaces it, mirrorctl undo brings it back"),
        subject=option.source,
    )


def _ineffective(machine: Machine, client: Client, option: Option, path: Path) -> ConflictError:
    return ConflictError(
        _(
            "pip would not follow {path}: {name} = {value} wins ({source})",
            path=path,
            name=option.name,
            value=redact(option.value.strip()),
            source=option.source,
        ),
        hint=_remedy(machine, client, option),
        subject=option.source,
    )


def _remedy(machine: Machine, client: Client, option: Option) -> Text:
    if option.source == ENVIRONMENT:
        return _("unset {name}, here and where it is set at login, then run the command again", name=option.name)
    scopes = {str(file.path): file.scope for file in config_files(machine, client)}
    scope = scopes.get(option.source)
    if scope and option.name == f"{SECTION}.{KEY}":
        return _("run the command with --scope {scope} to change that file", scope=scope.value)
    return _("remove the line from {path}, then run the command again", path=option.source)


def _refuse_plain(url: str | None, in_force: dict[str, Option], path: Path) -> None:
    """Over http pip ignores an index whose host the user has not declared trusted."""
    trusted = in_force.get("trusted-host")
    if url is None or not url.startswith("http:") or is_loopback(url) or (trusted and _trusts(trusted.value, url)):
        return
    host = host_of(url)
    raise ConflictError(
        _("pip ignores {url}: it is not https, and {host} is not trusted", url=redact(url), host=host),
        hint=_("choose an https mirror, or add trusted-host = {host} to {path} yourself", host=host, path=path),
        subject=str(path),
    )


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    if not mirrors:
        return ()
    message = _("uv, poetry and pdm do not read pip's configuration")
    return (Notice(code="other-tools", message=message, hint=_("uv has a target of its own: -t uv"), subject=NAME),)
