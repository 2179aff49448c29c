/* What all the C peers share: the clock, and opening a connection or giving up. */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static inline virConnectPtr open_or_exit(const char *uri)
{
    virConnectPtr connection = virConnectOpen(uri);
    if (!connection) {
        fprintf(stderr, "cannot open %s: %s\n", uri, virGetLastErrorMessage());
        exit(1);
    }
    return connection;
}

static inline int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median(double *values, int count)
{
    qsort(values, count, sizeof *values, by_number);
    return values[count / 2];
}
