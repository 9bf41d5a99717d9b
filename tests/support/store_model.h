/*
 * A plain model in memory of what commands do to the content of a store, and random commands that
 * are applied to two stores and the model alike. After each of them both stores must have answered
 * the same, and as the model says.
 */
#pragma once
#include "support/store_fixture.h"

#include <lectern/v1/post.pb-c.h>

enum {
	MODEL_TERMS = 8, /* of each kind */
	MODEL_POSTS = 120,
	MODEL_REVISIONS_KEPT = 4,
	MODEL_HISTORY = 4096, /* more than a post is changed */
	KIND_TAG = 1,
	KIND_CATEGORY = 2,
	KIND_AUTHOR = 3,
};

/* What a revision of a post had that a rollback brings back: terms by their ids then, 0 for none.
 */
struct model_revision {
	uint64_t terms[4][MODEL_TERMS];
};

struct model_post {
	uint64_t id; /* 0: purged or not made */
	Lectern__V1__PostState state;
	bool has_publish;
	int64_t publish_us;
	bool has_expire;
	int64_t expire_us;
	int64_t create_us;
	int64_t delete_us;
	bool terms[4][MODEL_TERMS]; /* by kind and index */
	bool imported;		    /* its origin is made of its index */
	uint64_t revision;
	uint64_t first_revision;	/* that there ever was, or was imported since */
	struct model_revision *history; /* by revision - 1 */
};

struct model_term {
	uint64_t id; /* 0: deleted */
	char name[64];
	int parent; /* index of a category, -1 at the top */
};

struct model {
	struct store_fixture *stores; /* two */
	struct model_post posts[MODEL_POSTS];
	struct model_term terms[4][MODEL_TERMS];
	uint64_t *merged_into; /* by term id: what it became, 0 for itself or nothing */
	size_t merged_count;
	int64_t now_us;
	uint64_t revision;
	unsigned serial;
};

void model_init(struct model *model, struct store_fixture stores[2]);
void model_done(struct model *model);

/* One command of a random kind. */
void model_random_command(struct model *model);

/* Applies to both stores; both must answer the same. */
void model_apply(
	struct model *model, Lectern__Store__V1__Command *command, struct write_result *result);

/* The parts of random commands: with rand(). */
bool chance(int percent);
int pick(int count);

/* Of terms: store_model_terms.c. */
void model_put_term(struct model *model, int kind, int index, int parent);
void model_delete_term(struct model *model, int kind, int index);
void model_merge_terms(struct model *model, int kind);
/* A term by its name, with another description and former slugs that others may have. */
void model_import_term(struct model *model, int kind, int index);
/* The index of the term that this id stands for by now, whatever it was merged into; -1: gone. */
int model_find_term(const struct model *model, int kind, uint64_t id);

/* A post has changed: the next revision, with the terms that it has now. */
void model_post_changed(struct model *model, struct model_post *post);
