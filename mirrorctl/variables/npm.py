"""npm and what goes by its configuration. The variable wins over every .npmrc (npm-config(7)), tokens are bound to hosts."""

from __future__ import annotations

from mirrorctl.variables.base import Row

CLIENT = Row(
    name="npm",
    ecosystem="npm",
    programs=("npm", "npx", "pnpm"),
    rows={"npm_config_registry": "{url}/"},
    flags=("--registry",),
    rivals=("NPM_CONFIG_REGISTRY",),
)
