/*
 * A file that comes into being in one step: it is written under a temporary name, flushed, and only
 * then gets its own, which must not be taken. Whatever happens before leaves nothing under that
 * name.
 *
 * The temporary file is held with flock() while it is written, so that what a process that was
 * killed has left can be told from what another one is writing.
 */
#pragma once
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NEW_FILE_NAME_BYTES = 256,
	NEW_FILE_PATH_BYTES = 4096,
};

struct new_file {
	int directory; /* -1 unless open, as file */
	int file;
	char temporary[NEW_FILE_NAME_BYTES];
	char path[NEW_FILE_PATH_BYTES]; /* directory and temporary name */
	uint64_t size_bytes;
	uint64_t started_bytes; /* of them, on their way to the disk */
};

/* Opens ".NAME.lectern-tmp" in the directory, readable by the owner alone. ALREADY_EXISTS,
 * BACKUP_EXISTS if another process is writing it. The rest of the calls follows in any case;
 * new_file_discard() is the last. */
enum code new_file_begin(struct new_file *file, const char *directory, const char *name,
	struct error *err) NODISCARD;

/* RESOURCE_EXHAUSTED, DISK_FULL unless the disk has room for so many bytes. */
enum code new_file_need(const struct new_file *file, uint64_t bytes, struct error *err) NODISCARD;

enum code new_file_write(struct new_file *file, const void *bytes, size_t size, struct error *err)
	NODISCARD;

/* Takes back all that was written. */
enum code new_file_restart(struct new_file *file, struct error *err) NODISCARD;

/* Flushes it, so that what is read behind this comes from the disk, as far as the system can do
 * that. */
enum code new_file_sync(struct new_file *file, struct error *err) NODISCARD;

/* Gives it its name in the same directory. ALREADY_EXISTS, BACKUP_EXISTS if that is taken. */
enum code new_file_publish(struct new_file *file, const char *name, struct error *err) NODISCARD;

/* Closes it; removes it if it was not published. */
void new_file_discard(struct new_file *file);

/* Removes what processes that were killed have left in a directory, which need not exist. */
void new_file_remove_leftovers(const char *directory);

/* Converts errno of what has to do with such a file: DISK_FULL, BACKUP_DIRECTORY, BACKUP_FAILED. */
enum code fail_file(struct error *err, int number, const char *what, const char *path);
