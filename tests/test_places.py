"""Which paths are walked, by whom, and which are not."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from mirrorctl import places
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import WriteError
from mirrorctl.model import Machine, Scope
from mirrorctl.places import MissingFolderError, Rules, reach, rules_for

ME = os.geteuid()
needs_root = pytest.mark.skipif(ME != 0, reason="only root can give files to others")
NOBODY = 65534


def rules(tmp_path: Path, *, links: bool = True, euid: int = ME) -> Rules:
    """`tmp_path` is taken on trust, as an image would be: what is above it is this machine's business."""
    return Rules(euid=euid, links=links, root=tmp_path)


def where(path: Path, rule: Rules) -> Path:
    with reach(path, rule, REAL) as place:
        assert Path(f"/proc/self/fd/{place.folder}").readlink() == place.path.parent
        assert place.name == place.path.name
        return place.path


def test_a_plain_path(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    assert where(tmp_path / "a/b/file", rules(tmp_path)) == tmp_path / "a/b/file"


def test_missing_directories_are_named_from_the_outermost_on(tmp_path: Path) -> None:
    with pytest.raises(MissingFolderError) as caught, reach(tmp_path / "a/b/file", rules(tmp_path), REAL):
        pass
    assert caught.value.folders == (tmp_path / "a", tmp_path / "a/b")


def test_missing_directories_are_made_with_the_mode_asked_for(tmp_path: Path) -> None:
    with reach(tmp_path / "a/b/file", rules(tmp_path), REAL, make=0o700) as place:
        assert place.path == tmp_path / "a/b/file"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o700, 0o700]
    assert list((tmp_path / "a/b").iterdir()) == []


def test_made_directories_are_made_durable(tmp_path: Path) -> None:
    """The directory that got a new name is synchronised, for mkdir(2) alone does not last."""
    synced = []

    class Noting(Disk):
        def fsync(self, file: int) -> None:
            synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))

    with reach(tmp_path / "a/b/file", rules(tmp_path), Noting(), make=0o700):
        pass
    assert synced == [str(tmp_path), str(tmp_path / "a")]


@pytest.mark.parametrize("target", ["real/file", "{root}/real/file"], ids=["relative", "absolute"])
def test_a_link_of_the_users_own_is_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(target.format(root=tmp_path))
    rule = Rules(euid=ME, links=True)
    if ME != 0:
        assert where(tmp_path / "link", rule) == tmp_path / "real/file"
    (tmp_path / "folder").symlink_to("real")
    assert where(tmp_path / "folder/x", rules(tmp_path)) == tmp_path / "real/x"


def test_links_up_and_down_again(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to("../..")
    assert where(tmp_path / "a/b/up/a/file", rules(tmp_path)) == tmp_path / "a/file"


def test_no_link_is_followed_to_a_system_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/pip.conf").symlink_to("elsewhere")
    (tmp_path / "opt").symlink_to("etc")
    for path in ("etc/pip.conf", "opt/file"):
        with pytest.raises(WriteError, match="symbolic link"):
            where(tmp_path / path, rules(tmp_path, links=False))


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        where(tmp_path / "one/file", rules(tmp_path))


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        where(tmp_path / "file/x", rules(tmp_path))


@needs_root
@pytest.mark.parametrize("what", ["link", "folder"])
def test_root_goes_through_nothing_that_others_own(tmp_path: Path, what: str) -> None:
    (tmp_path / "real").mkdir()
    if what == "link":
        (tmp_path / "a").symlink_to("real")
    else:
        (tmp_path / "a").mkdir()
    os.lchown(tmp_path / "a", NOBODY, NOBODY)
    with pytest.raises(WriteError) as caught:
        where(tmp_path / "a/file", rules(tmp_path))
    assert str(caught.value.subject) == str(tmp_path / "a")
    assert caught.value.hint is not None
    if what == "folder":
        assert "without sudo" in str(caught.value.hint)


@needs_root
@pytest.mark.parametrize(
    ("mode", "allowed"), [(0o755, True), (0o1777, True), (0o777, False), (0o775, False), (0o757, False)]
)
def test_root_goes_through_nothing_that_others_may_change(tmp_path: Path, mode: int, *, allowed: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(mode)
    if allowed:
        assert where(tmp_path / "a/file", rules(tmp_path)) == tmp_path / "a/file"
        return
    with pytest.raises(WriteError, match="others than root may change"):
        where(tmp_path / "a/file", rules(tmp_path))


@needs_root
def test_another_user_than_root_goes_where_the_kernel_lets_him(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o777)
    assert where(tmp_path / "a/file", rules(tmp_path, euid=1000)) == tmp_path / "a/file"


@needs_root
def test_nobody_follows_the_link_of_a_third(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    os.lchown(tmp_path / "a", NOBODY, NOBODY)
    with pytest.raises(WriteError, match="symbolic link of nobody"):
        where(tmp_path / "a", rules(tmp_path, euid=1000))


def test_a_directory_that_is_swapped_for_a_link_later_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "evil").mkdir()
    with reach(tmp_path / "a/file", rules(tmp_path), REAL) as place:
        (tmp_path / "a").rename(tmp_path / "moved")
        (tmp_path / "a").symlink_to("evil")
        os.close(REAL.open("file", os.O_WRONLY | os.O_CREAT, place.folder))
    assert (tmp_path / "moved/file").exists()
    assert list((tmp_path / "evil").iterdir()) == []


def test_a_directory_that_becomes_a_link_on_the_way_is_not_entered(tmp_path: Path) -> None:
    """Between looking and entering there is time enough for others."""
    (tmp_path / "a").mkdir()
    (tmp_path / "evil").mkdir()

    class Slow(Disk):
        def lstat(self, name: str, folder: int) -> os.stat_result:
            found = super().lstat(name, folder)
            if name == "a" and not (tmp_path / "a").is_symlink():
                (tmp_path / "a").rename(tmp_path / "moved")
                (tmp_path / "a").symlink_to("evil")
            return found

    with pytest.raises(OSError), reach(tmp_path / "a/file", rules(tmp_path, links=False), Slow()):
        pass


@pytest.mark.parametrize(
    ("scope", "image", "links"),
    [(Scope.USER, False, True), (Scope.PROJECT, False, True), (Scope.SYSTEM, False, False), (Scope.USER, True, False)],
)
def test_rules(tmp_path: Path, scope: Scope, *, image: bool, links: bool) -> None:
    root = tmp_path if image else None
    machine = Machine(environ={}, home=tmp_path, cwd=tmp_path, platform="linux", euid=5, root=root)
    assert rules_for(machine, scope) == Rules(euid=5, links=links, root=root or Path("/"))


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    def folders() -> list[str]:
        """The directories that are open. Other descriptors may be those of threads that are just ending."""
        found = []
        for link in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                found.append(link.readlink())
        return sorted(str(path) for path in found if path.is_dir() and path.parts[:2] != ("/", "proc"))

    (tmp_path / "a").mkdir()
    (tmp_path / "l").symlink_to(tmp_path / "a")
    before = folders()
    where(tmp_path / "a/x", rules(tmp_path))
    for path, links in (("b/x", True), ("l/x", False)):
        with pytest.raises((OSError, WriteError)):
            where(tmp_path / path, rules(tmp_path, links=links))
    assert folders() == before


@pytest.mark.parametrize(("uid", "name"), [(0, "root"), (3_999_999_999, "3999999999")])
def test_user_name(uid: int, name: str) -> None:
    assert places.user_name(uid) == name
