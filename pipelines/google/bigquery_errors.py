"""Errors of BigQuery's clients as ours: what is wrong, with what, and what to do. Called by whatever reads tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPIError, NotFound, Unauthorized
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from kittiwake.errors import UnusableError
from kittiwake.pipelines.google.error_text import LOG_IN, first_line

ROLES: Final = "It takes roles/bigquery.dataViewer there, and in your project readSessionUser and jobUser"


class MissingTableError(UnusableError):
    """There is no such table, view or dataset."""


@contextmanager
def raise_unusable(name: str, advice: str = "") -> Iterator[None]:
    """Turn an error of Google's clients about a table, a query or a file of one into ours.

    Raises:
        MissingTableError: there is no such table; the message ends with the advice, or else with what BigQuery says.
        UnusableError: it cannot be read or written.
    """
    try:
        yield
    except NotFound as error:
        said = f"there is no {name}: {advice}" if advice else f"cannot read {name}: {_said(error)}"
        raise MissingTableError(said) from error
    except (Forbidden, Unauthorized) as error:
        raise UnusableError(f"Google refuses {name}: {_said(error)}. {ROLES}") from error
    except BadRequest as error:
        raise UnusableError(f"BigQuery refuses {name}: {_said(error)}") from error
    except GoogleAuthError as error:
        raise no_credentials(error) from error
    except (GoogleAPIError, RequestException, OSError) as error:
        raise UnusableError(f"{name} cannot be reached: {_said(error)}") from error


def no_credentials(error: GoogleAuthError) -> UnusableError:
    """Google's clients found none, or none that Google takes."""
    return UnusableError(f"BigQuery: no credentials that Google takes: {first_line(error)}. Log in: {LOG_IN}")


def _said(error: Exception) -> str:
    """What BigQuery says, without the request."""
    return first_line(re.sub(r"^[A-Z]+ http\S+ ", "", str(getattr(error, "message", "") or error)) or error)
