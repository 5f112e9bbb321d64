"""Questions to Google about one resource, and findings of the answers. Called by the questions of each service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from google.api_core.exceptions import (
    Forbidden,
    GoogleAPIError,
    MethodNotImplemented,
    NotFound,
    Unauthenticated,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from kittiwake.pipelines.google.error_text import LOG_IN, first_line
from kittiwake.pipelines.preflight.findings import Findings

_T = TypeVar("_T")


class ResourceCheck:
    """Asks Google about a resource; its findings begin with the resource's name."""

    def __init__(self, resource: str, findings: Findings) -> None:
        self._resource, self._findings = resource, findings

    def ok(self, text: str) -> None:
        """It is as it should be."""
        self._findings.ok(f"{self._resource}: {text}")

    def wrong(self, text: str) -> None:
        """It keeps the job from running."""
        self._findings.wrong(f"{self._resource}: {text}")

    def unknown(self, text: str) -> None:
        """It could not be found out."""
        self._findings.unknown(f"{self._resource}: {text}")

    def ask(self, question: Callable[[], _T]) -> _T | None:
        """The answer; None: there is none, and a finding says why."""
        try:
            return question()
        except NotFound:
            self.wrong("is not there. Create it, or write its name as it is")
        except (Forbidden, Unauthorized, Unauthenticated) as error:
            self._deny(f"you may not read it: {first_line(error)}")
        except MethodNotImplemented:
            self.unknown("whether it is fit for the job: the service does not answer (an emulator?)")
        except GoogleAuthError as error:
            self.wrong(f"no credentials that Google takes: {first_line(error)}. Log in: {LOG_IN}")
        except (GoogleAPIError, RequestException, OSError) as error:
            self.wrong(f"cannot be read: {first_line(error)}")
        return None

    def ask_permissions(self, test: Callable[..., Any], resource: str, needed: Sequence[str], timeout_s: float) -> None:
        """Report the permissions that are missing; `test` is a client's `test_iam_permissions`."""
        request = {"resource": resource, "permissions": list(needed)}
        try:
            granted = set(test(request=request, timeout=timeout_s, retry=None).permissions)
        except MethodNotImplemented:
            self.unknown("permissions: the service does not say (an emulator?)")
        except (GoogleAPIError, GoogleAuthError) as error:
            self.unknown(f"permissions: {first_line(error)}")
        else:
            self.compare_permissions(needed, granted)

    def compare_permissions(self, needed: Sequence[str], granted: set[str]) -> None:
        """Report the permissions that are needed and not granted."""
        if missing := [one for one in needed if one not in granted]:
            self._deny(f"you lack {', '.join(missing)}")

    def _deny(self, text: str) -> None:
        """Dataflow's workers have a service account of their own, which may do what its launcher may not."""
        if self._findings.is_dataflow:
            page = "docs/how-to/run-the-streaming-job.md"
            self.unknown(f"{text}; what counts is the service account of the workers ({page})")
        else:
            self.wrong(text)
