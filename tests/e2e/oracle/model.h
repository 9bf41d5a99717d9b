/*
 * A plain, slow model of what a store holds, which the oracle tests compare the server with: arrays
 * and loops, no index, nothing of the server's own code.
 *
 * Every change that the tests make is known with the store's revision that the server gave it, so
 * the model can be had at any revision, and every answer is checked against the model at the
 * revision that it was read at.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ORACLE_TAGS = 20,
	ORACLE_CATEGORIES = 24,
	ORACLE_AUTHORS = 6,
	ORACLE_SERIES = 4,
	ORACLE_LANGUAGES = 8,
	ORACLE_TITLES = 160,
	ORACLE_TEXT_BYTES = 1024,
	ORACLE_SLUG_BYTES = 64,
	/* Of one post. */
	ORACLE_POST_TAGS = 6,
	ORACLE_POST_CATEGORIES = 3,
	ORACLE_POST_AUTHORS = 2,
	/* Of one run; more is a fault of the test. */
	ORACLE_POSTS_MAX = 20000,
	ORACLE_REVISIONS_MAX = 60000,
};

/* Numbers of lectern.v1.PostState. */
enum oracle_state {
	ORACLE_DRAFT = 1,
	ORACLE_SCHEDULED = 2,
	ORACLE_PUBLISHED = 3,
	ORACLE_EXPIRED = 4,
	ORACLE_TRASHED = 5,
};

enum oracle_term_kind { ORACLE_TAG, ORACLE_CATEGORY, ORACLE_AUTHOR, ORACLE_IN_SERIES };

struct oracle_term {
	uint64_t id; /* 0 for a series, which is found by slug */
	char name[64];
	char slug[ORACLE_SLUG_BYTES];
	char former_slug[ORACLE_SLUG_BYTES]; /* "" for none */
	int parent;			     /* of a category; -1 for none */
};

/* A text and how it compares: case and width folded, by hand. */
struct oracle_title {
	char text[ORACLE_TEXT_BYTES];
	char folded[ORACLE_TEXT_BYTES];
};

/* What posts are made of. Does not change once the store is set up. */
struct oracle_content {
	struct oracle_term terms[4][ORACLE_CATEGORIES]; /* by oracle_term_kind */
	struct oracle_title titles[ORACLE_TITLES];
};

extern const int oracle_term_counts[4];
extern const char *const oracle_languages[ORACLE_LANGUAGES];

struct oracle_terms {
	int count;
	int items[ORACLE_POST_TAGS]; /* indexes of oracle_content.terms */
};

/* One version of a post. */
struct oracle_post {
	uint64_t id; /* 0: a change of something else than a post */
	bool exists; /* false: purged, or not made yet */
	enum oracle_state state;
	bool has_publish, has_expire, has_delete;
	int64_t publish_us, expire_us, delete_us, create_us, update_us;
	struct oracle_terms terms[3]; /* tags, categories, authors */
	int series;		      /* -1 for none */
	uint32_t part;
	bool featured;
	int language;
	const struct oracle_title *title;
	char slug[ORACLE_SLUG_BYTES];
	uint32_t excerpt; /* a number that makes each version different */
};

/* --- every change by its revision --- */

struct oracle_log {
	pthread_mutex_t mutex;
	pthread_cond_t grown;
	uint64_t complete; /* all revisions up to this one are known */
	bool *known;
	struct oracle_post *changes; /* by revision */
};

void oracle_log_init(struct oracle_log *log);
void oracle_log_done(struct oracle_log *log);
/* What one write did. From any thread. */
void oracle_log_add(struct oracle_log *log, uint64_t revision, const struct oracle_post *post);
/* Waits until everything up to the revision is known. */
void oracle_log_wait(struct oracle_log *log, uint64_t revision);

/* All revisions up to this one are known. */
uint64_t oracle_log_complete(struct oracle_log *log);

/* --- the store at one revision; belongs to one thread --- */

struct oracle_store {
	struct oracle_log *log;
	const struct oracle_content *content;
	uint64_t revision;
	uint64_t id_max;
	const struct oracle_post **posts; /* by id; NULL: there was none */
	uint64_t *changed_at;		  /* by id: the revision of the version */
};

void oracle_store_init(
	struct oracle_store *store, struct oracle_log *log, const struct oracle_content *content);
void oracle_store_done(struct oracle_store *store);
/* Goes to a later revision, or stays. */
void oracle_store_advance(struct oracle_store *store, uint64_t revision);
/* NULL if there is no such post. */
const struct oracle_post *oracle_store_post(const struct oracle_store *store, uint64_t id);
/* The post that has or had the slug; NULL if there is none. */
const struct oracle_post *oracle_store_find_slug(
	const struct oracle_store *store, const char *slug);
/* An existing post; there must be one. */
const struct oracle_post *oracle_store_pick(const struct oracle_store *store, uint64_t number);

/* The time at which a list by publish_time has the post. */
int64_t oracle_sort_us(const struct oracle_post *post);
bool oracle_has_term(const struct oracle_post *post, enum oracle_term_kind kind, int term);
/* Whether the post is in the category or in one below it. */
bool oracle_in_subtree(
	const struct oracle_content *content, const struct oracle_post *post, int category);

/* --- orders --- */

enum oracle_order_field {
	ORACLE_BY_PUBLISH_TIME,
	ORACLE_BY_CREATE_TIME,
	ORACLE_BY_UPDATE_TIME,
	ORACLE_BY_TITLE,
	ORACLE_BY_PART,
};

struct oracle_order {
	enum oracle_order_field field;
	bool descending; /* and equal posts by descending id */
};

int oracle_compare(
	const struct oracle_order *order, const struct oracle_post *a, const struct oracle_post *b);
void oracle_sort(const struct oracle_order *order, const struct oracle_post **posts, size_t count);

/* Whether the test chooses the post. */
typedef bool oracle_test(
	const void *closure, const struct oracle_store *store, const struct oracle_post *post);
/* The posts that pass the test, in order; returns their number. `ret` has room for all. */
size_t oracle_list(const struct oracle_store *store, oracle_test *test, const void *closure,
	const struct oracle_order *order, const struct oracle_post **ret);
