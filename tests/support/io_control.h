/*
 * What a test tells io_shim.c, which stands between a server and its C library: a file that both
 * map, so that it can change while the server runs. All zero means that nothing is done.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

/* The environment's name of the file. */
#define IO_CONTROL_VARIABLE "LECTERN_IO_CONTROL"
/* Seconds that are added to the wall clock as well; for scripts, which have no such file. */
#define IO_CLOCK_VARIABLE "LECTERN_CLOCK_OFFSET_S"

enum io_mode {
	IO_OFF,
	IO_FAIL,  /* chosen calls fail and do nothing */
	IO_LATE,  /* they are carried out, and then they fail: the answer of the disk was lost */
	IO_SHORT, /* the first write takes half of its bytes, everything after it as in IO_FAIL */
	IO_KILL,  /* kill -9 instead of a chosen call */
};

/* Which calls, on files named data.mdb. */
enum {
	IO_WRITE = 1, /* writing and giving room */
	IO_SYNC = 2,
	IO_META = 4, /* writing through a descriptor that syncs by itself, as LMDB ends a commit */
	IO_OPEN = 8, /* opening for writing */
	IO_OPEN_READ = 16,
};

struct io_control {
	_Atomic uint32_t mode;
	_Atomic uint32_t calls; /* IO_WRITE and so on, added */
	_Atomic int32_t error;	/* errno of a failed call */
	_Atomic uint32_t every; /* each n-th of the chosen calls, from 1 */
	_Atomic uint32_t limit; /* failures after which no more calls fail; 0: no such number */
	_Atomic int64_t clock_offset_ns; /* added to the wall clock; the monotonic one stays */

	/* Counted by the shim since the last io_control_set(). */
	_Atomic uint64_t chosen_count;
	_Atomic uint64_t failed_count;
};

static inline void io_control_set(struct io_control *control, enum io_mode mode, uint32_t calls,
	int error, uint32_t every, uint32_t limit)
{
	control->mode = IO_OFF;
	control->chosen_count = 0;
	control->failed_count = 0;
	control->calls = calls;
	control->error = error;
	control->every = every;
	control->limit = limit;
	control->mode = mode;
}
