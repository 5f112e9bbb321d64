"""Beam's local runner, at half of its CPU: what it asks of a DoFn's methods for every bundle is answered from memory.

Its `BundleBasedDirectRunner` makes a DoFn's signature anew for each bundle, by `inspect`: six tenths of the CPU of a
streaming job under test. The answer depends on the function alone.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from apache_beam.transforms import core

Arguments = tuple[list[str], list[Any]]


def remember_signatures() -> None:
    """From now on, in this process; a second call changes nothing."""
    if not isinstance(core.get_function_args_defaults, _Remembering):
        core.get_function_args_defaults = _Remembering(core.get_function_args_defaults)


class _Remembering:
    """Names and defaults of a function's arguments; of methods without those that are bound."""

    def __init__(self, ask: Callable[[Any], Arguments]) -> None:
        self._ask = ask
        self._of_functions: WeakKeyDictionary[FunctionType, Arguments] = WeakKeyDictionary()
        self._of_methods: WeakKeyDictionary[FunctionType, Arguments] = WeakKeyDictionary()

    def __call__(self, function: Any) -> Arguments:
        is_method = type(function) is MethodType
        asked = function.__func__ if is_method else function
        if type(asked) is not FunctionType:
            return self._ask(function)
        known = self._of_methods if is_method else self._of_functions
        if asked not in known:
            known[asked] = self._ask(function)
        names, defaults = known[asked]
        return list(names), list(defaults)
