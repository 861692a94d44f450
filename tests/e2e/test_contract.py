"""The command line as scripts see it: the envelope and the keys of every command. More may be added, none may go."""

from __future__ import annotations

import re
from typing import Any

import pytest
from servers.web import Faults, Server
from servers.workstation import Ran, Workstation

pytestmark = pytest.mark.client

ENVELOPE = {"schema", "command", "status", "exit_code", "data", "warnings", "errors"}
NOTICE = {"code", "message", "hint", "subject"}
MEASURED = {"id", "url", "operator", "trust", "connect_s", "tls_s", "ttfb_s", "bandwidth_bytes_per_s"}
MEASURED |= {"lag_s", "lag_basis", "predicted_s", "read_bytes"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def holds(keys: set[str], value: Any) -> None:
    assert isinstance(value, dict)
    assert keys <= value.keys(), f"missing: {sorted(keys - value.keys())}"


def checked(ran: Ran, command: str, status: str = "success") -> dict[str, Any]:
    """The data of an envelope that is as it has to be."""
    envelope = ran.envelope
    assert set(envelope) == ENVELOPE
    assert envelope["schema"] == "mirrorctl/1"
    assert envelope["command"] == command
    assert envelope["status"] == status
    assert envelope["exit_code"] == ran.status
    for notice in [*envelope["warnings"], *envelope["errors"]]:
        assert set(notice) == NOTICE
    assert list(envelope) == sorted(envelope)
    data = envelope["data"]
    assert isinstance(data, dict)
    return data


def test_probe(choice: Workstation, slow_index: Server) -> None:
    with slow_index.failing(Faults(portal=True)):
        data = checked(choice.mirrorctl("probe", "-t", "pip", "--json").ended(0), "probe")
    (ecosystem,) = data["ecosystems"]
    holds({"ecosystem", "elapsed_s", "read_bytes", "workload", "ranking", "rejected"}, ecosystem)
    assert ecosystem["ecosystem"] == "pypi"
    holds({"requests", "bytes"}, ecosystem["workload"])
    (ranked,) = ecosystem["ranking"]
    holds(MEASURED, ranked)
    assert ranked["id"] == "near-index"
    assert ranked["operator"] == "near"
    assert ranked["trust"] == "university"
    assert all(ranked[key] > 0 for key in MEASURED if key.endswith("_s") and key != "lag_s")
    assert ranked["read_bytes"] > 0
    (rejected,) = ecosystem["rejected"]
    holds({*MEASURED, "reason"}, rejected)
    assert rejected["id"] == "far-index"
    assert rejected["predicted_s"] is None
    assert rejected["reason"]["code"] == "captive-portal"
    assert rejected["reason"]["detail"]


def test_probe_of_a_url_and_of_one_mirror(choice: Workstation, index_mirror: Server, slow_index: Server) -> None:
    url = f"{index_mirror.url}/simple"
    data = checked(choice.mirrorctl("probe", "-t", "pip", "--url", url, "--json").ended(0), "probe")
    assert [found["url"] for found in data["ecosystems"][0]["ranking"]] == [url]
    assert slow_index.hits == []
    data = checked(choice.mirrorctl("probe", "-t", "pip", "--only", "far-index", "--json").ended(0), "probe")
    assert [found["id"] for found in data["ecosystems"][0]["ranking"]] == ["far-index"]


def test_probe_for_prometheus(machine: Workstation) -> None:
    ran = machine.mirrorctl("probe", "-t", "pip", "--format", "prometheus").ended(0)
    assert re.search(r'^mirrorctl_\w+\{[^}]*"near-index"[^}]*\} \d', ran.stdout, re.MULTILINE)


def test_use_and_history_and_undo(machine: Workstation, index_mirror: Server) -> None:
    used = checked(machine.mirrorctl("use", "near", "-t", "pip", "-y", "--json").ended(0), "use")
    holds({"transaction", "targets"}, used)
    (target,) = used["targets"]
    holds({"target", "scope", "mirror", "changed", "edits", "verified", "next_steps"}, target)
    assert (target["target"], target["scope"], target["changed"], target["verified"]) == ("pip", "user", True, True)
    assert target["mirror"] == {"id": "near-index", "url": f"{index_mirror.url}/simple"}
    (edit,) = target["edits"]
    holds({"path", "diff"}, edit)

    history = checked(machine.mirrorctl("history", "--json").ended(0), "history")
    (change,) = history["transactions"]
    holds({"id", "at", "command", "state", "files"}, change)
    assert change["id"] == used["transaction"]
    assert TIME.fullmatch(change["at"])
    assert change["state"] == "applied"
    assert change["files"] == [edit["path"]]

    checked(machine.mirrorctl("undo", "--json").ended(0), "undo")
    states = [found["state"] for found in machine.mirrorctl("history", "--json").data["transactions"]]
    assert states[-1] == "undone"


def test_use_upstream_has_no_mirror(machine: Workstation) -> None:
    machine.mirrorctl("use", "near", "-t", "pip", "-y", "--no-verify").ended(0)
    used = checked(machine.mirrorctl("use", "upstream", "-t", "pip", "-y", "--json").ended(0), "use")
    assert used["targets"][0]["mirror"] is None
    assert used["targets"][0]["changed"]


def test_status(machine: Workstation, index_mirror: Server) -> None:
    keys = {"target", "scope", "path", "urls", "mirror_id", "effective_url", "managed", "drift", "overrides"}
    (before,) = checked(machine.mirrorctl("status", "-t", "pip", "--json").ended(0), "status")["targets"]
    holds(keys, before)
    assert (before["urls"], before["mirror_id"], before["managed"], before["drift"]) == ([], None, False, False)
    machine.mirrorctl("use", "near", "-t", "pip", "-y", "--no-verify").ended(0)
    (after,) = checked(machine.mirrorctl("status", "-t", "pip", "--json").ended(0), "status")["targets"]
    url = f"{index_mirror.url}/simple"
    assert (after["urls"], after["mirror_id"], after["effective_url"]) == ([url], "near-index", url)
    assert (after["managed"], after["drift"]) == (True, False)


def test_drift_is_seen(machine: Workstation) -> None:
    machine.mirrorctl("use", "near", "-t", "pip", "-y", "--no-verify").ended(0)
    machine.mirrorctl("status", "-t", "pip", "--check").ended(0)
    machine.write(".config/pip/pip.conf", "[global]\nindex-url = https://index.example.com/simple\n")
    (found,) = machine.mirrorctl("status", "-t", "pip", "--check", "--json").ended(4).data["targets"]
    assert found["drift"]


def test_list(bare: Workstation) -> None:
    data = checked(bare.mirrorctl("list", "--json").ended(0), "list")
    known = {found["id"] for found in data["mirrors"]}
    assert known
    assert known < {found["id"] for found in bare.mirrorctl("list", "--all", "--json").data["mirrors"]}


@pytest.mark.parametrize(
    ("args", "status"),
    [(("use", "nobody", "-t", "pip"), 2), (("undo",), 2), (("use",), 2), (("list", "--nonsense"), 2)],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_failure_is_an_envelope_too(machine: Workstation, args: tuple[str, ...], status: int) -> None:
    ran = machine.mirrorctl(*args, "--json").ended(status)
    checked(ran, args[0], "error")
    assert ran.envelope["errors"]


def test_the_result_is_on_stdout_and_the_talk_on_stderr(machine: Workstation) -> None:
    assert machine.mirrorctl("use", "nobody", "-t", "pip").ended(2).stdout == ""
    assert machine.mirrorctl("list").ended(0).stderr == ""


def test_chinese_on_request(machine: Workstation) -> None:
    english = machine.mirrorctl("use", "nobody", "-t", "pip", "--lang", "en").stderr
    chinese = machine.mirrorctl("use", "nobody", "-t", "pip", "--lang", "zh").stderr
    assert not CHINESE.search(english)
    assert CHINESE.search(chinese)
    by_locale = machine.mirrorctl("use", "nobody", "-t", "pip", environ={"LC_ALL": "zh_CN.UTF-8"}).stderr
    assert by_locale == chinese
