"""What a person names a shape: a name of the product's own, or the path of a shape file.

Reads shape files. The one entry for commands, jobs and `kittiwake.replay`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import AccountOption, InputShape, Mapped, Shape, shape_of_rules, with_account
from kittiwake.shape_files.names import SHIPPED, SUFFIXES, shape_names

Read: TypeAlias = Callable[[str], bytes]
"""From the location of a file to its bytes; raises `UnusableError`."""

REMOTE: Final = "://"
"""What stands in a location that is no local path."""


def input_shape(
    name: str, account_id: str | None, options: tuple[str, str], read_remote: Read | None = None
) -> InputShape:
    """What a person has said with two options, which `options` names as they are typed.

    Args:
        name: a name of `Shape`, of a shape that is shipped, or the path of a shape file.
        account_id: the account of records that name none.
        options: what the options of the shape and the account are called.
        read_remote: reads a file that is not local; None: no such file is read.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
        RulesError: with everything that is wrong with the shape file.
    """
    by_shape, by_account = options
    return with_account(_shape(name, by_shape, read_remote), account_id, by_account)


class InputShapes(NamedTuple):
    """How the records of several inputs are written."""

    shape: InputShape
    """Of all of them, or that of the rules."""
    each: tuple[InputShape, ...] = ()
    """Of each, in order, where they differ."""


def input_shapes(
    names: Sequence[str],
    account_id: str | None,
    options: tuple[str, str],
    inputs: int,
    read_remote: Read | None = None,
) -> InputShapes:
    """What a person has said with an option once for all inputs, or as often as there are inputs.

    The account is that of the records of every shape that names none.

    Raises:
        UnusableError: as `input_shape`, or there are as many names as neither.
        RulesError: with everything that is wrong with a shape file.
    """
    by_shape, by_account = options
    if len(names) <= 1:
        return InputShapes(input_shape(names[0] if names else Shape.CANONICAL, account_id, options, read_remote))
    if len(names) != inputs:
        advice = f"say it once, or {inputs} times" if inputs > 1 else "say it once"
        raise UnusableError(f"{by_shape}: there are {len(names)} shapes and {inputs} inputs: {advice}")
    found = [_shape(name, by_shape, read_remote) for name in names]
    takes = [account_id if one.account is not AccountOption.REFUSED else None for one in found]
    if account_id is not None and not any(takes):
        takes[0] = account_id  # so that it is refused
    each = tuple(with_account(one, taken, by_account) for one, taken in zip(found, takes, strict=True))
    return InputShapes(shape_of_rules(each), each)


def message_shape(shape: InputShape, by_shape: str) -> InputShape:
    """The same shape, which can read messages.

    Raises:
        UnusableError: only files can be read by it.
    """
    found = shape.shape
    if isinstance(found, Shape):
        return shape
    if not found.is_of_messages:
        raise UnusableError(f"{by_shape}: a message is one JSON object, and {found} says another format")
    if found.has_ordinals:
        advice = "messages are of no file: leave ordinal out of event_id"
        raise UnusableError(f"{by_shape}: {found} tells equal records of a file apart, and {advice}")
    return shape


def _shape(name: str, by_shape: str, read_remote: Read | None) -> Shape | Mapped:
    if name in list(Shape):
        return Shape(name)  # type: ignore[call-arg]
    if name not in SHIPPED and not name.lower().endswith(SUFFIXES):
        raise UnusableError(f"{by_shape}: {name!r} is no shape: write {shape_names()}")
    from kittiwake.shape_files.reading import load, mapping_of, shipped  # noqa: PLC0415 - 100 ms of models

    if name.lower().endswith(SUFFIXES):
        if REMOTE not in name:
            return load(name)
        if read_remote is None:
            raise UnusableError(f"{by_shape}: {name} is no local file: jobs read it, commands read local files")
        return mapping_of(name, read_remote(name))
    return shipped(name)
