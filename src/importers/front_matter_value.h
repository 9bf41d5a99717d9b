/* Values of front matter, whatever language it is written in. A scalar keeps its text as it was
 * written: "007" as a slug is not seven, and "on" as a tag is not true. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	VALUE_COUNT_MAX = 10000, /* of one front matter */
	VALUE_DEPTH_MAX = 32,
	VALUE_TEXT_BYTES_MAX = 1024 * 1024, /* of one front matter */
	VALUE_KEY_BYTES = 64,
};

enum value_kind {
	VALUE_NULL,
	VALUE_TEXT,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_TIME,
	VALUE_LIST,
	VALUE_MAP,
};

struct value {
	enum value_kind kind;
	uint64_t line;	   /* in the file, from 1; 0: not known */
	const char *key;   /* of a map's entry, else NULL */
	struct slice text; /* of a scalar; valid UTF-8 without NUL */
	bool truth;	   /* of BOOL */
	unsigned marks;	   /* for the reader that makes it */
	/* Of LIST and MAP. Values that YAML's aliases name have the same children. */
	struct value *first;
	struct value *last;
	struct value *next; /* behind it in its list or map */
};

/* What a reader makes its values in. */
struct value_tree {
	struct arena *arena;
	size_t count;
	uint64_t line;			 /* where the reader is; after a failure, where that was */
	char duplicate[VALUE_KEY_BYTES]; /* a key that stood twice in a map, or "" */
};

/* RESOURCE_EXHAUSTED when out of memory; INVALID_ARGUMENT over VALUE_COUNT_MAX. */
enum code value_new(struct value_tree *tree, enum value_kind kind, struct value **ret,
	struct error *err) NODISCARD;

/* A scalar with a copy of the text. */
enum code value_new_text(struct value_tree *tree, enum value_kind kind, struct slice text,
	struct value **ret, struct error *err) NODISCARD;

void value_append(struct value *container, struct value *value);

/* The entry of just this key, or NULL. */
struct value *value_entry(const struct value *map, const char *key);

/* Puts an entry into a map; one that has the key gives way and is remembered as a duplicate. */
enum code value_put(struct value_tree *tree, struct value *map, struct slice key,
	struct value *value, struct error *err) NODISCARD;

/* The entry that people mean by a name: case, '-' and '_' do not matter, and what YAML's "<<"
 * merges counts. The name is given in lower case without them. NULL for none; map may be NULL or
 * no map. */
const struct value *value_find(const struct value *map, const char *name);

/* Whether a key is the name in that sense. */
bool value_key_is(const char *key, const char *name);

/* Whether it is a scalar with a text; NULL is none. */
bool value_is_text(const struct value *value);

/* Yes or no, as a bool or as a text that says so. */
bool value_is_true(const struct value *value);
bool value_is_false(const struct value *value);
