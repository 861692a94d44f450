"""The race and its rivals in a network of namespaces (network.py), judged by pulls of the real clients."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.network import Network, Ran
from bench.rivals import RIVALS

HERE = Path(__file__).resolve().parent
PULL_LIMIT_S, PULLS, NEAR = 30.0, 5, 2.0
NO_MIRROR = 20
TRUST = ("--trust", "community")
ECOSYSTEMS = {"pip": "pypi", "docker": "docker", "git": "git"}


@dataclass(slots=True)
class Contest:
    network: Network
    options: argparse.Namespace
    tallies: dict[tuple[str, str], list[tuple[float, Ran]]] = field(default_factory=dict)

    def run(self) -> int:
        sound = True
        services = self.options.service or ["pip"]
        for name in self.options.scenario:
            path = self.network.find(name)
            truths: dict[str, dict[str, float]] = {}
            for seed in range(1, self.options.seeds + 1):
                with self.network.up(path, seed):
                    for service in services:
                        self._service(name, service, truths, rivals=seed <= self.options.rival_seeds)
            if "pip" in services:
                with self.network.up(path, 1, all_bad=True):
                    sound = self._all_bad(name) and sound
            self._print(name)
        self._print("")
        return 0 if sound else 1

    def _service(self, scenario: str, service: str, truths: dict[str, dict[str, float]], *, rivals: bool) -> None:
        if service == "all":
            flags = [word for target in ECOSYSTEMS for word in ("-t", target)]
            best, ran = self._probe(*flags, *TRUST)
            known = {target: truths[target] for target in ECOSYSTEMS if target in truths}
            regrets = [self._regret(next(iter(best.get(ECOSYSTEMS[name], [])), None), known[name]) for name in known]
            self._note(scenario, "all three", max(regrets, default=math.nan), ran)
            return
        urls, ran = self._urls("-t", service, *(() if service == "pip" else TRUST))
        if service not in truths:
            truths[service] = self._truth(service, urls)
        truth = truths[service]
        self._note(scenario, f"mirrorctl, {service}", self._regret(urls[0] if ran.status == 0 else None, truth), ran)
        if service != "pip":
            return
        light = self._urls("-t", "pip", "--latency-only")
        self._note(scenario, "mirrorctl --latency-only", self._regret(next(iter(light[0]), None), truth), light[1])
        for name, command in self._rivals(list(truth)).items() if rivals else ():
            ran = self.network.run(*command)
            found = re.findall(r"https://[^\s\"'<>\x1b]+", ran.output)
            self._note(scenario, name, self._regret(found[-1].rstrip("/") if found else None, truth), ran)

    def _rivals(self, urls: Sequence[str]) -> Mapping[str, Sequence[str]]:
        script = str(HERE / "rivals.py")
        ways: dict[str, Sequence[str]] = {}
        if self.options.rivals == "all":
            ways |= {name: (sys.executable, script, name, self.options.large, *urls) for name in RIVALS}
        if self.options.chsrc:
            ways["chsrc itself"] = (str(self.options.chsrc), "measure", "pip")
        return ways

    def _urls(self, *flags: str) -> tuple[list[str], Ran]:
        found, ran = self._probe(*flags)
        return [url for urls in found.values() for url in urls], ran

    def _probe(self, *flags: str) -> tuple[dict[str, list[str]], Ran]:
        """The addresses by ecosystem, best first and then the rejected ones, and what it took."""
        with TemporaryDirectory() as home:
            ran = self._mirrorctl(home, "probe", "--json", *flags)
        try:
            data = json.loads(ran.output[ran.output.index("{") :])["data"]["ecosystems"]
        except (ValueError, KeyError):
            data = []
        urls = {
            found["ecosystem"]: [entry["url"] for entry in (*found["ranking"], *found["rejected"])] for found in data
        }
        return urls, ran

    def _mirrorctl(self, home: str, *words: str) -> Ran:
        words = (words[0], *(f"--catalog={path}" for path in self.options.catalog), *words[1:])
        environ = [f"HOME={home}", f"PYTHONPATH={HERE.parent.parent}", f"PATH={os.environ['PATH']}"]
        return self.network.run(sys.executable, "-m", "mirrorctl", *words, environ=environ)

    def _truth(self, service: str, urls: Sequence[str]) -> dict[str, float]:
        """Seconds of the pull through each, the least of some; infinite where it fails or what comes is too old.

        The load of the machine can only add to it. What is far from the best is not repeated.
        """
        truth: dict[str, float] = {}
        usable = [url for url in urls if self.network.has(url) and (service != "pip" or not self.network.is_stale(url))]
        for number in range(PULLS):
            least_s = min(truth.values(), default=math.inf)
            for url in usable:
                if number == 0 or truth[url] <= NEAR * least_s:
                    limit_s = min([PULL_LIMIT_S, *(8 * seconds for seconds in truth.values() if seconds < math.inf)])
                    truth[url] = min(truth.get(url, math.inf), self._pull(service, url, limit_s))
        truth = {url: truth.get(url, math.inf) for url in urls}
        for url, seconds in truth.items():
            print(f"    {seconds:8.2f} s  {url}", file=sys.stderr, flush=True)
        if all(math.isinf(seconds) for seconds in truth.values()):
            raise SystemExit(f"no pull of {service} works: what is pulled (--small, --large, --image) may not be there")
        return truth

    def _pull(self, service: str, url: str, limit_s: float) -> float:
        spent_s = 0.0
        for number, words in enumerate(self._pulls(service, url)):
            with TemporaryDirectory() as folder:
                ran = self.network.run(*(word.replace("FOLDER", folder) for word in words), limit_s=limit_s)
            if ran.status != 0:
                # Cut off, it would have taken at least so long; failed, nobody can use it.
                return limit_s if ran.status is None and number else math.inf
            spent_s += ran.seconds
        return spent_s

    def _pulls(self, service: str, url: str) -> list[list[str]]:
        if service == "pip":
            pip = [sys.executable, "-m", "pip", "--isolated", "-q", "download", "--no-cache-dir", "--no-deps"]
            pip += ["--disable-pip-version-check", "--retries", "0", "--timeout", "8", "-d", "FOLDER", "-i", url]
            return [[*pip, self.options.small], [*pip, self.options.large]]
        if service == "docker":
            place = url.replace("https://", "docker://", 1)
            return [["skopeo", "copy", "-q", f"{place}/{self.options.image}", "dir:FOLDER/image"]]
        return [["git", "clone", "-q", "--bare", f"{url}{self.options.repository}.git", "FOLDER/clone"]]

    def _regret(self, url: str | None, truth: Mapping[str, float]) -> float:
        """Infinite for a choice that cannot be used, or for none where there was one; 1 for none where there is none."""
        best_s = min(truth.values(), default=math.inf)
        if url is None:
            return 1.0 if math.isinf(best_s) else math.inf
        if url not in truth:
            truth = {url: math.inf if self.network.is_stale(url) else self._pull("pip", url, PULL_LIMIT_S)}
        return truth[url] / best_s

    def _all_bad(self, scenario: str) -> bool:
        """Where nobody has anything to give, nothing is changed, the reasons are listed, and the exit code is 20."""
        with TemporaryDirectory() as home:
            ran = self._mirrorctl(home, "use", "fastest", "-t", "pip", "-y")
            listed = self._mirrorctl(home, "probe", "-t", "pip")
            written = list(Path(home).rglob("pip.conf"))
        reasons = listed.output.count("503")
        print(
            f"{scenario}, all bad: exit {ran.status} in {ran.seconds:.1f} s, {len(written)} files written, {reasons} reasons"
        )
        return ran.status == NO_MIRROR and listed.status == NO_MIRROR and not written and reasons > 0

    def _note(self, scenario: str, name: str, regret: float, ran: Ran) -> None:
        for key in ((scenario, name), ("", name)):
            self.tallies.setdefault(key, []).append((regret, ran))
        print(
            f"  {scenario} {name}: {ran.seconds:.1f} s, {ran.bytes / 1e6:.1f} MB, regret {regret:.2f},"
            f" load {ran.load:.1f}, {ran.stolen:.0%} of the processors stolen",
            file=sys.stderr,
            flush=True,
        )
        if self.options.output:
            told = asdict(ran) | {"output": "", "scenario": scenario, "name": name, "regret": min(regret, 1e9)}
            with self.options.output.open("a", encoding="utf-8") as out:
                out.write(json.dumps(told) + "\n")

    def _print(self, scenario: str) -> None:
        from bench.bench_race import HEAD, RULE, Tally

        print(f"\n{scenario or 'all scenarios'}\n\n{HEAD}\n{RULE}")
        for (place, name), runs in self.tallies.items():
            if place != scenario:
                continue
            tally = Tally(memory=max(ran.rss_bytes for _regret, ran in runs) / 1e6)
            for regret, ran in runs:
                tally.add(regret, ran.seconds, ran.bytes)
            print(tally.row(name), flush=True)
