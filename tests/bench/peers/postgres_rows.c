/*
 * The posts of a server as rows for PostgreSQL's COPY:
 *
 *   bench.postgres_rows DIRECTORY <VALUES    the output of bench.values --view full
 *
 * Writes posts, terms and post_terms to the directory. The slugs are post-000000000000 and so on,
 * in the order of the posts, since pgbench draws numbers.
 */
#include "base/buffer.h"
#include "base/rfc3339.h"
#include "codec/json.h"
#include "times.h"
#include "values.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	TERM_KINDS = 4, /* 1 tag, 2 category, 3 author */
	TERMS_MAX = 1 << 20,
	POST_BYTES_MAX = 256 * 1024 * 1024,
};

struct writer {
	FILE *posts;
	FILE *terms;
	FILE *post_terms;
	struct values values;
	struct arena arena;
	struct buffer json; /* the terms of a post */
	uint8_t *seen;	    /* a bit for each kind, of each id */
};

static FILE *open_file(const char *directory, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return fopen(path, "we");
}

/* A column of COPY's text format. */
static void put_text(FILE *file, const char *text, char behind)
{
	for (; *text != '\0'; text++) {
		const char *at = strchr("\\\n\r\t", *text);
		if (at == NULL) {
			fputc(*text, file);
			continue;
		}
		fputc('\\', file);
		fputc("\\nrt"[at - strchr("\\\n\r\t", '\\')], file);
	}
	fputc(behind, file);
}

static void put_time(FILE *file, const Google__Protobuf__Timestamp *time, char behind)
{
	char text[RFC3339_BYTES] = "\\N";
	if (time != NULL)
		rfc3339_format(timestamp_to_us(time), text);
	fprintf(file, "%s%c", text, behind);
}

/* The terms of the post as the JSON that its row has. */
static void add_json(struct writer *writer, unsigned kind, const Lectern__V1__TermRef *term)
{
	buffer_append_text(&writer->json, writer->json.size == 0 ? "[" : ",");
	buffer_printf(&writer->json, "[%u,%" PRIu64 ",", kind, term->id);
	json_print_text(slice_of_text(term->slug), &writer->json);
	buffer_append_char(&writer->json, ',');
	json_print_text(slice_of_text(term->name), &writer->json);
	buffer_append_char(&writer->json, ']');
}

static enum code put_terms(struct writer *writer, const Lectern__V1__Post *post, unsigned kind,
	Lectern__V1__TermRef *const *terms, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t id = terms[i]->id * TERM_KINDS + kind;
		if (terms[i]->id >= TERMS_MAX)
			return fail(err, CODE_RESOURCE_EXHAUSTED, "more than %d terms", TERMS_MAX);
		add_json(writer, kind, terms[i]);
		fprintf(writer->post_terms, "%" PRIu64 "\t%" PRIu64 "\t", post->id, id);
		put_time(writer->post_terms, post->publish_time, '\n');
		if ((writer->seen[terms[i]->id] & 1u << kind) != 0)
			continue;
		writer->seen[terms[i]->id] |= (uint8_t)(1u << kind);
		fprintf(writer->terms, "%" PRIu64 "\t%u\t", id, kind);
		put_text(writer->terms, terms[i]->slug, '\t');
		put_text(writer->terms, terms[i]->name, '\n');
	}
	return CODE_OK;
}

static void put_post(struct writer *writer, const Lectern__V1__Post *post, const char *terms)
{
	FILE *file = writer->posts;
	fprintf(file, "%" PRIu64 "\tpost-%012" PRIu64 "\t", post->id, writer->values.count - 1);
	put_text(file, post->title, '\t');
	put_text(file, post->excerpt, '\t');
	fprintf(file, "%d\t", (int)post->state);
	put_time(file, post->publish_time, '\t');
	put_time(file, post->create_time, '\t');
	put_time(file, post->update_time, '\t');
	put_text(file, post->etag, '\t');
	fprintf(file, "%" PRIu64 "\t", post->revision);
	put_text(file, post->language, '\t');
	put_text(file, post->cover_image_url, '\t');
	fprintf(file, "%" PRIu32 "\t%" PRIu32 "\t", post->word_count, post->reading_seconds);
	put_text(file, terms, '\t');
	put_text(file, post->body, '\t');
	put_text(file, post->html, '\n');
}

static enum code write_post(struct writer *writer, struct error *err)
{
	Lectern__V1__Post *post;
	enum code code = values_unpack(&writer->values, &writer->arena, &post, err);
	if (code != CODE_OK)
		return code;
	buffer_clear(&writer->json);
	code = put_terms(writer, post, 1, post->tags, post->n_tags, err);
	if (code == CODE_OK)
		code = put_terms(writer, post, 2, post->categories, post->n_categories, err);
	if (code == CODE_OK)
		code = put_terms(writer, post, 3, post->authors, post->n_authors, err);
	if (code != CODE_OK)
		return code;
	buffer_append_text(&writer->json, writer->json.size == 0 ? "[]" : "]");
	const char *terms = buffer_text(&writer->json);
	if (terms == NULL)
		return fail_out_of_memory(err);
	put_post(writer, post, terms);
	return CODE_OK;
}

static enum code write_posts(struct writer *writer, struct error *err)
{
	for (;;) {
		bool more;
		enum code code = values_next(&writer->values, &more, err);
		if (code != CODE_OK || !more)
			return code;
		code = write_post(writer, err);
		if (code != CODE_OK)
			return code;
		arena_reset(&writer->arena);
	}
}

static bool close_file(FILE *file)
{
	return file != NULL && fclose(file) == 0;
}

static enum code write_directory(const char *directory, struct error *err)
{
	struct writer writer = {
		.posts = open_file(directory, "posts"),
		.terms = open_file(directory, "terms"),
		.post_terms = open_file(directory, "post_terms"),
		.seen = calloc(TERMS_MAX, 1),
	};
	enum code code = CODE_OK;
	values_init(&writer.values, stdin);
	arena_init(&writer.arena, POST_BYTES_MAX);
	buffer_init(&writer.json, POST_BYTES_MAX);
	if (writer.seen == NULL)
		code = fail_out_of_memory(err);
	else if (writer.posts != NULL && writer.terms != NULL && writer.post_terms != NULL)
		code = write_posts(&writer, err);
	bool posts_written = close_file(writer.posts);
	bool terms_written = close_file(writer.terms);
	bool post_terms_written = close_file(writer.post_terms);
	if (code == CODE_OK && !(posts_written && terms_written && post_terms_written))
		code = fail(err, CODE_UNKNOWN, "cannot write to '%s'", directory);
	free(writer.seen);
	values_done(&writer.values);
	arena_done(&writer.arena);
	buffer_done(&writer.json);
	return code;
}

int main(int argc, char **argv)
{
	struct error err = { .text = "usage: bench.postgres_rows DIRECTORY <VALUES" };
	enum code code = CODE_INVALID_ARGUMENT;
	if (argc == 2)
		code = write_directory(argv[1], &err);
	if (code != CODE_OK)
		fprintf(stderr, "bench.postgres_rows: %s\n", err.text);
	return code == CODE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
