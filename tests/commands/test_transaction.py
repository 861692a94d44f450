"""One transaction: everything or nothing, told to the clients, in the face of others who write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crash.scene import DAEMON, LEAVE, URL, USE, UV, Scene
from crash.shim import Shim

from mirrorctl.commands import transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.disk import Disk
from mirrorctl.errors import VerifyError
from mirrorctl.model import Client, Machine, Mirror, Plan, Reason, Scope, Status, Trust
from mirrorctl.targets import TARGETS
from mirrorctl.text import _


def state_of(scene: Scene) -> list[str]:
    return [entry.state for entry in scene.session().transactions()]


def test_all_files_are_changed_and_recorded(scene: Scene) -> None:
    identifier = scene.use()
    assert scene.look() == scene.new
    (entry,) = scene.session().transactions()
    assert (entry.id, entry.state, [str(file.path) for file in entry.files]) == (
        identifier,
        "applied",
        [str(scene.home / file.path) for file in USE],
    )
    assert scene.daemon.in_force == [URL]


def test_nothing_to_do_is_no_transaction(scene: Scene) -> None:
    scene.use()
    before = sorted((path, path.stat().st_mtime_ns) for path in scene.place.rglob("*") if path.is_file())
    assert scene.use() is None
    assert sorted((path, path.stat().st_mtime_ns) for path in scene.place.rglob("*") if path.is_file()) == before


def test_a_client_that_does_not_take_it_up_takes_everything_back(scene: Scene) -> None:
    scene.daemon.stubborn = True
    with pytest.raises(VerifyError, match="daemon"):
        scene.use()
    assert scene.look() == scene.old
    assert state_of(scene) == ["rolled_back"]
    assert not (scene.home / UV).parent.exists(), "what was made for a file goes with it"


def test_a_file_that_its_client_refuses_is_never_there(scene: Scene) -> None:
    """The client is asked first. Nothing is written, not even a record; and what stood there before comes back unasked."""
    scene.daemon.picky = True
    with pytest.raises(VerifyError, match="too new"):
        scene.use()
    assert scene.look() == scene.old
    assert state_of(scene) == []
    scene.daemon.picky = False
    scene.use()
    scene.daemon.picky = True
    scene.undo()
    assert scene.look() == scene.old


def test_a_pull_that_fails_takes_everything_back_and_the_daemon_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(_machine: Machine, _changes: object) -> dict[str, Reason | None]:
        assert scene.look() == scene.new
        assert scene.daemon.in_force == [URL]
        return {"pip": None, "uv": Reason(code="x", detail=_("no such file"))}

    monkeypatch.setattr(transaction, "_verify", verify)
    with pytest.raises(VerifyError, match="uv does not work with the change: no such file"):
        scene.use()
    assert scene.look() == scene.old
    assert scene.daemon.in_force == [], "a daemon keeps mirrors whose key disappears, unless the list was empty first"


@pytest.mark.parametrize(
    ("identifier", "step"),
    [
        ("near", "; what is wrong with it: mirrorctl probe -t pip --only near"),
        ("https://m.example/simple", "; what is wrong with it: mirrorctl probe -t pip --url https://m.example/simple"),
        (None, ""),
    ],
    ids=["listed", "unlisted", "no mirror"],
)
def test_the_next_step_after_a_pull_that_failed(identifier: str | None, step: str) -> None:
    mirrors = (mirror_named(identifier),) if identifier else ()
    plan = Plan(target="pip", scope=Scope.USER, mirrors=mirrors, urls=(), edits=())
    change = Change(target=TARGETS["pip"], client=Client(target="pip"), plan=plan)
    with pytest.raises(VerifyError) as caught:
        transaction._raise_first({"pip": Reason(code="x", detail=_("no"))}, (change,))
    assert str(caught.value.hint) == f"everything was put back as it was{step}"


def mirror_named(identifier: str) -> Mirror:
    return Mirror(
        id=identifier,
        ecosystem="pypi",
        operator="o",
        url="https://m.example/simple",
        kind="index",
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain="d",
    )


@pytest.mark.parametrize("failing", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_whatever_interrupts_it_takes_everything_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, failing: type[BaseException]
) -> None:
    def verify(_machine: Machine, _changes: object) -> dict[str, Reason | None]:
        raise failing

    monkeypatch.setattr(transaction, "_verify", verify)
    with pytest.raises(failing):
        scene.use()
    assert scene.look() == scene.old
    assert state_of(scene) == ["rolled_back"]


def test_interrupted_right_after_the_commit_it_stays_committed(scene: Scene) -> None:
    """Taking it back then would leave a record that says otherwise."""

    class Interrupting(Shim):
        def rename(self, old: str, new: str, folder: int) -> None:
            Disk.rename(self, old, new, folder)
            if new.endswith(".committed"):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.use(Interrupting())
    assert scene.look() == scene.new
    assert scene.recover() == ()
    assert scene.look() == scene.new
    assert state_of(scene) == ["applied"]


def test_without_reload_the_daemon_is_not_told(scene: Scene) -> None:
    told = scene.daemon.reloads
    transaction.commit(scene.session(), scene.changes(), command="use", switches=Switches(activate=False))
    assert scene.look() == scene.new
    assert scene.daemon.reloads == told


def test_in_an_image_nobody_is_told_and_nothing_tried(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "_verify", lambda _machine, _changes: pytest.fail("tried"))
    session = scene.session()
    image = replace(session, machine=replace(session.machine, root=scene.place))
    told = scene.daemon.reloads
    transaction.commit(image, scene.changes(), command="use", switches=Switches())
    assert scene.look() == scene.new
    assert scene.daemon.reloads == told
    assert (scene.place / "var/lib/mirrorctl/tx").is_dir()


def test_the_list_is_emptied_and_the_daemon_told_before_the_key_goes(scene: Scene) -> None:
    scene.files = LEAVE
    scene.furnish()
    assert scene.daemon.in_force == ["https://old.example"]
    scene.use()
    assert scene.daemon.in_force == []
    assert (scene.home / DAEMON).read_bytes() == b"{}\n"


def test_stages_are_told(scene: Scene) -> None:
    told: list[str] = []
    transaction.commit(scene.session(), scene.changes(), command="use", switches=Switches(stage=told.append))
    assert [word.split()[0] for word in told] == ["write"] * 4 + ["verify"]
