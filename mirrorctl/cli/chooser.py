"""`use` without WHICH, on a terminal: the mirrors are measured, and one is chosen meanwhile.

Keys, resizing and wide characters are prompt_toolkit's. What is chosen from is `mirrorctl.render.menu`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

from mirrorctl.cli.console import Console
from mirrorctl.commands import selection
from mirrorctl.commands.choice import Request
from mirrorctl.commands.probe import probe
from mirrorctl.commands.session import Session, find_clients
from mirrorctl.errors import ClientError, MirrorctlError
from mirrorctl.probing.events import Event
from mirrorctl.render.menu import FASTEST, Menu
from mirrorctl.targets import TARGETS
from mirrorctl.text import _
from mirrorctl.values import replace

if TYPE_CHECKING:  # the library loads when it is used
    from prompt_toolkit import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings

LINES = 18
JUST_MEASURED_S = 300.0  # what `fastest` may then be decided by
STYLES = {"prompt": "bold", "cursor": "reverse", "dim": "ansibrightblack", "good": "ansigreen", "bad": "ansired"}


def choose(console: Console, request: Request) -> Request | None:
    """`request` with what was chosen; None if nothing was."""
    session = console.session()
    names = request.targets or tuple(find_clients(session, ())[0])
    if not names:
        raise ClientError(_("none of the clients is on this machine"), hint=_("mirrorctl list shows what there is"))
    measuring = _Measuring(console, session, names, request)
    which = measuring.ask()
    if which is None:
        return None
    recent = JUST_MEASURED_S if which == FASTEST and measuring.menu.finished else request.max_age_s
    return replace(request, which=which, max_age_s=recent)


class _Enough(KeyboardInterrupt):
    """Ends a measurement whose outcome nobody waits for: asyncio lets it pass, and cancels what is going on."""


class _Measuring:
    """The menu on the screen, and the race in a thread beside it."""

    def __init__(self, console: Console, session: Session, names: tuple[str, ...], request: Request) -> None:
        self._session, self._names, self._policy = session, names, request.policy
        ecosystems = tuple(dict.fromkeys(TARGETS.ecosystem(name) for name in names))
        mirrors = [mirror for name in ecosystems for mirror in selection.candidates(session, name, request.policy)]
        self.menu = Menu(mirrors, ecosystems, console.writer(sys.stderr))
        self._colour = console.writer(sys.stderr).colour
        self._redraw: Callable[[], None] = lambda: None
        self._enough = False
        self._thread = Thread(target=self._measure, daemon=True)

    def ask(self) -> str | None:
        application = self._application()
        self._redraw = application.invalidate
        self._thread.start()
        try:
            which: str | None = application.run()
        finally:
            self._enough = True
            self._thread.join(self._policy.deadline_s)
        return which

    def _measure(self) -> None:
        try:
            result = probe(self._session, targets=self._names, policy=self._policy, on_event=self._take)
            self.menu.finish(result.data.ecosystems)
        except (MirrorctlError, _Enough):
            self.menu.finish(())
        self._redraw()

    def _take(self, event: Event) -> None:
        if self._enough:
            raise _Enough
        self.menu.take(event)
        self._redraw()

    def _application(self) -> Application[str | None]:
        from prompt_toolkit import Application
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window
        from prompt_toolkit.output import create_output
        from prompt_toolkit.styles import Style

        def picture() -> StyleAndTextTuples:
            size = application.output.get_size()
            return [*self.menu.picture(size.columns - 1, min(LINES, size.rows))]

        application = Application[str | None](
            layout=Layout(Window(FormattedTextControl(picture, show_cursor=False), dont_extend_height=True)),
            key_bindings=_keys(self.menu),
            style=Style.from_dict(STYLES if self._colour else {"cursor": "reverse"}),
            output=create_output(stdout=sys.stderr),
            erase_when_done=True,
        )
        application.ttimeoutlen = 0.05  # Esc alone is a key here
        return application


def _keys(menu: Menu) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.keys import Keys

    keys = KeyBindings()
    steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -9999, "end": 9999, "c-p": -1, "c-n": 1}

    def bind(key: str, by: int) -> None:
        keys.add(key)(lambda _event: menu.move(by))

    for key, by in steps.items():
        bind(key, by)
    keys.add("backspace")(lambda _event: menu.erase())

    @keys.add(Keys.Any)
    def search(event: KeyPressEvent) -> None:
        menu.type("".join(char for char in event.data if char.isprintable()))

    @keys.add("enter")
    def take(event: KeyPressEvent) -> None:
        if menu.chosen:
            event.app.exit(result=menu.chosen.key)

    @keys.add("escape", eager=True)
    @keys.add("c-c")
    @keys.add("c-d")
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    return keys
