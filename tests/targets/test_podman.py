"""podman: which file counts, what is written where, and what stands against it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from targets.talk import converse, hold, said

from mirrorctl.dialogue import Answer
from mirrorctl.errors import ConfigError, ConflictError
from mirrorctl.model import REGISTRIES, Client, Machine, Mirror, SavedFile, Scope, Status, Trust
from mirrorctl.planning import make_edit, revert
from mirrorctl.targets import podman
from mirrorctl.targets import podman_files as model
from mirrorctl.targets.base import Decision, Setting, State

HOME = Path("/home/u")
A, B, OWN = "https://a.example", "https://b.example", "https://registry.corp.example"
SYSTEM, USER = Path("/etc/containers/registries.conf"), HOME / ".config/containers/registries.conf"
SYSTEM_D, USER_D = SYSTEM.with_suffix(".conf.d"), USER.with_suffix(".conf.d")
OURS = USER_D / "zz-mirrorctl.conf"
MACHINE = Machine(environ={}, home=HOME, cwd=HOME, platform="linux", euid=1000)
CLIENT = Client(target="podman", facts={"programs": "podman skopeo"})


def mirror(url: str, ecosystem: str = "docker", **more: object) -> Mirror:
    found = Mirror(
        id="m",
        ecosystem=ecosystem,
        operator="o",
        url=url,
        kind="registry-mirror",
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain="d",
        registry=REGISTRIES[ecosystem],
    )
    return replace(found, probe=dict(more))


def table(registry: str, *urls: str, more: str = "") -> str:
    mirrors = "".join(f'\n[[registry.mirror]]\nlocation = "{url.removeprefix("https://")}"\n' for url in urls)
    return f'[[registry]]\nlocation = "{registry}"\n{more}{mirrors}'


def client(*paths: Path) -> Client:
    return replace(CLIENT, facts={**CLIENT.facts, "drop-ins": "\n".join(map(str, paths))})


def look(files: Mapping[Path, str], scope: Scope = Scope.USER, environ: Mapping[str, str] | None = None) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return podman.state(replace(MACHINE, environ=environ or {}), client(*files), contents, scope)


def decide(
    files: Mapping[Path, str],
    *mirrors: Mirror,
    scope: Scope = Scope.USER,
    ours: frozenset[str] = frozenset(),
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    known = frozenset({A, B})
    return podman.decide(MACHINE, client(*files), contents, scope, mirrors, known=known, ours=ours, force=force)


def written(decision: Decision) -> dict[Path, object]:
    return {setting.path: setting.value for setting in decision.settings}


# The client


@pytest.mark.parametrize(
    ("answers", "programs", "version"),
    [
        (
            {"podman --version": said("podman version 4.3.1\n"), "skopeo --version": said("skopeo version 1.9.3\n")},
            "podman skopeo",
            (4, 3, 1),
        ),
        ({"skopeo --version": said("skopeo version 1.9.3\n")}, "skopeo", (1, 9, 3)),
    ],
    ids=["both", "skopeo"],
)
def test_the_client(answers: dict[str, Answer], programs: str, version: tuple[int, ...]) -> None:
    found, _asked = hold(podman.inspect(MACHINE), {**answers, **LISTED})
    assert found is not None
    assert (found.facts["programs"], found.version, found.scope) == (programs, version, None)
    assert found.facts["drop-ins"] == f"{SYSTEM_D}/shortnames.conf\n"


LISTED: dict[str, Answer] = {
    f"find -H {SYSTEM_D} {USER_D} -maxdepth 1 -name *.conf": said(f"{SYSTEM_D}/shortnames.conf\n")
}


@pytest.mark.parametrize(
    ("platform", "programs"),
    [("linux", "podman skopeo crio"), ("darwin", "skopeo")],
    ids=["linux", "a virtual machine"],
)
def test_who_reads_the_files_here(platform: str, programs: str) -> None:
    answers: dict[str, Answer] = {f"{name} --version": said("1.0") for name in ("podman", "skopeo", "crio")}
    found, _asked = hold(podman.inspect(replace(MACHINE, platform=platform)), answers)
    assert found is not None
    assert found.facts["programs"] == programs
    assert [notice.code for notice in podman.next_steps(MACHINE, found, ())] == ["reload"] * (platform == "linux")


def test_no_client() -> None:
    assert hold(podman.inspect(MACHINE), {})[0] is None


def test_root_writes_for_the_system() -> None:
    found, _asked = hold(podman.inspect(replace(MACHINE, euid=0)), {"podman --version": said("podman version 5.4.2")})
    assert found is not None
    assert found.scope is Scope.SYSTEM


# What is in force


def test_nothing_configured() -> None:
    found = look({})
    assert (found.path, found.urls, found.effective_url, found.overrides) == (OURS, (), "https://docker.io", ())


def test_docker_hub_comes_first() -> None:
    found = look({OURS: table("docker.io", A) + table("cgr.dev", B)})
    assert (found.urls, found.effective_url) == ((A, B), A)


def test_a_later_drop_in_wins_and_is_named() -> None:
    later = USER_D / "zzz.conf"
    found = look({OURS: table("docker.io", A), later: table("docker.io", OWN)})
    assert found.effective_url == OWN
    assert [(each.source, each.name, each.value) for each in found.overrides] == [(str(later), "docker.io", OWN)]


def test_the_users_file_hides_those_of_the_system() -> None:
    files = {SYSTEM: table("docker.io", A), SYSTEM_D / "a.conf": table("quay.io", A), USER: ""}
    assert look(files).effective_url == "https://docker.io"
    assert look({**files, OURS: table("docker.io", B)}).effective_url == B


def test_a_variable_names_another_file() -> None:
    files = {Path("/w/x.conf"): table("docker.io", OWN), USER: table("docker.io", A)}
    found = look(files, environ={"CONTAINERS_REGISTRIES_CONF": "/w/x.conf"})
    assert found.effective_url == OWN
    assert found.overrides[0].name == "CONTAINERS_REGISTRIES_CONF"


def test_what_weakens_the_mirrors_is_told() -> None:
    text = table("docker.io", A, more="mirror-by-digest-only = true\n") + table("docker.io/library")
    assert {notice.code for notice in look({OURS: text}).notices} == {"digest-only", "longer-prefix"}


def test_a_broken_file_stops_the_clients_and_us() -> None:
    with pytest.raises(ConfigError):
        look({SYSTEM_D / "x.conf": "[[registry]"})
    with pytest.raises(ConfigError):
        decide({SYSTEM_D / "x.conf": "[[registry]"}, mirror(A))


# What is written


def test_a_drop_in_for_what_has_no_table() -> None:
    decision = decide({SYSTEM: 'unqualified-search-registries = ["docker.io"]\n'}, mirror(A), mirror(B, "ghcr"))
    assert written(decision) == {OURS: [[A, "docker.io"], [B, "ghcr.io"]]}


def test_the_table_that_counts_is_changed_where_it_stands_and_keeps_the_users_mirrors() -> None:
    files = {USER: table("docker.io", OWN, A), USER_D / "quay.conf": table("quay.io")}
    decision = decide(files, mirror(B), mirror(B, "quay"), ours=frozenset({A}))
    assert written(decision) == {
        USER: [[B, "docker.io"], [OWN, "docker.io"]],
        USER_D / "quay.conf": [[B, "quay.io"]],
    }


def test_what_has_no_new_mirror_stays() -> None:
    decision = decide({OURS: table("docker.io", A) + table("ghcr.io", A)}, mirror(B), ours=frozenset({A}))
    assert written(decision) == {OURS: [[B, "docker.io"], [A, "ghcr.io"]]}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        pytest.param(table("docker.io", A), False, id="known-mirrors"),
        pytest.param(table("docker.io", OWN), True, id="a-private-mirror"),
        pytest.param(table("docker.io", more="blocked = true\n"), True, id="blocked"),
        pytest.param('[[registry]]\nprefix = "docker.io"\nlocation = "hub.corp.example"\n', True, id="another-place"),
    ],
)
def test_what_the_system_says_is_not_hidden_from_a_user(text: str, refused: bool) -> None:
    if refused:
        with pytest.raises(ConflictError) as caught:
            decide({SYSTEM: text}, mirror(A))
        assert caught.value.subject == str(SYSTEM)
    assert written(decide({SYSTEM: text}, mirror(A), force=refused)) == {OURS: [[A, "docker.io"]]}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        pytest.param(table("docker.io", more="blocked = true\n"), True, id="blocked"),
        pytest.param(table("docker.io", OWN, more="blocked = true\n"), True, id="a private mirror alone"),
        pytest.param(table("docker.io", B, more="blocked = true\n"), False, id="mirrors alone"),
        pytest.param(table("docker.io", more="mirror-by-digest-only = true\n"), True, id="digests"),
        pytest.param('[[registry]]\nprefix = "*.io"\nblocked = true\n', True, id="a wildcard"),
        pytest.param('[[registry]]\nprefix = "*.example.io"\nblocked = true\n', False, id="another wildcard"),
        pytest.param('[registries.block]\nregistries = ["docker.io"]\n', True, id="version 1"),
        pytest.param('[registries.search]\nregistries = ["docker.io"]\n', False, id="a search of version 1"),
    ],
)
@pytest.mark.parametrize("path", [USER, USER_D / "50.conf"], ids=["main", "drop-in"])
def test_a_policy_is_not_undone(text: str, refused: bool, path: Path) -> None:
    """Mirrors of a blocked registry are asked, and a table of its own takes the place of a wildcard's."""
    if "registries." in text and path != USER:
        pytest.skip("version 1 cannot stand in a drop-in")
    if refused:
        with pytest.raises(ConflictError) as caught:
            decide({path: text}, mirror(A))
        assert caught.value.subject == str(path)
    else:
        assert written(decide({path: text}, mirror(A), ours=frozenset({B})))


@pytest.mark.parametrize("text", [table("docker.io", more="blocked = true\n"), '[[registry]]\nprefix = "*.io"\n'])
def test_a_policy_is_replaced_with_consent(text: str) -> None:
    decision = decide({USER: text}, mirror(A), force=True)
    assert list(written(decision).values()) == [[[A, "docker.io"]]]


def test_a_longer_prefix_is_told_of_before_the_first_mirror() -> None:
    decision = decide({USER: table("docker.io/library")}, mirror(A))
    assert [notice.code for notice in decision.notices] == ["longer-prefix"]


def test_the_system_cannot_be_changed_for_a_user_who_does_not_read_it() -> None:
    for files in ({USER: ""}, {OURS: table("docker.io", B)}):
        with pytest.raises(ConflictError):
            decide(files, mirror(A), scope=Scope.SYSTEM)


@pytest.mark.parametrize("url", ["http://registry.corp.example", "https://a.example/hub", "https://u:p@a.example"])
def test_addresses_that_are_not_written(url: str) -> None:
    with pytest.raises(ConflictError) as caught:
        decide({}, mirror(url))
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "version", "fit"),
    [
        ("http://127.0.0.1:5000", (4, 3), True),
        ("https://my_mirror.example", (5, 4), False),
        ("http://[::1]:5000", (4, 9), False),
        ("http://[::1]:5000", (5, 0), True),
        ("https://-a.example", (5, 0), False),
    ],
)
def test_a_host_that_no_image_can_be_named_after_would_end_all_pulls(
    url: str, version: tuple[int, ...], *, fit: bool
) -> None:
    who, none = replace(CLIENT, version=version), frozenset[str]()
    with nullcontext() if fit else pytest.raises(ConflictError):
        podman.decide(MACHINE, who, {}, Scope.USER, (mirror(url),), known=none, ours=none, force=True)


def test_a_mirror_for_digests_alone_is_told_of() -> None:
    text = table("docker.io", A) + 'pull-from-mirror = "digest-only"\n'
    assert [notice.code for notice in decide({USER: text}, mirror(A)).notices] == ["digest-only"]
    assert [notice.code for notice in look({USER: text}).notices] == ["digest-only"]


def test_another_place_for_a_registry_is_no_upstream() -> None:
    text = '[[registry]]\nprefix = "docker.io"\nlocation = "hub.corp.example"\n'
    assert look({USER: text}).effective_url == "https://hub.corp.example"
    assert [notice.code for notice in decide({USER: text}).notices] == ["other-location"]


def test_upstream_takes_out_ours_alone() -> None:
    files = {USER: table("docker.io", A, OWN), OURS: table("ghcr.io", B), SYSTEM: table("quay.io", A)}
    decision = decide(files, ours=frozenset({A}))
    assert written(decision) == {USER: [[OWN, "docker.io"]], OURS: None}
    assert [notice.code for notice in decision.notices] == ["kept"]
    assert written(decide(files, force=True)) == {USER: None, OURS: None}


def test_upstream_where_nothing_is_ours_changes_nothing() -> None:
    assert written(decide({USER: table("docker.io", OWN)})) == {OURS: None}


# The pull


def tried(*places: str, status: int = 0) -> Answer:
    lines = [f'time="x" level=debug msg="Trying to access \\"{place}\\""' for place in places]
    return said(status=status, stderr="\n".join(lines))


ASKED = "skopeo --debug inspect --raw docker://docker.io/library/hello-world:latest"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (tried("a.example/library/hello-world:latest"), None),
        (tried("docker.io/library/hello-world:latest"), "not-effective"),
        (tried("a.example/library/hello-world:latest", "docker.io/library/hello-world:latest"), "mirror-failed"),
        (tried("a.example/library/hello-world:latest", status=1), "mirror-failed"),
        (said(status=1, stderr="error loading registries configuration"), "not-effective"),
    ],
    ids=["the mirror", "another place", "the registry in the end", "nobody", "no question"],
)
def test_a_pull_says_where_it_asked(answer: Answer, code: str | None) -> None:
    reason, _asked = hold(podman.verify(MACHINE, CLIENT, (mirror(A), mirror(B))), {ASKED: answer})
    assert (reason.code if reason else None) == code


def test_each_registry_is_asked_for_an_image_of_its_own() -> None:
    mirrors = (mirror(A, image="base/debian:12"), mirror(A, "k8s"))
    answers: dict[str, Answer] = {
        "skopeo --debug inspect --raw docker://docker.io/base/debian:12": tried("a.example/base/debian:12"),
        "skopeo --debug inspect --raw docker://registry.k8s.io/pause:3.9": tried("a.example/pause:3.9"),
    }
    reason, asked = converse(podman.verify(MACHINE, CLIENT, mirrors), answers)
    assert (reason, len(asked)) == (None, 2)


def test_podman_is_asked_where_a_variable_counts_or_skopeo_is_missing() -> None:
    command = "podman --log-level=debug manifest inspect docker.io/library/hello-world:latest"
    answers: dict[str, Answer] = {command: tried("a.example/library/hello-world:latest")}
    machine = replace(MACHINE, environ={"CONTAINERS_REGISTRIES_CONF": "/w/x.conf"})
    for where, who in ((machine, CLIENT), (MACHINE, replace(CLIENT, facts={"programs": "podman"}))):
        assert hold(podman.verify(where, who, (mirror(A),)), answers) == (None, [command])


# The model against the real reader


def asked(home: Path) -> str:
    """What skopeo says while it looks for an image of Docker Hub. It reaches nobody."""
    ran = subprocess.run(
        [shutil.which("skopeo") or "skopeo", "--debug", "inspect", "--raw", "docker://docker.io/library/x"],
        env={"HOME": str(home), "https_proxy": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.stderr


@pytest.mark.containers
@pytest.mark.parametrize(
    "names",
    [
        pytest.param((), id="none"),
        pytest.param(("registries.conf",), id="own"),
        pytest.param(("registries.conf.d/b.conf", "registries.conf.d/a.conf"), id="drop-ins"),
        pytest.param(("registries.conf", "registries.conf.d/zz-mirrorctl.conf"), id="own and ours"),
        pytest.param(
            ("registries.conf.d/a.conf", "registries.conf.d/a.txt", "registries.conf.d/x/b.conf"), id="others"
        ),
    ],
)
def test_which_files_are_read_and_in_which_order(home: Path, names: tuple[str, ...]) -> None:
    """In its log, skopeo names file, and then where it asks first. Nothing listens there."""
    for number, name in enumerate(names):
        path = home / ".config/containers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table("docker.io", f"https://127.0.0.1:{number + 1}") if name.endswith(".conf") else "[")
    machine = replace(MACHINE, home=home)
    listed = [*SYSTEM_D.glob("*.conf"), *(home / ".config/containers/registries.conf.d").glob("*.conf")]
    who = client(*listed)
    contents = {
        file.path: file.path.read_bytes() if file.path.exists() else None for file in model.config_files(machine, who)
    }
    log = asked(home)
    read = re.findall(r'Loading registries configuration \\"([^"\\]+)', log)
    # The main file is named whether it is there or not.
    assert [path for path in read if Path(path).exists()] == [
        str(file.path) for file in model.read_files(machine, who, contents)
    ]
    first = re.findall(r'Trying to access \\"([^"\\/]+)', log)[0]
    state = podman.state(machine, who, contents, Scope.USER)
    assert (state.effective_url or "").removeprefix("https://") == first


@pytest.mark.containers
@pytest.mark.parametrize("more", ["", 'prefix = "docker.io"\n'], ids=["location", "prefix"])
def test_the_first_table_of_a_registry_counts_in_a_file(home: Path, more: str) -> None:
    text = table("docker.io", "https://127.0.0.1:1", more=more) + table("docker.io", "https://127.0.0.1:2")
    path = home / ".config/containers/registries.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert 'Trying to access \\"127.0.0.1:1/' in asked(home)
    assert look({USER: text}).effective_url == "https://127.0.0.1:1"
    assert podman.read(text, USER) == [["https://127.0.0.1:1", "docker.io"]]


@pytest.mark.containers
@pytest.mark.parametrize("value", [[[A, "docker.io"]], [[A, "docker.io"], [B, "docker.io"], [B, "ghcr.io"]]])
def test_podman_takes_what_is_written_as_it_is_meant(home: Path, value: list[list[str]]) -> None:
    """`podman info` shows the registries as it has understood them. It takes no path of over 50 characters for its store."""
    path = home / ".config/containers/registries.conf.d/zz-mirrorctl.conf"
    path.parent.mkdir(parents=True)
    path.write_text(podman.write("", path, value))
    environ = {"HOME": str(home), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR": str(home)}
    with tempfile.TemporaryDirectory(prefix="p-") as store:
        command = ["podman", f"--root={store}/root", f"--runroot={store}/run", f"--tmpdir={store}/tmp", "info"]
        ran = subprocess.run(
            [*command, "--format={{json .Registries}}"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if ran.returncode and os.geteuid():  # without root it wants user namespaces, which not every machine allows
        pytest.skip(f"podman cannot run here: {ran.stderr.strip()[-100:]}")
    assert ran.returncode == 0, ran.stderr
    said_ = json.loads(ran.stdout)
    meant = [
        [f"https://{found['Location']}", name]
        for name in sorted(said_)
        if name != "search"
        for found in said_[name]["Mirrors"] or []
    ]
    assert meant == value


# The way back


def test_undo_takes_our_mirrors_alone_out_of_a_file_that_was_edited_since() -> None:
    """Somebody has put a mirror of their own first, and named another registry."""
    before = b'unqualified-search-registries = ["docker.io"]\n'
    edit = make_edit(podman, Setting(path=USER, value=[[A, "docker.io"], [B, "ghcr.io"]]), before)
    saved = SavedFile(
        target="podman",
        scope=Scope.USER,
        path=USER,
        before=before,
        after=edit.after,
        value_before=edit.value_before,
        value_after=edit.value_after,
        urls=(A, B),
    )
    edited = podman.write((edit.after or b"").decode(), USER, [[OWN, "docker.io"], [A, "docker.io"], [B, "ghcr.io"]])
    back = revert(podman, saved, (edited + "\n" + table("quay.io", OWN)).encode())
    assert podman.read((back.after or b"").decode(), USER) == [[OWN, "docker.io"], [OWN, "quay.io"]]
    assert back.after is not None
    assert back.after.startswith(before)
    assert b"ghcr.io" not in back.after
