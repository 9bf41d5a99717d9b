#include "e2e/oracle/writes.h"

#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* 2024-03-01T00:00:00Z, at which hundreds of posts stand; the first moment of a month. */
#define EQUAL_TIME_US INT64_C(1709251200000000)
#define YEAR_US INT64_C(31557600000000)
#define FAR_US INT64_C(3786912000000000) /* 2090 */

enum { WRITES_MAX = ORACLE_POSTS_MAX };

void oracle_writer_init(struct oracle_writer *writer, const char *url, struct oracle_log *log,
	const struct oracle_content *content, struct random random, int number)
{
	*writer = (struct oracle_writer){ .client = oracle_connect(url),
		.log = log,
		.content = content,
		.random = random,
		.number = number,
		.own_room = WRITES_MAX };
	writer->own = calloc(writer->own_room, sizeof *writer->own);
}

void oracle_writer_done(struct oracle_writer *writer)
{
	lectern_client_close(writer->client);
	free(writer->own);
}

static uint64_t below(struct oracle_writer *writer, uint64_t count)
{
	return random_below(&writer->random, count);
}

static bool one_in(struct oracle_writer *writer, uint64_t chances)
{
	return below(writer, chances) == 0;
}

/* --- random content --- */

/* A third of them the first, two ninths the second and so on, then evenly: Zipf, roughly. */
static int pick_frequent(struct oracle_writer *writer, int count)
{
	for (int i = 0; i < 4 && i < count; i++)
		if (one_in(writer, 3))
			return i;
	return (int)below(writer, (uint64_t)count);
}

static void pick_terms(struct oracle_writer *writer, struct oracle_post *post,
	enum oracle_term_kind kind, int most)
{
	int wanted = (int)below(writer, (uint64_t)most + 1);
	post->terms[kind].count = 0;
	for (int i = 0; i < wanted; i++) {
		int term = pick_frequent(writer, oracle_term_counts[kind]);
		if (!oracle_has_term(post, kind, term))
			post->terms[kind].items[post->terms[kind].count++] = term;
	}
}

static void pick_all_terms(struct oracle_writer *writer, struct oracle_post *post)
{
	pick_terms(writer, post, ORACLE_TAG, ORACLE_POST_TAGS);
	pick_terms(writer, post, ORACLE_CATEGORY, ORACLE_POST_CATEGORIES);
	pick_terms(writer, post, ORACLE_AUTHOR, ORACLE_POST_AUTHORS);
	post->series = one_in(writer, 3) ? (int)below(writer, ORACLE_SERIES) : -1;
	post->part = post->series < 0 ? 0 : (uint32_t)below(writer, 6);
}

/* Many equal times, many close to the bounds of days, months and years. */
static int64_t pick_time(struct oracle_writer *writer)
{
	static const int64_t steps_us[] = { 1, 1000000, INT64_C(3600000000), INT64_C(86400000000) };
	uint64_t choice = below(writer, 10);
	if (choice < 6)
		return EQUAL_TIME_US;
	if (choice < 8)
		return EQUAL_TIME_US + ((int64_t)below(writer, 9) - 4) * steps_us[below(writer, 4)];
	return EQUAL_TIME_US - (int64_t)below(writer, (uint64_t)(6 * YEAR_US));
}

/* State and times that go together. */
static void pick_state(struct oracle_writer *writer, struct oracle_post *post)
{
	uint64_t choice = below(writer, 20);
	post->has_publish = true;
	post->publish_us = pick_time(writer);
	post->has_expire = one_in(writer, 6);
	post->expire_us = FAR_US + (int64_t)below(writer, 3) * YEAR_US;
	post->state = ORACLE_PUBLISHED;
	if (choice < 2) {
		post->state = ORACLE_DRAFT;
		post->has_publish = one_in(writer, 3);
	} else if (choice < 4) {
		post->state = ORACLE_SCHEDULED;
		post->publish_us = FAR_US - (int64_t)(1 + below(writer, 3)) * YEAR_US;
	} else if (choice < 6) {
		post->state = ORACLE_EXPIRED;
		post->has_expire = true;
		post->expire_us = post->publish_us + 1 + (int64_t)below(writer, 3) * 1000000;
	} else if (choice < 8) {
		post->has_publish = false; /* the time of the write */
	}
}

static void pick_text(struct oracle_writer *writer, struct oracle_post *post)
{
	post->title = &writer->content->titles[below(writer, ORACLE_TITLES)];
	post->language = (int)below(writer, ORACLE_LANGUAGES);
	post->featured = one_in(writer, 5);
}

static void pick_slug(struct oracle_writer *writer, struct oracle_post *post)
{
	static const char *const heads[] = { "post", "page", "数据", "a.b", "x_y" };
	snprintf(post->slug, sizeof post->slug, "%s-%d-%u", heads[below(writer, 5)], writer->number,
		writer->written);
}

/* --- requests --- */

struct request {
	Lectern__V1__Post post;
	Google__Protobuf__Timestamp publish, expire;
	Lectern__V1__SeriesRef series;
	Lectern__V1__TermRef refs[3][ORACLE_POST_TAGS];
	Lectern__V1__TermRef *lists[3][ORACLE_POST_TAGS];
	char excerpt[16];
	char body[128];
};

static Google__Protobuf__Timestamp *put_time(Google__Protobuf__Timestamp *to, int64_t time_us)
{
	google__protobuf__timestamp__init(to);
	to->seconds = time_us / 1000000;
	to->nanos = (int32_t)(time_us % 1000000) * 1000;
	return to;
}

static void put_terms(struct request *request, const struct oracle_content *content,
	const struct oracle_post *post, enum oracle_term_kind kind)
{
	for (int i = 0; i < post->terms[kind].count; i++) {
		Lectern__V1__TermRef *ref = &request->refs[kind][i];
		lectern__v1__term_ref__init(ref);
		ref->id = content->terms[kind][post->terms[kind].items[i]].id;
		request->lists[kind][i] = ref;
	}
}

static void put_post(struct request *request, const struct oracle_content *content,
	const struct oracle_post *post)
{
	Lectern__V1__Post *to = &request->post;
	lectern__v1__post__init(to);
	to->id = post->id;
	to->slug = (char *)post->slug;
	to->title = (char *)post->title->text;
	to->language = (char *)oracle_languages[post->language];
	snprintf(request->excerpt, sizeof request->excerpt, "%u", post->excerpt);
	snprintf(request->body, sizeof request->body, "# Version %u\n\nSome text.", post->excerpt);
	to->excerpt = request->excerpt;
	to->body = request->body;
	/* What is not a draft follows from the times. */
	to->state = post->state == ORACLE_DRAFT ? LECTERN__V1__POST_STATE__POST_STATE_DRAFT
						: LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	to->featured = post->featured;
	if (post->has_publish)
		to->publish_time = put_time(&request->publish, post->publish_us);
	if (post->has_expire)
		to->expire_time = put_time(&request->expire, post->expire_us);
	for (int kind = 0; kind < 3; kind++)
		put_terms(request, content, post, kind);
	to->tags = request->lists[ORACLE_TAG];
	to->n_tags = (size_t)post->terms[ORACLE_TAG].count;
	to->categories = request->lists[ORACLE_CATEGORY];
	to->n_categories = (size_t)post->terms[ORACLE_CATEGORY].count;
	to->authors = request->lists[ORACLE_AUTHOR];
	to->n_authors = (size_t)post->terms[ORACLE_AUTHOR].count;
	if (post->series >= 0) {
		const struct oracle_term *series = &content->terms[ORACLE_IN_SERIES][post->series];
		lectern__v1__series_ref__init(&request->series);
		request->series.slug = (char *)series->slug;
		request->series.name = (char *)series->name;
		request->series.part = post->part;
		to->series = &request->series;
	}
}

/* What only the server knows is taken from its answer; everything else must be as the test has it.
 */
static void settle(struct oracle_writer *writer, struct oracle_post *post,
	const Lectern__V1__Post *answer, uint64_t revision)
{
	post->update_us = oracle_time_us(answer->update_time);
	if (post->id == 0) {
		post->id = answer->id;
		post->create_us = post->update_us;
	}
	if (!post->has_publish && post->state == ORACLE_PUBLISHED) {
		post->has_publish = true;
		post->publish_us = post->update_us;
	}
	if (post->state == ORACLE_TRASHED && !post->has_delete) {
		post->has_delete = true;
		post->delete_us = post->update_us;
	}
	oracle_check_post(writer->content, post, answer, LECTERN__V1__POST_VIEW__POST_VIEW_BASIC);
	oracle_log_add(writer->log, revision, post);
}

static void create(struct oracle_writer *writer, struct oracle_post *post)
{
	struct request request;
	Lectern__V1__CreatePostRequest create = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	uint64_t revision;
	post->exists = true;
	post->excerpt = ++writer->written;
	pick_slug(writer, post);
	put_post(&request, writer->content, post);
	create.post = &request.post;
	oracle_doing("creating %s, \"%s\"", post->slug, post->title->text);
	Lectern__V1__CreatePostResponse *response =
		oracle_call(writer->client, "lectern.v1.PostService/CreatePost", &create.base,
			&lectern__v1__create_post_response__descriptor, &revision);
	settle(writer, post, response->post, revision);
	oracle_free(response);
}

/* All fields; sometimes with a new slug. */
static void update(struct oracle_writer *writer, struct oracle_post *post)
{
	static char all[] = "*";
	char *paths[] = { all };
	struct request request;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Lectern__V1__UpdatePostRequest update = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	uint64_t revision;
	post->excerpt = ++writer->written;
	if (one_in(writer, 8))
		pick_slug(writer, post);
	put_post(&request, writer->content, post);
	mask.paths = paths;
	mask.n_paths = 1;
	update.post = &request.post;
	update.update_mask = &mask;
	oracle_doing("updating post %" PRIu64 " (%s)", post->id, post->slug);
	Lectern__V1__UpdatePostResponse *response =
		oracle_call(writer->client, "lectern.v1.PostService/UpdatePost", &update.base,
			&lectern__v1__update_post_response__descriptor, &revision);
	settle(writer, post, response->post, revision);
	oracle_free(response);
}

/* DeletePost and the like: requests that name a post, responses that begin with it. */
static void move(struct oracle_writer *writer, struct oracle_post *post, const char *method,
	const ProtobufCMessageDescriptor *response_type)
{
	Lectern__V1__DeletePostRequest request = LECTERN__V1__DELETE_POST_REQUEST__INIT;
	uint64_t revision;
	request.key_case = LECTERN__V1__DELETE_POST_REQUEST__KEY_ID;
	request.id = post->id;
	oracle_doing("%s of post %" PRIu64, method, post->id);
	void *response =
		oracle_call(writer->client, method, &request.base, response_type, &revision);
	if (response_type == &lectern__v1__purge_post_response__descriptor) {
		post->exists = false;
		oracle_log_add(writer->log, revision, post);
	} else {
		/* The post is the only field of all of them. */
		settle(writer, post, ((Lectern__V1__UndeletePostResponse *)response)->post,
			revision);
	}
	oracle_free(response);
}

/* --- writes --- */

void oracle_fill(struct oracle_writer *writer, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct oracle_post post = { .exists = true };
		pick_text(writer, &post);
		pick_all_terms(writer, &post);
		pick_state(writer, &post);
		if (i < ORACLE_SERIES) {
			post.series = (int)i;
			post.part = 1;
		}
		create(writer, &post);
		if (i >= ORACLE_SERIES)
			writer->own[writer->own_count++] = post;
	}
	for (size_t i = 0; i < count / 20; i++) {
		struct oracle_post *post = &writer->own[below(writer, writer->own_count)];
		if (post->state == ORACLE_TRASHED)
			continue;
		post->state = ORACLE_TRASHED;
		move(writer, post, "lectern.v1.PostService/DeletePost",
			&lectern__v1__delete_post_response__descriptor);
	}
}

static void make_one(struct oracle_writer *writer)
{
	struct oracle_post post = { .exists = true };
	if (writer->own_count == writer->own_room)
		oracle_fail("a writer has made %zu posts", writer->own_count);
	pick_text(writer, &post);
	pick_all_terms(writer, &post);
	pick_state(writer, &post);
	create(writer, &post);
	writer->own[writer->own_count++] = post;
}

static void write_trashed(struct oracle_writer *writer, struct oracle_post *post)
{
	if (one_in(writer, 2)) {
		post->state = ORACLE_DRAFT;
		post->has_delete = false;
		move(writer, post, "lectern.v1.PostService/UndeletePost",
			&lectern__v1__undelete_post_response__descriptor);
		return;
	}
	move(writer, post, "lectern.v1.PostService/PurgePost",
		&lectern__v1__purge_post_response__descriptor);
	*post = writer->own[--writer->own_count];
}

void oracle_write(struct oracle_writer *writer)
{
	uint64_t choice = below(writer, 20);
	if (choice < 3 || writer->own_count == 0) {
		make_one(writer);
		return;
	}
	struct oracle_post *post = &writer->own[below(writer, writer->own_count)];
	if (post->state == ORACLE_TRASHED) {
		write_trashed(writer, post);
	} else if (choice < 8) {
		pick_state(writer, post);
		update(writer, post);
	} else if (choice < 12) {
		pick_all_terms(writer, post);
		update(writer, post);
	} else if (choice < 15) {
		pick_text(writer, post);
		update(writer, post);
	} else if (choice < 16 && post->state == ORACLE_PUBLISHED) {
		post->state = ORACLE_DRAFT;
		move(writer, post, "lectern.v1.PostService/UnpublishPost",
			&lectern__v1__unpublish_post_response__descriptor);
	} else {
		post->state = ORACLE_TRASHED;
		move(writer, post, "lectern.v1.PostService/DeletePost",
			&lectern__v1__delete_post_response__descriptor);
	}
}

void oracle_share_posts(struct oracle_writer *writers, size_t count)
{
	size_t share = writers[0].own_count / count;
	for (size_t i = 1; i < count; i++)
		while (writers[i].own_count < share)
			writers[i].own[writers[i].own_count++] =
				writers[0].own[--writers[0].own_count];
}
