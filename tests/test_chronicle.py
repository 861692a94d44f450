"""The chronicle on a real disk: what is kept, what is forgotten, and that nothing wrong with the file ends a command."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirrorctl import chronicle
from mirrorctl.chronicle import Chronicle
from mirrorctl.experience import Measurement, Score, Terms
from mirrorctl.model import Mirror, Probe, Reason, Status, Trust
from mirrorctl.network import Network
from mirrorctl.places import Rules
from mirrorctl.text import _
from mirrorctl.values import replace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TERMS = Terms(max_lag_s=86400.0, deadline_s=8.0, budget_bytes=25_000_000, latency_only=False)
HOME = Network(
    gateway="192.168.1.1 wlan0",
    hardware="ac:de:48:00:11:22",
    subnets=("0001a8c0/24 wlan0",),
    servers=("192.168.1.1",),
    tunnels=(),
    proxies=("https_proxy=http://proxy.example:3128",),
)
HOTEL = replace(HOME, hardware="00:00:5e:00:53:01")
UNSURE = replace(HOME, hardware="")


def mirror(name: str) -> Mirror:
    return Mirror(
        id=name,
        ecosystem="pypi",
        operator="-",
        url=f"https://{name}.example/simple",
        kind="index",
        trust=Trust.PRIVATE,
        status=Status.ACTIVE,
        domain=f"https://{name}.example/simple",
        origin="remembered",
    )


GOOD = Score(
    probe=Probe(
        mirror=mirror("good"),
        connect_s=0.01,
        tls_s=0.02,
        ttfb_s=0.03,
        setup_s=0.04,
        bandwidth_bytes_per_s=10e6,
        bandwidth_low_bytes_per_s=9e6,
        bandwidth_high_bytes_per_s=11e6,
        confirmed=True,
        lag_s=600.0,
        lag_basis="index-date",
        read_bytes=1_500_000,
    ),
    predicted_s=3.5,
)
REASON = Reason(code="stale", detail=_("Its content is {hours:.0f} hours old.", hours=80.4))
BAD = Score(probe=Probe(mirror=mirror("bad"), connect_s=0.5, lag_s=289_440.0, reason=REASON), predicted_s=None)


def measurement(at: datetime = NOW, *scores: Score, ecosystem: str = "pypi", terms: Terms = TERMS) -> Measurement:
    return Measurement(at=at, here=True, ecosystem=ecosystem, terms=terms, scores=scores or (GOOD, BAD))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "chronicle.db"


@pytest.fixture
def kept(path: Path) -> Chronicle:
    return opened(path)


def opened(path: Path) -> Chronicle:
    """As another run of the program has it."""
    return Chronicle(path, Rules(euid=os.geteuid(), links=True))


def raw(path: Path, *statements: str) -> None:
    """What somebody else does to the file."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def count(found: Chronicle) -> int:
    return len(found.recall("pypi", HOME, limit=10_000))


# What is kept


def test_what_is_kept_comes_back_as_it_was(kept: Chronicle, path: Path) -> None:
    (identifier,) = kept.keep([measurement()], HOME, NOW)
    (found,) = opened(path).recall("pypi", HOME)
    assert found == replace(measurement(NOW, BAD, GOOD), id=identifier)
    assert str(found.score("bad").probe.reason.detail) == "Its content is 80 hours old."  # type: ignore[union-attr]
    assert kept.notices == []


def test_the_latest_come_first_and_ecosystems_are_apart(kept: Chronicle) -> None:
    for minutes in (30, 10, 20):
        kept.keep([measurement(NOW - timedelta(minutes=minutes))], HOME, NOW)
    kept.keep([measurement(ecosystem="git")], HOME, NOW)
    assert [(NOW - one.at).seconds // 60 for one in kept.recall("pypi", HOME)] == [10, 20, 30]
    assert len(kept.recall("pypi", HOME, limit=2)) == 2


def test_networks_are_apart(kept: Chronicle) -> None:
    kept.keep([measurement()], HOME, NOW)
    assert kept.recall("pypi", HOTEL) == ()
    assert (kept.elsewhere("pypi", HOME), kept.elsewhere("pypi", HOTEL)) == (0, 1)


@pytest.mark.parametrize("network", [None, UNSURE], ids=["none", "unsure"])
def test_a_network_that_is_not_known_for_sure_is_never_here(kept: Chronicle, network: Network | None) -> None:
    kept.keep([measurement()], network, NOW)
    assert [one.here for one in kept.recall("pypi", network)] == [False]
    assert kept.recall("pypi", HOME) == ()


def test_the_latest_word_on_a_mirror(kept: Chronicle) -> None:
    kept.keep([measurement(NOW - timedelta(days=2))], HOME, NOW)
    kept.keep([measurement(NOW, replace(GOOD, predicted_s=9.0))], HOTEL, NOW)
    for network, at, seconds, here in [(HOME, NOW - timedelta(days=2), 3.5, True), (None, NOW, 9.0, False)]:
        found = kept.latest("pypi", "good", network)
        assert found is not None
        assert (found[0], found[1].predicted_s, found[2]) == (at, seconds, here)
    assert kept.latest("pypi", "nobody", HOME) is None
    assert kept.latest("git", "good", HOME) is None


def test_a_decision_can_be_doubted(kept: Chronicle) -> None:
    (identifier,) = kept.keep([measurement()], HOME, NOW)
    kept.doubt([identifier])
    assert [one.sound for one in kept.recall("pypi", HOME)] == [False]


def test_nothing_of_the_network_or_of_a_password_is_written_down(kept: Chronicle, path: Path) -> None:
    secret = replace(GOOD.probe, mirror=replace(mirror("x"), url="https://user:hunter2@x.example/simple"))
    kept.keep([measurement(NOW, Score(probe=secret, predicted_s=1.0))], HOME, NOW)
    data = path.read_bytes()
    for word in ("192.168", "wlan0", "ac:de:48", "acde48", "proxy.example", "hunter2"):
        assert word.encode() not in data
    assert b"x.example" in data


def test_it_is_the_owners_alone(kept: Chronicle, path: Path) -> None:
    kept.keep([measurement()], HOME, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    kept.keep([measurement()], HOME, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_looking_makes_nothing(kept: Chronicle, path: Path) -> None:
    assert kept.recall("pypi", HOME) == ()
    assert kept.latest("pypi", "good", HOME) is None
    kept.doubt([])
    assert not path.parent.exists()
    assert kept.notices == []


# What is forgotten


def test_its_size_is_bounded_by_number(kept: Chronicle, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chronicle, "KEPT", 20)
    sizes = []
    for step in range(60):
        kept.keep([measurement(NOW + timedelta(minutes=step))], HOME, NOW + timedelta(minutes=step))
        sizes.append(path.stat().st_size)
    found = kept.recall("pypi", HOME, limit=100)
    assert len(found) == 20
    assert found[0].at == NOW + timedelta(minutes=59)
    assert sizes[-1] == sizes[25]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM probe").fetchone() == (40,)


def test_a_thousand_measurements_of_a_full_field_are_a_few_megabytes(kept: Chronicle, path: Path) -> None:
    field = [replace(GOOD, probe=replace(GOOD.probe, mirror=mirror(f"some-operator-{n:02}"))) for n in range(14)]
    every = [measurement(NOW - timedelta(hours=n), *field) for n in range(chronicle.KEPT)]
    kept.keep(every, HOME, NOW)
    assert len(kept.recall("pypi", HOME, limit=5000)) == chronicle.KEPT
    assert path.stat().st_size < 10_000_000


def test_what_is_old_goes(kept: Chronicle) -> None:
    kept.keep([measurement(NOW - timedelta(days=91)), measurement(NOW - timedelta(days=89))], HOME, NOW)
    assert [one.at for one in kept.recall("pypi", HOME)] == [NOW - timedelta(days=89)]


# What may be wrong with it

SCRAMBLED = bytes(range(256)) * 32


def garbage(path: Path) -> None:
    path.write_bytes(SCRAMBLED)


def text(path: Path) -> None:
    path.write_text("not a database\n")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def torn_page(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))


def future(path: Path) -> None:
    raw(path, "PRAGMA user_version = 99")


def past(path: Path) -> None:
    raw(path, "PRAGMA user_version = 0")


def no_table(path: Path) -> None:
    raw(path, "DROP TABLE probe")


def no_column(path: Path) -> None:
    raw(path, "ALTER TABLE measurement DROP COLUMN sound")


def no_salt(path: Path) -> None:
    raw(path, "DELETE FROM salt")


@pytest.mark.parametrize("damage", [garbage, text, cut, torn_page, future, past, no_table, no_column, no_salt])
@pytest.mark.parametrize("first", ["look", "keep"])
def test_what_is_damaged_is_set_aside_and_said_once(kept: Chronicle, path: Path, damage: object, first: str) -> None:
    kept.keep([measurement(NOW - timedelta(hours=1)), measurement(NOW - timedelta(hours=2))], HOME, NOW)
    assert callable(damage)
    damage(path)
    damaged = path.read_bytes()
    now = opened(path)
    if first == "look":
        assert all(one.here for one in now.recall("pypi", HOME))
        now.latest("pypi", "good", HOME)
        now.elsewhere("pypi", HOME)
    now.keep([measurement()], HOME, NOW)
    now.recall("pypi", HOME)
    assert [notice.code for notice in now.notices] == ["chronicle"]
    assert path.with_name("chronicle.db.aside").read_bytes() == damaged
    after = opened(path)
    assert [one.at for one in after.recall("pypi", HOME)] == [NOW]
    assert after.notices == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_journal_goes_with_the_file_that_it_belongs_to(kept: Chronicle, path: Path) -> None:
    """Otherwise it would be played back into the new file."""
    kept.keep([measurement()], HOME, NOW)
    garbage(path)
    path.with_name("chronicle.db-journal").write_bytes(SCRAMBLED)
    kept.keep([measurement()], HOME, NOW)
    assert path.with_name("chronicle.db.aside-journal").read_bytes() == SCRAMBLED
    assert count(kept) == 1


def test_what_another_run_has_begun_anew_is_not_set_aside(kept: Chronicle, path: Path) -> None:
    """Both have seen the damage, and the other was quicker."""
    kept.keep([measurement()], HOME, NOW)
    assert kept._set_aside(path.stat().st_ino + 1)
    assert count(kept) == 1
    assert not path.with_name("chronicle.db.aside").exists()


def test_an_empty_file_is_filled(kept: Chronicle, path: Path) -> None:
    """As another run leaves it that was stopped before it could begin."""
    path.parent.mkdir(mode=0o700)
    path.touch()
    assert kept.recall("pypi", HOME) == ()
    kept.keep([measurement()], HOME, NOW)
    assert (count(kept), kept.notices) == (1, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE probe SET measured = '{' WHERE mirror = 'good'",
        "UPDATE probe SET measured = '[]' WHERE mirror = 'good'",
        """UPDATE probe SET measured = '{"ttfb_s": "x"}' WHERE mirror = 'good'""",
        """UPDATE probe SET measured = '{"ttfb_s": -1}' WHERE mirror = 'good'""",
        """UPDATE probe SET measured = '{"ttfb_s": NaN}' WHERE mirror = 'good'""",
        """UPDATE probe SET measured = '{"confirmed": 1}' WHERE mirror = 'good'""",
        """UPDATE probe SET measured = '{"lag_basis": 1}' WHERE mirror = 'good'""",
        "UPDATE probe SET predicted_s = 'soon' WHERE mirror = 'good'",
        "UPDATE probe SET predicted_s = 9e999 WHERE mirror = 'good'",
        "UPDATE probe SET predicted_s = NULL WHERE mirror = 'good'",
        "UPDATE probe SET mirror = x'00' WHERE mirror = 'good'",
    ],
)
def test_a_row_that_makes_no_sense_is_left_out(kept: Chronicle, path: Path, statement: str) -> None:
    kept.keep([measurement()], HOME, NOW)
    raw(path, statement)
    (found,) = kept.recall("pypi", HOME)
    assert [score.probe.mirror.id for score in found.scores] == ["bad"]
    assert kept.notices == []


@pytest.mark.parametrize(
    "detail", ["NULL", "'x'", "'[1, 2]'", """'["{hours:.0f}", {"hours": "x"}]'""", """'["{x}", {}]'"""]
)
def test_a_reason_that_cannot_be_told_is_told_by_its_code(kept: Chronicle, path: Path, detail: str) -> None:
    kept.keep([measurement()], HOME, NOW)
    raw(path, f"UPDATE probe SET detail = {detail} WHERE mirror = 'bad'")
    (found,) = kept.recall("pypi", HOME)
    bad = found.score("bad")
    assert bad is not None
    assert bad.probe.reason is not None
    assert (bad.probe.reason.code, str(bad.probe.reason.detail)) == ("stale", "stale")


def test_what_a_later_version_measures_is_passed_over(kept: Chronicle, path: Path) -> None:
    kept.keep([measurement()], HOME, NOW)
    raw(path, """UPDATE probe SET measured = '{"ttfb_s": 1.5, "smell": 3}' WHERE mirror = 'good'""")
    found = kept.latest("pypi", "good", HOME)
    assert found is not None
    assert found[1].probe.ttfb_s == 1.5


# Others


def test_a_file_that_somebody_holds_is_left_alone(kept: Chronicle, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chronicle, "PATIENCE_S", 0.05)
    kept.keep([measurement()], HOME, NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert kept.recall("pypi", HOME) == ()
        assert kept.keep([measurement()], HOME, NOW) == ()
    assert [notice.code for notice in kept.notices] == ["chronicle"]
    assert "locked" in str(kept.notices[0].message)
    assert count(opened(path)) == 1
    assert not path.with_name("chronicle.db.aside").exists()


WRITER = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from mirrorctl import chronicle
from test_chronicle import HOME, NOW, measurement, opened
chronicle.PATIENCE_S = 60.0
found = opened(Path(sys.argv[1]))
for _ in range({rounds}):
    found.keep([measurement()], HOME, NOW)
print(len(found.notices), flush=True)
"""


def writer(path: Path, rounds: int) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    code = WRITER.format(paths=[str(here), str(here.parent)], rounds=rounds)
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def writers(path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Five processes that begin at once, without a file."""
    found = [writer(path, 8) for _ in range(5)]
    yield found
    for process in found:
        process.kill()
        process.communicate()


def test_processes_that_write_at_once_lose_nothing(path: Path, writers: list[subprocess.Popen[str]]) -> None:
    said = [process.communicate(timeout=60)[0].strip() for process in writers]
    assert said == ["0"] * 5
    assert count(opened(path)) == 40


def test_a_process_that_is_killed_leaves_a_sound_file(path: Path) -> None:
    opened(path).keep([measurement()], HOME, NOW)
    before = count(opened(path))
    process = writer(path, 100_000)
    while count(opened(path)) < before + 5:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    after = opened(path)
    after.keep([measurement()], HOME, NOW)
    assert count(after) > before + 5
    assert after.notices == []


def test_what_is_half_written_is_taken_back(kept: Chronicle, path: Path, tmp_path: Path) -> None:
    """A journal beside the file, as after a power cut: whoever comes next plays it back."""
    kept.keep([measurement()], HOME, NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM probe")
        other.execute("CREATE TABLE filler AS SELECT randomblob(100000) AS x")
        place = tmp_path / "copy"
        place.mkdir(mode=0o700)
        for file in path.parent.iterdir():
            shutil.copyfile(file, place / file.name)
    assert sorted(file.name for file in place.iterdir()) == ["chronicle.db", "chronicle.db-journal"]
    after = opened(place / "chronicle.db")
    assert [len(one.scores) for one in after.recall("pypi", HOME)] == [2]
    assert after.notices == []


# Where it cannot be


def test_a_state_directory_that_is_a_file(kept: Chronicle, path: Path) -> None:
    path.parent.write_text("")
    assert kept.recall("pypi", HOME) == ()
    assert kept.keep([measurement()], HOME, NOW) == ()
    assert len(kept.notices) == 1


def test_a_directory_in_its_place(kept: Chronicle, path: Path) -> None:
    path.mkdir(parents=True)
    assert kept.recall("pypi", HOME) == ()
    assert kept.keep([measurement()], HOME, NOW) == ()
    assert len(kept.notices) == 1


def test_a_pipe_in_its_place_is_not_waited_for(kept: Chronicle, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    os.mkfifo(path)
    assert kept.recall("pypi", HOME) == ()
    assert kept.keep([measurement()], HOME, NOW) == ()
    assert len(kept.notices) == 1


def test_a_link_of_the_owner_is_followed(kept: Chronicle, path: Path, tmp_path: Path) -> None:
    """Dotfile managers make them."""
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere.db")
    kept.keep([measurement()], HOME, NOW)
    assert count(kept) == 1
    assert (tmp_path / "elsewhere.db").stat().st_size
    (tmp_path / "elsewhere.db").write_bytes(SCRAMBLED)
    again = opened(path)
    again.keep([measurement()], HOME, NOW)
    assert (tmp_path / "elsewhere.db.aside").read_bytes() == SCRAMBLED
    assert count(again) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("there", [True, False], ids=["a file", "no file"])
def test_a_directory_that_is_read_only(kept: Chronicle, path: Path, there: bool) -> None:
    if there:
        kept.keep([measurement()], HOME, NOW)
        path.chmod(0o400)
    else:
        path.parent.mkdir()
    path.parent.chmod(0o500)
    try:
        now = opened(path)
        assert now.keep([measurement()], HOME, NOW) == ()
        assert len(now.recall("pypi", HOME)) == there
        assert [notice.code for notice in now.notices] == ["chronicle"]
    finally:
        path.parent.chmod(0o700)


AS_NOBODY = """
import os, sys
sys.path[:0] = {paths!r}
from pathlib import Path
from test_chronicle import HOME, NOW, measurement, opened
os.setgid(65534)
os.setuid(65534)
found = opened(Path(sys.argv[1]))
print(len(found.recall("pypi", HOME)), len(found.keep([measurement()], HOME, NOW)), *[n.message for n in found.notices])
"""


def as_nobody(path: Path) -> str:
    here = Path(__file__).parent
    code = AS_NOBODY.format(paths=[str(here), str(here.parent)])
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@needs_root
def test_roots_file_is_not_read_by_others(kept: Chronicle, path: Path, tmp_path: Path) -> None:
    kept.keep([measurement()], HOME, NOW)
    path.parent.chmod(0o755)
    for place in [tmp_path, *tmp_path.parents][:-2]:
        place.chmod(place.stat().st_mode | 0o055)
    assert as_nobody(path).startswith("0 0 ")
    assert count(opened(path)) == 1


@needs_root
def test_root_does_not_go_through_somebody_elses_directory(kept: Chronicle, path: Path) -> None:
    """After sudo, HOME may still be the user's."""
    path.parent.mkdir()
    os.chown(path.parent, 65534, 65534)
    assert kept.keep([measurement()], HOME, NOW) == ()
    assert not list(path.parent.iterdir())
    assert len(kept.notices) == 1


def test_without_sqlite_there_is_no_chronicle(kept: Chronicle, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some Pythons are built without."""
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    assert kept.keep([measurement()], HOME, NOW) == ()
    assert kept.recall("pypi", HOME) == ()
    assert kept.notices == []
