#include "e2e/crash/world.h"

#include "e2e/oracle/failure.h"

#include <stdio.h>
#include <string.h>

static const char *const op_names[OP_KINDS] = { "create", "update", "publish", "unpublish",
	"schedule", "delete", "undelete", "purge", "rollback", "create tag", "rename tag",
	"merge tag", "delete tag" };

const char *world_op_name(enum world_op_kind kind)
{
	return op_names[kind];
}

void world_init(struct world *world, int client)
{
	memset(world, 0, sizeof *world);
	world->client = client;
}

int world_find_tag(const struct world *world, unsigned identity)
{
	while (identity != 0 && world->became[identity] != 0)
		identity = world->became[identity];
	for (int slot = 0; slot < WORLD_TAGS; slot++)
		if (identity != 0 && world->tags[slot].identity == identity)
			return slot;
	return -1;
}

static bool has_tag(const struct world_content *content, unsigned identity)
{
	for (int i = 0; i < content->tag_count; i++)
		if (content->tags[i] == identity)
			return true;
	return false;
}

static void add_tag(struct world_content *content, unsigned identity)
{
	if (!has_tag(content, identity))
		content->tags[content->tag_count++] = identity;
}

static bool same_content(const struct world_content *a, const struct world_content *b)
{
	bool same = a->version == b->version && a->tag_count == b->tag_count;
	for (int i = 0; same && i < a->tag_count; i++)
		same = a->tags[i] == b->tags[i];
	return same;
}

/* The post is another one now. */
static void revise(struct world_post *post)
{
	post->revision++;
	post->past[post->revision % WORLD_PAST] = post->now;
}

static void move(struct world_post *post, enum world_state state)
{
	if (post->state == state)
		return;
	post->state = state;
	revise(post);
}

/* Posts that carry a tag get another one in its place, or none for 0. */
static void replace_tag(struct world *world, unsigned from, unsigned into)
{
	for (int i = 0; i < WORLD_POSTS; i++) {
		struct world_post *post = &world->posts[i];
		if (post->state == NO_POST || !has_tag(&post->now, from))
			continue;
		struct world_content next = { .version = post->now.version };
		for (int j = 0; j < post->now.tag_count; j++) {
			unsigned identity = post->now.tags[j] == from ? into : post->now.tags[j];
			if (identity != 0)
				add_tag(&next, identity);
		}
		post->now = next;
		revise(post);
	}
}

/* Posts show the name of their tags. */
static void touch_posts(struct world *world, unsigned identity)
{
	for (int i = 0; i < WORLD_POSTS; i++)
		if (world->posts[i].state != NO_POST && has_tag(&world->posts[i].now, identity))
			revise(&world->posts[i]);
}

static void roll_back(struct world *world, struct world_post *post, unsigned revision)
{
	const struct world_content *then = &post->past[revision % WORLD_PAST];
	struct world_content next = { .version = then->version };
	for (int i = 0; i < then->tag_count; i++) {
		int slot = world_find_tag(world, then->tags[i]);
		if (slot >= 0)
			add_tag(&next, world->tags[slot].identity);
	}
	if (same_content(&next, &post->now))
		return;
	post->now = next;
	revise(post);
}

static void put(struct world *world, struct world_post *post, const struct world_op *op)
{
	struct world_content next = { .version = op->number };
	for (int slot = 0; slot < WORLD_TAGS; slot++)
		if (op->tags[slot])
			add_tag(&next, world->tags[slot].identity);
	post->now = next;
	revise(post);
}

void world_apply(struct world *world, const struct world_op *op)
{
	struct world_post *post = &world->posts[op->post];
	struct world_tag *tag = &world->tags[op->tag];
	switch (op->kind) {
	case CREATE_POST:
		post->state = DRAFT;
		post->revision = 0;
		put(world, post, op);
		break;
	case UPDATE_POST:
		put(world, post, op);
		break;
	case PUBLISH_POST:
		move(post, PUBLISHED);
		break;
	case UNPUBLISH_POST:
	case UNDELETE_POST:
		move(post, DRAFT);
		break;
	case SCHEDULE_POST:
		move(post, SCHEDULED);
		break;
	case DELETE_POST:
		move(post, TRASHED);
		break;
	case PURGE_POST:
		post->state = NO_POST;
		post->generation++;
		break;
	case ROLLBACK_POST:
		roll_back(world, post, op->number);
		break;
	case CREATE_TAG:
		if (world->identities + 1 == WORLD_IDENTITIES)
			oracle_fail("more tags than the test has numbers for");
		tag->identity = ++world->identities;
		tag->name = op->number;
		break;
	case RENAME_TAG:
		tag->name = op->number;
		touch_posts(world, tag->identity);
		break;
	case MERGE_TAG:
		world->became[tag->identity] = world->tags[op->into].identity;
		replace_tag(world, tag->identity, world->tags[op->into].identity);
		tag->identity = 0;
		break;
	case DELETE_TAG:
		replace_tag(world, tag->identity, 0);
		tag->identity = 0;
		break;
	case OP_KINDS:
		break;
	}
}

static bool is_allowed(const struct world *world, const struct world_op *op)
{
	enum world_state state = world->posts[op->post].state;
	bool alive = state != NO_POST && state != TRASHED;
	bool tag = world->tags[op->tag].identity != 0;
	switch (op->kind) {
	case CREATE_POST:
		return state == NO_POST;
	case UPDATE_POST:
	case PUBLISH_POST:
	case UNPUBLISH_POST:
	case DELETE_POST:
	case ROLLBACK_POST:
		return alive;
	case SCHEDULE_POST:
		return alive && state != SCHEDULED;
	case UNDELETE_POST:
	case PURGE_POST:
		return state == TRASHED;
	case CREATE_TAG:
		return !tag;
	case RENAME_TAG:
	case DELETE_TAG:
		return tag;
	case MERGE_TAG:
		return tag && op->tag != op->into && world->tags[op->into].identity != 0;
	case OP_KINDS:
		break;
	}
	return false;
}

struct world_op world_choose(const struct world *world, struct random *random, unsigned *counter)
{
	struct world_op op;
	do {
		op = (struct world_op){ .kind = (enum world_op_kind)random_below(random, OP_KINDS),
			.post = (int)random_below(random, WORLD_POSTS),
			.tag = (int)random_below(random, WORLD_TAGS),
			.into = (int)random_below(random, WORLD_TAGS),
			.number = ++*counter };
		/* Every other one is an update, the most frequent write. */
		if (random_below(random, 2) == 0)
			op.kind = UPDATE_POST;
	} while (!is_allowed(world, &op));
	const struct world_post *post = &world->posts[op.post];
	if (op.kind == ROLLBACK_POST) {
		unsigned back = (unsigned)random_below(random, WORLD_PAST / 2);
		op.number = post->revision > back ? post->revision - back : 1;
	}
	for (int slot = 0; slot < WORLD_TAGS; slot++)
		op.tags[slot] = world->tags[slot].identity != 0 && random_below(random, 3) == 0;
	return op;
}

void world_post_slug(const struct world *world, int post, char out[WORLD_NAME_BYTES])
{
	snprintf(out, WORLD_NAME_BYTES, "c%d-post-%d-%u", world->client, post,
		world->posts[post].generation);
}

void world_tag_slug(const struct world *world, unsigned identity, char out[WORLD_NAME_BYTES])
{
	snprintf(out, WORLD_NAME_BYTES, "c%d-tag-%u", world->client, identity);
}

void world_tag_name(const struct world *world, int slot, char out[WORLD_NAME_BYTES])
{
	snprintf(out, WORLD_NAME_BYTES, "Tag %u of client %d", world->tags[slot].name,
		world->client);
}

void world_title(const struct world *world, unsigned version, char out[WORLD_NAME_BYTES])
{
	snprintf(out, WORLD_NAME_BYTES, "Version %u of client %d", version, world->client);
}

void world_body(unsigned version, char out[WORLD_BODY_BYTES])
{
	size_t used = 0;
	for (unsigned line = 0; line < 5 + version % 60; line++)
		used += (size_t)snprintf(out + used, WORLD_BODY_BYTES - used,
			"Line %u of version %u.\n\n", line, version);
}
