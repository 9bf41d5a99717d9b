/*
 * Random imports of posts and tags, among changes made here, against a plain model of the rules:
 * how one is found, which slug it gets, which former slugs and terms it has. Every import is tried
 * first, and repeated afterwards: a trial answers the same, a repeat changes nothing.
 */
#include "support/json_call.h"
#include "support/own_server.h"
#include "support/random.h"

#include <lectern/v1/import.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define CREATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
#define UNCHANGED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED

enum {
	ROUNDS = 600,
	ENTITIES_MAX = 1000, /* more than are ever made */
	SLUGS = 12,
	SLUG_BYTES = 32,
	ALIASES_MAX = 60, /* fewer than a post may have: none is ever given up */
	TAGS = 6,
};

/* A post or a tag. */
struct entity {
	bool there;
	uint64_t id;
	char origin[16], slug[SLUG_BYTES], title[16], description[16];
	char aliases[ALIASES_MAX][SLUG_BYTES];
	size_t alias_count;
	int tags[TAGS]; /* in order */
	size_t tag_count;
	bool trashed;
};

struct model {
	struct random random;
	struct entity entities[ENTITIES_MAX];
	size_t count;
};

static unsigned pick(struct model *model, unsigned below)
{
	return (unsigned)random_below(&model->random, below);
}

static bool chance(struct model *model, unsigned percent)
{
	return pick(model, 100) < percent;
}

static bool has_alias(const struct entity *entity, const char *slug)
{
	for (size_t i = 0; i < entity->alias_count; i++)
		if (strcmp(entity->aliases[i], slug) == 0)
			return true;
	return false;
}

/* Who has the slug, now or formerly. */
static struct entity *holder(struct model *model, const char *slug)
{
	for (size_t i = 0; i < model->count; i++) {
		struct entity *entity = &model->entities[i];
		if (entity->there && slug[0] != '\0' &&
			(strcmp(entity->slug, slug) == 0 || has_alias(entity, slug)))
			return entity;
	}
	return NULL;
}

static void add_alias(struct entity *entity, const char *slug, size_t at)
{
	assert_true(entity->alias_count < ALIASES_MAX);
	memmove(&entity->aliases[at + 1], &entity->aliases[at],
		(entity->alias_count - at) * sizeof *entity->aliases);
	snprintf(entity->aliases[at], SLUG_BYTES, "%s", slug);
	entity->alias_count++;
}

/* What the source says, and the request for it. */
struct source {
	char origin[16], slug[SLUG_BYTES], title[16], description[16];
	char aliases[4][SLUG_BYTES]; /* three of its own */
	size_t alias_count;
	int tags[TAGS];
	size_t tag_count;
	bool keep, trashed, open_state;
	char request[1000];
};

static void print_slug(struct model *model, char out[SLUG_BYTES])
{
	snprintf(out, SLUG_BYTES, "s%u%s", pick(model, SLUGS),
		chance(model, 10)   ? "-2"
		: chance(model, 10) ? "-3"
				    : "");
}

static void draw(struct model *model, struct source *source)
{
	memset(source, 0, sizeof *source);
	snprintf(source->title, sizeof source->title, "T%u", pick(model, 3));
	snprintf(source->description, sizeof source->description, "%s",
		(const char *[]){ "", "D", "E" }[pick(model, 3)]);
	print_slug(model, source->slug);
	for (size_t i = pick(model, 4); i > 0; i--)
		print_slug(model, source->aliases[source->alias_count++]);
}

static void print_aliases(const struct source *source, char *out, size_t out_bytes)
{
	size_t size = (size_t)snprintf(out, out_bytes, "'aliases': [");
	for (size_t i = 0; i < source->alias_count; i++)
		size += (size_t)snprintf(out + size, out_bytes - size, "%s'%s'", i == 0 ? "" : ", ",
			source->aliases[i]);
	snprintf(out + size, out_bytes - size, "]");
}

static void draw_post(struct model *model, struct source *source)
{
	char aliases[200];
	char tags[200] = "";
	draw(model, source);
	if (chance(model, 70))
		snprintf(source->origin, sizeof source->origin, "o%u", pick(model, 15));
	if (source->origin[0] != '\0' && chance(model, 10))
		source->slug[0] = '\0';
	for (int i = 0; i < TAGS; i++)
		if (chance(model, 30))
			source->tags[source->tag_count++] = i;
	for (size_t i = 0; i < source->tag_count; i++)
		snprintf(tags + strlen(tags), sizeof tags - strlen(tags), "%s{'name': '%s%d'}",
			i == 0 ? "" : ", ", chance(model, 50) ? "TAG " : "Tag ", source->tags[i]);
	source->keep = chance(model, 30);
	source->open_state = chance(model, 30);
	source->trashed = !source->open_state && chance(model, 20);
	print_aliases(source, aliases, sizeof aliases);
	snprintf(source->request, sizeof source->request,
		"'post': {'origin': '%s', 'slug': '%s', 'title': '%s', 'excerpt': '%s', %s,"
		" 'tags': [%s], 'state': '%s'}, 'keep_terms': %s",
		source->origin, source->slug, source->title, source->description, aliases, tags,
		source->open_state ? "POST_STATE_UNSPECIFIED"
		: source->trashed  ? "POST_STATE_TRASHED"
				   : "POST_STATE_DRAFT",
		source->keep ? "true" : "false");
}

static struct entity *find_imported(struct model *model, const struct source *source)
{
	for (size_t i = 0; i < model->count && source->origin[0] != '\0'; i++)
		if (model->entities[i].there &&
			strcmp(model->entities[i].origin, source->origin) == 0)
			return &model->entities[i];
	if (source->origin[0] != '\0')
		return NULL;
	struct entity *found = holder(model, source->slug);
	for (size_t i = source->alias_count; i > 0 && found == NULL; i--)
		found = holder(model, source->aliases[i - 1]);
	return found;
}

/* "BASE-N" with a number from 2 on. */
static bool is_numbered(const char *slug, const char *base)
{
	size_t size = strlen(base);
	if (strncmp(slug, base, size) != 0 || slug[size] != '-')
		return false;
	const char *number = slug + size + 1;
	return strspn(number, "0123456789") == strlen(number) && atoi(number) >= 2;
}

/* Checks the slug that the server has chosen; the former one stays an alias. */
static void take_slug(
	struct model *model, struct entity *entity, const struct source *source, const char *got)
{
	const char *wanted = source->slug;
	bool stays = entity->there &&
		     (wanted[0] == '\0' || strcmp(wanted, entity->slug) == 0 ||
			     has_alias(entity, wanted) || is_numbered(entity->slug, wanted));
	if (stays) {
		assert_string_equal(got, entity->slug);
		return;
	}
	if (wanted[0] == '\0')
		wanted = source->title[1] == '0' ? "t0" : source->title[1] == '1' ? "t1" : "t2";
	if (holder(model, wanted) == NULL)
		assert_string_equal(got, wanted);
	else if (!is_numbered(got, wanted) || holder(model, got) != NULL)
		fail_msg("\"%s\" was wanted, \"%s\" was made of it", wanted, got);
	if (entity->there)
		add_alias(entity, entity->slug, entity->alias_count);
	snprintf(entity->slug, SLUG_BYTES, "%s", got);
}

/* Before the slug is taken, those of the source that nobody has come to the front, in its order. */
static void take_aliases(struct model *model, struct entity *entity, char (*aliases)[SLUG_BYTES],
	size_t count, const char *slug)
{
	size_t added = 0;
	for (size_t i = 0; i < count; i++) {
		bool again = false; /* the last of several counts */
		for (size_t j = i + 1; j < count; j++)
			again = again || strcmp(aliases[i], aliases[j]) == 0;
		if (again || strcmp(aliases[i], slug) == 0 || holder(model, aliases[i]) != NULL)
			continue;
		add_alias(entity, aliases[i], added++);
	}
}

static void take_tags(struct entity *entity, const struct source *source)
{
	int tags[TAGS];
	size_t count = 0;
	for (size_t i = 0; source->keep && i < entity->tag_count; i++)
		tags[count++] = entity->tags[i];
	for (size_t i = 0; i < source->tag_count; i++) {
		bool there = false;
		for (size_t j = 0; j < count; j++)
			there = there || tags[j] == source->tags[i];
		if (!there)
			tags[count++] = source->tags[i];
	}
	memcpy(entity->tags, tags, sizeof tags);
	entity->tag_count = count;
}

static void compare_post(const struct entity *entity, const Lectern__V1__Post *post)
{
	assert_true(entity->id == post->id);
	assert_string_equal(entity->origin, post->origin);
	assert_string_equal(entity->slug, post->slug);
	assert_string_equal(entity->title, post->title);
	assert_string_equal(entity->description, post->excerpt);
	assert_int_equal(entity->alias_count, post->n_aliases);
	for (size_t i = 0; i < post->n_aliases; i++)
		assert_string_equal(entity->aliases[i], post->aliases[i]);
	assert_int_equal(entity->tag_count, post->n_tags);
	for (size_t i = 0; i < post->n_tags; i++)
		assert_int_equal(entity->tags[i], post->tags[i]->name[4] - '0');
	assert_int_equal(
		entity->trashed, post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED);
}

/* Tries, does and repeats it. False if it was refused. */
static bool import(const char *method, const char *request, struct answer *done)
{
	struct answer trial = { 0 };
	uint64_t revision = revision_of(&server);
	call_json(&server, &trial, method, "{%s, 'validate_only': true}", request);
	assert_true(revision_of(&server) == revision);
	call_json(&server, done, method, "{%s}", request);
	assert_int_equal(trial.code, done->code);
	if (done->code != CODE_OK) {
		assert_string_equal(trial.err.text, done->err.text);
		answer_done(&trial);
		return false;
	}
	revision = revision_of(&server);
	const Lectern__V1__ImportPostResponse *tried = (const void *)trial.message;
	const Lectern__V1__ImportPostResponse *made = (const void *)done->message;
	assert_int_equal(tried->result, made->result); /* a second of all responses */
	call_json_ok(&server, &trial, method, "{%s}", request);
	tried = (const void *)trial.message;
	if (tried->result != UNCHANGED || revision_of(&server) != revision)
		fail_msg("a repeat is no repeat: %s", request);
	answer_done(&trial);
	return true;
}

static void import_post(struct model *model)
{
	struct source source;
	struct answer done = { 0 };
	draw_post(model, &source);
	struct entity *entity = find_imported(model, &source);
	bool made = import("ImportService/ImportPost", source.request, &done);
	if (entity != NULL && entity->trashed && source.open_state) {
		assert_int_equal(done.code, CODE_FAILED_PRECONDITION);
		answer_done(&done);
		return;
	}
	if (!made)
		fail_msg("%s: %s", source.request, done.err.text);
	const Lectern__V1__ImportPostResponse *response = (const void *)done.message;
	assert_int_equal(response->result == CREATED, entity == NULL);
	if (entity == NULL) {
		entity = &model->entities[model->count++];
		assert_true(model->count <= ENTITIES_MAX);
		entity->id = response->post->id;
		snprintf(entity->origin, sizeof entity->origin, "%s", source.origin);
	}
	take_aliases(model, entity, source.aliases, source.alias_count, response->post->slug);
	take_slug(model, entity, &source, response->post->slug);
	entity->there = true;
	snprintf(entity->title, sizeof entity->title, "%s", source.title);
	snprintf(entity->description, sizeof entity->description, "%s", source.description);
	take_tags(entity, &source);
	if (!source.open_state)
		entity->trashed = source.trashed;
	compare_post(entity, response->post);
	answer_done(&done);
}

/* An editor renames, trashes or purges one. */
static void change_post(struct model *model)
{
	struct entity *entity =
		model->count == 0 ? NULL : &model->entities[pick(model, (unsigned)model->count)];
	char slug[SLUG_BYTES];
	if (entity == NULL || !entity->there)
		return;
	if (entity->trashed) {
		assert_int_equal(move_post(&server, "Purge", entity->id, "", &answer), CODE_OK);
		memset(entity, 0, sizeof *entity);
		return;
	}
	if (chance(model, 30)) {
		assert_int_equal(move_post(&server, "Delete", entity->id, "", &answer), CODE_OK);
		entity->trashed = true;
		return;
	}
	print_slug(model, slug);
	if (holder(model, slug) != NULL)
		return;
	changed_post(&server, &(struct sketch){ .id = entity->id, .slug = slug }, &answer);
	add_alias(entity, entity->slug, entity->alias_count);
	snprintf(entity->slug, SLUG_BYTES, "%s", slug);
}

static void random_imports_of_posts(void **state)
{
	static struct model model;
	memset(&model, 0, sizeof model);
	model.random = random_start();
	for (int i = 0; i < ROUNDS; i++) {
		if (chance(&model, 70))
			import_post(&model);
		else
			change_post(&model);
		if (i % 100 == 99)
			assert_int_equal(count_problems(&server), 0);
	}
	for (size_t i = 0; i < model.count; i++) {
		const struct entity *entity = &model.entities[i];
		if (entity->there)
			compare_post(entity, read_post(&server, entity->id, &answer));
	}
}

/* Tags: T0 to T2 with random slugs, some of which have become another one here. */
static struct entity *find_tag(struct model *model, const struct source *source, bool *another)
{
	struct entity *found = NULL;
	const char *by = source->slug;
	for (size_t i = source->alias_count + 1; i > 0 && found == NULL; i--) {
		by = i > source->alias_count ? source->slug : source->aliases[i - 1];
		found = holder(model, by);
	}
	*another = found != NULL && strcmp(found->slug, by) != 0;
	for (size_t i = 0; i < model->count && found == NULL; i++)
		if (model->entities[i].there &&
			strcasecmp(model->entities[i].title, source->title) == 0) {
			found = &model->entities[i];
			*another = true;
		}
	return found;
}

static bool is_name_of_another(
	const struct model *model, const struct entity *entity, const char *name)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->entities[i].there && &model->entities[i] != entity &&
			strcasecmp(model->entities[i].title, name) == 0)
			return true;
	return false;
}

static void import_tag(struct model *model)
{
	struct source source;
	struct answer done = { 0 };
	char aliases[200];
	bool another;
	draw(model, &source);
	snprintf(source.title, sizeof source.title, "%c%u", chance(model, 50) ? 't' : 'T',
		pick(model, 20));
	print_aliases(&source, aliases, sizeof aliases);
	snprintf(source.request, sizeof source.request,
		"'tag': {'slug': '%s', 'name': '%s', 'description': '%s', %s}", source.slug,
		source.title, source.description, aliases);
	struct entity *entity = find_tag(model, &source, &another);
	bool made = import("ImportService/ImportTag", source.request, &done);
	if (entity != NULL && !another && is_name_of_another(model, entity, source.title)) {
		assert_int_equal(done.code, CODE_ALREADY_EXISTS);
		answer_done(&done);
		return;
	}
	if (!made)
		fail_msg("%s: %s", source.request, done.err.text);
	const Lectern__V1__ImportTagResponse *response = (const void *)done.message;
	assert_int_equal(response->result == CREATED, entity == NULL);
	if (entity == NULL) {
		entity = &model->entities[model->count++];
		entity->id = response->tag->id;
	}
	if (another) {
		/* The slug is the newest of its former ones. */
		snprintf(source.aliases[source.alias_count++], SLUG_BYTES, "%s", source.slug);
		take_aliases(model, entity, source.aliases, source.alias_count, entity->slug);
		if (entity->description[0] == '\0')
			snprintf(entity->description, sizeof entity->description, "%s",
				source.description);
	} else {
		take_aliases(model, entity, source.aliases, source.alias_count, source.slug);
		if (entity->there && strcmp(entity->slug, source.slug) != 0)
			add_alias(entity, entity->slug, entity->alias_count);
		snprintf(entity->slug, SLUG_BYTES, "%s", source.slug);
		snprintf(entity->title, sizeof entity->title, "%s", source.title);
		snprintf(entity->description, sizeof entity->description, "%s", source.description);
	}
	entity->there = true;
	assert_true(entity->id == response->tag->id);
	assert_string_equal(entity->slug, response->tag->slug);
	assert_string_equal(entity->title, response->tag->name);
	assert_string_equal(entity->description, response->tag->description);
	assert_int_equal(entity->alias_count, response->tag->n_aliases);
	for (size_t i = 0; i < entity->alias_count; i++)
		assert_string_equal(entity->aliases[i], response->tag->aliases[i]);
	answer_done(&done);
}

/* One is merged into another: its slugs are the other's from then on. */
static void merge_tags(struct model *model)
{
	struct entity *from = &model->entities[pick(model, (unsigned)model->count)];
	struct entity *into = &model->entities[pick(model, (unsigned)model->count)];
	if (!from->there || !into->there || from == into ||
		from->alias_count + into->alias_count + 1 > ALIASES_MAX)
		return;
	call_json_ok(&server, &answer, "TagService/MergeTags",
		"{'sources': [{'id': %d}], 'destination': {'id': %d}}", (int)from->id,
		(int)into->id);
	for (size_t i = 0; i < from->alias_count; i++)
		add_alias(into, from->aliases[i], into->alias_count);
	add_alias(into, from->slug, into->alias_count);
	memset(from, 0, sizeof *from);
}

static void random_imports_of_tags(void **state)
{
	static struct model model;
	memset(&model, 0, sizeof model);
	model.random = random_start();
	for (int i = 0; i < ROUNDS; i++) {
		if (model.count == 0 || chance(&model, 90))
			import_tag(&model);
		else
			merge_tags(&model);
		if (i % 100 == 99)
			assert_int_equal(count_problems(&server), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_imports_of_posts),
		TEST(random_imports_of_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
