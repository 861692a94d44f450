"""A choice of the command line, by itself: every command reads its options, and few of them measure."""

from __future__ import annotations

from enum import StrEnum


class Fallback(StrEnum):
    """What is done where `fastest` finds no mirror that can be used."""

    KEEP = "keep"
    UPSTREAM = "upstream"
    FAIL = "fail"
