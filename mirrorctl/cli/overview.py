"""The overview of commands that `mirrorctl --help` shows, without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirrorctl.render.language import choose_language, translator
from mirrorctl.render.screen import entry, wrap
from mirrorctl.text import N_, _

COLUMNS = 80

# tests/test_cli.py compares this table with the commands that there are.
COMMANDS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        N_("Change"),
        (
            ("use", N_("Make clients use the fastest mirror, a certain one, or upstream")),
            ("apply", N_("Bring the clients to what a profile states")),
            ("undo", N_("Take back the latest change, or a certain one")),
            ("env", N_("Print the variables that make clients use a mirror, and write nothing")),
            ("exec", N_("Run a program whose clients use a mirror, and write nothing")),
            ("recover", N_("Roll back what a crash or a power cut has left unfinished")),
        ),
    ),
    (
        N_("Look"),
        (
            ("status", N_("Show which source each client really uses, and who says so")),
            ("doctor", N_("Find what is wrong on this machine, and repair what is safe to repair")),
            ("probe", N_("Measure the mirrors and rank them; change nothing")),
            ("verify", N_("Compare what mirrors serve with upstream, or with one another")),
            ("bench", N_("Pull with the real clients, direct and through mirrors, and compare")),
            ("list", N_("List the mirrors of the catalog")),
            ("history", N_("List the changes made so far")),
        ),
    ),
    (
        N_("More"),
        (
            ("catalog", N_("Look into the catalog, add mirrors of your own, or update it")),
            ("completion", N_("Print the script that completes commands and mirrors in a shell")),
        ),
    ),
)

OPTIONS: tuple[tuple[str, str], ...] = (
    ("--json", N_("Print one JSON document and nothing else")),
    ("--catalog FILE", N_("Add a catalog of your own; may be repeated")),
    ("--root DIR", N_("Prepare the image that is unpacked in DIR")),
    ("--lang zh|en", N_("Choose the language; by default that of the locale")),
    ("-q, --quiet", N_("Say less; errors are still said")),
    ("-v, --verbose", N_("Say more")),
    ("--no-color", N_("Use no colours; so does NO_COLOR")),
    ("--version", N_("Print the version")),
    ("-h, --help", N_("Show this, or the help of a command")),
)


def command_summary(name: str) -> str:
    return next(summary for _title, group in COMMANDS for command, summary in group if command == name)


def names() -> tuple[str, ...]:
    return tuple(name for _title, group in COMMANDS for name, _summary in group)


def overview(words: Sequence[str], environ: Mapping[str, str]) -> str:
    option = words[1] if len(words) > 1 and words[0] == "--lang" else None
    translate = translator(choose_language(option, environ))
    lines = [
        _("usage: mirrorctl COMMAND [OPTION]...").render(translate),
        "",
        _("Choose, set, check and take back the mirror sources of pip, uv, Docker and Git.").render(translate),
    ]
    for title, group in COMMANDS:
        lines += ["", _("{label}:", label=translate(title)).render(translate)]
        lines += [entry(f"  {name}", translate(summary), 14, COLUMNS) for name, summary in group]
    lines += ["", _("{label}:", label=_("Options of every command")).render(translate)]
    lines += [entry(f"  {name}", translate(summary), 18, COLUMNS) for name, summary in OPTIONS]
    first = _("On a new machine: mirrorctl use fastest. What it did: mirrorctl history. Back: mirrorctl undo.")
    whole = first.render(translate).replace("mirrorctl ", "mirrorctl\0")  # a command is not to be torn
    lines += ["", wrap(whole, COLUMNS).replace("\0", " ")]
    return "\n".join(lines)
