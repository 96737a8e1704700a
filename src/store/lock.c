/* lock: who uses a run directory.
 *
 * A POSIX record lock belongs to the process: the kernel drops it when the process ends, so a killed run blocks nobody.
 * It is dropped as well when the process closes any descriptor of the file: the lock file is opened once and only here.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double poll_s = 0.05;

static int set_lock(int fd, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    int result;
    do
        result = fcntl(fd, F_SETLK, &lock);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

/* What the holder wrote: who it is. On another machine the process number of F_GETLK says nothing. */
static rfm_status fail_held(int fd, const char *path, rfm_error *err)
{
    char text[300] = "";
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    long pid = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? (long)lock.l_pid : 0;
    return rfm_fail(err, RFM_USAGE,
                    "%s: another run uses this directory (process %ld%s%s%s): wait until it has ended, or use another "
                    "directory",
                    path, pid, text[0] ? "; " : "", text[0] ? "started as " : "", text);
}

static bool is_held(int number)
{
    return number == EACCES || number == EAGAIN;
}

static rfm_status wait_lock(int fd, const char *path, short type, double wait_s, rfm_error *err)
{
    const struct timespec pause = {.tv_nsec = (long)(poll_s * 1e9)};
    const double start = rfm_clock_s();
    int number = set_lock(fd, type);
    if (is_held(number) && wait_s > 1)
        rfm_log(RFM_LOG_INFO, "%s: another run uses this directory: waiting up to %.0f s", path, wait_s);
    while (is_held(number) && rfm_clock_s() - start < wait_s) {
        nanosleep(&pause, NULL);
        number = set_lock(fd, type);
    }
    if (is_held(number))
        return fail_held(fd, path, err);
    if (number == ENOLCK || number == EOPNOTSUPP || number == ENOSYS)
        rfm_log(RFM_LOG_WARN, "%s: this file system has no locks: see to it that no other run uses the directory",
                path);
    else if (number != 0)
        rfm_fail_errno(err, number, "%s: cannot lock", path);
    return err->status;
}

static rfm_status lock_file(const char *path, short type, double wait_s, int *fd, rfm_error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot open", path);
    if (wait_lock(*fd, path, type, wait_s, err)) {
        close(*fd);
        *fd = -1;
    }
    return err->status;
}

/* For who finds the directory in use. That it cannot be written (a full disk) does not end a run. */
static void sign(int fd)
{
    char host[128] = "", when[RFM_NUMBER_BYTES], text[300];
    gethostname(host, sizeof host - 1);
    rfm_time_format_utc(rfm_clock_wall_us(), when);
    int length = snprintf(text, sizeof text, "process %ld on %s at %s\n", (long)getpid(), host, when);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        rfm_log(RFM_LOG_DEBUG, "the lock file is not signed: %s", strerror(errno));
}

rfm_status rfm_lock_alone(const char *path, double wait_s, int *fd, rfm_error *err)
{
    if (lock_file(path, F_WRLCK, wait_s, fd, err) == RFM_OK)
        sign(*fd);
    return err->status;
}

rfm_status rfm_lock_downgrade(int fd, const char *path, rfm_error *err)
{
    return wait_lock(fd, path, F_RDLCK, 0, err);
}

rfm_status rfm_lock_shared(const char *path, double wait_s, int *fd, rfm_error *err)
{
    return lock_file(path, F_RDLCK, wait_s, fd, err);
}
