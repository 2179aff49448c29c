/* open URI: opens a connection, counts the domains and closes it. */
#include "peer.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    virConnectPtr connection = open_or_exit(argv[1]);
    printf("%d\n", virConnectNumOfDomains(connection));
    virConnectClose(connection);
    return 0;
}
