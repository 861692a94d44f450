"""How each ecosystem is surveyed. One that has no surveyor cannot be verified."""

from __future__ import annotations

from mirrorctl.ecosystems import docker, docker_survey, git, git_survey, pypi, pypi_survey
from mirrorctl.ecosystems.survey import Surveyor

SURVEYORS: dict[str, Surveyor] = {pypi.NAME: pypi_survey, docker.NAME: docker_survey, git.NAME: git_survey}
