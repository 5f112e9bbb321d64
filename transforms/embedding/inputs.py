"""Checks of what a person pipes into the steps, so that a mistake is named here and not by a worker.

Called by the steps of this package while the pipeline is constructed; `check_element` with each element whose type
Beam does not know.
"""

from __future__ import annotations

from typing import Any, TypeVar

from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindows
from apache_beam.typehints import typehints
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type

from kittiwake.errors import UnusableError

_T = TypeVar("_T")

MESSAGE_ADVICE = "write beam.Map(lambda data: PubsubMessage(data, {})) before ParseMessages"
RECORD_ADVICE = "encode each record as JSON before EvaluateHistories"

_UNKNOWN = (typehints.AnyTypeConstraint, typehints.UnionConstraint, typehints.TypeVariable)
"""Type hints under which an element may be of any type, or of several."""


def check_windows(name: str, found: PCollection[Any]) -> None:
    """State and timers are kept by window: a contact whose events lie in several would be several contacts.

    Raises:
        UnusableError: the elements are not in the global window.
    """
    window = found.windowing.windowfn
    if not isinstance(window, GlobalWindows):
        raise UnusableError(
            f"{name}: they are in {type(window).__name__}, and have to be in the global window: "
            "remove WindowInto, or write beam.WindowInto(window.GlobalWindows()) before this step"
        )


def check_type(name: str, found: Any, wanted: type, advice: str) -> None:
    """Whether the elements may be of a type, as far as Beam knows theirs.

    Raises:
        UnusableError: they are of another one.
    """
    if not isinstance(found, PCollection):
        raise UnusableError(f"{name}: give a PCollection[{wanted.__name__}], not {type(found).__name__}")
    hint = convert_to_beam_type(found.element_type)
    if isinstance(hint, type):
        fits = issubclass(hint, wanted) or issubclass(wanted, hint)
    else:
        fits = hint is None or isinstance(hint, _UNKNOWN)
    if not fits:
        raise UnusableError(f"{name}: give {wanted.__name__}, not {hint}: {advice}")


def is_certain(found: PCollection[Any], wanted: type) -> bool:
    """Whether Beam knows that all elements are of a type; else a worker has to check them."""
    return isinstance(found.element_type, type) and issubclass(found.element_type, wanted)


def check_element(element: _T, name: str, wanted: type[_T], advice: str) -> _T:
    """The element itself. Called by a worker, where Beam does not know the type.

    Raises:
        UnusableError: it is of another type; its content is not shown.
    """
    if not isinstance(element, wanted):
        raise UnusableError(f"{name}: give {wanted.__name__}, not {type(element).__name__}: {advice}")
    return element
