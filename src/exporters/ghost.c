/*
 * The format "ghost": one JSON document that Ghost 5 imports, {"db":[{"meta":...,"data":{...}}]}
 * with the tables tags, users, posts, posts_tags and posts_authors, as `lectern import ghost` reads
 * it, too. The html of a post is what its readers see: the rendered one of Markdown, the source of
 * HTML.
 *
 * Ghost has no place for: the Markdown of a body, categories (they become tags, before the tags of
 * their posts, as the first tag is the one that Ghost's themes show like a category), the tree of
 * categories, series, attributes, former slugs, the end of a publication (a post that has expired
 * is a draft), history, the trash, microseconds. Ghost limits the lengths of texts; longer ones are
 * cut, since it would refuse the whole document. Its users have addresses; these are made up.
 */
#include "codec/json.h"
#include "exporters/exporter.h"
#include "exporters/ghost_form.h"
#include "exporters/ghost_relations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The Ghost whose form it is; Ghost looks at the first number. */
static const char version[] = "5.0.0";

/* Where the document is. */
enum part { PART_TAGS, PART_USERS, PART_POSTS };

struct ghost {
	struct exporter exporter; /* the first member */
	FILE *file;		  /* borrowed */
	enum part part;
	bool has_entry; /* in the list that is open */
	struct buffer text;
	struct ghost_relations relations;
};

static enum code write_out(struct ghost *ghost, struct error *err)
{
	if (ghost->text.overflow)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "a post is too large for JSON");
	errno = 0;
	if (fwrite(ghost->text.data, 1, ghost->text.size, ghost->file) != ghost->text.size)
		return fail(err, CODE_UNKNOWN, "%s", strerror(errno));
	buffer_clear(&ghost->text);
	return CODE_OK;
}

static void ghost_close(struct exporter *exporter)
{
	struct ghost *ghost = (struct ghost *)exporter;
	if (ghost == NULL)
		return;
	buffer_done(&ghost->text);
	ghost_relations_done(&ghost->relations);
	free(ghost);
}

static enum code ghost_open(
	const struct export_options *options, struct exporter **ret, struct error *err)
{
	struct ghost *ghost = calloc(1, sizeof *ghost);
	if (ghost == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	ghost->exporter.format = &ghost_export;
	ghost->file = options->file;
	buffer_init(&ghost->text, GHOST_TEXT_BYTES_MAX);
	buffer_printf(&ghost->text,
		"{\"db\":[{\"meta\":{\"exported_on\":%jd,\"version\":\"%s\"},\"data\":{\"tags\":[",
		(intmax_t)(options->now_us / 1000), version);
	enum code code = write_out(ghost, err);
	if (code != CODE_OK) {
		ghost_close(&ghost->exporter);
		return code;
	}
	*ret = &ghost->exporter;
	return CODE_OK;
}

/* Ends the lists before a part and begins the one of it. */
static void go_to(struct ghost *ghost, enum part part)
{
	static const char *const names[] = { "tags", "users", "posts" };
	while (ghost->part < part) {
		ghost->part++;
		buffer_printf(&ghost->text, "\n],\"%s\":[", names[ghost->part]);
		ghost->has_entry = false;
	}
}

static void next_entry(struct ghost *ghost)
{
	buffer_append_text(&ghost->text, ghost->has_entry ? ",\n" : "\n");
	ghost->has_entry = true;
}

/* Categories and tags are tags there, each slug once. */
static enum code write_tag(
	struct ghost *ghost, enum export_kind kind, const ProtobufCMessage *term, struct error *err)
{
	const Lectern__V1__Category *category = (const Lectern__V1__Category *)term;
	const Lectern__V1__Tag *tag = (const Lectern__V1__Tag *)term;
	bool is_category = kind == EXPORT_CATEGORY;
	struct ghost_tag form = {
		.id = ghost_term_id(kind, is_category ? category->id : tag->id),
		.slug = is_category ? category->slug : tag->slug,
		.name = is_category ? category->name : tag->name,
		.description = is_category ? category->description : tag->description,
		.create_time = is_category ? category->create_time : tag->create_time,
		.update_time = is_category ? category->update_time : tag->update_time,
	};
	bool is_merged = false;
	bool done = is_category
			    ? ghost_relations_add_category(&ghost->relations, form.id, form.slug)
			    : ghost_relations_merge_tag(
				      &ghost->relations, form.id, form.slug, &is_merged);
	if (!done)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	if (is_merged)
		return CODE_OK;
	next_entry(ghost);
	ghost_print_tag(&form, &ghost->text);
	return write_out(ghost, err);
}

static enum code ghost_term(struct exporter *exporter, enum export_kind kind,
	const ProtobufCMessage *term, struct error *err)
{
	struct ghost *ghost = (struct ghost *)exporter;
	if (kind != EXPORT_AUTHOR)
		return write_tag(ghost, kind, term, err);
	go_to(ghost, PART_USERS);
	next_entry(ghost);
	ghost_print_user((const Lectern__V1__Author *)term, &ghost->text);
	return write_out(ghost, err);
}

static bool relate(struct ghost *ghost, const Lectern__V1__Post *post, enum export_kind kind,
	Lectern__V1__TermRef *const *refs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!ghost_relations_add(
			    &ghost->relations, post->id, ghost_term_id(kind, refs[i]->id)))
			return false;
	return true;
}

static enum code ghost_post(
	struct exporter *exporter, const Lectern__V1__Post *post, struct error *err)
{
	struct ghost *ghost = (struct ghost *)exporter;
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return CODE_OK; /* not asked for */
	if (!relate(ghost, post, EXPORT_CATEGORY, post->categories, post->n_categories) ||
		!relate(ghost, post, EXPORT_TAG, post->tags, post->n_tags) ||
		!relate(ghost, post, EXPORT_AUTHOR, post->authors, post->n_authors))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	go_to(ghost, PART_POSTS);
	next_entry(ghost);
	ghost_print_post(post, &ghost->text);
	return write_out(ghost, err);
}

/* One of the tables of relations. */
static enum code write_relations(
	struct ghost *ghost, const char *table, bool of_authors, struct error *err)
{
	const struct ghost_relations *relations = &ghost->relations;
	uint64_t post = 0;
	uint32_t order = 0;
	uint64_t number = 0;
	buffer_printf(&ghost->text, "\n],\"%s\":[", table);
	ghost->has_entry = false;
	for (size_t i = 0; i < relations->count; i++) {
		const struct ghost_pair *pair = &relations->pairs[i];
		if (ghost_term_is_author(pair->term) != of_authors)
			continue;
		order = pair->post == post ? order + 1 : 0;
		post = pair->post;
		next_entry(ghost);
		ghost_print_relation(pair->post, pair->term, order, number++, &ghost->text);
		enum code code = write_out(ghost, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code ghost_finish(struct exporter *exporter, struct error *err)
{
	struct ghost *ghost = (struct ghost *)exporter;
	go_to(ghost, PART_POSTS);
	enum code code = write_relations(ghost, "posts_tags", false, err);
	if (code == CODE_OK)
		code = write_relations(ghost, "posts_authors", true, err);
	if (code != CODE_OK)
		return code;
	buffer_append_text(&ghost->text, "\n]}}]}\n");
	return write_out(ghost, err);
}

const struct export_format ghost_export = {
	.name = "ghost",
	.open = ghost_open,
	.term = ghost_term,
	.post = ghost_post,
	.finish = ghost_finish,
	.close = ghost_close,
};
