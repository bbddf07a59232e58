"""Reads a YAML file as a strict model, and reports every mistake with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from exporter.config import yaml_lines
from exporter.config.yaml_lines import Place, Problem
from exporter.text import did_you_mean


class ConfigError(Exception):
    """Every problem of a configuration file, one a line: `file:line: key: what`."""


class ProblemsError(Exception):
    """Problems that show only after each key is valid by itself."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Model(BaseModel):
    """Strict and immutable; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


TAG = "tag:"
"""The prefix of the names of a union's members, which pydantic has in a location although they are no keys."""

Kind = TypeVar("Kind", bound=Model)
Built = TypeVar("Built")


def read(
    path: Path, kind: type[Kind], build: Callable[[Kind], Built], *, secret: bool = False, context: object = None
) -> Built:
    """What `build`, which may raise ProblemsError, makes of the file at `path`; validators receive the `context`.

    Raises ConfigError with every problem, each with file, line and key. If the file is `secret`, no problem shows a
    value.
    """
    try:
        document = yaml_lines.parse(path, " or ".join(_first_keys(kind)), secret=secret)
        if unusable := yaml_lines.unusable(document, secret=secret):
            raise ConfigError(yaml_lines.render(path, document, unusable))
        values = yaml_lines.values(path, document, secret=secret)
    except yaml_lines.YamlError as error:
        raise ConfigError(str(error)) from None
    problems = yaml_lines.duplicates(document)
    try:
        model = kind.model_validate(values, context=context)
        if not problems:
            return build(model)
    except ValidationError as error:
        problems += [(_clean(detail["loc"]), _message(detail, kind, secret=secret)) for detail in error.errors()]
    except ProblemsError as error:
        problems += error.problems
    raise ConfigError(yaml_lines.render(path, document, problems))


def _first_keys(kind: type[Model]) -> list[str]:
    """The required keys of a file; if none is required, all its keys."""
    return [name for name, field in kind.model_fields.items() if field.is_required()] or list(kind.model_fields)


def _clean(place: tuple[Hashable, ...]) -> Place:
    """A pydantic location without the parts that are not YAML keys."""
    return tuple(part for part in place if part != "[key]" and not str(part).startswith(("function-", "tuple[", TAG)))


def _keys(kind: Any, place: Place) -> list[str]:
    """The keys that the model has at the place; empty if there is no model."""
    for part in place:
        if isinstance(kind, type) and issubclass(kind, Model):
            field = kind.model_fields.get(str(part))
            kind = field and _model(field.annotation)
        else:
            kind = get_args(kind)[-1] if get_origin(kind) is dict else None
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Model) else []


def _model(kind: Any) -> Any:
    """The model among the members of a union; any other type as it is."""
    members = [found for each in get_args(kind) if isinstance(found := _model(each), type) and issubclass(found, Model)]
    return members[0] if members and get_origin(kind) is not dict else kind


def _message(detail: Any, kind: type[Model], *, secret: bool) -> str:
    place = _clean(detail["loc"])
    known = {
        "extra_forbidden": f"unknown key{did_you_mean(str(place[-1]), _keys(kind, place[:-1])) if place else ''}",
        "missing": "is missing",
        "too_short": "must not be empty",
        "dict_type": "expected a mapping",
        "model_type": "expected a mapping",
        "tuple_type": "expected a string or a list of strings",
        "recursion_loop": "contains itself",
        "string_pattern_mismatch": "invalid name: expected at most 64 letters, digits, '_', '.' or '-'",
    }
    text = known.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    if detail["type"] in known or detail["type"] == "value_error":
        return text
    return text[:1].lower() + text[1:] + ("" if secret else _got(detail["input"]))


def _got(value: object) -> str:
    return f", not {value!r}" if isinstance(value, str | int | float | bool) or value is None else ""
