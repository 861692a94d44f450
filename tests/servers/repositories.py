"""Git over smart HTTP, by git's own `git http-backend` (git-http-backend(1))."""

from __future__ import annotations

import gzip
import os
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from servers.web import Answer, Application, Hit
from servers.workstation import search_path

REPOSITORIES = ("octocat/Hello-World", "git/git")
IDENTITY = {
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.com",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.com",
    "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
}
# git reads nothing of the machine.
HERMETIC = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def git(*args: str, cwd: Path, environ: dict[str, str] | None = None) -> str:
    env = {"PATH": search_path(), **HERMETIC, **IDENTITY, **(environ or {})}
    return subprocess.run(["git", *args], cwd=cwd, env=env, check=True, capture_output=True, text=True).stdout.strip()


def seed(directory: Path, content: str, size_bytes: int = 0) -> Path:
    """Bare repositories `owner/name.git` below `directory`, each with one commit. Pushes are accepted."""
    work = directory / "seed"
    work.mkdir(parents=True)
    git("init", "-q", "-b", "master", cwd=work)
    (work / "README").write_text(content, encoding="utf-8")
    if size_bytes:
        (work / "data.bin").write_bytes(os.urandom(size_bytes))
    git("add", ".", cwd=work)
    git("commit", "-q", "-m", "First", cwd=work)
    for name in REPOSITORIES:
        bare = directory / f"{name}.git"
        git("clone", "-q", "--bare", str(work), str(bare), cwd=directory)
        git("config", "http.receivepack", "true", cwd=bare)
    return directory


@cache
def backend() -> str:
    return str(Path(git("--exec-path", cwd=Path("/"))) / "git-http-backend")


def repositories(root: Path, prefix: str = "/") -> Application:
    """The repositories below `root`, at URLs that begin with `prefix` (for a proxy: `/https://github.com/`).

    As forges do, `owner/name` and `owner/name.git` are the same repository.
    """

    def application(hit: Hit) -> Answer:
        path, _, query = hit.path.partition("?")
        path = unquote(path)
        if not path.startswith(prefix):
            return Answer(status=404, body=b"not found\n", type="text/plain")
        owner, name, *rest = (*path.removeprefix(prefix).split("/"), "", "")
        local = "/".join(["", owner, f"{name.removesuffix('.git')}.git", *rest]).rstrip("/")
        return _cgi(hit, root, local, query)

    return application


def _cgi(hit: Hit, root: Path, path: str, query: str) -> Answer:
    body = gzip.decompress(hit.body) if hit.headers.get("content-encoding") == "gzip" else hit.body
    env = {
        "PATH": search_path(),
        **HERMETIC,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": hit.headers.get("git-protocol", ""),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": hit.method,
        "CONTENT_TYPE": hit.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": "somebody",
        "REMOTE_ADDR": "127.0.0.1",
    }
    said = subprocess.run([backend()], input=body, env=env, check=False, capture_output=True).stdout
    head, _, content = said.partition(b"\r\n\r\n")
    fields = [line.partition(": ") for line in head.decode().split("\r\n")]
    headers = {name.lower(): value for name, _, value in fields if name}
    status = int(headers.pop("status", "200 OK").split()[0])
    kind = headers.pop("content-type", "text/plain")
    headers.pop("content-length", None)
    return Answer(status=status, body=content, type=kind, headers=tuple(headers.items()))
