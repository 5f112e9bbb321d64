"""Questions to Google over HTTP, whose answers become findings.

Called by the preflight checks of a launch on Dataflow. What cannot be asked is `unknown`, and nothing is changed but by
whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException

from kittiwake.pipelines.google.error_text import LOG_IN, first_line
from kittiwake.pipelines.preflight.findings import Findings

TIMEOUT_S: Final = 20
"""For one request."""
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class _Answer(NamedTuple):
    status: int
    body: Mapping[str, Any]


class Google:
    """Asks Google's services; what cannot be asked becomes a finding that begins with the resource."""

    def __init__(self, session: AuthorizedSession, findings: Findings) -> None:
        self._session, self._findings = session, findings

    def ask(
        self, resource: str, url: str, body: Mapping[str, Any] | None = None, **more: Any
    ) -> Mapping[str, Any] | None:
        """The answer; None: there is none, and a finding says why."""
        try:
            answer = self._answer(url, body, more)
        except (GoogleAuthError, RequestException, OSError) as error:
            self._findings.unknown(f"{resource}: cannot be asked about: {first_line(error)}")
            return None
        if answer.status < 300:
            return answer.body
        if answer.status == 404:
            self._findings.wrong(f"{resource}: is not there. Create it, or write its name as it is")
        else:
            said = answer.body.get("error")
            message = said.get("message") if isinstance(said, Mapping) else None
            self._findings.unknown(
                f"{resource}: Google does not say ({answer.status} {first_line(message or 'no word')})"
            )
        return None

    def _answer(self, url: str, body: Mapping[str, Any] | None, more: Mapping[str, Any]) -> _Answer:
        method = "GET" if body is None else "POST"
        found = self._session.request(method, url, json=body, timeout=TIMEOUT_S, **more)
        try:
            content = found.json() if found.content else {}
        except ValueError:
            content = {}
        return _Answer(found.status_code, content if isinstance(content, Mapping) else {})

    def permissions(self, resource: str, url: str, needed: Sequence[str]) -> None:
        """Report which of some permissions the caller lacks on a resource."""
        found = self.ask(resource, url, {"permissions": list(needed)})
        self.compare(resource, needed, found)

    def compare(self, resource: str, needed: Sequence[str], found: Mapping[str, Any] | None) -> None:
        """Report what an answer about permissions lacks."""
        missing = [] if found is None else [one for one in needed if one not in found.get("permissions", ())]
        if missing:
            self._findings.wrong(f"{resource}: you lack {', '.join(missing)}")


@contextmanager
def asking(findings: Findings) -> Iterator[Google | None]:
    """Whom to ask, until the end; None, and a finding: there are no credentials."""
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except GoogleAuthError as error:
        findings.wrong(f"no credentials that Google takes: {first_line(error)}. Log in: {LOG_IN}")
        yield None
        return
    with AuthorizedSession(credentials) as session:
        yield Google(session, findings)


def jobs_url(beam: Mapping[str, Any]) -> str:
    """Where Dataflow's jobs are, of the project and the region of Beam's options."""
    return f"https://dataflow.googleapis.com/v1b3/projects/{beam['project']}/locations/{beam['region']}/jobs"
