"""Where the program runs, and where its own files are; after sudo, too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mirrorctl import environment
from mirrorctl.errors import UsageError
from mirrorctl.model import Machine, Scope

ME = os.geteuid()


def machine(home: Path, environ: dict[str, str] | None = None, *, root: Path | None = None, euid: int = ME) -> Machine:
    return Machine(environ=environ or {}, home=home, cwd=home / "cwd", platform="linux", euid=euid, root=root)


def test_what_is_captured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("MARK", "1")
    found = environment.capture()
    assert (found.home, found.cwd, found.euid, found.root) == (home, home, ME, None)
    assert found.environ["MARK"] == "1"


def test_a_directory_that_was_deleted_is_no_bug(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert environment.capture().cwd == Path("/")


def test_a_user_without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nowhere)
    assert environment.capture().home == Path("/")


def test_a_relative_home_is_below_the_directory_where_one_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", "below")
    assert environment.capture().home == home / "below"


def test_an_image_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(".")
    assert environment.capture(tmp_path / "link").root == tmp_path
    with pytest.raises(UsageError) as caught:
        environment.capture(tmp_path / "none")
    assert caught.value.hint is not None


HOME = Path("/home/somebody")


@pytest.mark.parametrize(
    ("scope", "environ", "expected"),
    [
        (Scope.USER, {}, "/home/somebody/.local/state/mirrorctl"),
        (Scope.PROJECT, {}, "/home/somebody/.local/state/mirrorctl"),
        (Scope.SYSTEM, {}, "/var/lib/mirrorctl"),
        (Scope.USER, {"XDG_STATE_HOME": "/x"}, "/x/mirrorctl"),
        (Scope.USER, {"XDG_STATE_HOME": "x"}, "/home/somebody/.local/state/mirrorctl"),
        (Scope.USER, {"XDG_STATE_HOME": " "}, "/home/somebody/.local/state/mirrorctl"),
        (Scope.SYSTEM, {"XDG_STATE_HOME": "/x"}, "/var/lib/mirrorctl"),
        (Scope.USER, {"MIRRORCTL_STATE_DIR": "/y"}, "/y"),
        (Scope.SYSTEM, {"MIRRORCTL_STATE_DIR": "/y"}, "/y"),
        (Scope.USER, {"MIRRORCTL_STATE_DIR": "y"}, "/home/somebody/cwd/y"),
    ],
)
def test_state_directory(scope: Scope, environ: dict[str, str], expected: str) -> None:
    assert environment.state_directory(machine(HOME, environ), scope) == Path(expected)


def test_an_image_keeps_its_own_history(tmp_path: Path) -> None:
    image = machine(HOME, {"MIRRORCTL_STATE_DIR": "/y"}, root=tmp_path)
    assert environment.state_directory(image, Scope.SYSTEM) == tmp_path / "var/lib/mirrorctl"


def overlay(place: Path) -> Path:
    path = place / ".config/mirrorctl/mirrors.toml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_overlays_apply_in_this_order(tmp_path: Path) -> None:
    own = overlay(tmp_path)
    found = environment.catalog_files(
        machine(tmp_path, {"MIRRORCTL_CATALOG": os.pathsep.join(["/a", "", "/b"])}), (Path("/c"),)
    )
    assert found[-4:] == (("user", own), ("named", Path("/a")), ("named", Path("/b")), ("named", Path("/c")))


def test_an_image_has_no_users(tmp_path: Path) -> None:
    overlay(tmp_path)
    (tmp_path / "image/etc/mirrorctl").mkdir(parents=True)
    system = tmp_path / "image/etc/mirrorctl/mirrors.toml"
    system.touch()
    assert environment.catalog_files(machine(tmp_path, root=tmp_path / "image"), ()) == (("system", system),)


@pytest.mark.skipif(ME != 0, reason="only root can give files to others")
@pytest.mark.parametrize("what", [".", ".config/mirrorctl", ".config/mirrorctl/mirrors.toml"])
def test_root_does_not_believe_the_catalog_of_somebody_else(tmp_path: Path, what: str) -> None:
    """After `sudo -E`, HOME is that of a user, who could send root anywhere."""
    overlay(tmp_path / "home")
    os.chown(tmp_path / "home" / what, 65534, 65534)
    assert not any(layer == "user" for layer, _path in environment.catalog_files(machine(tmp_path / "home"), ()))
    assert any(
        layer == "user" for layer, _path in environment.catalog_files(machine(tmp_path / "home", euid=65534), ())
    )
