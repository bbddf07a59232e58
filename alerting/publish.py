"""From a verdict to stdout, to the JUnit file, and to an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from alerting.formats import junit
from alerting.formats.outline import basis, plain
from alerting.formats.printed import printed
from alerting.gate.day_numbers import NumbersError, day_samples
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.http.client import Client
from exporter.gauges.sample import Sample

Samples = Sequence[Sample]
"""What is served of the judged day; empty where the format does not need it, or it is not available."""


def client_for(file: Path | None, *named: str | None) -> Client:
    """The client that has access, by the file of --http.config.file, to the servers at the `named` URLs.

    Raises UsageError.
    """
    if file is None:
        return Client()
    # Here, because a report without the file needs no model of one, whose import takes a third of its start.
    from alerting.http import http_config  # noqa: PLC0415
    from exporter.config.strict_yaml import ConfigError  # noqa: PLC0415

    try:
        return Client(http_config.load(file), filter(None, named))
    except ConfigError as error:
        raise UsageError(str(error)) from None


def internal(subject: Subject, error: Exception) -> Verdict:
    """The unknown verdict after a bug in this program; the traceback goes to stderr."""
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
    return unknown(subject, f"internal error: {type(error).__name__}: {error}")


def announce(junit_file: Path | None, subject: Subject) -> None:
    """Write a JUnit file without a verdict first, so that nobody reads the PASS of an earlier run.

    Raises UsageError when it cannot be written.
    """
    if junit_file:
        try:
            junit.write(junit_file, unknown(subject, "the report has not finished"))
        except OSError as error:
            raise UsageError(f"--junit {junit_file}: {error.strerror}") from None


def log(message: str) -> None:
    """Print progress to stderr, where there is one."""
    if sys.stderr:
        with contextlib.suppress(OSError):
            print(plain(message), file=sys.stderr)


def samples_of(client: Client, exporter: str | None, verdict: Verdict, output_format: str) -> Samples:
    """What is served of the judged day, where the format includes it and the exporter is known."""
    wanted = output_format == "html" or (output_format == "emf" and verdict.proven)
    if not wanted or not exporter:
        return ()
    try:
        return day_samples(client, exporter, verdict)
    except NumbersError as error:
        log(f"the numbers of the day are missing: {error}")
        return ()


def publish(verdict: Verdict, options: argparse.Namespace, samples: Samples) -> int:
    """Print the verdict and write the JUnit file; returns the exit code, which is 2 if either could not be written."""
    if not sys.stdout:
        return 2
    try:
        output = printed(verdict, options.format, sys.stdout, details=options.details, samples=samples)
    except Exception as error:  # noqa: BLE001 - as in `main`
        verdict = internal(Subject(verdict.dataset, verdict.date, verdict.snapshot), error)
        output = printed(verdict, "json", sys.stdout)
    try:
        sys.stdout.write(output)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    if verdict.proven and options.format not in ("text", "markdown", "html"):  # their output has it
        log(basis(verdict))
    try:
        if options.junit:
            junit.write(options.junit, verdict)
    except (OSError, ValueError) as error:
        log(f"--junit {options.junit}: {getattr(error, 'strerror', None) or error}")
        return 2
    return verdict.exit_code


def write(output: str) -> int:
    """Write to stdout; returns 2 if that fails, for example because a pager was left, otherwise 0."""
    if not sys.stdout:
        return 2
    try:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(output.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return 0
