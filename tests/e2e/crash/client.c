#include "e2e/crash/client.h"

#include "e2e/crash/call.h"
#include "e2e/oracle/failure.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <string.h>

static const int64_t FAR_FUTURE_S = INT64_C(4102444800); /* 2100 */

/* --- writes --- */

/* A post with everything that it points to. */
struct drawn {
	Lectern__V1__Post post;
	char slug[WORLD_NAME_BYTES];
	char title[WORLD_NAME_BYTES];
	char body[WORLD_BODY_BYTES];
	char tag_slugs[WORLD_TAGS][WORLD_NAME_BYTES];
	Lectern__V1__TermRef refs[WORLD_TAGS];
	Lectern__V1__TermRef *tags[WORLD_TAGS];
};

static void draw_post(const struct world *world, const struct world_op *op, struct drawn *ret)
{
	lectern__v1__post__init(&ret->post);
	world_post_slug(world, op->post, ret->slug);
	world_title(world, op->number, ret->title);
	world_body(op->number, ret->body);
	ret->post.slug = ret->slug;
	ret->post.title = ret->title;
	ret->post.body = ret->body;
	ret->post.tags = ret->tags;
	for (int slot = 0; slot < WORLD_TAGS; slot++) {
		if (!op->tags[slot])
			continue;
		size_t i = ret->post.n_tags++;
		lectern__v1__term_ref__init(&ret->refs[i]);
		world_tag_slug(world, world->tags[slot].identity, ret->tag_slugs[i]);
		ret->refs[i].slug = ret->tag_slugs[i];
		ret->tags[i] = &ret->refs[i];
	}
}

static enum lectern_code put_post(struct crash_client *client, lectern_client *by,
	const struct world_op *op, lectern_reply **ret, struct lectern_error *err)
{
	struct drawn drawn;
	char *paths[] = { (char[]){ "title" }, (char[]){ "body" }, (char[]){ "tags" } };
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Lectern__V1__CreatePostRequest create = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__UpdatePostRequest update = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	draw_post(&client->world, op, &drawn);
	create.post = update.post = &drawn.post;
	mask.paths = paths;
	mask.n_paths = 3;
	update.update_mask = &mask;
	if (op->kind == CREATE_POST)
		return crash_call(by, "PostService/CreatePost", &create.base, ret, err);
	return crash_call(by, "PostService/UpdatePost", &update.base, ret, err);
}

/* The verbs that name a post by slug and need no more. */
static const char *verb_method(enum world_op_kind kind)
{
	switch (kind) {
	case PUBLISH_POST:
		return "PostService/PublishPost";
	case UNPUBLISH_POST:
		return "PostService/UnpublishPost";
	case DELETE_POST:
		return "PostService/DeletePost";
	case UNDELETE_POST:
		return "PostService/UndeletePost";
	case PURGE_POST:
		return "PostService/PurgePost";
	default:
		return NULL;
	}
}

static enum lectern_code move_post(struct crash_client *client, lectern_client *by,
	const struct world_op *op, lectern_reply **ret, struct lectern_error *err)
{
	char slug[WORLD_NAME_BYTES];
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Lectern__V1__PublishPostRequest verb = LECTERN__V1__PUBLISH_POST_REQUEST__INIT;
	Lectern__V1__SchedulePostRequest schedule = LECTERN__V1__SCHEDULE_POST_REQUEST__INIT;
	Lectern__V1__RollbackPostRequest rollback = LECTERN__V1__ROLLBACK_POST_REQUEST__INIT;
	world_post_slug(&client->world, op->post, slug);
	if (op->kind == SCHEDULE_POST) {
		schedule.key_case = LECTERN__V1__SCHEDULE_POST_REQUEST__KEY_SLUG;
		schedule.slug = slug;
		time.seconds = FAR_FUTURE_S;
		schedule.publish_time = &time;
		return crash_call(by, "PostService/SchedulePost", &schedule.base, ret, err);
	}
	if (op->kind == ROLLBACK_POST) {
		rollback.key_case = LECTERN__V1__ROLLBACK_POST_REQUEST__KEY_SLUG;
		rollback.slug = slug;
		rollback.revision = op->number;
		return crash_call(by, "PostService/RollbackPost", &rollback.base, ret, err);
	}
	verb.key_case = LECTERN__V1__PUBLISH_POST_REQUEST__KEY_SLUG;
	verb.slug = slug;
	return crash_call(by, verb_method(op->kind), &verb.base, ret, err);
}

static enum lectern_code put_tag(struct crash_client *client, lectern_client *by,
	const struct world_op *op, lectern_reply **ret, struct lectern_error *err)
{
	struct world after = client->world; /* where the name and the identity are new */
	char slug[WORLD_NAME_BYTES];
	char name[WORLD_NAME_BYTES];
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest create = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	Lectern__V1__UpdateTagRequest update = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	world_apply(&after, op);
	world_tag_slug(&after, after.tags[op->tag].identity, slug);
	world_tag_name(&after, op->tag, name);
	tag.slug = slug;
	tag.name = name;
	create.tag = update.tag = &tag;
	if (op->kind == CREATE_TAG)
		return crash_call(by, "TagService/CreateTag", &create.base, ret, err);
	return crash_call(by, "TagService/UpdateTag", &update.base, ret, err);
}

static enum lectern_code end_tag(struct crash_client *client, lectern_client *by,
	const struct world_op *op, lectern_reply **ret, struct lectern_error *err)
{
	char from[WORLD_NAME_BYTES];
	char into[WORLD_NAME_BYTES];
	const struct world *world = &client->world;
	Lectern__V1__TermKey source = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__TermKey destination = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__TermKey *sources[] = { &source };
	Lectern__V1__MergeTagsRequest merge = LECTERN__V1__MERGE_TAGS_REQUEST__INIT;
	Lectern__V1__DeleteTagRequest delete = LECTERN__V1__DELETE_TAG_REQUEST__INIT;
	world_tag_slug(world, world->tags[op->tag].identity, from);
	if (op->kind == DELETE_TAG) {
		delete.key_case = LECTERN__V1__DELETE_TAG_REQUEST__KEY_SLUG;
		delete.slug = from;
		delete.force = true;
		return crash_call(by, "TagService/DeleteTag", &delete.base, ret, err);
	}
	world_tag_slug(world, world->tags[op->into].identity, into);
	source.key_case = destination.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	source.slug = from;
	destination.slug = into;
	merge.sources = sources;
	merge.n_sources = 1;
	merge.destination = &destination;
	return crash_call(by, "TagService/MergeTags", &merge.base, ret, err);
}

static enum lectern_code send_op(struct crash_client *client, lectern_client *by,
	const struct world_op *op, struct lectern_error *err)
{
	enum lectern_code code;
	lectern_reply *reply = NULL;
	if (op->kind == CREATE_POST || op->kind == UPDATE_POST)
		code = put_post(client, by, op, &reply, err);
	else if (op->kind == CREATE_TAG || op->kind == RENAME_TAG)
		code = put_tag(client, by, op, &reply, err);
	else if (op->kind == MERGE_TAG || op->kind == DELETE_TAG)
		code = end_tag(client, by, op, &reply, err);
	else
		code = move_post(client, by, op, &reply, err);
	lectern_reply_free(reply);
	return code;
}

/* --- what the store holds --- */

static enum world_state state_of(const Lectern__V1__Post *post)
{
	switch (post->state) {
	case LECTERN__V1__POST_STATE__POST_STATE_DRAFT:
		return DRAFT;
	case LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED:
		return SCHEDULED;
	case LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED:
		return PUBLISHED;
	case LECTERN__V1__POST_STATE__POST_STATE_TRASHED:
		return TRASHED;
	default:
		return NO_POST;
	}
}

enum { WHY_BYTES = 300 };

static bool has_tags(const struct world *world, const struct world_content *want,
	const Lectern__V1__Post *post, char why[WHY_BYTES])
{
	bool same = post->n_tags == (size_t)want->tag_count;
	for (int i = 0; same && i < want->tag_count; i++) {
		int slot = world_find_tag(world, want->tags[i]);
		char slug[WORLD_NAME_BYTES];
		char name[WORLD_NAME_BYTES];
		bool found = false;
		world_tag_slug(world, world->tags[slot].identity, slug);
		world_tag_name(world, slot, name);
		for (size_t j = 0; j < post->n_tags; j++)
			found = found || (strcmp(post->tags[j]->slug, slug) == 0 &&
						 strcmp(post->tags[j]->name, name) == 0);
		same = found;
	}
	if (!same)
		snprintf(why, WHY_BYTES, "post %s has %zu tags, not those %d", post->slug,
			post->n_tags, want->tag_count);
	return same;
}

static bool is_post(
	const struct world *world, int index, const Lectern__V1__Post *post, char why[WHY_BYTES])
{
	const struct world_post *want = &world->posts[index];
	char title[WORLD_NAME_BYTES];
	char body[WORLD_BODY_BYTES];
	char line[64];
	world_title(world, want->now.version, title);
	world_body(want->now.version, body);
	snprintf(line, sizeof line, "Line 0 of version %u.", want->now.version);
	if (state_of(post) != want->state || post->revision != want->revision ||
		strcmp(post->title, title) != 0 || strcmp(post->body, body) != 0 ||
		strstr(post->html, line) == NULL) {
		snprintf(why, WHY_BYTES,
			"post %s is \"%s\" in state %d at revision %llu, not \"%s\" in %d at %u",
			post->slug, post->title, (int)post->state,
			(unsigned long long)post->revision, title, (int)want->state,
			want->revision);
		return false;
	}
	return has_tags(world, &want->now, post, why);
}

static bool holds_posts(struct crash_client *client, const struct world *world, char why[WHY_BYTES])
{
	Lectern__V1__BatchGetPostsRequest request = LECTERN__V1__BATCH_GET_POSTS_REQUEST__INIT;
	Lectern__V1__PostKey keys[WORLD_POSTS];
	Lectern__V1__PostKey *list[WORLD_POSTS];
	char slugs[WORLD_POSTS][WORLD_NAME_BYTES];
	request.keys = list;
	request.n_keys = WORLD_POSTS;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	for (int i = 0; i < WORLD_POSTS; i++) {
		lectern__v1__post_key__init(&keys[i]);
		world_post_slug(world, i, slugs[i]);
		keys[i].key_case = LECTERN__V1__POST_KEY__KEY_SLUG;
		keys[i].slug = slugs[i];
		list[i] = &keys[i];
	}
	Lectern__V1__BatchGetPostsResponse *found =
		crash_read(client->steady, "PostService/BatchGetPosts", &request.base,
			&lectern__v1__batch_get_posts_response__descriptor);
	bool same = true;
	size_t at = 0;
	for (int i = 0; i < WORLD_POSTS && same; i++) {
		bool there = at < found->n_posts && strcmp(found->posts[at]->slug, slugs[i]) == 0;
		same = there == (world->posts[i].state != NO_POST);
		if (!same)
			snprintf(why, WHY_BYTES, "post %s is %s", slugs[i],
				there ? "there" : "missing");
		else if (there)
			same = is_post(world, i, found->posts[at++], why);
	}
	lectern__v1__batch_get_posts_response__free_unpacked(found, NULL);
	return same;
}

static unsigned published_with(const struct world *world, unsigned identity)
{
	unsigned count = 0;
	for (int i = 0; i < WORLD_POSTS; i++)
		for (int j = 0; j < world->posts[i].now.tag_count; j++)
			count += world->posts[i].state == PUBLISHED &&
				 world->posts[i].now.tags[j] == identity;
	return count;
}

/* Of each tag that ever was, one that is there or what it became. */
static bool holds_tags(struct crash_client *client, const struct world *world, char why[WHY_BYTES])
{
	for (unsigned back = 0; back < 6 && back < world->identities; back++) {
		char slug[WORLD_NAME_BYTES];
		char name[WORLD_NAME_BYTES] = "";
		struct lectern_error err;
		lectern_reply *reply = NULL;
		Lectern__V1__GetTagRequest request = LECTERN__V1__GET_TAG_REQUEST__INIT;
		unsigned identity = world->identities - back;
		int slot = world_find_tag(world, identity);
		world_tag_slug(world, identity, slug);
		request.key_case = LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG;
		request.slug = slug;
		enum lectern_code code = crash_call(
			client->steady, "TagService/GetTag", &request.base, &reply, &err);
		if (code != LECTERN_OK && code != LECTERN_NOT_FOUND)
			oracle_fail("GetTag: %s", err.message);
		bool same = (code == LECTERN_OK) == (slot >= 0);
		if (same && slot >= 0) {
			size_t size;
			const uint8_t *data = lectern_reply_data(reply, &size);
			Lectern__V1__GetTagResponse *found =
				lectern__v1__get_tag_response__unpack(NULL, size, data);
			world_tag_name(world, slot, name);
			same = strcmp(found->tag->name, name) == 0 &&
			       found->tag->post_count ==
				       published_with(world, world->tags[slot].identity);
			lectern__v1__get_tag_response__free_unpacked(found, NULL);
		}
		lectern_reply_free(reply);
		if (!same) {
			snprintf(why, WHY_BYTES, "tag %s is not \"%s\" with its count", slug, name);
			return false;
		}
	}
	return true;
}

static bool holds(struct crash_client *client, const struct world *world, char why[WHY_BYTES])
{
	return holds_posts(client, world, why) && holds_tags(client, world, why);
}

static void assert_holds(struct crash_client *client)
{
	char why[WHY_BYTES];
	if (!holds(client, &client->world, why))
		oracle_fail("client %d: %s", client->world.client, why);
}

/* --- the client at work --- */

/* The answer to the write was lost: all of it is there, or nothing. */
static void find_out(struct crash_client *client, const struct world_op *op)
{
	char not_done[WHY_BYTES];
	char not_undone[WHY_BYTES];
	struct world *after = malloc(sizeof *after);
	*after = client->world;
	world_apply(after, op);
	if (holds(client, after, not_done)) {
		client->world = *after;
		client->found_done++;
	} else if (holds(client, &client->world, not_undone)) {
		client->found_undone++;
	} else {
		oracle_fail("client %d: neither done (%s) nor left undone (%s)",
			client->world.client, not_done, not_undone);
	}
	free(after);
}

static void step(struct crash_client *client)
{
	struct lectern_error err;
	struct world_op op = world_choose(&client->world, &client->random, &client->counter);
	bool steady = random_below(&client->random, 2) == 0;
	oracle_doing("client %d: %s, post %d, tag %d, number %u, sent %s", client->world.client,
		world_op_name(op.kind), op.post, op.tag, op.number,
		steady ? "until answered" : "once");
	enum lectern_code code = send_op(client, steady ? client->steady : client->once, &op, &err);
	if (code == LECTERN_OK) {
		world_apply(&client->world, &op);
		atomic_fetch_add(&client->acknowledged, 1);
	} else if (!steady && code == LECTERN_UNAVAILABLE) {
		find_out(client, &op);
	} else {
		oracle_fail("%s: %s", lectern_code_name(code), err.message);
	}
}

static void *client_main(void *argument)
{
	struct crash_client *client = argument;
	for (unsigned count = 1; !atomic_load(client->stop); count++) {
		step(client);
		if (count % 16 == 0)
			assert_holds(client);
	}
	return NULL;
}

void crash_client_start(struct crash_client *client, int number, const char *url,
	struct random random, atomic_bool *stop)
{
	client->url = url;
	client->random = random;
	client->stop = stop;
	client->steady = crash_connect(url, true);
	client->once = crash_connect(url, false);
	world_init(&client->world, number);
	if (pthread_create(&client->thread, NULL, client_main, client) != 0)
		oracle_fail("cannot start a thread");
}

void crash_client_finish(struct crash_client *client)
{
	pthread_join(client->thread, NULL);
	oracle_doing("client %d: the end", client->world.client);
	assert_holds(client);
	lectern_client_close(client->steady);
	lectern_client_close(client->once);
}
