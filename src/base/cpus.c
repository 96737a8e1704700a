/* cpus: the processors of this machine, and which of them a process may use. Knows nothing of ranks. */
#include "rfmpi/base.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(rfm_cpus) == RFM_CPUS_MOST / 8, "a bit for each");

void rfm_cpus_allowed(rfm_cpus *cpus)
{
    *cpus = (rfm_cpus){0};
    if (sched_getaffinity(0, sizeof *cpus, (cpu_set_t *)(void *)cpus) != 0)
        *cpus = (rfm_cpus){0};
}

int rfm_cpus_online(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

int rfm_cpus_count(const rfm_cpus *cpus)
{
    int n = 0;
    for (size_t i = 0; i < RFM_CPUS_MOST / 64; i++)
        n += __builtin_popcountll(cpus->bits[i]);
    return n;
}

void rfm_cpus_join(rfm_cpus *cpus, const rfm_cpus *others)
{
    for (size_t i = 0; i < RFM_CPUS_MOST / 64; i++)
        cpus->bits[i] |= others->bits[i];
}

static bool has(const rfm_cpus *cpus, int cpu)
{
    return cpu < RFM_CPUS_MOST && (cpus->bits[cpu / 64] >> (cpu % 64) & 1) != 0;
}

void rfm_cpus_list(const rfm_cpus *cpus, rfm_text *list)
{
    const char *comma = "";
    for (int cpu = 0; cpu < RFM_CPUS_MOST; cpu++) {
        if (!has(cpus, cpu))
            continue;
        int last = cpu;
        while (has(cpus, last + 1))
            last++;
        rfm_text_addf(list, last > cpu ? "%s%d-%d" : "%s%d", comma, cpu, last);
        comma = ",";
        cpu = last;
    }
}

/* The "model name : ..." of /proc/cpuinfo. */
size_t rfm_cpus_model(char *buffer, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");
    buffer[0] = '\0';
    while (file && buffer[0] == '\0' && fgets(line, sizeof line, file)) {
        const char *colon = strncmp(line, "model name", 10) == 0 ? strstr(line, ": ") : NULL;
        if (colon)
            snprintf(buffer, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    if (file)
        fclose(file);
    return strlen(buffer);
}
