"""Messages for people: a template and its values, translated when shown.

The core builds messages without knowing the reader's language; `render` translates the template and fills it in.
`str()` gives the English text, so that logs and tracebacks stay readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mirrorctl.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """A translatable message. `template` is the gettext msgid, with str.format fields."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = str) -> str:
        """The message in the language of `translate`; values that are messages are translated too."""
        values = {
            name: value.render(translate) if isinstance(value, Text) else value for name, value in self.values.items()
        }
        return translate(self.template).format(**values)

    def __str__(self) -> str:
        return self.render()


def _(template: str, **values: object) -> Text:
    """Marks `template` for translation (the extraction keyword) and binds its values."""
    return Text(template, values)


def N_(template: str) -> str:  # noqa: N802  gettext's own name for it
    """Marks `template` for translation and leaves it a string: for tables that are translated when shown."""
    return template
