/*
 * Posts for tests of what survives: each write makes the next version of one, and everything that a
 * version shows follows from its number. So a reader can tell whether a post is whole, and whether
 * a write that was acknowledged is there.
 *
 * One thread writes, any number read. What is wrong ends the test or, in a thread of its own, is
 * told.
 */
#pragma once
#include <lectern/client.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { VERSION_POSTS = 24 };

struct versions {
	size_t body_bytes;			 /* of the first version, at least */
	size_t growth_bytes;			 /* what each further one has more */
	atomic_uint acknowledged[VERSION_POSTS]; /* the last version that was */
	atomic_uint attempted[VERSION_POSTS];	 /* the last version that was sent */
};

/* A client that makes one attempt for each call. */
lectern_client *versions_connect(const char *url);

/* Sends the next version of the post or, where the last one was not acknowledged, that one again
 * with the request id that it had. True if it was acknowledged now. */
bool versions_write(
	struct versions *versions, lectern_client *client, int post, struct lectern_error *err);

/* The answer to a post's DeletePost or PurgePost. */
enum lectern_code versions_delete(lectern_client *client, int post, struct lectern_error *err);
enum lectern_code versions_purge(lectern_client *client, int post, struct lectern_error *err);

/* Reads the post and looks at all of it. False with a text if the call fails or the post is none of
 * the versions that it may be. */
bool versions_read(struct versions *versions, lectern_client *client, int post, char text[512]);

/* Fails the test unless each post is what it may be and the version that it has was made by as many
 * changes: none was lost and none was applied twice. No write may be under way or unanswered. */
void versions_verify(struct versions *versions, lectern_client *client);

/* Fails the test unless the checker finds nothing. */
void versions_check_store(lectern_client *client);

/* Whether HealthService says SERVING. */
bool versions_serving(lectern_client *client);
