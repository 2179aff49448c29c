"""What the figures are measured with: the programs, a folder, a node of 10,000 domains, a daemon."""

import functools
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

from measure import Skip

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent
VIRHAI = str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release" / "virhai")
PYTHON = "/usr/bin/python3"
DEFAULT = "test:///default"


class Setting:
    """Made when they are first asked for, gone when it is closed."""

    def __init__(self, quick):
        self.quick = quick
        self.domains = 1_000 if quick else 10_000
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vb", dir="/tmp"))
        self.lab = None
        # No configuration of the user's, no URI of the user's.
        for name in [name for name in os.environ if name.startswith(("VIRHAI_", "LIBVIRT_"))]:
            del os.environ[name]
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = str(self.folder)
        os.environ["STATE_DIRECTORY"] = str(self.folder / "state")
        os.environ["LC_ALL"] = "C.UTF-8"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.lab:
            subprocess.run([PROJECT / "tests/lab/labd", "stop", self.lab], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def times(self, count, quick=2):
        """How often to repeat."""
        return quick if self.quick else count

    @functools.cache
    def peer(self, name):
        """Builds a C peer and returns its path."""
        flags = self.output(["pkg-config", "--cflags", "--libs", "libvirt"])
        program = self.folder / name
        self.output(["cc", "-O2", "-Wall", "-o", program, HERE / "peers" / f"{name}.c", *shlex.split(flags)])
        return str(program)

    @functools.cache
    def virsh(self):
        path = shutil.which("virsh")
        if not path:
            raise Skip("virsh is missing")
        return path

    @functools.cache
    def python(self):
        if subprocess.run([PYTHON, "-c", "import libvirt"], capture_output=True).returncode != 0:
            raise Skip("libvirt's Python module is missing")
        return PYTHON

    @functools.cache
    def node(self):
        """Returns the URI of a test node with many domains."""
        file = self.folder / "node.xml"
        file.write_text(self.output([PROJECT / "tests/lab/node-xml", str(self.domains)]))
        return f"test://{file}"

    @functools.cache
    def daemon(self):
        """Starts a private daemon and returns the URI of its test driver."""
        labd = PROJECT / "tests/lab/labd"
        self.lab = str(self.folder / "lab")
        self.output([labd, "start", self.lab])
        return self.output([labd, "uri", self.lab, "test"]).strip()

    def daemon_pid(self):
        """Returns the process id of the private daemon."""
        self.daemon()
        return int(pathlib.Path(self.lab, "libvirtd.pid").read_text())

    @functools.cache
    def document(self):
        """Returns a file with a domain definition of about 60 KB."""
        lines = ["<domain type='kvm'>", "  <name>big</name>", "  <memory unit='KiB'>2097152</memory>", "  <devices>"]
        for number in range(180):
            target = "vdz" if number == 150 else f"sd{number}"
            lines += [
                "    <disk type='file' device='disk'>",
                "      <driver name='qemu' type='qcow2' cache='none' io='native'/>",
                f"      <source file='/var/lib/libvirt/images/disk-{number:05}.qcow2' index='{number}'/>",
                "      <backingStore/>",
                f"      <target dev='{target}' bus='virtio'/>",
                f"      <address type='pci' domain='0x0000' bus='0x{number:02x}' slot='0x00' function='0x0'/>",
                "    </disk>",
            ]
        lines += ["  </devices>", "</domain>", ""]
        file = self.folder / "domain.xml"
        file.write_text("\n".join(lines))
        return str(file)

    def script(self, name):
        return str(HERE / "scripts" / name)

    def output(self, command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Skip((done.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1])
        return done.stdout


def note(text):
    """Says on stderr what goes on."""
    print(text, file=sys.stderr, flush=True)
