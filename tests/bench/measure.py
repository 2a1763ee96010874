#!/usr/bin/env python3
"""Runs commands in turn and prints the median of what each cost.

measure.py ROUNDS NAME=COMMAND...   (each COMMAND by /bin/sh)

One line a command: NAME wall_ms cpu_ms peak_kB, medians over the rounds. The
commands take turns, so that a noisy machine is as bad for one as for another.
CPU time and peak memory include all children of the command; the peak is the
largest single process.
"""
import os
import statistics
import sys
import time


def run(command):
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", command])
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"measure.py: failed ({status}): {command}")
    return wall * 1e3, (used.ru_utime + used.ru_stime) * 1e3, used.ru_maxrss


def main():
    rounds = int(sys.argv[1])
    commands = [a.split("=", 1) for a in sys.argv[2:]]
    seen = {name: [] for name, _ in commands}
    for _ in range(rounds):
        for name, command in commands:
            seen[name].append(run(command))
    for name, rows in seen.items():
        wall, cpu, peak = (statistics.median(c) for c in zip(*rows))
        print(f"{name} {wall:.2f} {cpu:.2f} {peak:.0f}")


main()
