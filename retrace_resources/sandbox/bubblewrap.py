"""What bubblewrap is told: namespaces of its own, and a file system put together of what is described.

Belongs here: its arguments, and the reason of each. Does not: running it (processes), whether it is there
(availability).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from retrace_resources.sandbox.confinement import HOME, Confinement
from retrace_resources.sandbox.limits import Limits

_NAMESPACES: Final = (
    *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
    # A user namespace within would give back the capabilities, and with them most of the kernel's past holes.
    *("--disable-userns", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
    # Without a session of its own it could type into the terminal (CVE-2017-5226).
    *("--new-session", "--die-with-parent"),
)

# Folders of programs. Where they are links into /usr, as most systems have them, they are links here too.
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")

# Of /etc only what programs need to run: the rest tells of the machine, and root's sandbox could read all of it.
_ETC: Final = (
    *("alternatives", "ca-certificates", "ca-certificates.conf", "debian_version", "fonts", "java-*", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "magic", "mime.types", "os-release", "perl"),
    *("pki/tls", "protocols", "services", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone"),
)

FORWARDER: Final = Path("/run/forwarder.py")
"""Where a sandbox finds the program that carries bytes over its border."""

FILES: Final[Mapping[str, bytes]] = {
    "/etc/passwd": b"agent:x:1000:1000::/home/agent:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n",
    "/etc/group": b"agent:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
    str(FORWARDER): Path(__file__).with_name("forwarder.py").read_bytes(),
}
"""Files of a sandbox's own, by their path in it."""

# What root owns in /proc, root's sandbox may write whatever its capabilities: a core_pattern is a command for the
# machine. bubblewrap covers some of it and takes a read-only folder for read-only files. The list is that of OCI.
_PROC_READ_ONLY: Final = ("acpi", "bus", "fs", "irq", "mtrr", "pressure", "scsi", "sys", "sysrq-trigger")
_PROC_HIDDEN: Final = ("config.gz", "iomem", "kallsyms", "kcore", "key-users", "keys", "kmsg", "sched_debug")

_SHARED_MEMORY_BYTES: Final = 64_000_000
_OPEN: Final = "1777"


def arguments(
    confinement: Confinement, limits: Limits, *, program: Path, status: int, files: Mapping[str, int]
) -> list[str]:
    """All that comes before the command.

    `status` is a descriptor for its reports, `files` those from which it reads files, by their path. A sandbox's
    memory for files is two halves of the disk it may use.
    """
    half = str(limits.disk_bytes // 2)
    return [
        *(str(program), *_NAMESPACES, "--json-status-fd", str(status)),
        *(argument for path in _SYSTEM for argument in _system(Path(path))),
        *(
            argument
            for name in _ETC
            for path in Path("/etc").glob(name)
            for argument in ("--ro-bind", str(path), str(path))
        ),
        *(argument for path, descriptor in files.items() for argument in ("--ro-bind-data", str(descriptor), path)),
        *("--proc", "/proc", *_covered_proc(), "--dev", "/dev"),
        *("--size", str(min(_SHARED_MEMORY_BYTES, limits.disk_bytes)), "--perms", _OPEN, "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--size", half, "--perms", _OPEN, "--tmpfs", "/tmp", "--size", half, "--tmpfs", str(HOME)),  # noqa: S108
        *_mounts(confinement),
        # The folders between the mounts are in memory that nobody counts.
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(confinement.at), "--"),
    ]


def _system(path: Path) -> Iterator[str]:
    if path.is_symlink():
        yield from ("--symlink", str(path.readlink()), str(path))
    elif path.is_dir():
        yield from ("--ro-bind", str(path), str(path))


def _covered_proc() -> Iterator[str]:
    for name in _PROC_READ_ONLY:
        yield from ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
    for name in _PROC_HIDDEN:
        # Nothing can be made in /proc: what this kernel does not have needs no cover.
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")


def _mounts(confinement: Confinement) -> Iterator[str]:
    """The folders that are bound, outer ones first: a later mount would hide those inside of it."""
    bound = {path: ("--ro-bind", path) for path in confinement.read_only}
    bound |= {confinement.at: ("--bind", confinement.copy)}
    bound |= {confinement.at / place: ("--ro-bind", source) for place, source in confinement.dependencies.items()}
    for path in sorted(bound, key=lambda each: len(each.parts)):
        how, source = bound[path]
        yield from (how, str(source), str(path))
