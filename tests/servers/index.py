"""A package index: PEP 503 pages, PEP 691 JSON, and wheels that install."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from servers.web import Answer, Application, Hit

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "text/html; charset=utf-8"
MIB = 1024 * 1024
Content: TypeAlias = Mapping[str, Mapping[str, bytes]]  # project to file name to bytes
NOT_FOUND = Answer(status=404, body=b"not found\n", type="text/plain")


@cache
def wheel(project: str, version: str, tag: str, payload_bytes: int = 0) -> tuple[str, bytes]:
    """File name and bytes of a wheel with one module and, for weight, incompressible data."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"__version__ = {version!r}\n".encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    if payload_bytes:
        files[f"{name}_data.bin"] = random.Random(version).randbytes(payload_bytes)
    record = "".join(f"{path},sha256={_record_hash(data)},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for path, data in files.items():
            zipped.writestr(zipfile.ZipInfo(path), data)
    return f"{name}-{version}-{tag}.whl", archive.getvalue()


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@cache
def projects() -> Content:
    """The same on every mirror: project to file name to bytes."""
    made = {
        "six": [wheel("six", "1.16.0", "py2.py3-none-any"), wheel("six", "1.17.0", "py2.py3-none-any")],
        "pip": [wheel("pip", "25.0", "py3-none-any", MIB)],
        "idna": [wheel("idna", "3.10", "py3-none-any", 64 * 1024)],
        "numpy": [wheel("numpy", "2.1.0", "py3-none-any", 4 * MIB)],
        "opencv-python": [wheel("opencv-python", "4.10.0.84", "py3-none-any", 4 * MIB)],
    }
    return {project: dict(files) for project, files in made.items()}


def index(root: str = "/simple", *, credentials: str | None = None, content: Content | None = None) -> Application:
    """An index whose pages are below `root`. `credentials` (user:password) have to be given, if set."""
    served = projects() if content is None else content
    required = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else None

    def application(hit: Hit) -> Answer:
        if required and hit.authorization != required:
            return Answer(status=401, headers=(("WWW-Authenticate", 'Basic realm="index"'),))
        path = hit.path.partition("?")[0]
        if path.startswith("/files/"):
            _, _, project, name = path.split("/", 3)
            body = served.get(project, {}).get(name)
            return Answer(body=body, headers=(("Accept-Ranges", "bytes"),)) if body is not None else NOT_FOUND
        if not path.startswith(f"{root}/"):
            return NOT_FOUND
        return _page(hit, path.removeprefix(f"{root}/").strip("/"), served)

    return application


def _page(hit: Hit, project: str, served: Content) -> Answer:
    as_json = JSON_TYPE in hit.headers.get("accept", "")
    if not project:
        return _json(_listing(served)) if as_json else _html((f"{name}/", name) for name in served)
    if project not in served:
        return NOT_FOUND
    listed = {name: body for name, body in served[project].items() if not name.endswith(".metadata")}
    files = [(f"/files/{project}/{name}", name, body) for name, body in listed.items()]
    if as_json:
        return _json(_project_json(project, files, served[project]))
    return _html((f"{url}#sha256={hashlib.sha256(body).hexdigest()}", name) for url, name, body in files)


def _listing(served: Content) -> object:
    return {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in served]}


def _project_json(project: str, files: list[tuple[str, str, bytes]], served: Mapping[str, bytes]) -> object:
    """With the digest of FILE.metadata (PEP 658) where that is served as well."""
    return {
        "meta": {"api-version": "1.1"},
        "name": project,
        "versions": sorted({name.split("-")[1] for _, name, _ in files}),
        "files": [
            {
                "filename": name,
                "url": url,
                "size": len(body),
                "hashes": _hashes(body),
                "upload-time": "2024-12-04T17:35:28.000000Z",
                "yanked": False,
                **({"core-metadata": _hashes(served[f"{name}.metadata"])} if f"{name}.metadata" in served else {}),
            }
            for url, name, body in files
        ],
    }


def _hashes(body: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(body).hexdigest()}


def _json(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode(), type=JSON_TYPE)


def _html(links: object) -> Answer:
    assert hasattr(links, "__iter__")
    anchors = "".join(f'<a href="{url}">{text}</a><br>\n' for url, text in links)
    page = f'<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.1"></head>\n<body>\n{anchors}</body></html>\n'
    return Answer(body=page.encode(), type=HTML_TYPE)
