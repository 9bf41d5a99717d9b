/*
 * ListPostsRequest.filter and everything else that takes one: parsed to a bounded tree
 * (filter_parse.c), its names looked up (filter_bind.c), turned into an iterator over posting lists
 * as far as the index can answer (filter_plan.c) and into a test of one post's fields
 * (filter_test.c).
 */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "services/services_private.h"
#include "store/post_fields.h"
#include "store/post_iterator.h"

/* The operators of a restriction. */
enum filter_operator {
	FILTER_HAS, /* : */
	FILTER_EQUALS,
	FILTER_NOT_EQUALS,
	FILTER_LESS,
	FILTER_LESS_OR_EQUAL,
	FILTER_GREATER,
	FILTER_GREATER_OR_EQUAL,
};

enum filter_node_kind { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_RESTRICTION };

/* What a restriction is about. */
enum filter_field {
	FILTER_TAGS,
	FILTER_CATEGORIES,
	FILTER_AUTHORS,
	FILTER_SERIES,
	FILTER_STATE,
	FILTER_FEATURED,
	FILTER_LANGUAGE,
	FILTER_SLUG,
	FILTER_TITLE,
	FILTER_PUBLISH_TIME,
	FILTER_EXPIRE_TIME,
	FILTER_CREATE_TIME,
	FILTER_UPDATE_TIME,
	FILTER_DELETE_TIME,
};

/* A node of the tree. Lists of children have no child of the same kind (AND in AND, OR in OR). */
struct filter_node {
	enum filter_node_kind kind;
	struct filter_node *first; /* child; NOT has one, AND and OR two or more */
	struct filter_node *next;  /* sibling */
	/* Of a restriction, from the text. */
	const char *field_name;
	enum filter_operator op;
	const char *value;     /* unescaped, in the arena; NULL where the field stands alone */
	const char *star;      /* in value: the first '*' that was not escaped, or NULL */
	bool value_quoted;     /* it was a string: "*" at its end still means a prefix */
	size_t field_position; /* in bytes, from 1 */
	size_t op_position;
	size_t value_position;
	/* Of a restriction, from filter_bind.c. */
	enum filter_field field;
	uint64_t number; /* term id (0: there is none) or state; 1 for featured, false being NOT */
	int64_t time_us;
	bool any;	   /* has any value: tags:* */
	bool prefix;	   /* value ends in '*', which is cut */
	struct slice text; /* value of a slug, title (folded) or language (lower case) */
};

/* INVALID_ARGUMENT, FILTER_INVALID: "at byte N: ...". */
enum code filter_fail(struct error *err, size_t position, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "<=" and so on. */
const char *filter_operator_text(enum filter_operator op);

/* Parses the text to a tree; NULL in *ret for a text without restrictions. INVALID_ARGUMENT,
 * FILTER_INVALID, with the position of what is not understood. */
enum code filter_parse(struct arena *arena, const char *text, struct filter_node **ret,
	struct error *err) NODISCARD;

/* A filter that is ready for use. Lives in the arena; belongs to the snapshot. */
struct filter {
	struct filter_node *root; /* NULL: no restriction */
	/* It asks for a state somewhere, so it is about all posts and not about public ones only.
	 */
	bool all_states;
};

/* Parses and looks names up. An unknown term is no error: no post has it. */
enum code filter_compile(struct txn *txn, struct arena *arena, const char *text, struct filter *ret,
	struct error *err) NODISCARD;

/* Whether one post passes, its being public included. */
bool filter_matches(const struct filter *filter, struct txn *txn, const struct post_fields *post);

/*
 * The posts of the filter as an iterator in the order of publish_time. *exact tells whether all of
 * them pass; if not, each must be tested with filter_matches(). NULL when out of memory. What it
 * does is described in plan where that is not NULL.
 */
struct post_iterator *filter_iterator(const struct filter *filter,
	const struct post_iterator_context *context, bool *exact, struct buffer *plan);

/* *ret is how many posts pass, if a counter says so. */
bool filter_counter(const struct filter *filter, struct txn *txn, uint64_t *ret);
