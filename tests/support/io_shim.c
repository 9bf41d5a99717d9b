/*
 * Failing disks and jumping clocks for a real server: a shared library for LD_PRELOAD. See
 * io_control.h for what it does when.
 *
 * It is not instrumented, and works with a sanitizer's runtime loaded before it: calls then pass
 * through the sanitizer's interceptors first, which look up the next definition as this does.
 */
#include "support/io_control.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { DESCRIPTORS_MAX = 4096, NS_PER_S = 1000000000 };

/* The definitions behind ours. */
static struct {
	int (*openat)(int, const char *, int, ...);
	int (*close)(int);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	ssize_t (*writev)(int, const struct iovec *, int);
	ssize_t (*pwritev)(int, const struct iovec *, int, off_t);
	int (*fsync)(int);
	int (*fdatasync)(int);
	int (*msync)(void *, size_t, int);
	int (*ftruncate)(int, off_t);
	int (*posix_fallocate)(int, off_t, off_t);
} real;

static struct io_control none;
static struct io_control *control = &none;
static int64_t fixed_offset_ns;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint8_t kinds[DESCRIPTORS_MAX]; /* IO_WRITE, IO_META, or 0 for other files */

static void map_control(void)
{
	const char *path = getenv(IO_CONTROL_VARIABLE);
	const char *offset = getenv(IO_CLOCK_VARIABLE);
	if (offset != NULL)
		fixed_offset_ns = strtoll(offset, NULL, 10) * NS_PER_S;
	if (path == NULL)
		return;
	int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	void *map =
		file < 0 ? MAP_FAILED
			 : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		abort(); /* a test that believes in failures must not run without them */
	syscall(SYS_close, file);
	control = map;
}

/* A function pointer is no object pointer in C; POSIX says that dlsym() gives it all the same. */
static void find(void *ret, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	memcpy(ret, &found, sizeof found);
}

static void set_up(void)
{
	find(&real.openat, "openat");
	find(&real.close, "close");
	find(&real.write, "write");
	find(&real.pwrite, "pwrite");
	find(&real.writev, "writev");
	find(&real.pwritev, "pwritev");
	find(&real.fsync, "fsync");
	find(&real.fdatasync, "fdatasync");
	find(&real.msync, "msync");
	find(&real.ftruncate, "ftruncate");
	find(&real.posix_fallocate, "posix_fallocate");
	map_control();
}

static void ready(void)
{
	pthread_once(&once, set_up);
}

/* Before main(), so that the first look at a clock is at the one that the test wants. */
__attribute__((constructor)) static void ready_early(void)
{
	ready();
}

static uint32_t kind_of(int file)
{
	return file >= 0 && file < DESCRIPTORS_MAX ? kinds[file] : 0;
}

/* What is to become of a call. */
static enum io_mode verdict(uint32_t kind)
{
	uint32_t mode = control->mode;
	if (kind == 0 || mode == IO_OFF || (control->calls & kind) == 0)
		return IO_OFF;
	uint64_t number = ++control->chosen_count;
	uint32_t every = control->every;
	if (every > 1 && number % every != 0)
		return IO_OFF;
	uint32_t limit = control->limit;
	uint64_t failed = ++control->failed_count;
	if (limit != 0 && failed > limit) {
		control->failed_count--;
		return IO_OFF;
	}
	if (mode == IO_KILL)
		kill(getpid(), SIGKILL);
	return mode != IO_SHORT ? (enum io_mode)mode : failed == 1 ? IO_SHORT : IO_FAIL;
}

static int failure(void)
{
	errno = control->error;
	return -1;
}

/* Calls that have an errno and no bytes. */
static int ended(enum io_mode mode, int result)
{
	return mode == IO_LATE ? failure() : result;
}

/* So many bytes of a write are to be written. */
static size_t part(enum io_mode mode, size_t size)
{
	return mode == IO_SHORT ? size / 2 : size;
}

/* The verdict on a sync or another call without bytes: half of it is nothing. */
static enum io_mode whole(uint32_t kind)
{
	enum io_mode mode = verdict(kind);
	return mode == IO_SHORT ? IO_FAIL : mode;
}

static bool is_data_file(const char *path)
{
	static const char suffix[] = "data.mdb";
	size_t size = strlen(path);
	return size >= sizeof suffix - 1 && strcmp(path + size - (sizeof suffix - 1), suffix) == 0;
}

static bool refuses_open(const char *path, int flags)
{
	uint32_t kind = (flags & O_ACCMODE) == O_RDONLY ? IO_OPEN_READ : IO_OPEN;
	return whole(is_data_file(path) ? kind : 0) != IO_OFF;
}

static int note(int file, const char *path, int flags)
{
	if (file >= 0 && file < DESCRIPTORS_MAX)
		kinds[file] = !is_data_file(path) ? 0 : (flags & O_DSYNC) != 0 ? IO_META : IO_WRITE;
	return file;
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	ready();
	if (refuses_open(path, flags))
		return failure();
	return note(real.openat(directory, path, flags, mode), path, flags);
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return openat(AT_FDCWD, path, flags, mode);
}

EXPORT int close(int file)
{
	ready();
	if (file >= 0 && file < DESCRIPTORS_MAX)
		kinds[file] = 0;
	return real.close(file);
}

EXPORT ssize_t write(int file, const void *bytes, size_t size)
{
	ready();
	enum io_mode mode = verdict(kind_of(file));
	if (mode == IO_FAIL)
		return failure();
	ssize_t written = real.write(file, bytes, part(mode, size));
	return mode == IO_LATE ? failure() : written;
}

EXPORT ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
	ready();
	enum io_mode mode = verdict(kind_of(file));
	if (mode == IO_FAIL)
		return failure();
	ssize_t written = real.pwrite(file, bytes, part(mode, size), at);
	return mode == IO_LATE ? failure() : written;
}

EXPORT ssize_t writev(int file, const struct iovec *parts, int count)
{
	ready();
	enum io_mode mode = verdict(kind_of(file));
	if (mode == IO_FAIL)
		return failure();
	/* A short one ends inside the first part. */
	ssize_t written = mode == IO_SHORT
				  ? real.write(file, parts[0].iov_base, parts[0].iov_len / 2)
				  : real.writev(file, parts, count);
	return mode == IO_LATE ? failure() : written;
}

EXPORT ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at)
{
	ready();
	enum io_mode mode = verdict(kind_of(file));
	if (mode == IO_FAIL)
		return failure();
	ssize_t written = mode == IO_SHORT
				  ? real.pwrite(file, parts[0].iov_base, parts[0].iov_len / 2, at)
				  : real.pwritev(file, parts, count, at);
	return mode == IO_LATE ? failure() : written;
}

EXPORT int fsync(int file)
{
	ready();
	enum io_mode mode = whole(kind_of(file) == 0 ? 0 : IO_SYNC);
	return mode == IO_FAIL ? failure() : ended(mode, real.fsync(file));
}

EXPORT int fdatasync(int file)
{
	ready();
	enum io_mode mode = whole(kind_of(file) == 0 ? 0 : IO_SYNC);
	return mode == IO_FAIL ? failure() : ended(mode, real.fdatasync(file));
}

/* Whose memory it is is not looked up: nothing but LMDB maps files to write to them. */
EXPORT int msync(void *address, size_t size, int flags)
{
	ready();
	enum io_mode mode = whole(IO_SYNC);
	return mode == IO_FAIL ? failure() : ended(mode, real.msync(address, size, flags));
}

EXPORT int ftruncate(int file, off_t size)
{
	ready();
	enum io_mode mode = whole(kind_of(file));
	return mode == IO_FAIL ? failure() : ended(mode, real.ftruncate(file, size));
}

/* Returns the errno. */
EXPORT int posix_fallocate(int file, off_t at, off_t size)
{
	ready();
	enum io_mode mode = whole(kind_of(file));
	if (mode != IO_FAIL) {
		int rc = real.posix_fallocate(file, at, size);
		if (mode == IO_OFF)
			return rc;
	}
	return control->error;
}

/* One and the same on the 64-bit machines that the project is built for. */
_Static_assert(sizeof(off_t) == sizeof(off64_t), "the calls of large files are others here");
#define ALIAS(name) EXPORT __attribute__((alias(name)))
ALIAS("open") int open64(const char *path, int flags, ...);
ALIAS("openat") int openat64(int directory, const char *path, int flags, ...);
ALIAS("pwrite") ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at);
ALIAS("pwritev") ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at);
ALIAS("ftruncate") int ftruncate64(int file, off64_t size);
ALIAS("posix_fallocate") int posix_fallocate64(int file, off64_t at, off64_t size);

static bool is_wall_clock(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

/* Sanitizers of GCC 14 ask for the time while memory is allocated, which dlsym() does as well: so
 * the time comes from the kernel, and needs nothing of set_up(). */
EXPORT int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ret);
	if (rc != 0 || !is_wall_clock(clock))
		return rc;
	int64_t ns = ret->tv_nsec + (fixed_offset_ns + control->clock_offset_ns) % NS_PER_S;
	ret->tv_sec += (fixed_offset_ns + control->clock_offset_ns) / NS_PER_S;
	if (ns < 0 || ns >= NS_PER_S) {
		int64_t carry = ns < 0 ? -1 : 1;
		ret->tv_sec += carry;
		ns -= carry * NS_PER_S;
	}
	ret->tv_nsec = ns;
	return 0;
}

EXPORT int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	(void)zone;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

EXPORT time_t time(time_t *ret)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}
