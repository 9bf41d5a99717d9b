/*
 * liblectern: a client for Lectern servers.
 *
 * Two levels. lectern_call() sends any method's encoded protobuf request and gives the encoded
 * response; use it with the code that protoc generates from Lectern's .proto files for your
 * program. The functions below it cover reading posts and archives and writing posts without any
 * protobuf code of your own.
 *
 * Threads: a lectern_client may be used from any number of threads at once. Every other object
 * belongs to one thread at a time. No function calls back into your program.
 *
 * Strings are UTF-8. Times are microseconds since 1970-01-01T00:00:00Z. A timeout of 0 means the
 * client's default.
 */
#ifndef LECTERN_CLIENT_H
#define LECTERN_CLIENT_H

#include <lectern/error.h>
#include <lectern/version.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lectern_client lectern_client;
typedef struct lectern_reply lectern_reply;
typedef struct lectern_post lectern_post;
typedef struct lectern_page lectern_page;

/* The value of lectern_post_*_time_us() where the post has no such time. */
#define LECTERN_TIME_UNSET INT64_MIN

/* How to reach a server. Set fields that you do not know to 0. */
struct lectern_client_options {
	/* nng URL, for example "tcp://127.0.0.1:7400", "tls+tcp://content.example:7400" or
	 * "ipc:///run/lectern/rpc.sock"; NULL means the environment's LECTERN_SERVER or else
	 * "tcp://127.0.0.1:7400". */
	const char *url;
	/* For calls that give none; 0 means 10,000. */
	uint32_t timeout_ms;
	/* Most attempts for one call, the first included; 0 means 4. Only calls that are safe to
	 * repeat are: reads, and writes, whose request id makes the server answer a repeat with the
	 * first answer. Attempts end with the deadline in any case. */
	uint32_t max_attempts;
	/* A file whose first line is the token that calls carry. It is read again when it changes,
	 * so that a token can be replaced while the program runs. NULL means the environment's
	 * LECTERN_TOKEN_FILE or else no token, "" no token in any case. */
	const char *token_file;
	/* Lets the token travel in clear: over plain tcp to another machine. Otherwise such a URL
	 * is refused. LECTERN_INSECURE=1 in the environment does the same. */
	bool insecure;
	/* For tls+tcp://, PEM files that are read once, when the client is opened. The server's
	 * certificate is always verified: it must come from one of the authorities in tls_ca_file
	 * and be made out to the host of the URL. NULL means the environment's LECTERN_TLS_CA or
	 * else the system's bundle. */
	const char *tls_ca_file;
	/* For servers that ask for a client certificate: it and its key, which has no pass phrase.
	 * NULL means the environment's LECTERN_TLS_CERT and LECTERN_TLS_KEY or else none. */
	const char *tls_cert_file;
	const char *tls_key_file;
};

/**
 * Makes a client. Does not wait for a connection: the first call does, and a lost connection comes
 * back by itself.
 *
 * @param options   Borrowed for the call; may be NULL for all defaults.
 * @param[out] ret  Set on success only; free with lectern_client_close().
 * @param[out] err  May be NULL. Written on failure only.
 * @retval LECTERN_INVALID_ARGUMENT  the URL is none of tcp, tls+tcp or ipc; or there is no token in
 *                                   its file (the reason "TOKEN_FILE"); or it would be given away
 *                                   on its way ("TOKEN_IN_CLEAR"); or a file of TLS is not what it
 *                                   should be ("TLS_FILES", also with other codes where it is not
 *                                   there or cannot be read)
 */
LECTERN_API enum lectern_code lectern_client_open(const struct lectern_client_options *options,
	lectern_client **ret, struct lectern_error *err);

/** Frees the client; NULL is allowed. No call may be running in another thread. */
LECTERN_API void lectern_client_close(lectern_client *client);

/* One call of any method. */
struct lectern_call {
	const char *method;  /* "lectern.v1.PostService/GetPost"; a leading slash is fine */
	const void *request; /* the encoded request message; may be NULL for an empty one */
	size_t request_size_bytes;
	uint32_t timeout_ms; /* from now; 0 means the client's default */
	/* The answer must come from a store at this revision or later; see
	 * lectern_reply_revision(). */
	uint64_t min_revision;
};

/**
 * Calls a method and waits for the answer.
 *
 * A write gets a request id unless it carries one already. The call is repeated, within its
 * deadline, when the connection is lost or the server says UNAVAILABLE. A server that was never
 * reached is waited for 2 seconds at most, one that was reached before until the deadline. Methods
 * that this version of the library does not know are sent once.
 *
 * @param call      Borrowed for the call.
 * @param[out] ret  Set on success only; free with lectern_reply_free().
 * @retval LECTERN_UNAUTHENTICATED    the server wants a token, or another one. Had the file of the
 *                                    token changed meanwhile, the call was made again with the new
 *                                    one
 * @retval LECTERN_PERMISSION_DENIED  the token does not allow this method
 * @retval LECTERN_UNAVAILABLE        no connection in time; safe to repeat. With the reason
 *                                    "CONNECTION_LOST" the request had been sent, and a write may
 *                                    have happened
 * @retval LECTERN_FAILED_PRECONDITION with the reason "TLS_FAILED": no TLS connection can be made,
 *                                    for example because the server's certificate is not trusted,
 *                                    has expired or is for another name; the text tells which
 * @retval LECTERN_DEADLINE_EXCEEDED  no answer in time; a write may have happened
 * @retval LECTERN_RESOURCE_EXHAUSTED with the reason "CLIENT_BUSY": 64 calls of this client, the
 *                                    most that run at once, took all the time there was
 */
LECTERN_API enum lectern_code lectern_call(lectern_client *client, const struct lectern_call *call,
	lectern_reply **ret, struct lectern_error *err);

/** Frees the reply; NULL is allowed. */
LECTERN_API void lectern_reply_free(lectern_reply *reply);

/** The encoded response message, owned by the reply. */
LECTERN_API const void *lectern_reply_data(const lectern_reply *reply, size_t *size_bytes);

/** The store revision that the answer was read at or that the write made. Give it as min_revision
 * to read your own writes. */
LECTERN_API uint64_t lectern_reply_revision(const lectern_reply *reply);

/* How much of a post an answer holds: lectern.v1.PostView. */
enum lectern_view {
	LECTERN_VIEW_DEFAULT = 0, /* BASIC in pages, FULL for one post */
	LECTERN_VIEW_BASIC = 1,
	LECTERN_VIEW_HTML = 2,
	LECTERN_VIEW_SOURCE = 3,
	LECTERN_VIEW_FULL = 4,
};

/* What an archive collects its posts by: lectern.v1.ArchiveKind. */
enum lectern_archive_kind {
	LECTERN_ARCHIVE_TAG = 1,
	LECTERN_ARCHIVE_CATEGORY = 2,
	LECTERN_ARCHIVE_AUTHOR = 3,
	LECTERN_ARCHIVE_SERIES = 4,
};

/**
 * Gets one post by its slug or a former slug, whatever its state.
 *
 * @param[out] ret  Set on success only; free with lectern_post_free().
 * @retval LECTERN_NOT_FOUND  no post has or had that slug
 */
LECTERN_API enum lectern_code lectern_get_post(lectern_client *client, const char *slug,
	enum lectern_view view, uint32_t timeout_ms, lectern_post **ret, struct lectern_error *err);

/** The same by id. */
LECTERN_API enum lectern_code lectern_get_post_by_id(lectern_client *client, uint64_t id,
	enum lectern_view view, uint32_t timeout_ms, lectern_post **ret, struct lectern_error *err);

/** Frees a post that was got by itself; NULL is allowed. Posts of a page belong to the page. */
LECTERN_API void lectern_post_free(lectern_post *post);

/* Which page of which archive. */
struct lectern_archive_query {
	enum lectern_archive_kind kind;
	const char *term; /* slug or name of the tag, category, author or series */
	enum lectern_view view;
	uint32_t page_size;	/* 0 means the server's default, 10 */
	const char *page_token; /* NULL or "" for the first page */
	uint32_t timeout_ms;
};

/**
 * Gets one page of an archive, newest post first, in one round trip.
 *
 * @param query     Borrowed for the call.
 * @param[out] ret  Set on success only; free with lectern_page_free().
 * @retval LECTERN_NOT_FOUND  there is no such term
 */
LECTERN_API enum lectern_code lectern_get_archive(lectern_client *client,
	const struct lectern_archive_query *query, lectern_page **ret, struct lectern_error *err);

/* Which page of which posts. */
struct lectern_post_query {
	const char *filter;   /* see docs/api.md; NULL or "" for all published posts */
	const char *order_by; /* NULL or "" for "publish_time desc" */
	enum lectern_view view;
	uint32_t page_size; /* 0 means the server's default, 20 */
	const char *page_token;
	uint32_t timeout_ms;
};

/** Lists one page of posts; see lectern_get_archive(). */
LECTERN_API enum lectern_code lectern_list_posts(lectern_client *client,
	const struct lectern_post_query *query, lectern_page **ret, struct lectern_error *err);

/* Which page of the posts that a search finds. */
struct lectern_search_query {
	const char *query;    /* words, "phrases", prefix*, -excluded: see docs/api.md */
	const char *filter;   /* NULL or "" for all published posts */
	const char *language; /* of the query, BCP 47; NULL or "" for any */
	enum lectern_view view;
	uint32_t page_size; /* 0 means the server's default, 10 */
	const char *page_token;
	uint32_t timeout_ms;
};

/** Finds posts by their words, the best first; see lectern_get_archive(). */
LECTERN_API enum lectern_code lectern_search_posts(lectern_client *client,
	const struct lectern_search_query *query, lectern_page **ret, struct lectern_error *err);

/** Frees the page and its posts; NULL is allowed. */
LECTERN_API void lectern_page_free(lectern_page *page);

LECTERN_API size_t lectern_page_post_count(const lectern_page *page);
/** Borrowed from the page; NULL where index is not below the count. */
LECTERN_API const lectern_post *lectern_page_post(const lectern_page *page, size_t index);
/** The part of a found post's text in which the query stands, as plain text; "" for a page that is
 * not of a search. */
LECTERN_API const char *lectern_page_snippet(const lectern_page *page, size_t index);
/** The token of the next page; "" on the last page. */
LECTERN_API const char *lectern_page_next_token(const lectern_page *page);
/** How many posts all pages have together. Exact. */
LECTERN_API uint64_t lectern_page_total_size(const lectern_page *page);
/** The term's name of an archive page; "" for a list. */
LECTERN_API const char *lectern_page_title(const lectern_page *page);

/* The parts of a post. Strings are borrowed from the post, never NULL, "" where unset or not in the
 * view. */
LECTERN_API uint64_t lectern_post_id(const lectern_post *post);
LECTERN_API const char *lectern_post_slug(const lectern_post *post);
LECTERN_API const char *lectern_post_title(const lectern_post *post);
LECTERN_API const char *lectern_post_excerpt(const lectern_post *post);
/** "DRAFT", "SCHEDULED", "PUBLISHED", "EXPIRED" or "TRASHED". */
LECTERN_API const char *lectern_post_state(const lectern_post *post);
LECTERN_API const char *lectern_post_etag(const lectern_post *post);
LECTERN_API const char *lectern_post_body(const lectern_post *post);
LECTERN_API const char *lectern_post_html(const lectern_post *post);
LECTERN_API int64_t lectern_post_publish_time_us(const lectern_post *post);
LECTERN_API int64_t lectern_post_update_time_us(const lectern_post *post);
LECTERN_API uint32_t lectern_post_word_count(const lectern_post *post);
LECTERN_API size_t lectern_post_tag_count(const lectern_post *post);
/** The name of a tag; NULL where index is not below the count. */
LECTERN_API const char *lectern_post_tag_name(const lectern_post *post, size_t index);
LECTERN_API size_t lectern_post_category_count(const lectern_post *post);
LECTERN_API const char *lectern_post_category_name(const lectern_post *post, size_t index);

/* A post to be made. Fields that are NULL or 0 are left to the server. */
struct lectern_new_post {
	const char *title; /* required */
	const char *slug;
	const char *excerpt;
	const char *body;	 /* Markdown */
	bool publish;		 /* public at publish_time_us or, without one, now; else a draft */
	int64_t publish_time_us; /* 0 means none */
	const char *const *tags; /* slugs or names; NULL for none */
	size_t tag_count;
	const char *const *categories;
	size_t category_count;
	const char *const *authors;
	size_t author_count;
	bool create_missing_terms; /* else a term that does not exist is LECTERN_NOT_FOUND */
	/* 1 to 64 bytes that are unique to this write, to repeat it safely also from another
	 * process; NULL means that the library makes one for this call and its attempts. */
	const char *request_id;
	uint32_t timeout_ms;
};

/**
 * Makes a post.
 *
 * @param post      Borrowed for the call.
 * @param[out] ret  The post as stored, without its body; free with lectern_post_free(). May be
 * NULL.
 * @retval LECTERN_ALREADY_EXISTS  the slug is taken
 * @retval LECTERN_NOT_FOUND       a term does not exist
 */
LECTERN_API enum lectern_code lectern_create_post(lectern_client *client,
	const struct lectern_new_post *post, lectern_post **ret, struct lectern_error *err);

#ifdef __cplusplus
}
#endif
#endif
