/*
 * Formats: each reads its input as a stream of items. Memory does not grow with the size of the
 * input, but for what a format must know of all items at once (a few hundred bytes for each).
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "importers/input.h"

#include <lectern/v1/post.pb-c.h>

enum import_kind {
	IMPORT_POST,
	IMPORT_TAG,
	IMPORT_CATEGORY,
	IMPORT_AUTHOR,
	IMPORT_REVISION, /* a former state of a post, or who made the current one */
};

/* "post" and so on. */
const char *import_kind_name(enum import_kind kind);

enum item_state {
	ITEM_READY,   /* message is to be written */
	ITEM_REFUSED, /* reason says why */
	ITEM_SKIPPED, /* left out by intent, as an attachment is; reason says why */
	ITEM_NOTED,   /* something in the input that the user should know; not an item */
	ITEM_END,
};

/* One thing of the input. */
struct import_item {
	enum item_state state;
	enum import_kind kind;
	const char *path; /* where it stands; borrowed until close() */
	uint64_t line;	  /* from 1; 0 where the format has no lines */
	/* What identifies the item among all of its kind, run after run, for people and for what
	 * must be written one after the other: of posts and their revisions Post.origin or, where
	 * that is empty, the slug; of terms the slug or the name. In the arena or borrowed until
	 * close(). */
	const char *origin;
	/* Where it ended up on the server; set when it was written, NULL before. */
	const char *slug;
	/* Lectern__V1__Post, Tag, Category, Author or PostRevision, in the arena; see ImportService
	 * for what may be set. Parents of categories come before their children. */
	ProtobufCMessage *message;
	/* Of IMPORT_REVISION: the post, by origin or slug. */
	const Lectern__V1__PostKey *post;
	/* Names of the fields that the input decides, ends with NULL; others are left as they are
	 * on the server. */
	const char *const *fields;
	/* Terms that the server's post has besides stay there. */
	bool keep_terms;
	/* Why it was refused or left out; of an item that is written, what was changed on the way,
	 * if anything. */
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
	bool pages;	    /* of content systems, too, not posts alone */
	bool internal_tags; /* Ghost's, whose names begin with '#', too */
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
	/* Whether a file looks like this format, from its name and its beginning. */
	bool (*sniff)(const struct input_file *file, struct slice head);
	enum code (*open)(const struct source_options *options, struct import_source **ret,
		struct error *err);
	/* Fills *ret with the next item; what it points to lives until the arena is reset. Fails
	 * only where the import cannot go on. */
	enum code (*next)(struct import_source *source, struct arena *arena,
		struct import_item *ret, struct error *err);
	void (*close)(struct import_source *source);
};

extern const struct import_format archive_text_format, front_matter_format, ghost_format,
	jsonl_format, wordpress_format;
