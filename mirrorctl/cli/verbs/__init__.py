"""The commands as typer sees them, one file each: words in, plain values to `mirrorctl.commands`, results to `render`.

A file is imported when its command is named, and imports what it runs when it runs: each starts with its own weight.
"""
