"""Clients of an image, of which there is nobody to ask: what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import catalog

from mirrorctl.commands.session import Session, find_clients
from mirrorctl.model import Client, Machine
from mirrorctl.targets import TARGETS

CRI = '[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = '


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return tmp_path / "image"


def client_of(name: str, image: Path) -> tuple[Machine, Client]:
    machine = Machine(environ={"PATH": "/usr/bin:/bin"}, home=image, cwd=image, platform="linux", euid=0, root=image)
    return machine, find_clients(Session(machine=machine, catalog=catalog()), (name,))[0][name]


def test_the_drop_ins_of_an_image_are_known(image: Path) -> None:
    """Ours comes after them by its name, and would take the place of what they say."""
    folder = image / "etc/containers/registries.conf.d"
    folder.mkdir(parents=True)
    (folder / "50-corp.conf").touch()
    machine, client = client_of("podman", image)
    assert [file.path for file in TARGETS["podman"].files(machine, client)][1:] == [
        folder / "50-corp.conf",
        folder / "zz-mirrorctl.conf",
    ]


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        (None, "etc/containerd/certs.d"),
        (f'{CRI}"/etc/containerd/certs.d"\n', "etc/containerd/certs.d"),
        (f'{CRI}"/opt/certs.d:/etc/docker/certs.d"\n', "opt/certs.d"),
        (f'{CRI}""\n', "etc/containerd/certs.d"),
        ("[", "etc/containerd/certs.d"),
    ],
    ids=["none", "habitual", "another", "empty", "broken"],
)
def test_the_folder_of_hosts_toml_in_an_image(image: Path, config: str | None, folder: str) -> None:
    place = image / "etc/containerd"
    place.mkdir(parents=True)
    if config is not None:
        (place / "config.toml").write_text(config)
    machine, client = client_of("containerd", image)
    assert image / folder / "docker.io/hosts.toml" in [
        file.path for file in TARGETS["containerd"].files(machine, client)
    ]
