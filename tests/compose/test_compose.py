"""The stack of docker-compose.yml, as far as its files tell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from shipped import COMPOSE, ROOT, SERVERS, SERVICES, instructions, mounts, parsed

from alerting.stack import programs
from tests.support import generations

each_service = pytest.mark.parametrize("name", SERVICES)
each_server = pytest.mark.parametrize("name", SERVERS)


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The command of Docker Compose: the one on PATH, else Debian's newest, which is unpacked on first use."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], check=False, capture_output=True)
            if done.returncode == 0:
                return command
    try:
        generations.newest()
        return [str(unpacked(generations.FOLDER))]
    except (generations.SkippedError, programs.ServerError) as reason:
        pytest.skip(f"neither `docker compose` nor `docker-compose` is on PATH, and no package: {reason}")


def unpacked(folder: Path) -> Path:
    """The program docker-compose of Debian's package, below the folder that holds the newest servers."""
    root = folder / "compose"
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch, pytest.MonkeyPatch.context() as patch:
            patch.setenv("APT_CONFIG", str(folder / "apt.conf"))
            programs._fetch(("docker-compose",), Path(scratch))
            os.replace(Path(scratch) / "root", root)
    return root / "usr/bin/docker-compose"


@pytest.mark.xdist_group("docker compose")  # so that it is unpacked once
@pytest.mark.parametrize("own", [{}, {"CONFIG": "./mine.yml", "DATA": "/srv/events", "SECRETS": "./secrets"}])
def test_compose_takes_the_file(compose: list[str], own: dict[str, str]) -> None:
    """Docker Compose finds nothing wrong with it, with and without one's own data."""
    environment = os.environ | {f"CLICKSTREAM_{name}": value for name, value in own.items()}
    command = [*compose, "--env-file", os.devnull, "config", "--quiet"]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@each_service
def test_s6_a_service_can_do_as_little_as_it_needs(name: str) -> None:
    """No capability, no new privilege, no image that can be written to, no log without an end."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & service.keys()


def test_images_are_pinned() -> None:
    """A version with all its numbers, so that the same clone starts the same programs."""
    base = {each.split()[0] for each in instructions("FROM")}
    assert base
    images = base | {service["image"] for service in SERVICES.values()}
    assert [image for image in images if not re.search(r":v?\d+\.\d+\.\d+(-[a-z-]+)?$", image)] == []


def test_the_exporters_image_has_the_version_of_the_package() -> None:
    """A new release builds a new image."""
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert {SERVICES[name]["image"] for name in ("demo", "exporter", "report")} == {
        f"clickstream-exporter:{version[1]}"
    }


@each_service
def test_ports_are_published_on_the_loopback_only(name: str) -> None:
    """Whoever can post to Alertmanager can forge a verdict, and nothing here asks for a password."""
    ports = SERVICES[name].get("ports", [])
    assert bool(ports) == (name in SERVERS)
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)] == []


@each_server
def test_a_server_is_checked_and_started_again(name: str) -> None:
    """What has stopped is started again, and what waits for it knows that it answers."""
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_healthy" if needed in SERVERS else "service_completed_successfully"
        assert how == {"condition": expected}


@each_service
def test_s6_only_volumes_are_written_to(name: str) -> None:
    """The clone, the secrets and the data are read-only; only the demo writes demo data."""
    assert mounts("exporter")
    for source, read_only in mounts(name).values():
        assert read_only or (source in COMPOSE["volumes"] and (source == name))


def test_alertmanager_gets_every_secret_that_it_reads() -> None:
    """A secret that is not mounted would be found missing when the first alert is to be sent."""
    read = set(re.findall(r"/etc/alertmanager/secrets/\w+", (ROOT / "alerting/alertmanager.yml").read_text("utf-8")))
    assert read
    assert read == {target for target in mounts("alertmanager") if "/secrets/" in target}


def test_alertmanager_gets_its_templates() -> None:
    """Without them it does not start."""
    templates = parsed("alerting/alertmanager.yml")["templates"]
    assert templates
    assert {f"/etc/alertmanager/{Path(each).parent}" for each in templates} <= mounts("alertmanager").keys()


def test_the_secrets_of_a_clone_are_empty() -> None:
    """Empty ones let Alertmanager start and send nothing anywhere; a real one must not be committed."""
    folder = ROOT / "alerting/compose/no-secrets"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict.fromkeys(COMPOSE["secrets"], b"")


def test_prometheus_is_configured_as_anywhere_else() -> None:
    """Only the addresses differ from alerting/prometheus.yml, and they are those of the services."""
    text = (ROOT / "alerting/prometheus.yml").read_text("utf-8")
    for service in ("exporter", "alertmanager"):
        _, port, _ = SERVICES[service]["ports"][0].split(":")
        text = text.replace(f"localhost:{port}", f"{service}:{port}")
    assert yaml.safe_load(text) == parsed("alerting/compose/prometheus.yml")
    named = set(re.findall(r"^# +(--\S+)", text, re.MULTILINE))
    assert len(named) == 2
    assert named <= set(SERVICES["prometheus"]["command"])
