"""The reader's language: English, or Chinese from one gettext catalogue (mirrorctl/locale)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locale"
LANGUAGES = {"zh": "zh_CN", "en": None}


def choose_language(option: str | None, environ: Mapping[str, str]) -> str:
    """`--lang`, then MIRRORCTL_LANG, then the locale in the order of gettext(3)."""
    for wanted in (option, environ.get("MIRRORCTL_LANG")):
        if wanted:
            return "zh" if wanted.lower().startswith("zh") else "en"
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := environ.get(variable):
            if locale.split(".")[0] in {"C", "POSIX"}:
                return "en"
            preferred = environ.get("LANGUAGE", "").split(":")[0] or locale
            return "zh" if preferred.lower().startswith("zh") else "en"
    return "en"


def translator(language: str) -> Callable[[str], str]:
    locale = LANGUAGES.get(language)
    if locale is None:
        return str
    import gettext  # noqa: PLC0415  not needed for English

    return gettext.translation("mirrorctl", LOCALES, languages=[locale], fallback=True).gettext
