"""The machine's side of a dialogue, played from literal answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from mirrorctl.dialogue import (
    Answer,
    Call,
    Dialogue,
    Fetch,
    Hangup,
    Measured,
    Output,
    Peer,
    Question,
    Read,
    Run,
    Timed,
    Wait,
)

T = TypeVar("T")


def said(stdout: str = "", *, status: int = 0, stderr: str = "") -> Output:
    return Output(status=status, stdout=stdout, stderr=stderr)


def spoken(question: Question) -> str:  # noqa: PLR0911  one for each kind
    """A question in words: "git --version", "read /etc/x", "peer /run/x", "GET /info", "hangup 7", "wait", "timed uv …"."""
    match question:
        case Run():
            return " ".join(question.argv)
        case Read():
            return f"read {question.path}"
        case Peer():
            return f"peer {question.socket}"
        case Call():
            return f"GET {question.url_path}"
        case Hangup():
            return f"hangup {question.pid}"
        case Wait():
            return "wait"
        case Timed():
            return f"timed {' '.join(question.run.argv)}"
        case Fetch():
            return f"fetch {' '.join(question.images)} from {question.registry}"


def _silence(question: Question) -> Answer:
    match question:
        case Run():
            return Output(status=None, stderr=f"{question.argv[0]}: not found")
        case Call():
            return Output(status=None, stderr="No such file or directory")
        case Hangup():
            return False
        case Timed() | Fetch():
            return Measured(output=Output(status=None, stderr="not found"), seconds=0.0)
        case Read() | Peer() | Wait():
            return None


def converse(dialogue: Dialogue[T], answers: Mapping[str, Answer | list[Answer]]) -> tuple[T, list[Question]]:
    """What `dialogue` comes to, and all that it asked. A list of answers is for the same question asked again.

    A program without an answer is not installed, a file is not there, a process cannot be reached.
    """
    asked: list[Question] = []
    heard: Counter[str] = Counter()
    try:
        question = next(dialogue)
        while True:
            asked.append(question)
            words = spoken(question)
            answer = answers.get(words, _silence(question))
            if isinstance(answer, list):
                turn, heard[words] = heard[words], heard[words] + 1
                answer = answer[min(turn, len(answer) - 1)]
            question = dialogue.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result, asked


def hold(dialogue: Dialogue[T], answers: Mapping[str, Answer | list[Answer]]) -> tuple[T, list[str]]:
    """The same, with the questions in words."""
    result, asked = converse(dialogue, answers)
    return result, [spoken(question) for question in asked]
