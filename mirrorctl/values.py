"""Frozen values without the start-up cost of `dataclasses`.

The decorator of the standard library compiles half a dozen methods for each class: 0.7 ms each on Python 3.11, and a
command needs some sixty classes before it can begin. This one gives the same classes generic methods. Type checkers
see the original, and `dataclasses.replace` takes its values. What nobody here uses is left out: InitVar, slots, and
comparisons other than == and <.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:

    class _Field:
        """As much of `dataclasses.Field` as its `replace` looks at."""

        __slots__ = ("factory", "name")
        init = True
        _field_type = None

        def __init__(self, name: str = "", factory: Callable[[], Any] | None = None) -> None:
            self.name = name
            self.factory = factory

    def field(*, default_factory: Callable[[], Any]) -> _Field:
        return _Field(factory=default_factory)

    def dataclass(
        *,
        frozen: bool = False,
        slots: bool = False,  # noqa: ARG001  what type checkers make of it is enough
        kw_only: bool = False,
        order: bool = False,
        eq: bool = True,
    ) -> Callable[[type], type]:
        def make(cls: type) -> type:
            methods = {"__init__": _init, "__repr__": _repr}
            if eq:
                methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
            if frozen:
                methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
            if order:
                methods["__lt__"] = _lt
            return _make(cls, methods, kw_only=kw_only)

        return make

    def _make(cls: type, methods: Mapping[str, Any], *, kw_only: bool) -> type:
        own = vars(cls)
        found = dict(getattr(cls, "__dataclass_fields__", {}))
        defaults = dict(getattr(cls, "_defaults", {}))
        for name, annotation in own.get("__annotations__", {}).items():
            if str(annotation).startswith("ClassVar"):
                continue
            default = own.get(name, _MISSING)
            found[name] = _Field(name, default.factory if isinstance(default, _Field) else None)
            if isinstance(default, _Field):
                delattr(cls, name)
            elif default is not _MISSING:
                defaults[name] = default
        cls.__dataclass_fields__ = found
        cls._names = tuple(found)
        cls._defaults = defaults
        cls._factories = {name: entry.factory for name, entry in found.items() if entry.factory}
        cls._positional = () if kw_only else cls._names
        cls.__match_args__ = cls._positional
        for name, method in methods.items():
            if name not in own or own[name] is None:
                setattr(cls, name, method)
        return cls

    def _init(self: Any, *args: Any, **given: Any) -> None:
        cls = type(self)
        if args:
            if len(args) > len(cls._positional):
                raise TypeError(f"{cls.__name__}() takes {len(cls._positional)} positional values, not {len(args)}")
            given.update(zip(cls._positional, args, strict=False))
        values = {**cls._defaults, **given}
        for name, make in cls._factories.items():
            if name not in given:
                values[name] = make()
        if values.keys() != cls.__dataclass_fields__.keys():
            wrong = ", ".join(sorted(values.keys() ^ cls.__dataclass_fields__.keys()))
            raise TypeError(f"{cls.__name__}() is short of, or does not know, {wrong}")
        self.__dict__.update(values)
        if hasattr(cls, "__post_init__"):
            self.__post_init__()

    def _astuple(self: Any) -> tuple[Any, ...]:
        return tuple([self.__dict__[name] for name in self._names])

    def _eq(self: Any, other: object) -> Any:
        return _astuple(self) == _astuple(other) if type(self) is type(other) else NotImplemented

    def _lt(self: Any, other: object) -> Any:
        return _astuple(self) < _astuple(other) if type(self) is type(other) else NotImplemented

    def _hash(self: Any) -> int:
        return hash(_astuple(self))

    def _repr(self: Any) -> str:
        inside = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._names)
        return f"{type(self).__qualname__}({inside})"

    def _refuse(self: Any, name: str, value: object = None) -> None:  # noqa: ARG001  the signature of __setattr__
        raise AttributeError(f"a {type(self).__name__} is frozen: {name} cannot change")

    def replace(value: Any, **changes: Any) -> Any:
        return type(value)(**{**value.__dict__, **changes})

    def fields(value: Any) -> tuple[_Field, ...]:
        return tuple(value.__dataclass_fields__.values())

    _MISSING = object()

__all__ = ["dataclass", "field", "fields", "replace"]
