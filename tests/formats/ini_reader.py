"""Python's configparser as pip uses it, to compare with."""

from __future__ import annotations

import configparser
import io
from typing import TypeAlias

from mirrorctl.formats import ini

Settings: TypeAlias = dict[tuple[str, str], str]


def parser_of(text: str) -> configparser.RawConfigParser:
    """Python's parser as pip uses it: it gets its lines from a file opened as text."""
    parser = configparser.RawConfigParser()
    parser.read_file(io.StringIO(text, newline=None))
    return parser


def settings_of(parser: configparser.RawConfigParser) -> Settings:
    sections = {"DEFAULT": parser.defaults(), **{name: parser._sections[name] for name in parser.sections()}}  # type: ignore[attr-defined]
    return {(section, name): value for section, options in sections.items() for name, value in options.items()}


def read_by_python(text: str) -> Settings:
    return settings_of(parser_of(text))


def normalised(settings: Settings) -> Settings:
    return {(section, ini.normalise(name)): value for (section, name), value in settings.items()}


def is_ambiguous(text: str) -> bool:
    """Whether versions of pip, or of Python below it, read `text` differently."""
    parser = parser_of(text)
    settings = settings_of(parser)
    return len(normalised(settings)) < len(settings) or any("]" in name for name in parser.sections())
