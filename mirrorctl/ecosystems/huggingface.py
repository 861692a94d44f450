"""Mirrors of the Hugging Face Hub: what huggingface_hub asks HF_ENDPOINT for.

The walk is that of `hf download`: the list of a model's files, then its configuration, which has to be the one of the commit
that the list names. There is no large file that every mirror may serve, so bandwidth is not measured.
"""

from __future__ import annotations

from urllib.parse import quote

from mirrorctl.ecosystems.artefacts import json_object
from mirrorctl.ecosystems.base import (
    Asking,
    Canaries,
    Finding,
    Rejected,
    Reply,
    Request,
    Walk,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "huggingface"
WORKLOAD = Workload(requests=10, bytes=1_000_000_000)  # a small model
FALLBACK_S = 10.0  # its HTTP library tries one address after another

LIST_LIMIT_BYTES = 256 * 1024


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    base = mirror.url.rstrip("/")
    for model in canaries.get("models", ()):
        listing = Request(
            url=f"{base}/api/models/{quote(model)}/revision/main", limit_bytes=LIST_LIMIT_BYTES, on_site=True
        )
        reply = yield listing
        if reply.status in (401, 404):  # what the Hub answers for a model that is not there
            continue
        commit = _commit(reply)
        yield from _check_file(base, model, commit)
        return Finding(artefact=None, again=listing, markers={f"object:{model}": commit})
    raise Rejected("not-a-hub", _("{host} has none of the models that were asked for.", host=host_of(base)))


def _commit(reply: Reply) -> str:
    found = _json(reply)
    commit = found.get("sha")
    if not isinstance(commit, str) or not isinstance(found.get("siblings"), list):
        raise _strange(reply)
    return commit


def _check_file(base: str, model: str, commit: str) -> Asking[None]:
    url = f"{base}/{quote(model)}/resolve/{quote(commit, safe='')}/config.json"
    _json((yield Request(url=url, limit_bytes=LIST_LIMIT_BYTES)))


def _json(reply: Reply) -> dict[str, object]:
    found = json_object(reply, _("what the Hub answers"))
    if found is None:
        raise _strange(reply)
    return found


def _strange(reply: Reply) -> Rejected:
    return Rejected("not-a-hub", _("What {host} answered is not what the Hub answers.", host=host_of(reply.url)))
