"""Any series of changes, undos, edits by the user, crashes and recoveries: nothing of the user's is ever lost.

A run has the files of four clients on a real file system. A change or an undo may be killed at any call; whatever
follows begins with recovery, as every command does.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from crash.scene import DAEMON, GIT, PIP, USE, UV, File, Scene
from crash.shim import CutError, Shim, kill_at
from fuzz.undo_cases import EXAMPLES
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mirrorctl import swap_lock, swap_slot
from mirrorctl.commands import history, transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.errors import ConflictError, MirrorctlError, UsageError
from mirrorctl.formats import decode
from mirrorctl.model import Value
from mirrorctl.targets import TARGETS

OWNERS = {PIP: "pip", UV: "uv", GIT: "git", DAEMON: "daemon"}
URLS = [f"https://{name}.example/simple" for name in ("one", "two", "three")]


def value_for(path: str, url: str | None) -> Value:
    if path == GIT:
        return [[f"{url}/", "insteadof", "https://github.com/"]] if url else []
    if path == DAEMON:
        return [url] if url else None
    return url


class Undo(RuleBasedStateMachine):
    """`tokens` are what the user has added to each file, `own` the settings that he has made himself."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.place = tempfile.TemporaryDirectory(prefix="mirrorctl-", dir=memory if memory.is_dir() else None)
        self.scene = Scene(Path(self.place.name) / "scene")
        TARGETS["daemon"] = self.scene.daemon.target()
        self.patience = swap_lock.PATIENCE_S, swap_slot.PATIENCE_S
        swap_lock.PATIENCE_S = swap_slot.PATIENCE_S = 0.05
        self.tokens: dict[str, list[str]] = {path: [] for path in OWNERS}
        self.modes: dict[str, int] = {}
        self.number = 0
        self.cut = False

    @initialize()
    def furnish(self) -> None:
        self.scene.furnish()
        self.modes = {file.path: file.mode for file in USE if file.old is not None}

    def teardown(self) -> None:
        del TARGETS["daemon"]
        swap_lock.PATIENCE_S, swap_slot.PATIENCE_S = self.patience
        self.place.cleanup()

    # What we do

    def change(self, paths: set[str], url: str | None) -> tuple[Change, ...]:
        files = (File(target=OWNERS[path], path=path, old=None, value=value_for(path, url)) for path in sorted(paths))
        made = tuple(self.scene._change(file) for file in files)
        return tuple(change for change in made if change.plan.changed)

    @rule(paths=st.sets(st.sampled_from(sorted(OWNERS)), min_size=1), url=st.none() | st.sampled_from(URLS))
    def use(self, paths: set[str], url: str | None) -> None:
        self.recover()
        transaction.commit(self.scene.session(), self.change(paths, url), command="use", switches=Switches())
        for path in paths:
            assert self.value(path) == value_for(path, url)

    @rule(
        paths=st.sets(st.sampled_from(sorted(OWNERS)), min_size=1),
        url=st.none() | st.sampled_from(URLS),
        at=st.integers(0, 900),
    )
    def use_and_die(self, paths: set[str], url: str | None, at: int) -> None:
        """All of it, or nothing, after the next start."""
        self.recover()
        before, changes = self.scene.look(), self.change(paths, url)
        try:
            transaction.commit(self.scene.session(kill_at(at)), changes, command="use", switches=Switches())
        except CutError:
            self.cut = True
        self.recover(kill_at(at // 3))
        self.recover()
        values = [self.value(path) == value_for(path, url) for path in paths]
        assert self.scene.look() == before or all(values)

    @rule(back=st.integers(0, 3), force=st.booleans())
    def undo(self, back: int, force: bool) -> None:
        self.recover()
        entries = [entry for entry in self.scene.session().transactions() if entry.state == "applied"]
        if back >= len(entries):
            return
        before = self.scene.look()
        try:
            history.undo(self.scene.session(), entries[back].id, force=force, switches=Switches())
        except (ConflictError, UsageError):
            assert self.scene.look() == before, "refused, and yet something was done"
            assert not force
            return
        self.forget_modes()
        for file in entries[back].files:
            if force:
                path = str(file.path.relative_to(self.scene.home))
                assert self.value(path) == file.value_before

    @rule(at=st.integers(0, 900))
    def undo_and_die(self, at: int) -> None:
        self.recover()
        before = self.scene.look()
        try:
            history.undo(self.scene.session(kill_at(at)), None, force=True, switches=Switches())
        except UsageError:
            return
        except CutError:
            self.cut = True
        dying = self.scene.look()
        self.recover()
        self.forget_modes()
        assert self.scene.look() in (before, dying) or self.scene.look() != before

    def forget_modes(self) -> None:
        """A file that we had made goes with its mode when it is taken back; the next one has a mode of its own."""
        for path in self.modes.keys() - {path for path in OWNERS if (self.scene.home / path).exists()}:
            del self.modes[path]

    def recover(self, disk: Shim | None = None) -> None:
        try:
            self.scene.recover(disk)
        except CutError:
            return
        if disk is None or not disk.dead:
            assert self.scene.unsolved == []
            self.cut = False

    # What the user does

    @rule(path=st.sampled_from([PIP, UV, GIT]), where=st.sampled_from(["top", "end"]))
    def add_a_line(self, path: str, where: str) -> None:
        file = self.scene.home / path
        text = decode(file.read_bytes()) if file.exists() else ""
        self.number += 1
        token = f"# kept {self.number}"
        newline = "" if not text or text.endswith("\n") else "\n"
        file.parent.mkdir(parents=True, exist_ok=True)
        data = f"{token}\n{text}" if where == "top" else f"{text}{newline}{token}\n"
        mode = file.stat().st_mode & 0o777 if file.exists() else None
        file.write_bytes(data.encode())
        self.tokens[path].append(token)
        if mode is None:
            self.modes[path] = file.stat().st_mode & 0o777

    @rule(path=st.sampled_from(sorted(OWNERS)), mode=st.sampled_from([0o600, 0o640, 0o644]))
    def change_the_mode(self, path: str, mode: int) -> None:
        file = self.scene.home / path
        if file.exists():
            file.chmod(mode)
            self.modes[path] = mode

    @rule(path=st.sampled_from(sorted(OWNERS)), url=st.sampled_from(["https://mine.example/simple", *URLS[:1]]))
    def set_it_oneself(self, path: str, url: str) -> None:
        file = self.scene.home / path
        if file.exists():
            target = TARGETS[OWNERS[path]]
            file.write_bytes(target.write(decode(file.read_bytes()), file, value_for(path, url)).encode())

    @rule(path=st.sampled_from(sorted(OWNERS)))
    def delete_it(self, path: str) -> None:
        (self.scene.home / path).unlink(missing_ok=True)
        self.tokens[path].clear()
        self.modes.pop(path, None)

    # What always holds

    def value(self, path: str) -> Value:
        file = self.scene.home / path
        return TARGETS[OWNERS[path]].read(decode(file.read_bytes()) if file.exists() else "", file)

    @invariant()
    def nothing_of_the_users_is_lost(self) -> None:
        for path, tokens in self.tokens.items():
            if tokens:
                text = decode((self.scene.home / path).read_bytes())
                assert [token for token in tokens if f"{token}\n" not in text] == []

    @invariant()
    def modes_stay(self) -> None:
        for path, mode in self.modes.items():
            file = self.scene.home / path
            if file.exists():
                assert file.stat().st_mode & 0o777 == mode, path

    @invariant()
    def every_file_can_be_read(self) -> None:
        for path in OWNERS:
            self.value(path)

    @invariant()
    def nothing_lies_about(self) -> None:
        strays = [path for path in self.scene.strays() if ".cache" not in path]
        assert self.cut or strays == []

    @invariant()
    def the_record_can_be_read(self) -> None:
        try:
            entries = self.scene.session().transactions()
        except MirrorctlError as error:
            raise AssertionError(error) from error
        assert all(entry.state != "damaged" for entry in entries)


TestUndo = Undo.TestCase
TestUndo.settings = settings(
    max_examples=max(EXAMPLES // 5, 8),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
