/*
 * stats URI ROUNDS [PAUSE]: median seconds of virConnectGetAllDomainStats with freeing its answer,
 *                   and of the same with writing it as JSON to memory.
 * stats URI print:  one round, with the JSON on stdout.
 *
 * The JSON is the text that virhai writes for the test driver, whose statistics hold the state
 * alone: keys in order, state and reason as words, guests sorted by name.
 */
#include "peer.h"

static const char *const STATES[] = { "nostate", "running", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended" };
static const char *const RUNNING[] = { "unknown", "booted" };

static const char *word(const char *const *words, int count, int number)
{
    return number >= 0 && number < count ? words[number] : "unknown";
}
#define WORD(words, number) word(words, sizeof words / sizeof *words, number)

static void text(FILE *out, const char *value)
{
    putc('"', out);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            putc('\\', out);
        if ((unsigned char)*value < 0x20)
            fprintf(out, "\\u%04x", *value);
        else
            putc(*value, out);
    }
    putc('"', out);
}

static void guest(FILE *out, virDomainStatsRecordPtr record)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    int state = 0, reason = 0;
    virDomainGetUUIDString(record->dom, uuid);
    for (int i = 0; i < record->nparams; i++) {
        if (!strcmp(record->params[i].field, "state.state"))
            state = record->params[i].value.i;
        else if (!strcmp(record->params[i].field, "state.reason"))
            reason = record->params[i].value.i;
    }
    fputs("{\"name\":", out);
    text(out, virDomainGetName(record->dom));
    fputs(",\"state\":{\"reason\":", out);
    text(out, WORD(RUNNING, reason));
    fputs(",\"state\":", out);
    text(out, WORD(STATES, state));
    fputs("},\"uuid\":", out);
    text(out, uuid);
    putc('}', out);
}

static int by_name(const void *a, const void *b)
{
    virDomainStatsRecordPtr x = *(virDomainStatsRecordPtr *)a, y = *(virDomainStatsRecordPtr *)b;
    return strcmp(virDomainGetName(x->dom), virDomainGetName(y->dom));
}

static void json(FILE *out, virDomainStatsRecordPtr *records, int count)
{
    qsort(records, count, sizeof *records, by_name);
    putc('[', out);
    for (int i = 0; i < count; i++) {
        if (i)
            putc(',', out);
        guest(out, records[i]);
    }
    putc(']', out);
}

static void round_trip(virConnectPtr connection, FILE *out)
{
    virDomainStatsRecordPtr *records = NULL;
    int count = virConnectGetAllDomainStats(connection, 0, &records, 0);
    if (count < 0)
        exit(1);
    if (out)
        json(out, records, count);
    virDomainStatsRecordListFree(records);
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        return 2;
    virConnectPtr connection = open_or_exit(argv[1]);
    if (!strcmp(argv[2], "print")) {
        round_trip(connection, stdout);
        putchar('\n');
        virConnectClose(connection);
        return 0;
    }
    int rounds = atoi(argv[2]);
    unsigned pause = argc == 4 ? atoi(argv[3]) : 0;
    double plain[rounds], written[rounds];
    for (int i = 0; i < rounds; i++) {
        sleep(pause);
        double start = now();
        round_trip(connection, NULL);
        plain[i] = now() - start;
        char *memory = NULL;
        size_t size = 0;
        start = now();
        FILE *out = open_memstream(&memory, &size);
        round_trip(connection, out);
        fclose(out);
        written[i] = now() - start;
        free(memory);
    }
    printf("{\"stats\": %.9f, \"json\": %.9f}\n", median(plain, rounds), median(written, rounds));
    virConnectClose(connection);
    return 0;
}
