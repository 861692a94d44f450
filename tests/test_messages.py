"""Every message to people can be translated, is translated, and says the same values in both languages."""

from __future__ import annotations

import ast
import gettext
import re
import string

import pytest
from generated import messages
from generated.messages import MO, PO, Use

from mirrorctl.render.language import translator

MESSAGES = sorted({use.message for use in messages.all_uses() if use.message is not None})
TO_MEND = "bring the catalogue up to date (docs/how-to/translate.md)"

CHINESE = "[一-鿿]"
# A Chinese character and a Latin letter, a digit or a value without a blank between them.
CRAMPED = re.compile(rf"{CHINESE}[A-Za-z0-9{{]|[A-Za-z0-9}}]{CHINESE}")
HALF_WIDTH = re.compile(rf"{CHINESE}[,;:!?()]|[,;:!?]{CHINESE}")


def values(template: str) -> set[tuple[str, str, str]]:
    """Name, format and conversion of every value in a template."""
    parts = string.Formatter().parse(template)
    return {(name, form or "", conversion or "") for _text, name, form, conversion in parts if name is not None}


def compiled() -> dict[str, str]:
    """What the catalogue that is installed says, by message. Its header is left out."""
    with MO.open("rb") as file:
        catalogue: dict[str, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {message: text for message, text in catalogue.items() if message}


def test_messages_are_literals() -> None:
    assert [f"{use.path}:{use.line}" for use in messages.all_uses() if use.message is None] == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("_('plain')", "plain"),
        ("_('joined ' 'text {x}', x=1)", "joined text {x}"),
        ("N_('name')", "name"),
        ("_(name)", None),
        ("_(f'{x}')", None),
        ("_('a' + b)", None),
        ("_()", None),
    ],
)
def test_only_a_literal_counts_as_a_message(code: str, message: str | None) -> None:
    assert list(messages.uses(ast.parse(code), "a.py")) == [Use("a.py", 1, message)]


def test_other_calls_are_no_messages() -> None:
    assert list(messages.uses(ast.parse("print('x'); self._('y')"), "a.py")) == []


def test_every_message_is_translated() -> None:
    translated = compiled()
    assert [message for message in MESSAGES if not translated.get(message)] == [], TO_MEND


def test_nothing_is_translated_that_is_not_said() -> None:
    assert sorted(compiled().keys() - set(MESSAGES)) == [], TO_MEND


def test_translations_have_the_same_values() -> None:
    assert {message: text for message, text in compiled().items() if values(text) != values(message)} == {}


def test_translations_are_set_as_chinese_is() -> None:
    assert [text for text in compiled().values() if CRAMPED.search(text) or HALF_WIDTH.search(text)] == []


def test_translations_are_sentences_where_messages_are() -> None:
    assert [text for message, text in compiled().items() if is_sentence(message) != text.endswith(("。", "？"))] == []


def is_sentence(message: str) -> bool:
    return message.endswith((".", "?")) and not message.endswith("...")


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    pytest.importorskip("babel", reason="the source of the catalogue is read with babel")
    catalogue = messages.read()
    assert {str(entry.id): entry.string for entry in catalogue if entry.id and not entry.fuzzy} == compiled(), TO_MEND
    assert list(catalogue.obsolete) == [], TO_MEND


def test_updating_changes_nothing() -> None:
    """An update of a catalogue that is up to date gives the same file, so that a change shows what was changed."""
    pytest.importorskip("babel", reason="the source of the catalogue is read with babel")
    catalogue = messages.read()
    assert messages.update(catalogue) == [], TO_MEND
    assert messages.po_bytes(catalogue).decode() == PO.read_text(encoding="utf-8"), TO_MEND


def test_the_program_speaks_chinese() -> None:
    assert translator("zh")("upstream") == "官方源"
    assert translator("en")("upstream") == "upstream"
