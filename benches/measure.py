"""Running programs side by side: wall time, peak memory, and what they measured themselves."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass


class Skip(Exception):
    """A figure that this machine cannot give, or that cannot be measured yet; the text says why."""


@dataclass
class Run:
    """One run of a program: seconds, peak memory in KiB, and its standard output."""

    wall: float
    peak: int
    output: str

    def figure(self, name):
        """Returns a figure that the program printed as a JSON object on its last line."""
        return json.loads(self.output.splitlines()[-1])[name]


def run(command):
    """Runs a program to its end; its output goes through a file, so that nobody waits for a pipe."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            raise Skip(f"{command[0]}: {errors.read().decode(errors='replace').strip()[-200:]}")
        return Run(wall, usage.ru_maxrss, output.read().decode())


def alternate(count, *commands):
    """Runs all commands in turn, as often as asked; returns a list of runs for each."""
    runs = [[] for _ in commands]
    for _ in range(count):
        for command, list_of_runs in zip(commands, runs):
            list_of_runs.append(run(command))
    return runs


def wall(runs):
    return statistics.median(run.wall for run in runs)


def peak(runs):
    """Median of the peak memory in KiB."""
    return statistics.median(run.peak for run in runs)


def figure(runs, name):
    return statistics.median(run.figure(name) for run in runs)
