/*
 * Formats: each reads its input as a stream of items. Memory does not grow with the size of the
 * input, but for what a format must know of all items at once (a few hundred bytes for each).
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "importers/input.h"

#include <lectern/v1/post.pb-c.h>

enum import_kind { IMPORT_POST, IMPORT_TAG, IMPORT_CATEGORY, IMPORT_AUTHOR };

/* "post" and so on. */
const char *import_kind_name(enum import_kind kind);

enum item_state {
	ITEM_READY,   /* message is to be written */
	ITEM_REFUSED, /* reason says why */
	ITEM_NOTED,   /* something in the input that the user should know; not an item */
	ITEM_END,
};

/* One thing of the input. */
struct import_item {
	enum item_state state;
	enum import_kind kind;
	const char *path; /* where it stands; borrowed until close() */
	uint64_t line;	  /* from 1; 0 where the format has no lines */
	/* What identifies the item among all of its kind, run after run: the slug it is matched by
	 * on the server. In the arena or borrowed until close(). */
	const char *origin;
	/* Lectern__V1__Post, Tag, Category or Author, in the arena. Ids are the server's; 0 where
	 * the format knows none. */
	ProtobufCMessage *message;
	/* Names of the fields that the input decides, ends with NULL; others are left as they are
	 * on the server. */
	const char *const *fields;
	/* Terms that the server's post has besides stay there. */
	bool keep_terms;
	char reason[256];
};

/* Asks the server what it has. */
struct post_lookup {
	/* Sets ret[i] to the post with the slug or former slug slugs[i], in the SOURCE view and in
	 * the arena, or to NULL. */
	enum code (*find)(void *arg, const char *const *slugs, size_t count, struct arena *arena,
		const Lectern__V1__Post **ret, struct error *err);
	void *arg;
};

struct source_options {
	struct input_file *files; /* borrowed until close() */
	size_t file_count;	  /* at least 1 */
	int64_t newest_time_us;
	int64_t now_us;
	struct post_lookup lookup;
};

/* What every format's source begins with. */
struct import_source {
	const struct import_format *format;
	const char *path;     /* that is read now */
	uint64_t bytes_done;  /* of all files; does not shrink */
	uint64_t items_total; /* 0: not known */
};

struct import_format {
	const char *name;
	/* Whether the beginning of a file looks like this format. */
	bool (*sniff)(struct slice head);
	enum code (*open)(const struct source_options *options, struct import_source **ret,
		struct error *err);
	/* Fills *ret with the next item; what it points to lives until the arena is reset. Fails
	 * only where the import cannot go on. */
	enum code (*next)(struct import_source *source, struct arena *arena,
		struct import_item *ret, struct error *err);
	void (*close)(struct import_source *source);
};

extern const struct import_format archive_text_format;
extern const struct import_format jsonl_format;
