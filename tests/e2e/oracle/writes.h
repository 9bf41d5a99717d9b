/* Fills a store with random posts and goes on changing them, and tells the model. */
#pragma once
#include "e2e/oracle/model.h"
#include "support/random.h"

#include <lectern/client.h>

/* One client that writes. No two of them have a post in common. */
struct oracle_writer {
	lectern_client *client;
	struct oracle_log *log;
	const struct oracle_content *content;
	struct random random;
	int number;		    /* of the writer */
	uint32_t written;	    /* posts made and versions of them, for texts that differ */
	struct oracle_post *own;    /* those that it may change, as they are */
	size_t own_count, own_room; /* room is all it ever makes */
};

void oracle_writer_init(struct oracle_writer *writer, const char *url, struct oracle_log *log,
	const struct oracle_content *content, struct random random, int number);
void oracle_writer_done(struct oracle_writer *writer);

/* Makes the terms in the store and in the model. Titles, too. */
void oracle_make_content(struct oracle_content *content, lectern_client *client,
	struct oracle_log *log, struct random *random);

/* Posts of all kinds, several hundred at one equal time if there are so many; the first ones keep
 * the series alive and are never changed. Their owner is the writer. */
void oracle_fill(struct oracle_writer *writer, size_t count);

/* Changes, makes, trashes, brings back or purges one post at random. */
void oracle_write(struct oracle_writer *writer);

/* Gives a part of the first writer's posts to each of the others. */
void oracle_share_posts(struct oracle_writer *writers, size_t count);

/* Moves categories and renames tags; the new names, parents and former slugs in the model. No
 * reader may be at work. */
void oracle_change_terms(struct oracle_content *content, lectern_client *client,
	struct oracle_log *log, struct random *random);
