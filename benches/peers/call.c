/* call URI COUNT: seconds that one virDomainIsActive takes, in a loop. */
#include "peer.h"

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    virConnectPtr connection = open_or_exit(argv[1]);
    long count = atol(argv[2]);
    virDomainPtr domain = virDomainLookupByName(connection, "test");
    if (!domain)
        return 1;
    long active = 0;
    double start = now();
    for (long i = 0; i < count; i++)
        active += virDomainIsActive(domain);
    double end = now();
    if (active != count)
        return 1;
    printf("{\"each\": %.9f}\n", (end - start) / count);
    virDomainFree(domain);
    virConnectClose(connection);
    return 0;
}
