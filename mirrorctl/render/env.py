"""What `env` and `exec` say: which mirror each client is told."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.env import EnvData
from mirrorctl.render.text import Writer
from mirrorctl.text import _


def env_lines(data: EnvData, writer: Writer) -> Iterator[str]:
    for target in data.targets:
        name = writer.paint(target.target, "bold")
        if target.mirror is None:
            yield f"{name}: {writer.say(_('upstream'))}"
        elif target.mirror.id == target.mirror.url:
            yield f"{name}: {writer.say(_('{url}', url=target.mirror.url))}"
        else:
            yield f"{name}: {writer.say(_('{url} ({id})', url=target.mirror.url, id=target.mirror.id))}"
