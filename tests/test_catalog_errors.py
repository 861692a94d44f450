"""What is refused, and in which words."""

from __future__ import annotations

import pytest

from mirrorctl.catalog import bundled_text
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.errors import CatalogError, ExitCode

HEAD = '[[mirror]]\nid = "a"\necosystem = "pypi"\n'
MINE = HEAD + 'url = "https://a.example/simple"\n'
DOCKER = '[[mirror]]\nid = "a"\necosystem = "docker"\n'
GIT = '[[mirror]]\nid = "a"\necosystem = "git"\n'


def failure(text: str, origin: str = "user") -> str:
    with pytest.raises(CatalogError) as caught:
        parse(text, name="own.toml", origin=origin)
    assert caught.value.subject == "own.toml"
    assert caught.value.exit_code is ExitCode.CATALOG
    return str(caught.value.message)


def url(address: str) -> str:
    return f'{HEAD}url = "{address}"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\ud800", "own.toml: this is not UTF-8 text", id="surrogate"),
        pytest.param("#" * 524_289, "own.toml: 524289 bytes are more than the 524288 allowed", id="size"),
        pytest.param("#é" * 262_144, "own.toml: 786432 bytes are more than the 524288 allowed", id="size-in-bytes"),
        pytest.param("\n#" + "x" * 4096, "own.toml: line 2 is longer than 4096 bytes", id="line"),
        pytest.param("#" + "é" * 2048, "own.toml: line 1 is longer than 4096 bytes", id="line-in-bytes"),
        pytest.param("[[mirror]]\n" * 5001, "own.toml: 5001 mirrors are more than the 5000 allowed", id="count"),
        pytest.param(
            "mirror = [" + "{},\n" * 5001 + "]",
            "own.toml: 5001 mirrors are more than the 5000 allowed",
            id="count-of-inline-tables",
        ),
        pytest.param("a = [[[[[]]]]]", "own.toml: keys or brackets are nested deeper than 4", id="brackets"),
        pytest.param("a = " + "[" * 4000, "own.toml: keys or brackets are nested deeper than 4", id="open-brackets"),
        pytest.param("a.b.c.d.e = 1", "own.toml: keys or brackets are nested deeper than 4", id="dotted-key"),
        pytest.param('a . "b" . c\t.d.e = 1', "own.toml: keys or brackets are nested deeper than 4", id="quoted-key"),
        pytest.param("[a.b.c.d.e]", "own.toml: keys or brackets are nested deeper than 4", id="header"),
        pytest.param(
            'a = """\n"""', "own.toml: multi-line strings are not part of the catalog format", id="multi-line"
        ),
        pytest.param(
            "schema = 2\nnew = true", "own.toml: schema: this file is of schema 2, and this program reads schema 1", id="schema"
        ),
        pytest.param("schema = true", "own.toml: schema: this has to be a whole number from 1", id="schema-type"),
        pytest.param("mirrors = []", "own.toml: mirrors: unknown key", id="top-key"),
        pytest.param('"a\\nb" = 1', r"own.toml: 'a\nb': unknown key", id="key-with-control-character"),
        pytest.param("mirror = 1", "own.toml: mirror: this has to be an array of tables", id="mirror-type"),
        pytest.param("mirror = [1]", "own.toml: mirror[0]: this has to be a table", id="mirror-item"),
        pytest.param("operator = []", "own.toml: operator: this has to be a table", id="operators-type"),
        pytest.param("catalog_date = 1", "own.toml: catalog_date: this has to be a date like 2026-09-15, "
                     'or "2026-09" or "2026" when no more is known', id="date-type"),
        pytest.param('catalog_date = "2026-13"', "own.toml: catalog_date: this has to be a date like 2026-09-15, "
                     'or "2026-09" or "2026" when no more is known', id="date"),
        pytest.param('[operator]\n"A B" = {}', "own.toml: operator.'A B': an id has lower-case letters, digits and "
                     "hyphens, at most 64 of them", id="operator-id"),
        pytest.param("[operator]\nupstream = {}", "own.toml: operator.upstream: 'upstream' is reserved", id="reserved"),
        pytest.param('[operator.a]\ntrust = "friend"', "own.toml: operator.a.trust: 'friend' is not a known value",
                     id="trust"),
        pytest.param('[operator.a]\nhome = "a.example"', "own.toml: operator.a.home: this has to begin with https:// or "
                     "http://", id="home"),
        pytest.param("[operator.a]\nname = 1", "own.toml: operator.a.name: this has to be a string", id="name"),
        pytest.param('[evidence.a]\nref = "x"\nsays = "x"', "own.toml: evidence.a.date: this key is required",
                     id="evidence-date"),
        pytest.param('[evidence.a]\ndate = "2026"\nsays = "x"', "own.toml: evidence.a.ref: this key is required",
                     id="evidence-ref"),
        pytest.param("[probe.pypi]\nx = 1", "own.toml: probe.pypi.x: this has to be an array of strings", id="canary"),
        pytest.param("[probe]\nPyPI = {}", "own.toml: probe.PyPI: an id has lower-case letters, digits and hyphens, at "
                     "most 64 of them", id="canary-ecosystem"),
        pytest.param('[dead]\ndocker_hosts = ["a b"]', "own.toml: dead.docker_hosts[0]: the host is not valid",
                     id="dead-host"),
        pytest.param("[[mirror]]", "own.toml: mirror[0].id: this key is required", id="no-id"),
        pytest.param('[[mirror]]\nid = "A"', "own.toml: mirror[0].id: an id has lower-case letters, digits and hyphens, "
                     "at most 64 of them", id="id"),
        pytest.param('[[mirror]]\nid = "fastest"', "own.toml: mirror[0].id: 'fastest' is reserved", id="reserved-id"),
        pytest.param(MINE + MINE, "own.toml: mirror[1].id: a stands in this file a second time", id="twice"),
        pytest.param(MINE + '[[mirror]]\nid = "a"\ndisabled = true', "own.toml: mirror[1].id: a stands in this file a "
                     "second time", id="twice-disabled"),
        pytest.param(MINE + "disabled = true", "own.toml: mirror[0].ecosystem: unknown key", id="disabled-with-more"),
        pytest.param('[[mirror]]\nid = "a"', "own.toml: mirror[0].ecosystem: this key is required", id="no-ecosystem"),
        pytest.param(HEAD, "own.toml: mirror[0].url: this key is required", id="no-url"),
        pytest.param(MINE + "urls = 1", "own.toml: mirror[0].urls: unknown key", id="key"),
        pytest.param(MINE + 'command = "rm"', "own.toml: mirror[0].command: unknown key", id="no-commands"),
        pytest.param(MINE + "headers = {}", "own.toml: mirror[0].headers: unknown key", id="no-headers"),
        pytest.param(MINE + 'status = "activ"', "own.toml: mirror[0].status: 'activ' is not a known value", id="status"),
        pytest.param(MINE + 'kind = "indx"', "own.toml: mirror[0].kind: 'indx' is not a known value", id="kind"),
        pytest.param(MINE + "rank = 0", "own.toml: mirror[0].rank: this has to be a whole number from 1", id="rank"),
        pytest.param(MINE + 'status = "dead"\nrank = 1', "own.toml: mirror[0].rank: only an active entry can have a rank",
                     id="dead-rank"),
        pytest.param(MINE + 'status = "dead"\ndefault = true', "own.toml: mirror[0].default: only an active entry of a "
                     "usable kind can be in the default set", id="dead-default"),
        pytest.param(MINE + 'kind = "unrelated"\ndefault = true', "own.toml: mirror[0].default: only an active entry of a "
                     "usable kind can be in the default set", id="unusable-default"),
        pytest.param(MINE + "default = 1", "own.toml: mirror[0].default: this has to be true or false", id="flag"),
        pytest.param(MINE + 'domain = ""', "own.toml: mirror[0].domain: this is empty; leave the key out when nothing is "
                     "known", id="empty"),
        pytest.param(MINE + 'quirks = ["a\\u001b[2J"]', "own.toml: mirror[0].quirks[0]: this contains control or "
                     "invisible characters", id="escape-sequence"),
        pytest.param(MINE + 'quirks = ["\u202eabc"]', "own.toml: mirror[0].quirks[0]: this contains control or invisible "
                     "characters", id="writing-direction"),
        pytest.param(MINE + "sync = { every = 5 }", "own.toml: mirror[0].sync.every: unknown key", id="sync"),
        pytest.param(MINE + "freshness = {}", "own.toml: mirror[0].freshness: this has to be an array of tables",
                     id="freshness"),
        pytest.param(MINE + 'freshness = [{ type = "rss", url = "https://a.example/" }]',
                     "own.toml: mirror[0].freshness[0].type: 'rss' is not a known value", id="freshness-type"),
        pytest.param(MINE + 'freshness = [{ type = "mirrorz", url = "file:///etc/passwd" }]',
                     "own.toml: mirror[0].freshness[0].url: this has to begin with https:// or http://", id="freshness-url"),
        pytest.param(MINE + "features = { pep691 = 1 }", "own.toml: mirror[0].features.pep691: this has to be true or "
                     "false", id="feature"),
        pytest.param(MINE + 'probe = { packages = "/x" }', "own.toml: mirror[0].probe.packages: this has to begin with "
                     "https:// or http://", id="probe-url"),
        pytest.param(MINE + "probe = { image = 1 }", "own.toml: mirror[0].probe.image: this has to be a string", id="probe"),
        pytest.param(DOCKER + 'url = "https://a.example"\nregistry = "ghcr.io"', "own.toml: mirror[0].registry: mirrors of "
                     "this registry belong to another ecosystem", id="docker-registry"),
        pytest.param(DOCKER + 'url = "https://a.example/v2/"', "own.toml: mirror[0].url: a registry mirror is a scheme, a "
                     "host and maybe a port, without a path", id="docker-path"),
        pytest.param(GIT + 'url = "https://a.example/"', "own.toml: mirror[0].kind: this key is required", id="git-kind"),
        pytest.param(GIT + 'kind = "url-prefix"\nurl = "https://a.example"', "own.toml: mirror[0].url: the address of a "
                     "url-prefix has to end with a slash", id="git-prefix"),
        pytest.param(GIT + 'kind = "host-replace"\nurl = "https://a.example/"\nreplaces = ["https://github.com"]',
                     "own.toml: mirror[0].replaces[0]: what a host-replace replaces has to end with a slash",
                     id="git-replaces"),
        pytest.param(GIT + 'kind = "repo"\nurl = "https://a.example/b.git"\nreplaces = ["https://github.com/o/b"]',
                     'own.toml: mirror[0].replaces[0]: this has to end with "/" or ".git", or git also takes '
                     "repositories whose names begin with it", id="git-bare-name"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, expected: str) -> None:
    assert failure(text) == expected


@pytest.mark.parametrize(
    "text", ["a = ", 'a = "[[[[[\\', "a = '[[[[[", "a = 1\na = 2"], ids=["value", "open", "open-raw", "twice"]
)
def test_what_is_not_toml(text: str) -> None:
    """The rest of the message is the parser's."""
    assert failure(text).startswith("own.toml: this is not TOML: ")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("ftp://a.example/", "this has to begin with https:// or http://", id="scheme"),
        pytest.param("a.example/simple", "this has to begin with https:// or http://", id="no-scheme"),
        pytest.param("https://", "the host is not valid", id="no-host"),
        pytest.param("https:///etc/passwd", "the host is not valid", id="empty-host"),
        pytest.param("https://a..example/", '".." is not allowed in a URL', id="dots-in-host"),
        pytest.param("https://-a.example/", "the host is not valid", id="hyphen"),
        pytest.param("https://a.example:0/", "the port has to be between 1 and 65535", id="port-0"),
        pytest.param("https://a.example:65536/", "the port has to be between 1 and 65535", id="port-too-high"),
        pytest.param("https://a.example:x/", "the host is not valid", id="port-not-a-number"),
        pytest.param("https://镜像.example/", "the host has to be written in ASCII, as 'xn--o1q148n.example'", id="chinese"),
        pytest.param("https://\u0440ypi.example/", "the host has to be written in ASCII, as 'xn--ypi-zed.example'", id="homoglyph"),
        pytest.param("https://a.example/../x", '".." is not allowed in a URL', id="up"),
        pytest.param("https://a.example/x/..", '".." is not allowed in a URL', id="up-at-the-end"),
        pytest.param("https://a.example/%2e%2E/x", '".." is not allowed in a URL', id="up-encoded"),
        pytest.param("https://a.example/a b", "' ' is not allowed in the path of a URL", id="space"),
        pytest.param("https://a.example/$(id)", "'$' is not allowed in the path of a URL", id="shell"),
        pytest.param("https://a.example/路", r"'\u8def' is not allowed in the path of a URL", id="path-not-ascii"),
        pytest.param("https://a.example/?x=1", "'?' is not allowed in the path of a URL", id="query"),
        pytest.param("https://a.example/#x", "'#' is not allowed in the path of a URL", id="fragment"),
    ],
)  # fmt: skip
def test_urls_that_are_refused(address: str, reason: str) -> None:
    assert failure(url(address)) == f"own.toml: mirror[0].url: {reason}"


@pytest.mark.parametrize(
    "address", ["https://joe:hunter2@a.example/simple", "https://hunter2@a.example", "http://:hunter2@[::1]/"]
)
def test_a_password_is_refused_and_not_repeated(address: str) -> None:
    message = failure(url(address))
    assert message == (
        "own.toml: mirror[0].url: a URL must not hold a user name or password; they belong into ~/.netrc or a keyring"
    )


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080/simple", "https://[::1]:8443/x/", "https://a.example", "https://a.example/@x/+simple/"],
)
def test_urls_that_an_overlay_may_have(address: str) -> None:
    (entry,) = parse(url(address), name="own.toml", origin="user").entries
    assert entry.fields["url"] == address


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("schema = 1\n", "", "schema: this key is required"),
        ('status = "active"\n', "", "mirror[0].status: this key is required"),
        ('operator = "tuna"\n', "", "mirror[0].operator: this key is required"),
        ('id = "pypi-tuna"\n', 'id = "pypi-tuna"\ndisabled = true\n', "mirror[0].disabled: only an overlay can disable an entry"),
        ('url = "https', 'url = "http', "mirror[0].url: a URL with http or with a port is only allowed in an overlay"),
        (".edu.cn/pypi/web/simple", ".edu.cn:444/pypi/web/simple", "mirror[0].url: a URL with http or with a port is only allowed in an overlay"),
        ('trust = "university"', 'trust = "private"', "operator.tuna.trust: only an overlay can have private mirrors"),
        ('trust = "university", ', "", "operator.tuna.trust: this key is required"),
    ],
    ids=["schema", "status", "operator", "disabled", "http", "port", "private", "trust"],
)  # fmt: skip
def test_the_bundled_file_has_stricter_rules(old: str, new: str, expected: str) -> None:
    text = bundled_text()
    at = text.index("[[mirror]]") if expected.startswith("mirror") else 0
    assert failure(text[:at] + text[at:].replace(old, new, 1), BUNDLED) == f"own.toml: {expected}"


def test_an_error_in_an_entry_says_which_entry_it_is() -> None:
    with pytest.raises(CatalogError) as caught:
        parse(MINE + 'freshness = [{ type = "mirrorz" }]', name="own.toml", origin="user")
    assert str(caught.value.hint) == "It is the entry a."


def test_what_is_within_the_limits_is_read() -> None:
    text = "".join(f'[[mirror]]\nid = "m{n}"\necosystem = "pypi"\nurl = "https://a.example"\n' for n in range(5000))
    layer = parse(text + "#" + "x" * 4095 + "\n", name="own.toml", origin="user")
    assert len(layer.entries) == 5000
    deep = "[probe]\na = { b = [\"[[[[[\", '{{{{{'] } # [[[[[ a.b.c.d.e.f\n"
    assert parse(deep, name="own.toml", origin="user").canaries == {"a": {"b": ("[[[[[", "{{{{{")}}
    assert parse("\ufeffschema = 1\r\n", name="own.toml", origin="user").entries == ()
