from __future__ import annotations

import os
import shutil
import signal

import chromium
import pytest
from hypothesis import HealthCheck, settings
from servers import containers, dockerd
from servers.workstation import CLIENTS, search_path

pytest_plugins = ["guard"]

# No example fails for being slow on a busy machine, nothing is written into the checkout, and the same examples are
# tried each time: what guards `main` answers alike twice. The long form, MIRRORCTL_EXAMPLES=…, draws new ones.
settings.register_profile(
    "tests",
    deadline=None,
    database=None,
    print_blob=True,
    derandomize="MIRRORCTL_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


# Who runs the tests in the background has SIGINT ignored, and every program that they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def missing_clients() -> str | None:
    absent = [name for name in CLIENTS if not shutil.which(name, path=search_path())]
    return f"not installed: {', '.join(absent)}" if absent else None


NEEDS = {
    "browser": chromium.missing,
    "client": missing_clients,
    "containers": containers.missing,
    "docker": dockerd.missing,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require",
        action="append",
        choices=sorted(NEEDS),
        default=[],
        help="fail, instead of skipping, when what these tests need is missing",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in NEEDS.items():
        if item.get_closest_marker(marker) and (why := missing()):
            if marker in item.config.getoption("--require"):
                pytest.fail(why)
            pytest.skip(why)
