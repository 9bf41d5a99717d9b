/*
 * The store: one LMDB environment, one writer thread, any number of readers.
 *
 * Reads run on snapshots (txn.h, post.h, term.h, posting.h); writes are commands that the writer
 * thread applies in order and commits in groups.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <lectern/store/v1/command.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct search_prepared;
struct store;
struct txn;

enum { STORE_FORMAT = 4 }; /* docs/store-format.md */

/* For how long things are kept. */
struct store_retention {
	int64_t trash_us;	 /* posts in the trash before they are purged; 0: for ever */
	int64_t changes_us;	 /* entries of the change log; 0: for ever */
	uint64_t changes_kept;	 /* most entries of the change log; 0: no bound */
	uint32_t revisions_kept; /* former revisions of each post */
};

struct store_options {
	const char *directory; /* made if it is not there; its parent must be */
	/* Called, if not NULL, before indexes are made again, which takes a while: an older format
	 * or other versions of libraries. */
	void (*on_rebuild)(void);
	struct store_retention retention;
	/* Called, if not NULL, when the disk has refused a write, with the cause, and with NULL
	 * when it takes writes again; by the writer's thread. */
	void (*on_disk)(const struct error *trouble);
	/* Called, if not NULL, with the words of an assertion inside LMDB that does not hold: the
	 * data file has changed under it, or there is a bug. The process is aborted behind it. Any
	 * thread. */
	void (*on_assertion)(const char *text);
	uint64_t map_bytes; /* address space, the most that the data may grow to; 0: 64 GiB */
};

/*
 * Opens or makes the store, makes its indexes again where an older server or other libraries
 * wrote them, applies what came due while it was closed, starts the writer.
 * FAILED_PRECONDITION for a newer format, or a store that another process has open; DATA_LOSS for a
 * file that is damaged or no store; texts say what to do.
 */
enum code store_open(const struct store_options *options, struct store **ret, struct error *err)
	NODISCARD;

/* For commands; see store_retention. */
uint32_t store_revisions_kept(const struct store *store);

/* From now on the hook is called after each commit with the store's revision, by the writer's
 * thread: it must be quick and must not call the store. NULL: no more; when this returns no call is
 * under way. */
void store_on_commit(
	struct store *store, void (*hook)(void *context, uint64_t revision), void *context);

/* Finishes all queued writes, answers them, stops the writer. No snapshot may be open. NULL is
 * allowed. */
void store_close(struct store *store);

/* A read transaction from the pool: the store as it is now, whatever is written meanwhile. Return
 * it soon; it keeps old pages from being used again, and the store from being opened again after
 * trouble with the disk (then this waits for up to half a second, and may be UNAVAILABLE): see
 * txn_interrupted(). Any thread; one thread at a time. */
enum code store_snapshot(struct store *store, struct txn **ret, struct error *err) NODISCARD;
void store_release(struct store *store, struct txn *snapshot);
/* Another number after each commit that changes anything: what was read on a snapshot that was
 * opened after a number was read holds as long as it is this number. Never 0. The bits above
 * STORE_VERSION_COMMIT_BITS change when the environment was opened again, and revisions that were
 * seen may be lost. Any thread. */
enum { STORE_VERSION_COMMIT_BITS = 48 };
uint64_t store_version(struct store *store);

/* A write on its way through the queue. The submitter owns it and everything it points to until
 * done() was called. */
struct store_write {
	const Lectern__Store__V1__Command *command;
	struct arena *arena;  /* for the writer's work and the result */
	uint64_t deadline_ns; /* monotonic; a write still queued then is dropped */
	/* What search_prepare() has made of the command's post, or NULL. */
	const struct search_prepared *prepared;
	uint64_t source; /* whose it is: none of them may take the whole queue */
	/* Called once by the writer thread after the commit, or from store_submit() never. err is
	 * NULL after success; then payload and revision are set. */
	void (*done)(struct store_write *write, const struct error *err);

	struct slice payload; /* the encoded response message, in the arena */
	uint64_t revision;    /* that the write made, or the current one if it changed nothing */

	/* The writer's own. */
	struct store_write *next;
	size_t size_bytes;
	struct error error;
};

/* Queues a write. RESOURCE_EXHAUSTED at once when the queue is full, UNAVAILABLE when the store is
 * closing; done() is not called then. size_bytes counts against the queue's bytes. Any thread. */
enum code store_submit(struct store *store, struct store_write *write, size_t size_bytes,
	struct error *err) NODISCARD;

enum {
	STORE_COMMIT_BUCKETS = 40,
	STORE_BATCH_BUCKETS = 9, /* the last one is of what a batch has at most, 2^8 */
};

/* Latencies are those of commits since the start, the flush to the disk included; percentiles are
 * rounded up to the next power of two, but not above the longest. */
struct store_stats {
	uint64_t store_bytes; /* of the data file, free pages inside it included */
	uint64_t map_bytes;
	uint64_t disk_free_bytes; /* for this user, on the disk of the data file */
	uint64_t commits;
	uint64_t commit_p50_us;
	uint64_t commit_p99_us;
	uint64_t commit_max_us;
	uint64_t commit_ns; /* of all together */
	/* Commits that took at most 2^i microseconds, and more than those before; the last one
	 * also has what took longer. */
	uint64_t commit_buckets[STORE_COMMIT_BUCKETS];
	/* Commits of at most 2^i writes, and of more than those before; only those that have any.
	 */
	uint64_t batch_buckets[STORE_BATCH_BUCKETS];
	uint64_t batch_writes; /* in all of those */
	uint64_t writes;
	uint64_t queued_bytes;
	uint32_t queued_writes;
	uint32_t batch_max; /* most writes in one commit */
	uint32_t open_snapshots;
	uint64_t oldest_snapshot_ns;  /* for how long it has been open; 0 without one */
	uint64_t oldest_snapshot_lag; /* commits since then */
};

void store_stats(struct store *store, struct store_stats *ret);

/* The pages of the data file as a snapshot sees it. */
struct store_pages {
	uint64_t page_bytes;
	uint64_t used; /* up to the last one that is in use, free ones among them included */
	uint64_t free;
};
void store_pages(struct store *store, struct txn *snapshot, struct store_pages *ret);

/* UNAVAILABLE with the cause while the store cannot even be read: a write to the disk has failed,
 * and after that it could not be opened again. It is tried for as long as it takes. */
enum code store_health(struct store *store, struct error *err) NODISCARD;
