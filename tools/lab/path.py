# SPDX-License-Identifier: GPL-2.0
"""The path that flows are compared on: host a, a router, host b.

Data goes from a to b.  The router's interface towards b is the bottleneck:
netem with a rate and a queue of so many packets.  Acknowledgements come back
through netem that holds the delay of the round trip.  Where packets are to be
reordered a second router stands behind the bottleneck, whose netem delays by
2 ms what it does not let through at once.  No end of the path shapes its own
traffic: a sender would notice, as it counts what waits in its own queues.

Interfaces take one segment at a time (gso_max_segs 1) and merge none, so that
loss, reordering and the queue count packets of the wire for every protocol.
"""

import ctypes
import os
import random
import subprocess

MTU = 1500
FRAME = MTU + 14
AHEAD_MS = 2.0			# what reordering displaces by
SYSCTLS = {
    "net/ipv4/tcp_no_metrics_save": "1",
    "net/rill/no_metrics_save": "1",
    "net/ipv6/conf/all/disable_ipv6": "1",
}
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class PathError(Exception):
    """A command failed, or the path does not do what it should."""


def command(*args, stdin=None):
    done = subprocess.run(args, input=stdin, text=True, capture_output=True, check=False)
    if done.returncode:
        raise PathError(f"{' '.join(args)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        if libc.setns(fd, CLONE_NEWNET):
            raise PathError(f"setns {path}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(fd)


def set_sysctls(netns, values):
    """Those that the kernel has: what it lacks cannot differ."""
    enter(f"/run/netns/{netns}")
    try:
        for name, value in values.items():
            if os.path.exists(f"/proc/sys/{name}"):
                with open(f"/proc/sys/{name}", "w", encoding="ascii") as file:
                    file.write(value)
    finally:
        enter("/proc/1/ns/net")


class Cell:
    """One condition of the path: milliseconds, percent, and BDPs of buffer."""

    def __init__(self, rtt, loss, reorder, buffer, rate):
        self.rtt, self.loss, self.reorder = rtt, loss, reorder
        self.buffer, self.rate = buffer, rate

    @property
    def queue(self):
        """Packets; at least four, or no burst would get through."""
        bdp = self.rate * 1e6 / 8 * self.rtt / 1e3
        return max(round(bdp * self.buffer / FRAME), 4)

    @property
    def impairment(self):
        parts = []
        if self.loss:
            parts.append(f"loss {self.loss:g} %")
        if self.reorder:
            parts.append(f"reorder {self.reorder:g} %")
        return ", ".join(parts) or "none"

    @property
    def buffer_name(self):
        return f"{self.buffer:g} BDP"

    def __str__(self):
        return f"{self.rtt:g} ms, {self.impairment}, {self.buffer_name}"


class Path:
    """The three namespaces; a context manager that takes them down again."""

    def __init__(self, cell, memory=64 << 20, seed=None):
        """Without a seed netem draws the losses, else they are drawn here."""
        self.cell, self.memory, self.seed = cell, memory, seed
        pid = os.getpid()
        names = ("a", "r", "s", "b") if cell.reorder else ("a", "r", "b")
        self.chain = [f"lab-{name}{pid}" for name in names]
        self.a, self.r, self.b = self.chain[0], self.chain[1], self.chain[-1]
        self.address = f"10.18.{len(names) - 1}.2"

    def __enter__(self):
        self.ip("", [f"netns add {name}" for name in self.chain])
        try:
            self.links()
            buffers = f"4096 131072 {self.memory}", f"4096 16384 {self.memory}"
            ends = dict(SYSCTLS)
            for prefix in ("net/ipv4/tcp_", "net/rill/"):
                ends[prefix + "rmem"], ends[prefix + "wmem"] = buffers
            for netns in self.chain:
                router = {"net/ipv4/ip_forward": "1"}
                set_sysctls(netns, ends if netns in (self.a, self.b) else SYSCTLS | router)
            self.shape()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        self.ip("", [f"netns del {name}" for name in self.chain])

    @staticmethod
    def ip(netns, lines):
        where = ("-n", netns) if netns else ()
        command("ip", *where, "-batch", "-", stdin="\n".join(lines) + "\n")

    def links(self):
        """A chain: left is the side towards a; routers have neighbours fixed."""
        for n, (left, right) in enumerate(zip(self.chain, self.chain[1:]), 1):
            one = f"mtu {MTU} gso_max_segs 1"
            self.ip(left, [
                f"link add right {one} address 02:18:00:00:0{n}:01 type veth "
                f"peer name left {one} address 02:18:00:00:0{n}:02 netns {right}",
                f"addr add 10.18.{n}.1/24 dev right", "link set right up",
                f"neigh add 10.18.{n}.2 lladdr 02:18:00:00:0{n}:02 dev right nud permanent",
            ] + self.routes(n, range(n + 1, len(self.chain)), 2, "right"))
            self.ip(right, [
                f"addr add 10.18.{n}.2/24 dev left", "link set left up",
                f"neigh add 10.18.{n}.1 lladdr 02:18:00:00:0{n}:01 dev left nud permanent",
            ] + self.routes(n, range(1, n), 1, "left"))

    @staticmethod
    def routes(link, far, host, dev):
        return [f"route add 10.18.{net}.0/24 via 10.18.{link}.{host} dev {dev}" for net in far]

    def shape(self):
        cell = self.cell
        loss = f"loss {cell.loss}%" if cell.loss and self.seed is None else ""
        back = cell.rtt
        if cell.reorder:
            back -= AHEAD_MS
            self.netem(self.chain[-2], "right", f"delay {AHEAD_MS}ms reorder {cell.reorder}%")
        self.netem(self.r, "right", f"rate {cell.rate}mbit {loss}", cell.queue)
        self.netem(self.r, "left", f"delay {back}ms")
        if cell.loss and self.seed is not None:
            self.draw_losses()

    @staticmethod
    def netem(netns, dev, what, limit=1000000):
        command("tc", "-n", netns, "qdisc", "add", "dev", dev, "root", "netem",
                "limit", str(limit), *what.split())

    def draw_losses(self):
        """The same packets, by number, are lost whatever protocol runs."""
        share = self.cell.loss / 100
        rnd = random.Random(self.seed)
        of = int(1000 / share)
        lost = [n for n in range(of) if rnd.random() < share] or [0]
        verdicts = ", ".join(f"{n} : drop" for n in lost)
        command("ip", "netns", "exec", self.r, "nft", "-f", "-", stdin=(
            "table ip lab {\n chain forward {\n  type filter hook forward priority 0;\n"
            f"  iifname \"left\" numgen inc mod {of} vmap {{ {verdicts} }}\n }}\n}}\n"))

    def flows(self, program, flows, seconds, *more):
        """Runs them; Mbit/s of each, and what else was printed."""
        out = command(program, "--client", self.a, "--server", self.b, "--addr", self.address,
                      "--flows", ",".join(flows), "--seconds", f"{seconds:g}", *more)
        lines = [line.split() for line in out.splitlines()]
        return [float(line[4]) for line in lines if line[0] == "flow"], lines
