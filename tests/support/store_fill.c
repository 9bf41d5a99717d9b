#include "support/store_fill.h"

#include "base/limits.h"
#include "store/apply.h"
#include "store/env.h"
#include "store/store_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	POSTS = 300,
	LARGE_POSTS = 24,    /* the first ones; their pages, freed at once, are a long list */
	SINGLE_CHANGES = 50, /* each frees pages in a transaction of its own */
	CHANGES = 3,	     /* of store_fill_change() */
	SMALL_BYTES = 2000,
	MEDIUM_BYTES = 20000,
	LARGE_BYTES = 100000,
};

struct filler {
	struct store_fixture *fixture;
	struct random *random;
	struct txn txn;
	struct arena arena;
	struct analyzer *analyzer;
	struct error err; /* the first of the transaction */
	bool queued;	  /* commands go through the writer, whatever becomes of them */
};

static void start(struct filler *filler, struct store_fixture *fixture, struct random *random)
{
	*filler = (struct filler){ .fixture = fixture, .random = random };
	arena_init(&filler->arena, LIMIT_ARENA_BYTES);
	filler->analyzer = analyzer_new();
	assert_non_null(filler->analyzer);
}

static void end(struct filler *filler)
{
	arena_done(&filler->arena);
	analyzer_free(filler->analyzer);
}

static enum code begin(struct filler *filler)
{
	filler->err.code = CODE_OK;
	return txn_begin_write(&filler->fixture->store->env, &filler->txn, &filler->err);
}

static enum code commit(struct filler *filler)
{
	if (filler->err.code == CODE_OK)
		return txn_commit(&filler->txn, &filler->err);
	txn_abort(&filler->txn);
	return filler->err.code;
}

static void apply(struct filler *filler, Lectern__Store__V1__Command *command)
{
	struct apply_result result;
	static struct write_result answer;
	command->time_us = 1000;
	if (filler->queued)
		store_fixture_apply(filler->fixture, command, &answer);
	if (filler->queued || filler->err.code != CODE_OK)
		return;
	arena_reset(&filler->arena);
	if (apply_command(&filler->txn, &filler->arena, filler->analyzer, NULL, command, &result,
		    &filler->err) != CODE_OK)
		assert_true(filler->err.code != CODE_OK);
}

static size_t body_bytes(struct filler *filler, int number)
{
	if (number <= LARGE_POSTS)
		return LARGE_BYTES;
	return 10 + random_below(filler->random, number % 8 == 0 ? MEDIUM_BYTES : SMALL_BYTES);
}

/* Makes post `number`, or changes it. */
static void put(struct filler *filler, int number, bool change)
{
	static char body[LARGE_BYTES + 1];
	char title[64];
	char html[128];
	char tag_name[32];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	snprintf(title, sizeof title, "Post %d of many %u", number,
		(unsigned)random_below(filler->random, 1000));
	snprintf(html, sizeof html, "<p>Common words, number%d, w%u</p>", number,
		(unsigned)random_below(filler->random, 1000));
	snprintf(tag_name, sizeof tag_name, "Tag %d", number % 40);
	size_t size = body_bytes(filler, number);
	memset(body, 'a' + number % 26, size);
	body[size] = '\0';
	tag.name = tag_name;
	post.title = title;
	post.body = body;
	post.html = html;
	post.language = (char[]){ "en" };
	post.state = number % 5 == 0 ? LECTERN__V1__POST_STATE__POST_STATE_DRAFT
				     : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.tags = tags;
	post.n_tags = 1;
	op.post = &post;
	key.id = (uint64_t)number;
	op.key = change ? &key : NULL;
	op.field_mask = UINT64_MAX;
	op.slug_base = title;
	op.create_missing_terms = true;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	apply(filler, &command);
}

static void move(struct filler *filler, int number, Lectern__Store__V1__MovePost__Action action)
{
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MovePost op = LECTERN__STORE__V1__MOVE_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	key.id = (uint64_t)number;
	op.key = &key;
	op.action = action;
	op.allow_missing = true;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MOVE_POST;
	command.move_post = &op;
	apply(filler, &command);
}

static void purge(struct filler *filler, int number)
{
	move(filler, number, LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH);
	move(filler, number, LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE);
}

static void must(struct filler *filler, enum code code)
{
	if (code != CODE_OK)
		fail_msg("%s", filler->err.text);
}

/* While a snapshot is open, no page is used again and the free list grows an entry a commit. */
static void change(struct filler *filler)
{
	struct txn *snapshot;
	must(filler, store_snapshot(filler->fixture->store, &snapshot, &filler->err));
	for (int i = 0; i < SINGLE_CHANGES; i++) {
		int number = LARGE_POSTS + 1 + i * 2;
		must(filler, begin(filler));
		if (i % 4 == 0)
			purge(filler, number);
		else
			put(filler, number, true);
		must(filler, commit(filler));
	}
	must(filler, begin(filler));
	for (int number = 1; number <= LARGE_POSTS / 2; number++)
		purge(filler, number);
	must(filler, commit(filler));
	store_release(filler->fixture->store, snapshot);
}

void store_fill(struct store_fixture *fixture, struct random *random)
{
	struct filler filler;
	start(&filler, fixture, random);
	must(&filler, begin(&filler));
	for (int number = 1; number <= POSTS; number++)
		put(&filler, number, false);
	must(&filler, commit(&filler));
	change(&filler);
	end(&filler);
}

void store_fill_change(struct store_fixture *fixture, struct random *random)
{
	struct filler filler;
	start(&filler, fixture, random);
	filler.queued = true;
	for (int i = 0; i < CHANGES; i++) {
		purge(&filler, LARGE_POSTS + 2 + 2 * (int)random_below(random, POSTS / 2));
		put(&filler, POSTS + i, false);
	}
	end(&filler);
}
