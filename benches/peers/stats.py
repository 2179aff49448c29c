"""stats.py URI ROUNDS: median seconds of getAllDomainStats."""

import statistics
import sys
import time

import libvirt

uri, rounds = sys.argv[1:]
connection = libvirt.open(uri)
seconds = []
for _ in range(int(rounds)):
    start = time.perf_counter()
    records = connection.getAllDomainStats()
    del records
    seconds.append(time.perf_counter() - start)
print('{"stats": %.9f}' % statistics.median(seconds))
