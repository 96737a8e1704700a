/* faulty: a library to be loaded before all others, which makes calls of a program fail where a test says so. It stands
 * in for disks that nobody has at hand, and for memory that runs out at any place. Calls that the C library makes by
 * itself are not seen.
 *
 *     FAULTY_KIND   the calls that count: those that "grow" a file or a directory, "change" anything on the disk, or
 *                   "read"; or "memory" that the program itself asks for
 *     FAULTY_PATH   of files that have this in their name; of memory, what is asked for behind its opening
 *     FAULTY_RANK   made by this rank of mpirun; unset: by any
 *     FAULTY_FROM   the first of these calls that fails, from 1
 *     FAULTY_TO     and the last one
 *     FAULTY_ERROR  its errno; 0: reads and writes are cut in half, and every third is interrupted
 *     FAULTY_LOG    a file that gets a line for each call that counts
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { GROW = 1, CHANGE = 2, READ = 4, MEMORY = 8 };

static struct {
    int kind; /* 0 on ranks that are left alone */
    long from, to, error;
    const char *path, *log;
    uintptr_t program, program_end; /* where the program's own code lies */
} wanted;
static atomic_long n_counted;
static atomic_bool was_opened; /* a file of that name */

/* ---- what is wanted --------------------------------------------------------------------------------------------- */

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static int wanted_kind(void)
{
    static const char *const names[] = {"grow", "change", "read", "memory"};
    const char *kind = getenv("FAULTY_KIND"), *rank = getenv("FAULTY_RANK"), *own = getenv("OMPI_COMM_WORLD_RANK");
    if (rank && strcmp(rank, own ? own : "0") != 0)
        return 0;
    for (int i = 0; kind && i < 4; i++)
        if (strcmp(kind, names[i]) == 0)
            return 1 << i;
    return 0;
}

/* The first that is told of is the program. */
static int find_program(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X) {
            wanted.program = info->dlpi_addr + segment->p_vaddr;
            wanted.program_end = wanted.program + segment->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void read_environment(void)
{
    dl_iterate_phdr(find_program, NULL);
    wanted.from = number("FAULTY_FROM", 1);
    wanted.to = number("FAULTY_TO", 0);
    wanted.error = number("FAULTY_ERROR", EIO);
    wanted.path = getenv("FAULTY_PATH");
    wanted.log = getenv("FAULTY_LOG");
    wanted.kind = wanted_kind();
}

static void note(const char *call, const char *path)
{
    char line[4200];
    if (!wanted.log)
        return;
    const int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, wanted.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    syscall(SYS_write, fd, line, (size_t)length);
    syscall(SYS_close, fd);
}

static bool is_next(const char *call, const char *path)
{
    const long n = atomic_fetch_add(&n_counted, 1) + 1;
    note(call, path);
    return n >= wanted.from && n <= wanted.to;
}

/* Whether this call is one of those that are to fail. */
static bool strikes(int kinds, const char *call, const char *path)
{
    return kinds & wanted.kind && wanted.path && strstr(path, wanted.path) && is_next(call, path);
}

/* On its way to being opened. */
static void see(const char *path)
{
    if (wanted.path && strstr(path, wanted.path))
        atomic_store(&was_opened, true);
}

static bool strikes_file(int kinds, const char *call, int fd)
{
    char link[64], path[4096];
    if (!(kinds & wanted.kind))
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strikes(kinds, call, path);
}

/* Of calls that cannot be done by half. */
static bool fails(int kinds, const char *call, const char *path)
{
    return strikes(kinds, call, path) && wanted.error != 0;
}

static bool fails_file(int kinds, const char *call, int fd)
{
    return strikes_file(kinds, call, fd) && wanted.error != 0;
}

static int fail(void)
{
    errno = (int)wanted.error;
    return -1;
}

/* The next function of this name, as a pointer of its own type. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static int kinds_of(const char *path, int flags)
{
    if (flags & O_CREAT && access(path, F_OK) != 0)
        return GROW | CHANGE;
    return (flags & O_ACCMODE) == O_RDONLY ? READ : CHANGE;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        const mode_t mode = mode_of(flags, arguments);                                                                 \
        va_end(arguments);                                                                                             \
        see(path);                                                                                                     \
        return fails(kinds_of(path, flags), "open", path) ? fail() : REAL(name)(path, flags, mode);                    \
    }
OPEN(open)
OPEN(open64)

int mkostemp(char *template, int flags)
{
    return fails(GROW | CHANGE, "mkostemp", template) ? fail() : REAL(mkostemp)(template, flags);
}

int mkostemp64(char *template, int flags)
{
    return fails(GROW | CHANGE, "mkostemp", template) ? fail() : REAL(mkostemp64)(template, flags);
}

#define FOPEN(name)                                                                                                    \
    FILE *name(const char *path, const char *mode)                                                                     \
    {                                                                                                                  \
        return fails(mode[0] == 'r' ? READ : GROW | CHANGE, "fopen", path) ? (fail(), NULL) : REAL(name)(path, mode);  \
    }
FOPEN(fopen)
FOPEN(fopen64)

DIR *opendir(const char *path)
{
    return fails(READ, "opendir", path) ? (fail(), NULL) : REAL(opendir)(path);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

int mkdir(const char *path, mode_t mode)
{
    return access(path, F_OK) != 0 && fails(GROW | CHANGE, "mkdir", path) ? fail() : REAL(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
    return fails(CHANGE, "rename", from) ? fail() : REAL(rename)(from, to);
}

#define REMOVE(name)                                                                                                   \
    int name(const char *path)                                                                                         \
    {                                                                                                                  \
        return access(path, F_OK) == 0 && fails(CHANGE, #name, path) ? fail() : REAL(name)(path);                      \
    }
REMOVE(unlink)
REMOVE(rmdir)
REMOVE(remove)

/* ---- content ---------------------------------------------------------------------------------------------------- */

int fsync(int fd)
{
    return fails_file(GROW | CHANGE, "fsync", fd) ? fail() : REAL(fsync)(fd);
}

/* Some file systems tell only now what became of the writes; the descriptor is gone in any case. */
int close(int fd)
{
    const int flags = fcntl(fd, F_GETFL);
    const bool lost = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fails_file(GROW | CHANGE, "close", fd);
    const int result = REAL(close)(fd);
    return lost ? fail() : result;
}

int fchmod(int fd, mode_t mode)
{
    return fails_file(CHANGE, "fchmod", fd) ? fail() : REAL(fchmod)(fd, mode);
}

#define TRUNCATE(name, offset)                                                                                         \
    int name(int fd, offset length)                                                                                    \
    {                                                                                                                  \
        return fails_file(CHANGE, "ftruncate", fd) ? fail() : REAL(name)(fd, length);                                  \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, offset)                                                                                         \
    int name(int fd, int mode, offset start, offset length)                                                            \
    {                                                                                                                  \
        return fails_file(GROW | CHANGE, "fallocate", fd) ? fail() : REAL(name)(fd, mode, start, length);              \
    }
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

/* What becomes of a transfer of n bytes that is to fail: -1, or how many bytes of it are done. */
static ssize_t cut(size_t n)
{
    if (wanted.error != 0)
        return fail();
    if (atomic_load(&n_counted) % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return n > 1 ? (ssize_t)(n / 2) : (ssize_t)n;
}

#define TRANSFER(name, kinds, type)                                                                                    \
    ssize_t name(int fd, type bytes, size_t n)                                                                         \
    {                                                                                                                  \
        const ssize_t part = strikes_file(kinds, #name, fd) ? cut(n) : (ssize_t)n;                                     \
        return part < 0 ? -1 : REAL(name)(fd, bytes, (size_t)part);                                                    \
    }
TRANSFER(read, READ, void *)
TRANSFER(write, GROW | CHANGE, const void *)

#define TRANSFER_AT(name, kinds, type, offset)                                                                         \
    ssize_t name(int fd, type bytes, size_t n, offset at)                                                              \
    {                                                                                                                  \
        const ssize_t part = strikes_file(kinds, #name, fd) ? cut(n) : (ssize_t)n;                                     \
        return part < 0 ? -1 : REAL(name)(fd, bytes, (size_t)part, at);                                                \
    }
TRANSFER_AT(pread, READ, void *, off_t)
TRANSFER_AT(pread64, READ, void *, off64_t)
TRANSFER_AT(pwrite, GROW | CHANGE, const void *, off_t)
TRANSFER_AT(pwrite64, GROW | CHANGE, const void *, off64_t)

/* What Open MPI reads and writes files with. */
#define VECTOR(name, kinds, offset)                                                                                    \
    ssize_t name(int fd, const struct iovec *parts, int n, offset at)                                                  \
    {                                                                                                                  \
        return fails_file(kinds, #name, fd) ? fail() : REAL(name)(fd, parts, n, at);                                   \
    }
VECTOR(preadv, READ, off_t)
VECTOR(preadv64, READ, off64_t)
VECTOR(pwritev, GROW | CHANGE, off_t)
VECTOR(pwritev64, GROW | CHANGE, off64_t)

/* ---- memory ----------------------------------------------------------------------------------------------------- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);

static bool strikes_memory(const char *call, const void *caller)
{
    const bool own = (uintptr_t)caller >= wanted.program && (uintptr_t)caller < wanted.program_end;
    const bool counts = !wanted.path || atomic_load(&was_opened);
    return wanted.kind == MEMORY && own && counts && is_next(call, "") && fail() < 0;
}

void *malloc(size_t n)
{
    return strikes_memory("malloc", __builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return strikes_memory("calloc", __builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return strikes_memory("realloc", __builtin_return_address(0)) ? NULL : __libc_realloc(old, n);
}
