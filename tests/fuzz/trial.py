"""A number of texts of one format, each judged. The same seed makes the same texts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from fuzz.inputs import texts
from fuzz.judges import BATCH, judges


@dataclass(frozen=True, slots=True)
class Outcome:
    count: int
    accepted: int
    failed: tuple[str, ...]


def judge_texts(name: str, seed: int, count: int) -> Outcome:
    random = Random(f"{name} {seed}")
    judge = judges()[name]
    accepted, failed = 0, list[str]()
    for number, text in enumerate(texts(name, random, count), 1):
        try:
            accepted += judge.judge(text, random)
        except Exception as error:  # noqa: BLE001  whatever the lens lets out is what is looked for
            failed.append(f"{type(error).__name__}: {error}: {text!r}")
        if number % BATCH == 0:
            failed += judge.flush()
    return Outcome(count, accepted, (*failed, *judge.flush()))
