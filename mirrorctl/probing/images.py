"""Pulls images from a registry as dockerd does, and keeps nothing: for benchmarks where no daemon may be used.

The way of a pull (OCI distribution specification): `/v2/`, a token if one is asked for, the manifest of the tag, that
of the platform, then configuration and layers, three at a time, each compared with its digest. Unlike dockerd it does
not unpack, so it shows the line and the registry alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from mirrorctl.dialogue import Fetch, Measured, Output
from mirrorctl.ecosystems.base import visible
from mirrorctl.ecosystems.docker import INDEX_TYPES, MANIFEST_TYPES
from mirrorctl.probing.surroundings import proxy_for, tls_context

LAYERS_AT_ONCE = 3  # dockerd(8), max-concurrent-downloads
CHUNK_BYTES = 256 * 1024
SMALL_BYTES = 8 * 1024 * 1024  # of a manifest or a token
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class PullError(Exception):
    """Why an image could not be pulled, in one line."""


def fetch_images(question: Fetch, environ: Mapping[str, str], architecture: str) -> Measured:
    """Pulls every image of `question`, one after the other, through the proxies and authorities of `environ`."""
    context = tls_context(environ)
    pull = _Pull(question, architecture)
    parts = urlsplit(question.registry)
    proxy = proxy_for(parts.scheme, parts.hostname or "", environ)
    began_s = time.monotonic()
    pull.deadline_s = began_s + question.timeout_s
    error = ""
    try:
        with httpx.Client(
            verify=context,
            headers={"Accept-Encoding": "identity"},  # a digest is that of the bytes themselves
            trust_env=False,
            follow_redirects=True,
            event_hooks={"request": [pull.watch]},
            proxy=httpx.Proxy(proxy.url, auth=proxy.auth) if proxy else None,
            timeout=httpx.Timeout(min(30.0, max(question.timeout_s, 0.001))),
        ) as client:
            for image in question.images:
                pull.image(client, image)
    except (httpx.HTTPError, httpx.InvalidURL, PullError, ValueError, KeyError, TypeError, OSError) as failure:
        error = visible(str(failure) or type(failure).__name__, 300)
    seconds = time.monotonic() - began_s
    return Measured(
        output=Output(status=None if error else 0, stderr=error),
        seconds=seconds,
        timed_out=bool(error) and seconds >= question.timeout_s,
        first_byte_s=pull.first_byte_at_s - began_s if pull.first_byte_at_s else None,
        wire_bytes=pull.read_bytes,
        payload_bytes=None if error else pull.layer_bytes,
    )


class _Pull:
    """The state of one pull. Its counters are only ever added to, by one thread for each layer."""

    def __init__(self, question: Fetch, architecture: str) -> None:
        self._base = question.registry.rstrip("/")
        self._architecture = architecture
        self._headers: dict[str, str] = {}
        self.deadline_s = 0.0
        self.first_byte_at_s = 0.0
        self._sizes: list[int] = []
        self._layers: list[int] = []
        self._lines: list[socket.socket] = []

    @property
    def read_bytes(self) -> int:
        return sum(self._sizes)

    @property
    def layer_bytes(self) -> int:
        return sum(self._layers)

    def image(self, client: httpx.Client, image: str) -> None:
        name, reference = _parts(image)
        self._headers = self._greet(client, name)
        manifest = self._manifest(client, name, reference)
        if "manifests" in manifest:
            manifest = self._manifest(client, name, self._platform(manifest))
        digests = [manifest["config"]["digest"], *dict.fromkeys(layer["digest"] for layer in manifest["layers"])]
        with ThreadPoolExecutor(max_workers=LAYERS_AT_ONCE) as pool:
            jobs = [pool.submit(self._blob, client, name, str(digest)) for digest in digests]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                self.deadline_s = 0.0  # the other threads stop at their next piece, or have no next one
                pool.shutdown(wait=False, cancel_futures=True)
                self._hang_up()
                raise

    def watch(self, request: httpx.Request) -> None:
        """Lets the lines be known that are opened for it (httpcore, extension "trace")."""
        request.extensions = {**request.extensions, "trace": self._note_line}

    def _note_line(self, event: str, about: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._lines.append(about["return_value"].get_extra_info("socket"))

    def _hang_up(self) -> None:
        """Wakes those who wait for somebody that says nothing."""
        for line in self._lines:
            with suppress(OSError):  # closed, or another one with TLS by now
                line.shutdown(socket.SHUT_RDWR)

    def _greet(self, client: httpx.Client, name: str) -> dict[str, str]:
        """What to say with each request: an anonymous token, where the registry wants one."""
        response = client.get(f"{self._base}/v2/")
        self.first_byte_at_s = self.first_byte_at_s or time.monotonic()
        challenge = response.headers.get("www-authenticate", "")
        if response.status_code != 401:
            return {}
        found = dict(_PARAMETER.findall(challenge))
        if not challenge.lower().startswith("bearer ") or "realm" not in found:
            raise PullError("it wants a login")
        query = {"scope": f"repository:{name}:pull"} | {key: found[key] for key in ("service",) if key in found}
        answer = json.loads(self._read(client, httpx.URL(found["realm"]).copy_merge_params(query), {}))
        return {"Authorization": f"Bearer {answer.get('token') or answer['access_token']}"}

    def _manifest(self, client: httpx.Client, name: str, reference: str) -> dict[str, Any]:
        headers = self._headers | {"Accept": ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))}
        body = self._read(client, f"{self._base}/v2/{name}/manifests/{reference}", headers)
        if reference.startswith("sha256:"):
            _compare(hashlib.sha256(body).hexdigest(), reference)
        found = json.loads(body)
        if not isinstance(found, dict):
            raise PullError("its manifest is none")
        return found

    def _platform(self, index: dict[str, Any]) -> str:
        """The manifest for this machine, or the first for any."""
        found = [entry for entry in index["manifests"] if entry.get("platform", {}).get("architecture") != "unknown"]
        found.sort(key=lambda entry: entry.get("platform", {}).get("architecture") != self._architecture)
        return str(found[0]["digest"]) if found else ""

    def _read(self, client: httpx.Client, url: httpx.URL | str, headers: dict[str, str]) -> bytes:
        with client.stream("GET", url, headers=headers) as response:
            self._check(response)
            body = bytearray()
            for chunk in response.iter_raw(CHUNK_BYTES):
                body += chunk
                self._check_time()
                if len(body) > SMALL_BYTES:
                    raise PullError("it answered with too much")
        self._sizes.append(len(body))
        return bytes(body)

    def _blob(self, client: httpx.Client, name: str, digest: str) -> None:
        sum_of, size = hashlib.sha256(), 0
        with client.stream("GET", f"{self._base}/v2/{name}/blobs/{digest}", headers=self._headers) as response:
            self._check(response)
            for chunk in response.iter_raw(CHUNK_BYTES):
                self._check_time()
                sum_of.update(chunk)
                size += len(chunk)
        self._sizes.append(size)
        self._layers.append(size)
        _compare(sum_of.hexdigest(), digest)

    def _check(self, response: httpx.Response) -> None:
        self._check_time()
        if response.status_code != 200:
            raise PullError(f"{response.url.host} answered HTTP status {response.status_code}")

    def _check_time(self) -> None:
        if time.monotonic() > self.deadline_s:
            raise PullError("it took too long")


def _parts(image: str) -> tuple[str, str]:
    """Repository and reference, `latest` if there is none; a digest wins over a tag."""
    name, at, digest = image.partition("@")
    name, _colon, tag = name.partition(":")
    return name, digest if at else tag or "latest"


def _compare(found: str, digest: str) -> None:
    if f"sha256:{found}" != digest:
        raise PullError(f"it sent other bytes than {digest[:19]}…")
