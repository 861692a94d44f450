"""podman, skopeo and containerd pull through what was written for them, from Docker Hub and from another registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import containers
from servers.certificates import Authority
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.registry import registry
from servers.web import Faults, Server
from servers.workstation import Workstation

pytestmark = pytest.mark.containers

DROP_IN = ".config/containers/registries.conf.d/zz-mirrorctl.conf"
IMAGE = {"probe.image": "library/busybox"}


@pytest.fixture
def hub(trusted: Authority) -> Iterator[Server]:
    with Server(application=registry(), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def ghcr(trusted: Authority) -> Iterator[Server]:
    with Server(application=registry(token=False, redirect=False), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def own(trusted: Authority) -> Iterator[Server]:
    """The user's own mirror, which no catalog knows."""
    with Server(application=registry(), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def place(bare: Workstation, hub: Server, ghcr: Server) -> Workstation:
    """A machine with an operator who mirrors Docker Hub and ghcr.io. No podman of it keeps anything outside its home."""
    probe = '[probe.ghcr]\nimages = ["library/busybox"]\n\n'
    bare.know(
        probe
        + overlay(
            entry("near-hub", "docker", hub.url, operator="near", **IMAGE),
            entry("near-ghcr", "ghcr", ghcr.url, operator="near", **IMAGE),
        )
    )
    return bare


def asked(server: Server, agent: str) -> int:
    return len(server.asked("/manifests/", agent=agent))


def forget(outside: Outside) -> set[str]:
    """The registries that were asked themselves, which the test had wanted."""
    found = {name.removeprefix("CONNECT ").partition(":")[0] for name in outside.refused}
    outside.refused.clear()
    return found


def fetch(machine: Workstation, reference: str) -> None:
    machine.run("skopeo", "inspect", "--raw", f"docker://{reference}").ended(0)


def test_both_registries_come_from_their_mirrors_and_go_back(
    place: Workstation, hub: Server, ghcr: Server, outside: Outside
) -> None:
    ran = place.mirrorctl("use", "near", "-t", "podman", "--scope", "user", "-y", "--json").ended(0)
    (target,) = ran.data["targets"]
    assert (target["changed"], target["verified"], target["mirror"]["id"]) == (True, True, "near-hub")
    before = asked(hub, "skopeo"), asked(ghcr, "skopeo")
    assert min(before) > 0
    fetch(place, "docker.io/library/alpine")
    fetch(place, "ghcr.io/library/alpine")
    assert (asked(hub, "skopeo"), asked(ghcr, "skopeo")) == (before[0] + 1, before[1] + 1)
    (status,) = place.mirrorctl("status", "-t", "podman", "--scope", "user", "--json").ended(0).data["targets"]
    assert (status["mirror_id"], status["effective_url"], status["managed"]) == ("near-hub", hub.url, True)
    place.mirrorctl("use", "near", "-t", "podman", "--scope", "user", "--check").ended(0)
    place.mirrorctl("undo").ended(0)
    assert not (place.home / DROP_IN).exists()
    assert outside.refused == []
    assert place.run("skopeo", "inspect", "--raw", "docker://ghcr.io/library/alpine").status != 0
    assert forget(outside) == {"ghcr.io"}


def test_fastest_has_a_race_for_each_registry(
    place: Workstation, hub: Server, ghcr: Server, trusted: Authority
) -> None:
    with Server(application=registry(), tls=trusted.tls) as bad:
        bad.faults = Faults(status=503)
        place.know(
            '[probe.ghcr]\nimages = ["library/busybox"]\n\n'
            + overlay(
                entry("well-hub", "docker", hub.url, **IMAGE),
                entry("bad-ghcr", "ghcr", bad.url, **IMAGE),
                entry("well-ghcr", "ghcr", ghcr.url, **IMAGE),
            )
        )
        ran = place.mirrorctl("use", "fastest", "-t", "podman", "--scope", "user", "-y", "--json").ended(0)
    assert ran.data["targets"][0]["verified"] is True
    text = (place.home / DROP_IN).read_text()
    assert [hub.url[8:] in text, ghcr.url[8:] in text, bad.url[8:] in text] == [True, True, False]


def test_the_users_mirror_stays_and_serves_what_ours_does_not_have(
    place: Workstation, hub: Server, own: Server
) -> None:
    path = place.write(
        ".config/containers/registries.conf",
        'unqualified-search-registries = ["docker.io"]\n\n# near\n[[registry]]\nlocation = "docker.io"\n\n'
        f'[[registry.mirror]]\nlocation = "{own.url[8:]}"\n',
    )
    before = path.read_text()
    place.mirrorctl("use", "near-hub", "-t", "podman", "--scope", "user", "-y").ended(0)
    assert path.read_text().index(hub.url[8:]) < path.read_text().index(own.url[8:])
    hub.faults = Faults(status=404, only="alpine")
    fetch(place, "docker.io/library/alpine")
    assert own.asked("/library/alpine/manifests/")
    hub.faults = Faults()
    place.mirrorctl("use", "upstream", "-t", "podman", "--scope", "user", "-y").ended(0)
    assert path.read_text() == before


def test_a_mirror_that_does_not_serve_is_rolled_back(place: Workstation, hub: Server, outside: Outside) -> None:
    hub.faults = Faults(status=404, only="/manifests/")
    place.mirrorctl("use", "near-hub", "-t", "podman", "--scope", "user", "-y").ended(22)
    assert not (place.home / DROP_IN).exists()
    assert forget(outside) == {"registry-1.docker.io"}


def test_no_login_of_the_registry_is_handed_to_a_mirror(place: Workstation, hub: Server) -> None:
    place.secrets.append("hub-secret")
    place.write(
        ".config/containers/auth.json",
        '{"auths": {"docker.io": {"auth": "YWxpY2U6aHViLXNlY3JldA=="}, "https://index.docker.io/v1/": {"auth": "YWxpY2U6aHViLXNlY3JldA=="}}}',
        mode=0o600,
    )
    place.mirrorctl("use", "near-hub", "-t", "podman", "--scope", "user", "-y").ended(0)
    auth = {"REGISTRY_AUTH_FILE": str(place.home / ".config/containers/auth.json")}
    place.run("skopeo", "inspect", "--raw", "docker://docker.io/library/alpine", environ=auth).ended(0)
    said = {hit.authorization or "" for hit in hub.hits}
    assert "Bearer anonymous" in said
    assert [each for each in said if each.startswith("Basic")] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="containerd needs root")
def test_containerd_pulls_through_its_hosts(place: Workstation, hub: Server, ghcr: Server, tmp_path: Path) -> None:
    """In an image root, as for Kubernetes; then a containerd of our own reads what was written there."""
    root = tmp_path / "image"
    root.mkdir()
    place.mirrorctl("use", "near", "-t", "containerd", "-y", "--root", str(root)).ended(0)
    folder = root / "etc/containerd/certs.d"
    looked = ("status", "-t", "containerd", "--root", str(root), "--check")
    place.mirrorctl(*looked).ended(0)
    other = folder / "ghcr.io/hosts.toml"
    text = other.read_text()
    other.write_text(text.replace(ghcr.url, "https://127.0.0.1:1"))
    place.mirrorctl(*looked).ended(4)
    other.write_text(text)
    with containers.containerd(tmp_path / "d", place.environ) as socket:
        for registry_name in ("docker.io", "ghcr.io"):
            command = ("ctr", f"--address={socket}", "content", "fetch", f"--hosts-dir={folder}")
            place.run(*command, f"{registry_name}/library/hello-world:latest").ended(0)
    assert hub.asked("/library/hello-world/manifests/", agent="containerd/")
    assert ghcr.asked("ns=ghcr.io", agent="containerd/")
