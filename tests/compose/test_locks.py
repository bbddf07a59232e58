"""The packages of the image are locked: exporter/requirements.txt, and requirements-build.txt for its wheel."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from shipped import ROOT, instructions

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = ("objects", "delta", "iceberg")
REQUIRED = {
    "requirements.txt": [
        *PROJECT["project"]["dependencies"],
        *(each for extra in EXTRAS for each in PROJECT["project"]["optional-dependencies"][extra]),
    ],
    "requirements-build.txt": PROJECT["build-system"]["requires"],
}


def locked(name: str) -> list[tuple[Requirement, str]]:
    """Each package of a lock with its exact version, and the lines of its hashes."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / "exporter" / name).read_text("utf-8"), flags=re.MULTILINE)
    entries = text.replace("\\\n", "").splitlines()
    return [(Requirement(entry.partition(" --hash")[0]), entry.partition(" --hash")[2]) for entry in entries]


@pytest.mark.parametrize("name", REQUIRED)
def test_the_lock_satisfies_the_project(name: str) -> None:
    """A bound that is raised in pyproject.toml, or a new dependency, needs `make locks`."""
    versions: dict[str, list[str]] = {}
    for package, _ in locked(name):
        (pin,) = package.specifier
        assert pin.operator == "=="
        versions.setdefault(package.name, []).append(pin.version)
    for required in map(Requirement, REQUIRED[name]):
        assert required.name in versions, f"{required.name} is not locked: make locks"
        for version in versions[required.name]:
            assert required.specifier.contains(version), f"{required}, but {version} is locked: make locks"


@pytest.mark.parametrize("name", REQUIRED)
def test_every_locked_package_has_hashes(name: str) -> None:
    """The file names no host to fetch them from: who builds the image chooses it."""
    assert all(re.match(r"=sha256:[0-9a-f]{64}\b", hashes) for _, hashes in locked(name))
    assert "://" not in (ROOT / "exporter" / name).read_text("utf-8")


def test_the_image_installs_what_is_locked() -> None:
    """Each step that fetches packages accepts only those with a hash of the locks."""
    fetching = [line for line in instructions("RUN") if "pip" in line and "--no-deps" not in line]
    installed = [re.findall(r"--require-hashes -r exporter/(\S+)$", line) for line in fetching if " install " in line]
    assert sorted(installed) == [["requirements-build.txt"], ["requirements.txt"]]
