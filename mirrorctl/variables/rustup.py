"""rustup: where toolchains and rustup itself come from (The rustup book, "Environment variables")."""

from __future__ import annotations

from mirrorctl.variables.base import Row

CLIENT = Row(
    name="rustup",
    ecosystem="rustup",
    programs=("rustup", "rustup-init"),
    rows={"RUSTUP_DIST_SERVER": "{url}", "RUSTUP_UPDATE_ROOT": "{url}/rustup"},
)
