/*
 * Backups: copies of a store that is in use, and making a store from one.
 *
 * A backup is a data file without free pages: the store as it was at one revision, whatever is
 * written meanwhile. It is verified as the file that it is, and has its name only once it is on the
 * disk and sound (new_file.h).
 */
#pragma once
#include "store/new_file.h"
#include "store/progress.h"
#include "store/store.h"
#include "store/store_file.h"

/* INVALID_ARGUMENT, BACKUP_NAME_INVALID unless it can be the name of a backup; "" can. */
enum code backup_check_name(const char *name, struct error *err) NODISCARD;

struct backup_options {
	const char *directory; /* made if it is not there; its parent must be */
	const char *name;      /* "": one made from time and revision */
	bool skip_check;       /* read every entry, but leave the checker out */
};

struct backup {
	char path[NEW_FILE_PATH_BYTES]; /* absolute */
	uint64_t size_bytes;
	uint64_t revision;
};

/*
 * Makes a backup. Takes a while; any thread but the writer's. ALREADY_EXISTS, BACKUP_EXISTS for a
 * name that is taken; RESOURCE_EXHAUSTED, DISK_FULL, beforehand where it would not fit; DATA_LOSS,
 * STORE_DAMAGED where the copy is not sound, so the store is not; UNAVAILABLE, STOPPING if progress
 * has ended it, which is looked at between two megabytes or entries, not while the copy is flushed.
 * Nothing is left behind after a failure.
 */
enum code backup_make(struct store *store, const struct backup_options *options,
	struct progress *progress, struct backup *ret, struct error *err) NODISCARD;

/*
 * Makes the store in a directory, which must not have one and is made if it is not there, from a
 * backup or a data file of a store that was closed. It is verified like a backup and gets an epoch
 * of its own. The file is only read. FAILED_PRECONDITION if there is a store or a process has the
 * directory's store open.
 */
enum code backup_restore(const char *file, const char *directory, struct store_facts *ret,
	struct error *err) NODISCARD;
