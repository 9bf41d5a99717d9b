/*
 * Imports: content of other systems and of other Lectern servers, written through the client
 * library. Formats are chosen by name or found by looking at the input.
 *
 * An import may be run again at any time: what is there already and has not changed is left alone.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <lectern/client.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct import_counts {
	uint64_t created;
	uint64_t updated;
	uint64_t unchanged;
	uint64_t refused;
};

/* What an import did or, with dry_run, would have done. */
struct import_summary {
	/* Input that is refused before it is known what it holds counts as a refused post. */
	struct import_counts posts;
	/* Tags, categories and authors that stand in the input by themselves. */
	struct import_counts terms;
	/* Former states of posts, and who made the current ones. */
	struct import_counts revisions;
	/* What is left out by intent, as attachments are. */
	uint64_t skipped;
	/* What the user should know beside the items, as pages that contradict each other. */
	uint64_t notes;
};

/* How far an import is. */
struct import_progress {
	const char *path;     /* of the file that is read or written; borrowed for the call */
	uint64_t items_done;  /* refused ones included */
	uint64_t items_total; /* 0: not known */
	uint64_t bytes_done;  /* of all files */
	uint64_t bytes_total; /* 0: not known */
	struct import_summary so_far;
};

struct import_options {
	const char *format;	  /* "auto" or a name of import_format_names() */
	const char *const *paths; /* files or directories; "-" is standard input */
	size_t path_count;	  /* at least 1 */
	bool dry_run;		  /* check everything, also with the server, but change nothing */
	/* Stop at the first item that is refused; items are sent one by one then. */
	bool strict;
	bool pages;	    /* take pages of content systems as posts, too */
	bool internal_tags; /* take Ghost's internal tags, too */
	/* Where one JSON object a line goes for each item, or NULL: {"file", "line", "kind",
	 * "slug", "result": "created", "updated", "unchanged", "refused", "skipped" or "noted",
	 * "reason"}. Of an item that was written the reason tells what was changed on the way, if
	 * anything. Borrowed. */
	FILE *report;
	/* The publish time of the newest post of input that carries no times; 0 means
	 * 2020-01-01T00:00:00Z. */
	int64_t newest_time_us;
	uint32_t timeout_ms; /* of each call; 0 means the client's default */
	/* Called after each item, in the order of the input, from the calling thread; may be NULL.
	 */
	void (*progress)(void *arg, const struct import_progress *progress);
	void *progress_arg;
	/* Set it from a signal handler to stop: what was sent is still waited for; may be NULL. */
	const volatile sig_atomic_t *stop;
};

/* The names of the formats, for help texts; ends with NULL. "auto" is none of them. */
const char *const *import_format_names(void);

/*
 * Imports everything. CODE_OK also where items were refused: look at *ret. Items that were written
 * before a failure stay, and the next run leaves them alone.
 *
 * *ret is written in every case. Fails with
 * CODE_INVALID_ARGUMENT  an option is wrong, or strict and an item was refused
 * CODE_NOT_FOUND         a path does not exist
 * CODE_CANCELLED         *stop was set
 * and with what the server answers where that does not concern one item alone.
 */
enum code import_run(lectern_client *client, const struct import_options *options,
	struct import_summary *ret, struct error *err) NODISCARD;
