/*
 * liblectern: following the changes of a store, for caches, search engines and copies.
 *
 * A watch gives every change of the store once and in order, from a revision on: across lost
 * connections and restarts of the server, because it asks the server's change log for what comes
 * after the change that it gave last. A program that keeps lectern_watch_revision() and
 * lectern_watch_epoch() when it has dealt with a change goes on there after a restart of its own.
 *
 * Where the server wants a token, the client's (lectern_client_options.token_file) is sent with
 * each question to the log. The feed carries none: it is protected by TLS.
 *
 * Threads: a watch belongs to one thread at a time, but for lectern_watch_interrupt(). While it
 * waits it takes one of the calls that its client may run at once.
 */
#ifndef LECTERN_WATCH_H
#define LECTERN_WATCH_H

#include <lectern/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lectern_watch lectern_watch;
typedef struct lectern_change lectern_change;

/* Where in its history a store is. */
struct lectern_position {
	uint64_t revision; /* of its last change */
	char epoch[64];	   /* names the history that revisions count in; ends with a NUL */
};

/**
 * Tells where the store is. A program that has no copy yet asks this first, then reads everything,
 * then watches from this position on: what changes meanwhile it gets twice rather than never.
 */
LECTERN_API enum lectern_code lectern_get_position(lectern_client *client, uint32_t timeout_ms,
	struct lectern_position *ret, struct lectern_error *err);

/* Where a watch begins, and how it learns of changes. Set fields that you do not know to 0. */
struct lectern_watch_options {
	/* The revision of the last change that the program has; 0 for all from the first one on. */
	uint64_t after_revision;
	/* The epoch that after_revision belongs to; NULL or "" if it is not known. */
	const char *epoch;
	/* The address of the server's PUB socket (lecternd --publish), which sends changes as they
	 * happen. They come no sooner by it, but a thousand programs that wait cost the server
	 * less. NULL: the log alone, with calls that are answered when there is a change. */
	const char *feed_url;
	/* Changes that are asked for in one call; 0 means 100, the server gives 1000 at most. */
	uint32_t page_size;
	/* With feed_url: how often the log is asked all the same, because a PUB socket drops what a
	 * subscriber does not take; 0 means 5000. */
	uint32_t poll_interval_ms;
	/* For a feed_url of tls+tcp://, as in struct lectern_client_options; NULL means the
	 * client's. */
	const char *tls_ca_file;
	const char *tls_cert_file;
	const char *tls_key_file;
};

/**
 * Makes a watch. Nothing is sent before the first lectern_watch_next().
 *
 * @param client    Borrowed until lectern_watch_close().
 * @param options   Borrowed for the call; may be NULL for all changes there are.
 * @param[out] ret  Set on success only; free with lectern_watch_close().
 * @retval LECTERN_INVALID_ARGUMENT  the feed's URL is none of tcp, tls+tcp or ipc, or the epoch is
 * none
 */
LECTERN_API enum lectern_code lectern_watch_open(lectern_client *client,
	const struct lectern_watch_options *options, lectern_watch **ret,
	struct lectern_error *err);

/** Frees the watch; NULL is allowed. */
LECTERN_API void lectern_watch_close(lectern_watch *watch);

/* For lectern_watch_next(): waits for as long as it takes. */
#define LECTERN_WAIT_FOREVER UINT32_MAX

/**
 * Gives the next change. A lost connection, a server that restarts or is overloaded: it goes on
 * asking until the time is over.
 *
 * @param timeout_ms  How long to wait for a change. 0 does not wait: what the log has now is given,
 *                    and a call that this takes has the client's own timeout.
 * @param[out] ret    Set on success only; borrowed from the watch until the next call of
 *                    lectern_watch_next(), lectern_watch_restart() or lectern_watch_close().
 * @retval LECTERN_DEADLINE_EXCEEDED  none came in time. The reason is "NO_CHANGE", or that of the
 *                    last attempt if the server could not be asked
 * @retval LECTERN_OUT_OF_RANGE       the changes after the last one cannot be had: the log does not
 *                    reach back so far (the reason "CHANGES_TRIMMED", and error.oldest_revision
 *                    is where it begins), the store was restored from a backup ("EPOCH_CHANGED")
 *                    or is another one ("REVISION_AHEAD"). Take the position, read everything anew,
 *                    then lectern_watch_restart()
 * @retval LECTERN_DATA_LOSS          the server gave other revisions than those that follow (the
 *                    reason "CHANGES_OUT_OF_ORDER"). Nothing of its answer is given
 * @retval LECTERN_UNAUTHENTICATED    the token was revoked or has expired; lectern_watch_next()
 * goes on when its file has another one
 * @retval LECTERN_CANCELLED          lectern_watch_interrupt() was called (the reason
 *                    "WATCH_INTERRUPTED"), or the client was closed
 */
LECTERN_API enum lectern_code lectern_watch_next(lectern_watch *watch, uint32_t timeout_ms,
	const lectern_change **ret, struct lectern_error *err);

/** How many changes are at hand: so many calls of lectern_watch_next() are answered without asking
 * the server. A program that keeps its position on disk does so when this is 0. */
LECTERN_API size_t lectern_watch_pending_count(const lectern_watch *watch);

/** Goes on after another revision, of the epoch if it is known (else NULL or ""). Nothing is sent.
 *
 * @retval LECTERN_INVALID_ARGUMENT  the epoch is none; nothing has changed
 */
LECTERN_API enum lectern_code lectern_watch_restart(lectern_watch *watch, uint64_t after_revision,
	const char *epoch, struct lectern_error *err);

/** Ends a lectern_watch_next() that is under way, else the next one, with LECTERN_CANCELLED. Any
 * thread may call it, but not a signal handler. The watch may be used on afterwards. */
LECTERN_API void lectern_watch_interrupt(lectern_watch *watch);

/** The revision of the change that was given last, or where the watch began. */
LECTERN_API uint64_t lectern_watch_revision(const lectern_watch *watch);
/** The epoch that it belongs to; "" until the server has told. Borrowed from the watch. */
LECTERN_API const char *lectern_watch_epoch(const lectern_watch *watch);

/* What was changed: lectern.v1.Entity. A later server may know more. */
enum lectern_entity {
	LECTERN_ENTITY_TAG = 1,
	LECTERN_ENTITY_CATEGORY = 2,
	LECTERN_ENTITY_AUTHOR = 3,
	LECTERN_ENTITY_SERIES = 4, /* of terms only */
	LECTERN_ENTITY_POST = 5,
};
/** "TAG" and so on; "UNKNOWN" for other numbers. */
LECTERN_API const char *lectern_entity_name(enum lectern_entity entity);

/* How it was changed: lectern.v1.ChangeKind. */
enum lectern_change_kind {
	LECTERN_CHANGE_CREATED = 1,
	LECTERN_CHANGE_UPDATED = 2,
	LECTERN_CHANGE_DELETED = 3, /* a post: put into the trash; a term: gone for good */
	LECTERN_CHANGE_PURGED = 4,  /* a post: gone for good */
};
/** "CREATED" and so on; "UNKNOWN" for other numbers. */
LECTERN_API const char *lectern_change_kind_name(enum lectern_change_kind kind);

/* The parts of a change; proto/lectern/v1/change.proto tells what they mean. Strings are borrowed
 * from the change, never NULL, "" where unset. */
LECTERN_API uint64_t lectern_change_revision(const lectern_change *change);
/** LECTERN_TIME_UNSET where the server gave none. */
LECTERN_API int64_t lectern_change_time_us(const lectern_change *change);
LECTERN_API enum lectern_entity lectern_change_entity(const lectern_change *change);
LECTERN_API enum lectern_change_kind lectern_change_kind(const lectern_change *change);
LECTERN_API uint64_t lectern_change_id(const lectern_change *change);
LECTERN_API const char *lectern_change_slug(const lectern_change *change);
LECTERN_API const char *lectern_change_former_slug(const lectern_change *change);
LECTERN_API const char *lectern_change_etag(const lectern_change *change);
/** Of a post, as lectern_post_state() names it; "" for others and for what is gone for good. */
LECTERN_API const char *lectern_change_state(const lectern_change *change);
LECTERN_API const char *lectern_change_former_state(const lectern_change *change);

/** The terms whose archives or counts the change touches. */
LECTERN_API size_t lectern_change_term_count(const lectern_change *change);
/* One of them; 0 and NULL where index is not below the count. */
LECTERN_API enum lectern_entity lectern_change_term_entity(
	const lectern_change *change, size_t index);
LECTERN_API uint64_t lectern_change_term_id(const lectern_change *change, size_t index);
LECTERN_API const char *lectern_change_term_slug(const lectern_change *change, size_t index);

/** The term that a merged one became; 0 where it was not merged. */
LECTERN_API uint64_t lectern_change_merged_into_id(const lectern_change *change);
LECTERN_API const char *lectern_change_merged_into_slug(const lectern_change *change);

#ifdef __cplusplus
}
#endif
#endif
