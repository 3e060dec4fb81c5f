"""A real SLURM on this one machine, for tests: Debian's packages, started as root without systemd.

    python tests/slurm/local_slurm.py install    # apt-get install slurm-wlm munge
    python tests/slurm/local_slurm.py start      # partitions cpu and gpu (with GPUs that exist only in name)
    python tests/slurm/local_slurm.py stop       # ends what start began, and nothing else

The configuration is linked from /etc/slurm rather than named by SLURM_CONF: the plugin drops that variable on its way
into a job. `stop` removes the links, since a configuration without a controller delays every start of Snakemake on
the machine by ten seconds.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / "thinkalike-slurm"
ETC = Path("/etc/slurm")
PACKAGES = ["slurm-wlm", "slurm-client", "munge"]
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
GPUS = 2
# More than a small machine has: the tests' jobs mostly wait for imports and for each other.
CPUS = max(4, os.cpu_count() or 1)
NODE = socket.gethostname().split(".")[0]

SLURM_CONF = """\
ClusterName=thinkalike
SlurmctldHost={node}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
# Neither systemd nor cgroups: processes are followed by their parents, memory is measured every two seconds.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
# Without accounting, a finished job is known to squeue for this many seconds alone.
MinJobAge=600
GresTypes=gpu
NodeName={node} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=cpu Nodes={node} Default=YES DefaultTime=10 MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={node} DefaultTime=10 MaxTime=INFINITE State=UP
"""
# A GPU has to be a character device; /dev/null is one that every machine has.
GRES_CONF = "NodeName={node} AutoDetect=off Name=gpu File={folder}/gpu[0-{last}]\n"


def why_impossible() -> str | None:
    """Return why SLURM cannot be started here, or None where it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "starting SLURM on one machine needs root"
    if not (Path("/etc/debian_version").exists() and shutil.which("apt-get")):
        return "the test's SLURM is made of Debian's packages, and this is not Debian"
    if any((ETC / name).exists() and not _is_ours(ETC / name) for name in FILES):
        return f"this machine belongs to a cluster already ({ETC} holds its configuration)"
    return None


def is_installed() -> bool:
    """Return whether all daemons are there."""
    return all(shutil.which(name) for name in ("slurmctld", "slurmd", "munged"))


def install() -> None:
    """Install the packages without starting their services."""
    if is_installed():
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_services():
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
            subprocess.run(["apt-get", *command], env=environment, check=True, stdout=sys.stderr)


@contextmanager
def _no_services() -> Iterator[None]:
    """Let Debian's maintainer scripts start nothing meanwhile."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def start() -> None:
    """Start munged, slurmctld and slurmd, and return when the node takes jobs."""
    stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in ("state", "spool"):
        (FOLDER / name).mkdir(parents=True)
    _configure()
    _start_munge()
    for daemon in (["slurmctld"], ["slurmd", "-N", NODE]):
        subprocess.run([*daemon, "-f", str(ETC / "slurm.conf")], check=True, stdout=sys.stderr)
    _wait("an idle node", lambda: "idle" in _output("sinfo", "--noheader", "--format=%T"), seconds=120)


def _configure() -> None:
    # SLURM keeps the sum of requests below this, and the requests are generous.
    memory = max(24_000, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20)
    values = {"node": NODE, "folder": FOLDER, "cpus": CPUS, "gpus": GPUS, "last": GPUS - 1, "memory": memory}
    for number in range(GPUS):
        (FOLDER / f"gpu{number}").symlink_to("/dev/null")
    (FOLDER / "slurm.conf").write_text(SLURM_CONF.format(**values))
    (FOLDER / "gres.conf").write_text(GRES_CONF.format(**values))
    (FOLDER / "cgroup.conf").write_text("CgroupPlugin=autodetect\n")
    ETC.mkdir(exist_ok=True)
    for name in FILES:
        (ETC / name).symlink_to(FOLDER / name)


def _start_munge() -> None:
    if _munge_answers():
        return
    key = Path("/etc/munge/munge.key")
    if not key.exists():
        key.write_bytes(os.urandom(1024))
    for folder in ("/run/munge", "/var/log/munge", "/var/lib/munge"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, "munge", "munge")
    Path("/run/munge").chmod(0o755)
    shutil.chown(key, "munge", "munge")
    key.chmod(0o400)
    subprocess.run(["runuser", "-u", "munge", "--", "/usr/sbin/munged"], check=True)
    _wait("munge", _munge_answers, seconds=60)
    shutil.copy("/run/munge/munged.pid", FOLDER / "munged.pid")


def _munge_answers() -> bool:
    return subprocess.run("munge -n | unmunge", shell=True, capture_output=True).returncode == 0


def stop() -> None:
    """Cancel all jobs, end the daemons that `start` began, and remove the links in /etc/slurm."""
    if _process("slurmctld") is not None:
        subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=20)
    for daemon in ("slurmd", "slurmctld", "munged"):
        _end(daemon)
    for name in FILES:
        if _is_ours(ETC / name):
            (ETC / name).unlink()


def _process(daemon: str) -> int | None:
    """Return the process number of a daemon that `start` began and that still runs."""
    file = FOLDER / f"{daemon}.pid"
    try:
        number = int(file.read_text())
        name = Path(f"/proc/{number}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    # The number may have been given to another process since.
    return number if name == daemon else None


def _end(daemon: str) -> None:
    number = _process(daemon)
    if number is None:
        return
    os.kill(number, signal.SIGTERM)
    try:
        _wait(f"the end of {daemon}", lambda: _process(daemon) is None, seconds=60)
    except TimeoutError:
        os.kill(number, signal.SIGKILL)


def _is_ours(path: Path) -> bool:
    return path.is_symlink() and path.readlink().parent == FOLDER


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def _wait(what: str, ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text()[-1000:] for path in FOLDER.glob("*.log"))
            raise TimeoutError(f"{what} took more than {seconds:g} s\n{logs}")
        time.sleep(0.1)


if __name__ == "__main__":
    actions = {"install": install, "start": start, "stop": stop}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    if reason := why_impossible():
        sys.exit(f"Impossible: {reason}.")
    actions[sys.argv[1]]()
