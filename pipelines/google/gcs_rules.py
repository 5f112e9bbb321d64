"""A prefix of a Google Cloud Storage bucket as a target: `gs://bucket/prefix`.

Found by `kittiwake.rules.publishing.opening` through the entry point `gs` of `kittiwake.targets`. Objects in a bucket
are whole or absent; generation preconditions make `create` and `swap` atomic. Google's client takes
credentials as it always does, and `STORAGE_EMULATOR_HOST` as the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kittiwake.pipelines.google.error_text import LOG_IN, first_line
from kittiwake.rules.publishing.bounds import OBJECT_BYTES_MAX
from kittiwake.rules.publishing.errors import ConflictError, ExistsError, TargetError
from kittiwake.rules.publishing.target import Held, Target

SCHEME: Final = "gs://"
STORAGE_TIMEOUT_S: Final = 10
"""For one request."""
STORAGE_DEADLINE_S: Final = 20
"""For one request with its retries: a part of the skew that `min_lead` allows for (`bounds.SKEW_US`)."""
NO_OBJECT: Final = 0
"""The generation of an object that does not exist."""


def open_target(text: str) -> Target:
    """The target at `gs://bucket` or `gs://bucket/prefix`. No request is made yet.

    Raises:
        TargetError: it names no bucket, Google's client is not installed, or it finds no credentials.
    """
    bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
    prefix = prefix.strip("/")
    if not bucket:
        raise TargetError(f"{text} names no bucket. Write gs://bucket/prefix.")
    try:
        from google.cloud import storage  # noqa: PLC0415 - an extra, and half a second
    except ImportError:
        advice = "Install it: pip install 'kittiwake[gcp]'"
        raise TargetError(f"{text} needs Google's client, which is not installed here. {advice}.") from None
    with _raise_target_error(text):
        # No project: only what is done to a whole project needs one.
        return GcsTarget(storage.Client(project=None).bucket(bucket), prefix)


class GcsTarget:
    """The objects of a bucket below a prefix."""

    def __init__(self, bucket: Any, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    @property
    def location(self) -> str:
        """Its URL."""
        return f"{SCHEME}{self._bucket.name}/{self._prefix}".rstrip("/")

    def read(self, name: str) -> Held | None:
        """See `Target`; bytes and generation are of one response. A bucket that does not exist holds nothing."""
        from google.api_core.exceptions import NotFound, RequestRangeNotSatisfiable  # noqa: PLC0415

        blob = self._blob(name)
        with self._raise_target_error(name):
            try:
                data: bytes = blob.download_as_bytes(end=OBJECT_BYTES_MAX, timeout=STORAGE_TIMEOUT_S, retry=_retry())
            except NotFound:
                return None
            except RequestRangeNotSatisfiable:  # an empty object has no first byte
                blob.reload(timeout=STORAGE_TIMEOUT_S, retry=_retry())
                data = b""
        if len(data) > OBJECT_BYTES_MAX:
            raise TargetError(f"{self.location}/{name} is larger than {OBJECT_BYTES_MAX:,} bytes: we did not write it.")
        return Held(data, str(blob.generation))

    def create(self, name: str, data: bytes) -> None:
        """See `Target`. If only the answer to our own request was lost, it says `ExistsError` too."""
        if not self._upload(name, data, NO_OBJECT):
            raise ExistsError(f"{self.location}/{name} is there already, and what is published never changes.")

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        """See `Target`."""
        if self._upload(name, data, int(expected_generation or NO_OBJECT)):
            return
        held = self.read(name)
        if held is None or held.data != data:  # else it was ours, repeated because its answer was lost
            advice = f"Look at it with kittiwake versions {self.location}, then repeat"
            raise ConflictError(f"{self.location}/{name} has been changed meanwhile by somebody else. {advice}.")

    def _upload(self, name: str, data: bytes, generation: int) -> bool:
        """Whether the object was of that generation, and now is `data`."""
        from google.api_core.exceptions import PreconditionFailed  # noqa: PLC0415

        blob = self._blob(name)
        blob.cache_control = "no-store"  # a public object would be served from a cache for an hour
        with self._raise_target_error(name):
            try:
                blob.upload_from_string(
                    data,
                    content_type="application/json",
                    if_generation_match=generation,
                    timeout=STORAGE_TIMEOUT_S,
                    retry=_retry(),
                )
            except PreconditionFailed:
                return False
        return True

    def _blob(self, name: str) -> Any:
        return self._bucket.blob(self._prefix + name)

    @contextmanager
    def _raise_target_error(self, name: str) -> Iterator[None]:
        with _raise_target_error(f"{self.location}/{name}"):
            yield


def _retry() -> Any:
    """Google's own choice of what is retried, for a shorter time. With a precondition every request can be."""
    from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415

    return DEFAULT_RETRY.with_timeout(STORAGE_DEADLINE_S)


@contextmanager
def _raise_target_error(where: str) -> Iterator[None]:
    """Turn an error of Google's client into a `TargetError`."""
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        yield
    except NotFound as error:
        raise TargetError(f"{where}: there is no such bucket. Check its name, or create it.") from error
    except (Forbidden, Unauthorized) as error:
        advice = "docs/how-to/publish-rules.md lists who needs which permission"
        raise TargetError(f"{where}: Google refuses it: {first_line(error)}. {advice}.") from error
    except GoogleAuthError as error:
        advice = f"Log in: {LOG_IN}"
        raise TargetError(f"{where}: no credentials that Google takes: {first_line(error)}. {advice}.") from error
    except (GoogleAPIError, RequestException, OSError) as error:
        raise TargetError(f"{where} cannot be reached: {first_line(error)}. Repeat when it can.") from error
