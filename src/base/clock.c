/* clock: what this machine says of time and memory. Nothing it returns may touch a result. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rfmpi/base.h"

double rfm_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double rfm_clock_processor_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

int64_t rfm_clock_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The "VmHWM:   1234 kB" of /proc/self/status; 0 where there is none. getrusage would do, but it
 * also remembers the size of the process that started this one. */
static size_t read_high_water_kib(void)
{
    char status[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, status, sizeof status - 1);
    close(file);
    status[length > 0 ? length : 0] = '\0';
    const char *line = strstr(status, "VmHWM:");
    return line == NULL ? 0 : (size_t)strtoull(line + strlen("VmHWM:"), NULL, 10);
}

size_t rfm_peak_memory_bytes(void)
{
    size_t kib = read_high_water_kib();
    if (kib == 0) {
        struct rusage usage;
        if (getrusage(RUSAGE_SELF, &usage) == 0)
            kib = (size_t)usage.ru_maxrss;
    }
    return kib * 1024;
}
