"""From the bytes of a shape file to its mapping, with everything that is wrong with it at once.

Pure but for `load`, which reads a local file.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kittiwake.input.mapping.mapping import RecordMapping, compiled
from kittiwake.input.mapping.spec import MappingSpec
from kittiwake.regular_files import open_file
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.limits import FILE_BYTES_MAX
from kittiwake.rules.loader import read_locations, unreadable
from kittiwake.rules.source.validation import read
from kittiwake.shape_files.checks import errors_of
from kittiwake.shape_files.models import ShapeFile
from kittiwake.shape_files.names import SUFFIXES
from kittiwake.shape_files.specs import spec_of


def load(path: Path | str) -> RecordMapping:
    """The mapping of a local shape file.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    try:
        with open_file(path) as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise RulesError([unreadable(Path(path), error)]) from None
    return mapping_of(str(path), content)


def shipped(name: str) -> RecordMapping:
    """The mapping of a shape that is shipped."""
    file = files("kittiwake.shape_files").joinpath("shipped", f"{name}.yaml")
    return compiled(spec_from(name, file.read_bytes()))


def mapping_of(name: str, content: bytes) -> RecordMapping:
    """The mapping of the bytes of a shape file.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    return compiled(spec_from(name, content))


def spec_from(name: str, content: bytes) -> MappingSpec:
    """What the bytes of a shape file say; `name` is what people call it.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    errors: list[RuleError] = []
    locations = read_locations({_as_yaml(name): content}, errors)
    if not locations:
        raise RulesError(map(_of_a_shape, errors))
    location = locations[0]
    found = read(ShapeFile, location, errors)
    if found is not None:
        errors += [
            location.error(one.path, one.code, one.message, one.advice, at_key=one.at_key)
            for one in errors_of(found.model)
        ]
    if found is None or errors:
        raise RulesError(errors)
    return spec_of(found.model, name)


def _as_yaml(name: str) -> str:
    return name if name.lower().endswith(SUFFIXES) else f"{name}.yaml"


def _of_a_shape(error: RuleError) -> RuleError:
    advice = "Write contact, type, time and event_id: docs/reference/shapes.md"
    return error._replace(advice=advice) if error.code is Code.EMPTY else error
