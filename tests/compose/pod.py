"""Runs the services of docker-compose.yml without an engine: the real programs, in namespaces that look like theirs.

Each sees the machine's own files read-only, with the volumes of the service mounted over them, and runs as the
user of its image without any capability. All share a network of their own, in which every name is the loopback.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipped import ROOT, SERVICES, default, instructions, mounts

from alerting.stack.stack import end

NOBODY = "65534:65534"
"""The user of the images of Prometheus and Alertmanager."""

ENTER = """
mount -t tmpfs tmpfs {scratch}
cd {scratch}
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
mount --rbind /proc proc
mount --rbind /dev dev
mkdir -p ./{clone}
mount --rbind {clone} ./{clone}
chmod o+x {parents}
{over}
mount -o remount,ro .
exec chroot . env --ignore-environment {environment} \
  setpriv --reuid {user} --regid {group} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
  {command}
"""

VOLUME = """
mkdir -p "$(dirname ./{target})"
if [ -d {source} ]; then mkdir -p ./{target}; else touch ./{target}; fi
mount --bind {source} ./{target}
mount -o remount,bind,{mode} ./{target}
"""


class UnavailableError(Exception):
    """Why services cannot be run here."""


@dataclass(frozen=True)
class Pod:
    """Where named volumes are, programs by the name that they have in the images, and the holder of the network."""

    folder: Path
    programs: Mapping[str, Path]
    network: int

    def start(self, service: str, command: Sequence[str], **options: Any) -> subprocess.Popen[str]:
        """Start the command as a container of the service would."""
        inside = ["nsenter", "--net", "--target", str(self.network), "unshare", "--mount", "sh", "-euc"]
        return subprocess.Popen([*inside, self._script(service, command)], text=True, **options)

    def run(self, service: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """What the command did that a container of the service has run."""
        with self.start(service, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=90)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def _script(self, service: str, command: Sequence[str]) -> str:
        user, group = (instructions("USER")[-1] if "exporter" in SERVICES[service]["image"] else NOBODY).split(":")
        search = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        variables = {"PATH": search} | SERVICES[service].get("environment", {})
        base = Path(sys.base_prefix).resolve()
        return ENTER.format(
            scratch=tempfile.mkdtemp(dir=self.folder),
            clone=ROOT,
            parents=shlex.join(f"./{path}" for path in [*ROOT.parents, *base.parents]),
            over="\n".join([*self._programs(), *self._tmpfs(service), *self._volumes(service, user)]),
            environment=shlex.join(f"{key}={default(value)}" for key, value in variables.items()),
            user=user,
            group=group,
            command=shlex.join(command),
        )

    def _programs(self) -> Iterator[str]:
        names = " ".join(SERVICES)
        yield f"echo 127.0.0.1 localhost {names} > etc/hosts"
        for name, program in self.programs.items():
            yield f"ln -sf {program} usr/local/bin/{name}"
            share = program.resolve().parents[1] / "share/prometheus"
            if share.exists():
                yield f"mkdir -p usr/share/prometheus; cp -rn {share}/. usr/share/prometheus"

    def _tmpfs(self, service: str) -> Iterator[str]:
        for each in SERVICES[service].get("tmpfs", []):
            target, _, options = each.partition(":")
            # As an engine does where the image has the folder: root's, and with its mode.
            yield f"mkdir -p ./{target}; mount -t tmpfs -o mode=755,{options or 'uid=0'} tmpfs ./{target}"

    def _volumes(self, service: str, user: str) -> Iterator[str]:
        for target, (source, read_only) in sorted(mounts(service).items()):
            place = ROOT / source
            if "/" not in source:
                place = self.folder / source
                place.mkdir(exist_ok=True)
                os.chown(place, int(user), int(user))
            yield VOLUME.format(source=place, target=target, mode="ro" if read_only else "rw")


@contextmanager
def pod(folder: Path, programs: Mapping[str, Path]) -> Iterator[Pod]:
    """Hold the network, and end with it. Raises UnavailableError where the machine does not allow it."""
    missing = [tool for tool in ("unshare", "nsenter", "setpriv", "ip") if not shutil.which(tool)]
    if missing or os.geteuid():
        raise UnavailableError(f"no namespaces: {', '.join(missing) or 'root'} is needed")
    with ExitStack() as stack:
        hold = ["unshare", "--mount", "--net", "sh", "-euc", "ip link set lo up; echo; exec sleep infinity"]
        holder = subprocess.Popen(hold, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        stack.callback(end, holder)
        if not (holder.stdout and holder.stdout.readline()):
            raise UnavailableError(f"no namespaces: {holder.communicate()[1].strip()}")
        yield Pod(folder, programs, holder.pid)
