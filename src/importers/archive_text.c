/*
 * The format "archive-text": pages of archives as people read them; see archive_page.h.
 *
 * Pages are read twice. The first time for what all posts together decide: which of them are the
 * same, their order, their slugs and, as the pages carry no dates, their publish times. The second
 * time for the posts themselves, one after the other.
 */
#include "base/limits.h"
#include "importers/archive_index.h"
#include "importers/archive_match.h"
#include "importers/archive_time.h"
#include "importers/source.h"
#include "importers/title.h"

#include <lectern/v1/post.pb-c.h>
#include <stdlib.h>
#include <times.h>

/* Something to tell about the input. */
struct remark {
	struct remark *next;
	enum item_state state;
	const char *path;
	uint64_t line;
	const char *reason; /* in the index' arena */
};

struct archive_text {
	struct import_source source; /* the first member */
	struct input_file *files;    /* borrowed */
	size_t file_count;
	struct archive_index index;
	uint32_t *sequence;
	uint32_t position; /* in sequence */
	struct remark *remarks;
	struct remark **last_remark;
	bool remarks_lost; /* out of memory */
	/* The file that is open. */
	bool is_open;
	uint32_t open_file;
	struct input input;
	struct page_reader reader;
};

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "read the archives: out of memory");
}

static void remark(struct archive_text *text, enum item_state state, const char *path,
	uint64_t line, const char *reason)
{
	struct remark *new = arena_calloc(&text->index.arena, 1, sizeof *new);
	const char *copy = arena_text(&text->index.arena, slice_of_text(reason));
	if (new == NULL || copy == NULL) {
		text->remarks_lost = true;
		return;
	}
	*new = (struct remark){ .state = state, .path = path, .line = line, .reason = copy };
	*text->last_remark = new;
	text->last_remark = &new->next;
}

static void close_file(struct archive_text *text)
{
	if (!text->is_open)
		return;
	page_reader_done(&text->reader);
	input_close(&text->input);
	text->is_open = false;
}

static enum code open_file(struct archive_text *text, uint32_t file, struct error *err)
{
	if (text->is_open && text->open_file == file)
		return CODE_OK;
	close_file(text);
	enum code code = input_open(&text->files[file], &text->input, err);
	if (code != CODE_OK)
		return code;
	page_reader_init(&text->reader, &text->input);
	text->is_open = true;
	text->open_file = file;
	text->source.path = text->files[file].path;
	return CODE_OK;
}

/* The first reading of one file. */
static enum code index_file(struct archive_text *text, uint32_t file, struct error *err)
{
	enum code code = input_make_seekable(&text->files[file], err);
	if (code == CODE_OK)
		code = open_file(text, file, err);
	uint32_t archive = 0;
	enum page_event event = PAGE_HEADER;
	while (code == CODE_OK && event != PAGE_END) {
		code = page_next(&text->reader, &event, err);
		if (code != CODE_OK)
			break;
		switch (event) {
		case PAGE_HEADER:
			code = archive_index_page(&text->index, &text->reader, &archive, err);
			break;
		case PAGE_POST:
			code = archive_index_post(&text->index, &text->reader, file, archive, err);
			break;
		case PAGE_REFUSED:
			remark(text, ITEM_REFUSED, text->files[file].path,
				text->reader.refused_line, text->reader.refusal.text);
			break;
		case PAGE_END:
			break;
		}
	}
	return code == CODE_OK && text->remarks_lost ? fail_memory(err) : code;
}

static void note_conflict(void *arg, uint32_t number)
{
	struct archive_text *text = arg;
	const struct archive_post *post = &text->index.posts[number];
	remark(text, ITEM_NOTED, text->files[post->file].path, post->line,
		"the pages contradict each other about the order of this post; it was put before "
		"the posts that other pages show above it");
}

static void freep(void *pointer)
{
	free(*(void **)pointer);
}

/* Puts the posts into one order and gives them times. */
static enum code arrange(
	struct archive_text *text, const struct source_options *options, struct error *err)
{
	struct archive_index *index = &text->index;
	size_t count = index->post_count;
	AUTO(freep) struct order_chain *chains = calloc(index->archive_count + 1u, sizeof *chains);
	AUTO(freep) struct order_key *keys = calloc(count + 1, sizeof *keys);
	AUTO(freep) int64_t *times = calloc(count + 1, sizeof *times);
	text->sequence = calloc(count + 1, sizeof *text->sequence);
	if (chains == NULL || keys == NULL || times == NULL || text->sequence == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < index->archive_count; i++)
		chains[i] = (struct order_chain){ .posts = index->archives[i].posts,
			.count = index->archives[i].count };
	for (size_t i = 0; i < count; i++)
		keys[i] = index->posts[i].key;
	struct order_input order = { .chains = chains,
		.chain_count = index->archive_count,
		.keys = keys,
		.post_count = index->post_count };
	enum code code = order_merge(&order, text->sequence, note_conflict, text, err);
	if (code != CODE_OK)
		return code;
	struct time_input time = { .sequence = text->sequence,
		.count = index->post_count,
		.keys = keys,
		.newest_us = options->newest_time_us,
		.now_us = options->now_us };
	code = times_assign(&time, times, err);
	for (size_t i = 0; code == CODE_OK && i < count; i++)
		index->posts[i].publish_time_us = times[i];
	return code == CODE_OK && text->remarks_lost ? fail_memory(err) : code;
}

static void archive_text_close(struct import_source *source)
{
	struct archive_text *text = (struct archive_text *)source;
	if (text == NULL)
		return;
	close_file(text);
	archive_index_done(&text->index);
	free(text->sequence);
	free(text);
}

static void closep(struct archive_text **text)
{
	if (*text != NULL)
		archive_text_close(&(*text)->source);
}

static enum code archive_text_open(
	const struct source_options *options, struct import_source **ret, struct error *err)
{
	AUTO(closep) struct archive_text *text = calloc(1, sizeof *text);
	if (text == NULL)
		return fail_memory(err);
	text->source = (struct import_source){ .format = &archive_text_format };
	text->files = options->files;
	text->file_count = options->file_count;
	text->last_remark = &text->remarks;
	archive_index_init(&text->index);
	enum code code = CODE_OK;
	for (size_t i = 0; code == CODE_OK && i < options->file_count; i++)
		code = index_file(text, (uint32_t)i, err);
	close_file(text);
	if (code == CODE_OK)
		code = archive_match(&text->index, &options->lookup, err);
	if (code == CODE_OK)
		code = arrange(text, options, err);
	if (code != CODE_OK)
		return code;
	text->source.items_total = text->index.post_count;
	for (const struct remark *r = text->remarks; r != NULL; r = r->next)
		text->source.items_total += r->state == ITEM_REFUSED;
	*ret = &text->source;
	text = NULL; /* the caller owns it now */
	return CODE_OK;
}

static const char *const fields[] = { "title", "body", "publish_time", "tags", "categories",
	"authors", NULL };
static const char *const fields_of_part[] = { "title", "body", "publish_time", "tags", "categories",
	"authors", "series", NULL };

/* The references to archives of one kind. */
static bool make_refs(const struct archive_index *index, const struct archive_post *post,
	Lectern__V1__ArchiveKind kind, struct arena *arena, size_t *ret_count,
	Lectern__V1__TermRef ***ret)
{
	size_t count = 0;
	for (const struct archive_link *link = post->archives; link != NULL; link = link->next)
		count += index->archives[link->archive].kind == kind;
	Lectern__V1__TermRef **refs = arena_calloc(arena, count, sizeof(Lectern__V1__TermRef *));
	Lectern__V1__TermRef *storage = arena_calloc(arena, count, sizeof *storage);
	if (refs == NULL || storage == NULL)
		return false;
	*ret_count = 0;
	for (const struct archive_link *link = post->archives; link != NULL; link = link->next) {
		if (index->archives[link->archive].kind != kind)
			continue;
		lectern__v1__term_ref__init(&storage[*ret_count]);
		storage[*ret_count].name = (char *)index->archives[link->archive].name;
		refs[*ret_count] = &storage[*ret_count];
		++*ret_count;
	}
	*ret = refs;
	return true;
}

static bool fill_terms(const struct archive_index *index, const struct archive_post *from,
	struct arena *arena, Lectern__V1__Post *post)
{
	return make_refs(index, from, LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG, arena,
		       &post->n_tags, &post->tags) &&
	       make_refs(index, from, LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY, arena,
		       &post->n_categories, &post->categories) &&
	       make_refs(index, from, LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR, arena,
		       &post->n_authors, &post->authors);
}

static bool fill_series(struct slice title, struct arena *arena, Lectern__V1__Post *post)
{
	struct slice name;
	uint32_t part;
	if (!title_is_part(title, &name, &part) || name.size > LIMIT_NAME_BYTES)
		return true;
	post->series = arena_alloc(arena, sizeof *post->series);
	if (post->series == NULL)
		return false;
	lectern__v1__series_ref__init(post->series);
	post->series->name = arena_text(arena, name);
	post->series->part = part;
	return post->series->name != NULL;
}

/* The post that the reader has just read. */
static Lectern__V1__Post *make_post(
	const struct archive_text *text, const struct archive_post *from, struct arena *arena)
{
	struct slice title = slice_of(text->reader.title.data, text->reader.title.size);
	Lectern__V1__Post *post = arena_alloc(arena, sizeof *post);
	Google__Protobuf__Timestamp *publish_time = arena_alloc(arena, sizeof *publish_time);
	if (post == NULL || publish_time == NULL)
		return NULL;
	lectern__v1__post__init(post);
	timestamp_from_us(publish_time, from->publish_time_us);
	post->publish_time = publish_time;
	post->slug = (char *)from->slug;
	post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	post->title = arena_text(arena, title);
	post->body = arena_text(arena, slice_of(text->reader.body.data, text->reader.body.size));
	if (post->title == NULL || post->body == NULL || !fill_series(title, arena, post) ||
		!fill_terms(&text->index, from, arena, post))
		return NULL;
	return post;
}

/* Whether the reader's post is the one that was there at the first reading. */
static bool is_same(const struct page_reader *reader, const struct archive_post *post)
{
	struct digest title = digest_of(slice_of(reader->title.data, reader->title.size));
	struct digest body = digest_of(slice_of(reader->body.data, reader->body.size));
	return digest_equals(&title, &post->title) && digest_equals(&body, &post->body);
}

/* The second reading. */
static enum code read_again(
	struct archive_text *text, const struct archive_post *post, struct error *err)
{
	enum code code = open_file(text, post->file, err);
	if (code != CODE_OK)
		return code;
	enum page_event event;
	if (!page_seek_post(&text->reader, post->line, post->line_start, post->bullet_indent))
		return fail(err, CODE_UNKNOWN, "cannot read '%s' again", text->input.path);
	code = page_next(&text->reader, &event, err);
	if (code != CODE_OK)
		return code;
	if (event != PAGE_POST || !is_same(&text->reader, post))
		return fail(err, CODE_ABORTED, "'%s' was changed while it was read; start again",
			text->input.path);
	return CODE_OK;
}

static void take_remark(struct archive_text *text, struct import_item *ret)
{
	const struct remark *remark = text->remarks;
	*ret = (struct import_item){ .state = remark->state,
		.kind = IMPORT_POST,
		.path = remark->path,
		.line = remark->line,
		.origin = "" };
	snprintf(ret->reason, sizeof ret->reason, "%s", remark->reason);
	text->remarks = remark->next;
}

static enum code archive_text_next(struct import_source *source, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct archive_text *text = (struct archive_text *)source;
	if (text->remarks != NULL) {
		take_remark(text, ret);
		return CODE_OK;
	}
	*ret = (struct import_item){ .state = ITEM_END };
	if (text->position == text->index.post_count)
		return CODE_OK;
	const struct archive_post *from = &text->index.posts[text->sequence[text->position++]];
	enum code code = read_again(text, from, err);
	if (code != CODE_OK)
		return code;
	Lectern__V1__Post *post = make_post(text, from, arena);
	if (post == NULL)
		return fail_memory(err);
	source->bytes_done += text->input.offset - from->line_start;
	*ret = (struct import_item){ .state = ITEM_READY,
		.kind = IMPORT_POST,
		.path = text->files[from->file].path,
		.line = from->line,
		.origin = from->slug,
		.message = &post->base,
		.fields = post->series == NULL ? fields : fields_of_part,
		.keep_terms = true };
	return CODE_OK;
}

const struct import_format archive_text_format = {
	.name = "archive-text",
	.sniff = page_sniff,
	.open = archive_text_open,
	.next = archive_text_next,
	.close = archive_text_close,
};
