"""mirrorctl: choose, set, check and take back the mirror sources of pip, uv, Docker and Git."""

__version__ = "0.1.0"
