/*
 * What all posts of a Ghost export together depend on, from a first reading of the file: where its
 * tables are, the names of tags and users, and which post has which of them. A relation takes 16
 * bytes; posts are passed over.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "importers/ghost_record.h"

enum ghost_table {
	GHOST_TABLE_TAGS,
	GHOST_TABLE_USERS,
	GHOST_TABLE_POSTS_TAGS,
	GHOST_TABLE_POSTS_AUTHORS,
	GHOST_TABLE_POSTS,
	GHOST_TABLES,
};

enum { GHOST_SPANS_MAX = 64 };

/* A list of records in the file. One cut off by damage has those that are whole. */
struct ghost_span {
	enum ghost_table table;
	uint64_t offset; /* of its '[' */
	uint64_t line;
	uint64_t count;
};

struct ghost_term {
	uint64_t key;
	const char *slug; /* NULL: not imported */
	const char *name;
	bool is_internal;
};

struct ghost_relation {
	uint64_t post; /* its key */
	uint32_t term; /* its place in the list, or GHOST_NO_TERM */
	uint32_t order;
};

#define GHOST_NO_TERM UINT32_MAX

struct ghost_terms {
	struct ghost_term *list; /* by key */
	size_t count;
	size_t capacity;
	struct ghost_relation *relations; /* by post and order */
	size_t relation_count;
	size_t relation_capacity;
};

struct ghost_index {
	struct ghost_span spans[GHOST_SPANS_MAX];
	size_t span_count;
	bool has_table[GHOST_TABLES]; /* there is one, and no part of it was lost */
	bool is_whole;		      /* no table was lost */
	struct ghost_terms tags;
	struct ghost_terms authors;
	struct arena names;
	/* What ended the reading early. */
	const char *damage; /* a string literal, or NULL */
	uint64_t damage_line;
};

void ghost_index_init(struct ghost_index *index);
void ghost_index_done(struct ghost_index *index);

/* Reads the file that the walk is at the beginning of; the record is for its use. Fails only where
 * the file cannot be read or memory is out. Internal tags count as not imported unless asked for.
 */
enum code ghost_index_read(struct ghost_index *index, struct json_walk *walk,
	struct ghost_record *record, bool internal_tags, struct error *err) NODISCARD;

/* Goes to a list of the file. False if it is not there any more. */
bool ghost_span_open(const struct ghost_span *span, struct json_walk *walk) NODISCARD;

/* The term with an id; NULL if there is none. */
const struct ghost_term *ghost_terms_find(const struct ghost_terms *terms, uint64_t key);

/* The relations of a post, in order. */
const struct ghost_relation *ghost_terms_of(
	const struct ghost_terms *terms, uint64_t post, size_t *ret_count);
