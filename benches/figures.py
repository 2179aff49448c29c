"""Measures virhai beside its peers and prints one table.

Both sides of a figure run in turn, A B A B, and the median of each counts. Whole processes are
measured from outside; what happens inside an open connection measures itself, the same way on
both sides, and prints its figure.
"""

import os
import sqlite3
import sys

from measure import Skip, alternate, figure, peak, run, wall
from prompt import first_prompt, hung_tab_times, key_times, refreshes, tab_times
from setting import DEFAULT, VIRHAI, Setting, note
from table import Missing, Row, above, compare, render, size_text, time_text

MIB = 1024  # in KiB


def start_up(setting):
    ours, virsh = alternate(
        setting.times(40, 5),
        [VIRHAI, "-c", DEFAULT, "-e", "domains().len()"],
        [setting.virsh(), "-c", DEFAULT, "list"],
    )
    yield compare("whole process, -e 'domains().len()'", "virsh list", wall(ours), wall(virsh), 1.0)
    yield compare("its peak memory", "virsh list", peak(ours), peak(virsh), 1.3, size_text)


def call(setting):
    count = str(setting.times(200_000, 20_000))
    ours, c = alternate(
        setting.times(7),
        [VIRHAI, "-c", DEFAULT, setting.script("call.rhai"), count],
        [setting.peer("call"), DEFAULT, count],
    )
    yield above("vm.active in a loop, in process", "C", figure(ours, "each"), figure(c, "each"), 0.6e-6, "0.6 µs", time_text)


def daemon_call(setting):
    uri, count = setting.daemon(), str(setting.times(5_000, 1_000))
    ours, c = alternate(
        setting.times(9),
        [VIRHAI, "-c", uri, setting.script("call.rhai"), count],
        [setting.peer("call"), uri, count],
    )
    yield compare("vm.active in a loop, over a daemon", "C", figure(ours, "each"), figure(c, "each"), 1.3)


def stats(setting):
    uri, rounds = setting.node(), "5"
    what = f"conn().stats() of {setting.domains:,} domains"
    commands = [[VIRHAI, "-c", uri, setting.script("stats.rhai"), rounds], [setting.peer("stats"), uri, rounds]]
    try:
        commands.append([setting.python(), os.path.join(os.path.dirname(__file__), "peers/stats.py"), uri, rounds])
    except Skip as reason:
        yield Missing(what, "≤ 0.6 ×", str(reason))
    ours, c, *python = alternate(setting.times(3, 1), *commands)
    yield compare(what, "C", figure(ours, "stats"), figure(c, "stats"), 2.0)
    if python:
        yield compare(what, "Python", figure(ours, "stats"), figure(python[0], "stats"), 0.6)
    yield compare("the same, written as JSON", "C", figure(ours, "json"), figure(c, "json"), 2.5)


def stats_process(setting):
    uri = setting.node()
    ours, c, virsh = alternate(
        setting.times(3, 1),
        [VIRHAI, "-c", uri, "-o", "json", "-e", "conn().stats()"],
        [setting.peer("stats"), uri, "print"],
        [setting.virsh(), "-c", uri, "domstats"],
    )
    if ours[0].output != c[0].output:
        raise Skip("virhai and the C program print different statistics")
    yield compare("the same as a whole process", "C", wall(ours), wall(c), 1.1)
    yield compare("the same as a whole process", "virsh domstats", wall(ours), wall(virsh), 1.0)


def xml(setting):
    done = run([VIRHAI, setting.script("xml.rhai"), setting.document(), "101"])
    seconds = done.figure("xml")
    kilobytes = os.path.getsize(setting.document()) // 1000
    what = f"{kilobytes} KB of XML: parse, query, change, print"
    yield Row(what, time_text(seconds), "", "", "≤ 2 ms", seconds, 2e-3)


def inventory(setting):
    uri = setting.node()
    ours, c = alternate(
        setting.times(2, 1),
        [VIRHAI, "-c", uri, setting.script("inventory.rhai")],
        [setting.peer("open"), uri],
    )
    what = f"peak memory, inventory of {setting.domains:,} domains held"
    yield above(what, "C, open only", peak(ours), peak(c), 100 * MIB, "100 MiB", size_text)


def prompt(setting):
    ours, virsh = [], []
    for _ in range(setting.times(20, 3)):
        ours.append(first_prompt([VIRHAI, "-c", DEFAULT]))
        virsh.append(first_prompt([setting.virsh(), "-c", DEFAULT]))
    middle = len(ours) // 2
    yield compare("start to prompt", "virsh", sorted(ours)[middle], sorted(virsh)[middle], 1.2)


def virsh_lines(setting):
    ours, theirs = [VIRHAI, "virsh", "-c"], [setting.virsh(), "-c"]

    def measure(what, count, uri, line, target):
        a, b = alternate(setting.times(count, 3), [*ours, uri, line], [*theirs, uri, line])
        return compare(what, "virsh", wall(a), wall(b), target)

    yield measure("virhai virsh list", 40, DEFAULT, "list", 1.15)
    yield measure("virhai virsh, 200 dominfo in a line", 10, DEFAULT, ";".join(["dominfo test"] * 200), 1.3)
    yield measure(f"virhai virsh list --all, {setting.domains:,} domains", 3, setting.node(), "list --all", 1.0)


def shell_completion(setting):
    words = {"a command": "virhai virsh dom", "an option": "virhai virsh list --a", "a name": f"virhai virsh -c {DEFAULT} dominfo t"}
    for what, line in words.items():
        (runs,) = alternate(setting.times(20, 3), [VIRHAI, "__complete", "bash", line])
        seconds = max(run.wall for run in runs)
        yield Row(f"shell completion of {what}, slowest", time_text(seconds), "", "", "≤ 100 ms", seconds, 0.1)


def record(setting):
    count = setting.times(1_000_000, 10_000)
    state = setting.folder / "record"
    command = [VIRHAI, "-c", DEFAULT, setting.script("changes.rhai"), str(count)]
    kept, none = (["env", f"STATE_DIRECTORY={state}", f"VIRHAI_HISTORY_RECORD={how}", *command] for how in ("best-effort", "off"))
    each = (run(kept).wall - run(none).wall) / count
    yield Row(f"the record of a change, {count:,} in a run", time_text(each), "", "", "≤ 1 ms", each, 1e-3)
    # All but the last thousand are older than a day.
    with sqlite3.connect(state / "history.db") as store:
        store.execute("UPDATE changes SET time = time - 172800000000 WHERE number % 4294967296 <= ?", [count - 1000])
        store.execute("UPDATE runs SET start_time = start_time - 172800000000")
    for what in (["--since", "1d"], ["--changes", "--since", "1d"], ["--object", "test", "--limit", "100"]):
        (runs,) = alternate(setting.times(20, 3), ["env", f"STATE_DIRECTORY={state}", VIRHAI, "history", *what])
        yield Row(f"virhai history {' '.join(what)}", time_text(wall(runs)), "", "", "≤ 100 ms", wall(runs), 0.1)


def percentile(what, times, target, limit):
    p95 = sorted(times)[len(times) * 95 // 100]
    return Row(f"{what}, 95th percentile", time_text(p95), "", "", target, p95, limit)


def completion(setting):
    times = tab_times([VIRHAI, "-c", setting.node()], setting.domains, setting.times(100, 20))
    yield percentile(f"Tab with {setting.domains:,} domains", times, "≤ 20 ms", 20e-3)
    uri = setting.daemon()
    times = hung_tab_times([VIRHAI, "-c", uri], setting.daemon_pid(), setting.times(40, 10))
    yield percentile("Tab while the daemon stands still", times, "≤ 250 ms", 250e-3)


def typing(setting):
    times = key_times([VIRHAI, "-c", DEFAULT], 300, setting.times(200, 40))
    yield percentile("a key at the end of an input of 300 lines", times, "≤ 5 ms", 5e-3)


def live_view(setting):
    uri = setting.node()
    # Both look once a second: what lies idle meanwhile has left the processor's caches.
    (c,) = alternate(setting.times(3, 1), [setting.peer("stats"), uri, "10", "1"])
    seconds, before, after = refreshes([VIRHAI, "-c", uri], 1, setting.times(20, 5))
    what = f"a refresh of virhai top with {setting.domains:,} domains"
    yield compare(what, "C, the call alone", seconds, figure(c, "stats"), 2.5)
    yield above("its memory after some refreshes", "before", after, before, 4 * MIB, "4 MiB", size_text)


FIGURES = {
    "start": (start_up, "≤ 1.0 ×"),
    "call": (call, "≤ +0.6 µs"),
    "daemon": (daemon_call, "≤ 1.3 ×"),
    "stats": (stats, "≤ 2.0 ×"),
    "process": (stats_process, "≤ 1.1 ×"),
    "xml": (xml, "≤ 2 ms"),
    "memory": (inventory, "≤ +100 MiB"),
    "prompt": (prompt, "≤ 1.2 ×"),
    "top": (live_view, "≤ 2.5 ×"),
    "virsh": (virsh_lines, "≤ 1.15 ×"),
    "record": (record, "≤ 1 ms"),
    "shell": (shell_completion, "≤ 100 ms"),
    "tab": (completion, "≤ 20 ms"),
    "typing": (typing, "≤ 5 ms"),
}


def main(words):
    quick = "--quick" in words
    words = [word for word in words if word != "--quick"]
    rows = []
    with Setting(quick) as setting:
        for name, (measure, target) in FIGURES.items():
            if words and not any(word in name for word in words):
                continue
            note(f"measuring {name} …")
            try:
                rows.extend(measure(setting))
            except Skip as reason:
                rows.append(Missing(name, target, str(reason)))
    print(render(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
