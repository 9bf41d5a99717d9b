#include "e2e/crash/feed.h"

#include "e2e/crash/call.h"
#include "e2e/oracle/failure.h"

#include <inttypes.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 2000, TEXT_BYTES = 128 };

struct feed_entity {
	Lectern__V1__Entity entity;
	uint64_t id;
	Lectern__V1__PostState state;
	char slug[TEXT_BYTES];
	char etag[TEXT_BYTES];
};

static struct feed_entity *find(struct crash_feed *feed, Lectern__V1__Entity entity, uint64_t id)
{
	for (size_t i = 0; i < feed->count; i++)
		if (feed->entities[i].entity == entity && feed->entities[i].id == id)
			return &feed->entities[i];
	return NULL;
}

static struct feed_entity *add(struct crash_feed *feed, const Lectern__V1__Change *change)
{
	if (feed->count == feed->capacity) {
		feed->capacity = 2 * feed->capacity + 64;
		feed->entities = realloc(feed->entities, feed->capacity * sizeof *feed->entities);
	}
	struct feed_entity *one = &feed->entities[feed->count++];
	*one = (struct feed_entity){ .entity = change->entity, .id = change->id };
	return one;
}

static void follow(struct crash_feed *feed, const Lectern__V1__Change *change)
{
	uint64_t revision = atomic_load(&feed->revision);
	struct feed_entity *one = find(feed, change->entity, change->id);
	bool created = change->kind == LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED;
	if (change->revision != revision + 1)
		oracle_fail("revision %" PRIu64 " follows %" PRIu64, change->revision, revision);
	if (created != (one == NULL))
		oracle_fail("revision %" PRIu64 ": entity (%d, %" PRIu64 ") is %s",
			change->revision, (int)change->entity, change->id,
			created ? "made again" : "not known");
	if (one == NULL)
		one = add(feed, change);
	else if (one->state != change->former_state)
		oracle_fail("revision %" PRIu64 ": a change from state %d, which it is not in",
			change->revision, (int)change->former_state);
	if (change->etag[0] == '\0') { /* gone for good */
		*one = feed->entities[--feed->count];
	} else {
		one->state = change->state;
		snprintf(one->slug, sizeof one->slug, "%s", change->slug);
		snprintf(one->etag, sizeof one->etag, "%s", change->etag);
	}
	atomic_store(&feed->revision, change->revision);
}

/* One answer's changes; how far the store is. */
static uint64_t read_changes(struct crash_feed *feed, uint32_t wait_ms)
{
	Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
	request.after_revision = atomic_load(&feed->revision);
	request.epoch = feed->epoch;
	request.page_size = 50;
	request.wait_ms = wait_ms;
	Lectern__V1__ListChangesResponse *page =
		crash_read(feed->client, "ChangeService/ListChanges", &request.base,
			&lectern__v1__list_changes_response__descriptor);
	for (size_t i = 0; i < page->n_changes; i++)
		follow(feed, page->changes[i]);
	uint64_t revision = page->revision;
	if (revision < atomic_load(&feed->revision))
		oracle_fail("the store has gone back to revision %" PRIu64, revision);
	snprintf(feed->epoch, sizeof feed->epoch, "%s", page->epoch);
	lectern__v1__list_changes_response__free_unpacked(page, NULL);
	return revision;
}

static void *feed_main(void *argument)
{
	struct crash_feed *feed = argument;
	oracle_doing("following");
	while (!atomic_load(feed->stop))
		read_changes(feed, WAIT_MS);
	return NULL;
}

void crash_feed_start(struct crash_feed *feed, const char *url, atomic_bool *stop)
{
	feed->stop = stop;
	feed->client = crash_connect(url, true);
	if (pthread_create(&feed->thread, NULL, feed_main, feed) != 0)
		oracle_fail("cannot start a thread");
}

static void compare(struct crash_feed *feed, Lectern__V1__Entity entity, uint64_t id,
	const char *slug, const char *etag, Lectern__V1__PostState state)
{
	const struct feed_entity *one = find(feed, entity, id);
	if (one == NULL || strcmp(one->slug, slug) != 0 || strcmp(one->etag, etag) != 0 ||
		one->state != state)
		oracle_fail("entity (%d, %" PRIu64 ") is slug %s, etag %s, state %d; the follower "
			    "has slug %s, etag %s, state %d",
			(int)entity, id, slug, etag, (int)state, one == NULL ? "-" : one->slug,
			one == NULL ? "-" : one->etag, one == NULL ? 0 : (int)one->state);
}

static size_t compare_posts(struct crash_feed *feed)
{
	size_t count = 0;
	char token[1100] = "";
	do {
		Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
		request.page_size = 1000;
		request.page_token = token;
		request.filter = (char[]){ "state = PUBLISHED OR state != PUBLISHED" };
		Lectern__V1__ListPostsResponse *page =
			crash_read(feed->client, "PostService/ListPosts", &request.base,
				&lectern__v1__list_posts_response__descriptor);
		for (size_t i = 0; i < page->n_posts; i++)
			compare(feed, LECTERN__V1__ENTITY__ENTITY_POST, page->posts[i]->id,
				page->posts[i]->slug, page->posts[i]->etag, page->posts[i]->state);
		count += page->n_posts;
		snprintf(token, sizeof token, "%s", page->next_page_token);
		lectern__v1__list_posts_response__free_unpacked(page, NULL);
	} while (token[0] != '\0');
	return count;
}

static size_t compare_tags(struct crash_feed *feed)
{
	size_t count = 0;
	char token[1100] = "";
	do {
		Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
		request.page_size = 1000;
		request.page_token = token;
		Lectern__V1__ListTagsResponse *page =
			crash_read(feed->client, "TagService/ListTags", &request.base,
				&lectern__v1__list_tags_response__descriptor);
		for (size_t i = 0; i < page->n_tags; i++)
			compare(feed, LECTERN__V1__ENTITY__ENTITY_TAG, page->tags[i]->id,
				page->tags[i]->slug, page->tags[i]->etag, 0);
		count += page->n_tags;
		snprintf(token, sizeof token, "%s", page->next_page_token);
		lectern__v1__list_tags_response__free_unpacked(page, NULL);
	} while (token[0] != '\0');
	return count;
}

void crash_feed_finish(struct crash_feed *feed)
{
	pthread_join(feed->thread, NULL);
	oracle_doing("the follower: the end");
	while (read_changes(feed, 0) > atomic_load(&feed->revision))
		;
	size_t there = compare_posts(feed) + compare_tags(feed);
	if (there != feed->count)
		oracle_fail(
			"there are %zu posts and tags; the follower has %zu", there, feed->count);
	lectern_client_close(feed->client);
	free(feed->entities);
}
