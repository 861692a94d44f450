"""Values behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass as standard
from typing import Any, ClassVar

import pytest

from mirrorctl import values
from mirrorctl.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    kind: ClassVar[str] = "x"
    name: str
    size: int = 1
    tags: dict[str, int] = field(default_factory=dict)


@standard(frozen=True, kw_only=True)
class Heavy:
    name: str
    size: int = 1
    tags: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: int = 2


@pytest.mark.parametrize("cls", [Light, Heavy])
def test_the_same_as_the_original(cls: Any) -> None:
    one = cls(name="a")
    assert (one.name, one.size, one.tags) == ("a", 1, {})
    assert one == cls(name="a", size=1)
    assert one != cls(name="b")
    assert repr(one) == f"{cls.__name__}(name='a', size=1, tags={{}})"
    assert dataclasses.replace(one, size=3) == cls(name="a", size=3)
    assert cls(name="a").tags is not one.tags
    with pytest.raises(AttributeError):
        one.name = "b"
    with pytest.raises(AttributeError):
        del one.name
    for wrong in ({}, {"name": "a", "nam": 1}):
        with pytest.raises(TypeError):
            cls(**wrong)
    with pytest.raises(TypeError):
        cls("a")


def test_values_differ_from_those_of_another_class() -> None:
    others: list[object] = [(1, 2), Heavy(name="a"), Light(name="a")]
    assert Pair(1, 2) not in others
    assert Light(name="a") not in others[:2]


def test_positional_values_can_be_matched_and_hashed() -> None:
    match Pair(1):
        case Pair(left, right):
            assert (left, right) == (1, 2)
    assert {Pair(1), Pair(1, 2)} == {Pair(1)}
    with pytest.raises(TypeError):
        Pair(1, 2, 3)  # type: ignore[call-arg]


def test_copies_are_equal() -> None:
    one = Light(name="a", tags={"t": 1})
    assert copy.copy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert [entry.name for entry in values.fields(one)] == ["name", "size", "tags"]
    assert values.replace(one, size=2).size == 2
