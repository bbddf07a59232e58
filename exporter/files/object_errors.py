"""Why a request to an object store failed, in words that hold no URL, header or credential."""

from __future__ import annotations

import re

_STATUS = re.compile(r"status code(?:: |\s+↳ )(\d{3})")
_COLOUR = re.compile(r"\x1b\[\d+m")
_KEY = re.compile(r'[Pp]ath "(.{1,500}?)"[: ]')
_CODE = re.compile(r"<Code>(\w+)</Code>")

REASONS = {
    "301": "wrong region or endpoint: set object_store.region or object_store.endpoint",
    "401": "not permitted: no valid credentials",
    "403": "not permitted",
    "404": "not found",
    "412": "changed while it was read",
    "416": "changed while it was read",
    "429": "throttled",
    "503": "throttled or not available",
}
"""An HTTP status, to what it means here."""

_OF_OBJECT = ("403", "404", "412", "416")

_CHANGED = ("404", "412", "416")

_WRONG_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")

_WRONG_CREDENTIALS = (
    "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
    "TokenRefreshRequired", "AuthenticationFailed",
)  # fmt: skip
"""Codes with which a store refuses every request."""

_TROUBLE = {
    "BareRedirect": REASONS["301"],
    "RangeNotSupported": "the server does not send parts of a file (HTTP ranges)",
    "dns error|failed to lookup": "unknown host",
    "ConnectionRefused|onnection refused": "connection refused",
    "ertificate|UnknownIssuer": "TLS certificate not trusted",
    "CredentialsProvider|no credentials|/latest/|metadata": "no credentials found",
    "TimedOut|timed out": "timed out",
    "UnexpectedEof|ConnectionReset|Interrupted|IncompleteMessage": "connection broken",
}
"""What the text of an error without a status contains, to what it means."""


class ObjectError(Exception):
    """A request that failed: the reason, without the URL.

    `of_object` means that the store answers, and other objects may be read; `changed`, that the object is not the one
    that was listed.
    """

    def __init__(self, reason: str, *, of_object: bool = False, changed: bool = False) -> None:
        super().__init__(reason)
        self.of_object = of_object
        self.changed = changed

    def of_table(self) -> ObjectError:
        """The same of a file of a table, which never changes: what is gone is lost."""
        return ObjectError(str(self), of_object=self.of_object)


def translated(error: Exception) -> ObjectError:
    """The reason of an error in a few words, without a URL, a header or a credential."""
    text = _COLOUR.sub("", str(error))
    if key := _KEY.search(text):
        return ObjectError(f"the key {key[1]!r} is not supported: it has an empty part, a dot or a control character")
    status, code = _STATUS.search(text), _CODE.search(text)
    if not status and not isinstance(error, FileNotFoundError):
        reasons = (reason for contained, reason in _TROUBLE.items() if re.search(contained, text))
        return ObjectError(next(reasons, type(error).__name__))
    number, name = status[1] if status else "404", code[1] if code else ""
    is_refused = name in _WRONG_CREDENTIALS
    kind = "301" if name in _WRONG_REGION else "401" if is_refused else number
    return ObjectError(
        f"{REASONS.get(kind, 'refused')} (HTTP {f'{number} {name}'.strip()})",
        of_object=number in _OF_OBJECT and not is_refused,
        changed=number in _CHANGED,
    )
