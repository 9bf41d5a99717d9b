/*
 * A follower of a store: what it knows of each entity comes from the change log alone, and is
 * compared with the records. Where the log no longer reaches back it reads everything anew, as
 * ListChanges tells followers to.
 */
#pragma once
#include "store/store.h"

#include <lectern/v1/change.pb-c.h>
#include <stddef.h>

struct followed {
	Lectern__V1__Entity entity;
	uint64_t id;
	char slug[256];
	char etag[72];
	Lectern__V1__PostState state;
};

struct follower {
	struct followed *entities; /* in no order */
	size_t count, capacity;
	uint64_t revision;
	size_t changes, restarts; /* so far */
};

/* Takes in the changes since the last time; fails the test where the log has a gap or a change does
 * not fit to what came before. */
void follower_catch_up(struct follower *follower, struct store *store);

/* Fails the test unless the follower knows exactly the posts, tags, categories and authors that
 * there are, with their slugs, etags and states. */
void follower_compare(struct follower *follower, struct store *store);

void follower_done(struct follower *follower);
