/*
 * Stands between a client and libvirt: grants what no host of the tests can do or may suffer, and
 * writes what libvirt was asked for to stderr.
 *
 * cc -shared -fPIC -o granted.so granted.c -ldl; LD_PRELOAD=granted.so virsh -c test:///default …
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <stdio.h>

#define ASKED(...) dprintf(2, __VA_ARGS__)

int virNodeSuspendForDuration(virConnectPtr c, unsigned int target, unsigned long long duration, unsigned int flags)
{
    (void)c;
    ASKED("virNodeSuspendForDuration %u %llu %u\n", target, duration, flags);
    return 0;
}

int virNodeGetSEVInfo(virConnectPtr c, virTypedParameterPtr *params, int *count, unsigned int flags)
{
    (void)c;
    int room = 0;
    ASKED("virNodeGetSEVInfo %u\n", flags);
    *params = NULL;
    *count = 0;
    virTypedParamsAddString(params, count, &room, VIR_NODE_SEV_PDH, "cGRo");
    virTypedParamsAddString(params, count, &room, VIR_NODE_SEV_CERT_CHAIN, "Y2VydA==");
    virTypedParamsAddUInt(params, count, &room, VIR_NODE_SEV_CBITPOS, 47);
    return virTypedParamsAddUInt(params, count, &room, VIR_NODE_SEV_REDUCED_PHYS_BITS, 1);
}

int virDomainSetLaunchSecurityState(virDomainPtr guest, virTypedParameterPtr params, int count, unsigned int flags)
{
    ASKED("virDomainSetLaunchSecurityState %s %u\n", virDomainGetName(guest), flags);
    for (int i = 0; i < count; i++) {
        const char *text = "";
        unsigned long long number = 0;
        if (params[i].type == VIR_TYPED_PARAM_STRING)
            text = params[i].value.s;
        else if (params[i].type == VIR_TYPED_PARAM_ULLONG)
            number = params[i].value.ul;
        ASKED("%s %d %s %llu\n", params[i].field, params[i].type, text, number);
    }
    return 0;
}

virDomainPtr virDomainQemuAttach(virConnectPtr c, unsigned int pid, unsigned int flags)
{
    ASKED("virDomainQemuAttach %u %u\n", pid, flags);
    return virDomainLookupByName(c, "test");
}

int virNodeDeviceDettach(virNodeDevicePtr device)
{
    ASKED("virNodeDeviceDettach %s\n", virNodeDeviceGetName(device));
    return 0;
}

int virNodeDeviceDetachFlags(virNodeDevicePtr device, const char *driver, unsigned int flags)
{
    ASKED("virNodeDeviceDetachFlags %s %s %u\n", virNodeDeviceGetName(device), driver ? driver : "-", flags);
    return 0;
}

int virNodeDeviceReAttach(virNodeDevicePtr device)
{
    ASKED("virNodeDeviceReAttach %s\n", virNodeDeviceGetName(device));
    return 0;
}

int virNodeDeviceReset(virNodeDevicePtr device)
{
    ASKED("virNodeDeviceReset %s\n", virNodeDeviceGetName(device));
    return 0;
}

/* The test driver has one definition of an interface and refuses to be asked for that at the next start. */
char *virInterfaceGetXMLDesc(virInterfacePtr interface, unsigned int flags)
{
    char *(*real)(virInterfacePtr, unsigned int) = (char *(*)(virInterfacePtr, unsigned int))dlsym(RTLD_NEXT, "virInterfaceGetXMLDesc");
    ASKED("virInterfaceGetXMLDesc %s %u\n", virInterfaceGetName(interface), flags);
    return real(interface, 0);
}
