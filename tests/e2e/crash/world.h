/*
 * What one client of the crash test has in the store: posts and tags that nobody else touches, and
 * what each kind of write makes of them. A write is a function from one world to the next, so that
 * after a crash the store must hold either of the two, whole.
 */
#pragma once
#include "support/random.h"

#include <stdbool.h>

enum {
	WORLD_POSTS = 8,
	WORLD_TAGS = 4,
	WORLD_PAST = 96, /* revisions of a post that a rollback may go back to */
	WORLD_IDENTITIES = 4096,
	WORLD_NAME_BYTES = 64,
};

enum world_state { NO_POST, DRAFT, SCHEDULED, PUBLISHED, TRASHED };

/* What a post shows of itself. Tags are meant by identities: a slot's tag may end, and another one
 * take its place. */
struct world_content {
	unsigned version; /* title and body follow from it */
	unsigned tags[WORLD_TAGS];
	int tag_count;
};

struct world_post {
	enum world_state state;
	unsigned generation; /* a purged post's place is taken by another one */
	struct world_content now;
	unsigned revision;
	struct world_content past[WORLD_PAST]; /* by revision modulo WORLD_PAST */
};

struct world_tag {
	unsigned identity;
	unsigned name; /* a number that the name follows from */
};

struct world {
	int client;
	struct world_post posts[WORLD_POSTS];
	struct world_tag tags[WORLD_TAGS];
	unsigned identities;		   /* given so far */
	unsigned became[WORLD_IDENTITIES]; /* what a tag was merged into; 0: nothing */
};

enum world_op_kind {
	CREATE_POST,
	UPDATE_POST,
	PUBLISH_POST,
	UNPUBLISH_POST,
	SCHEDULE_POST,
	DELETE_POST,
	UNDELETE_POST,
	PURGE_POST,
	ROLLBACK_POST,
	CREATE_TAG,
	RENAME_TAG,
	MERGE_TAG,
	DELETE_TAG,
	OP_KINDS,
};

struct world_op {
	enum world_op_kind kind;
	int post;
	int tag;	 /* slot */
	int into;	 /* slot, of a merge */
	unsigned number; /* version, name or revision */
	bool tags[WORLD_TAGS];
};

void world_init(struct world *world, int client);

/* A write that is allowed as things are. Versions and names come from the counter. */
struct world_op world_choose(const struct world *world, struct random *random, unsigned *counter);

/* What the store must hold after it. */
void world_apply(struct world *world, const struct world_op *op);

/* The slot whose tag an identity stands for by now; -1: gone. */
int world_find_tag(const struct world *world, unsigned identity);

/* Texts that follow from numbers. */
void world_post_slug(const struct world *world, int post, char out[WORLD_NAME_BYTES]);
void world_tag_slug(const struct world *world, unsigned identity, char out[WORLD_NAME_BYTES]);
void world_tag_name(const struct world *world, int slot, char out[WORLD_NAME_BYTES]);
void world_title(const struct world *world, unsigned version, char out[WORLD_NAME_BYTES]);
enum { WORLD_BODY_BYTES = 4096 };
void world_body(unsigned version, char out[WORLD_BODY_BYTES]);
const char *world_op_name(enum world_op_kind kind);
