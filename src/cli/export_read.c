#include "cli/export_read.h"

#include "base/limits.h"
#include "cli/rpc.h"
#include "cli/term.h"
#include "codec/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { POSTS_A_PAGE = 100, TERMS_A_PAGE = 1000, REVISIONS_A_PAGE = 100 };

static const struct term_kind *const kinds[] = {
	[EXPORT_CATEGORY] = &category_kind, [EXPORT_TAG] = &tag_kind, [EXPORT_AUTHOR] = &author_kind
};

struct reader {
	struct cli *cli;
	struct exporter *exporter;
	struct export_counts *counts;
	struct arena arena; /* for the history of a post, beside the page that it stands on */
};

enum exit_status export_problem(struct cli *cli, const struct error *err)
{
	bool is_gone = errno == EPIPE;
	problem_tool(cli, "cannot write the export: %s", err->text);
	cli->problem.quiet = is_gone;
	return cli->problem.status;
}

static enum exit_status write_term(
	struct reader *reader, enum export_kind kind, const ProtobufCMessage *term)
{
	struct error err;
	if (reader->exporter->format->term(reader->exporter, kind, term, &err) == CODE_OK)
		return EXIT_STATUS_OK;
	return export_problem(reader->cli, &err);
}

/* All terms of a kind, page by page, in cli's arena. */
struct terms {
	ProtobufCMessage **items;
	bool *written;
	size_t count;
	size_t capacity;
};

static enum exit_status keep(
	struct cli *cli, struct terms *terms, ProtobufCMessage *const *items, size_t count)
{
	if (terms->count + count > terms->capacity) {
		size_t capacity = (terms->count + count) * 2;
		ProtobufCMessage **more = arena_calloc(&cli->arena, capacity, sizeof *more);
		if (more == NULL)
			return problem_tool(cli, "out of memory");
		for (size_t i = 0; i < terms->count; i++)
			more[i] = terms->items[i];
		terms->items = more;
		terms->capacity = capacity;
	}
	for (size_t i = 0; i < count; i++)
		terms->items[terms->count++] = items[i];
	return EXIT_STATUS_OK;
}

static enum exit_status read_terms(
	struct cli *cli, const struct term_kind *kind, struct terms *terms)
{
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->list);
	if (request == NULL)
		return cli->problem.status;
	message_set_number(request, "page_size", TERMS_A_PAGE);
	for (;;) {
		const ProtobufCMessage *page;
		enum exit_status status = rpc_call(cli, kind->service, kind->list, request, &page);
		if (status != EXIT_STATUS_OK)
			return status;
		size_t count;
		ProtobufCMessage *const *items = message_list(page, kind->plural, &count);
		status = keep(cli, terms, items, count);
		if (status != EXIT_STATUS_OK)
			return status;
		const char *token = message_text(page, "next_page_token");
		if (*token == '\0')
			return EXIT_STATUS_OK;
		message_set_text(request, "page_token", token);
	}
}

/* Whether the term's parent, if it has one, is still to be written. */
static bool must_wait(const struct terms *terms, const ProtobufCMessage *term)
{
	if (!message_has_field(term->descriptor, "parent"))
		return false;
	const ProtobufCMessage *parent = message_child(term, "parent");
	if (parent == NULL)
		return false;
	for (size_t i = 0; i < terms->count; i++) {
		if (message_number(terms->items[i], "id") == message_number(parent, "id"))
			return !terms->written[i];
	}
	return false; /* made since the list was read */
}

/* Parents before children: one round for each level of the tree. */
static enum exit_status read_kind(struct reader *reader, enum export_kind which)
{
	const struct term_kind *kind = kinds[which];
	struct cli *cli = reader->cli;
	struct terms terms = { .count = 0 };
	arena_reset(&cli->arena);
	enum exit_status status = read_terms(cli, kind, &terms);
	terms.written = arena_calloc(&cli->arena, terms.count + 1, sizeof *terms.written);
	if (status == EXIT_STATUS_OK && terms.written == NULL)
		return problem_tool(cli, "out of memory");
	size_t written = 0;
	for (bool more = true; status == EXIT_STATUS_OK && more;) {
		more = false;
		for (size_t i = 0; status == EXIT_STATUS_OK && i < terms.count; i++) {
			if (terms.written[i] || must_wait(&terms, terms.items[i]))
				continue;
			status = write_term(reader, which, terms.items[i]);
			terms.written[i] = true;
			written++;
			more = true;
		}
	}
	if (status == EXIT_STATUS_OK && written < terms.count)
		return problem_tool(cli, "the tree of categories changed meanwhile: try again");
	reader->counts->terms += written;
	return status;
}

static enum exit_status write_revision(struct reader *reader, const Lectern__V1__Post *post,
	const Lectern__V1__PostRevision *entry)
{
	const ProtobufCMessage *response;
	struct error err;
	if (entry->revision != post->revision) {
		Lectern__V1__GetPostRevisionRequest request =
			LECTERN__V1__GET_POST_REVISION_REQUEST__INIT;
		request.key_case = LECTERN__V1__GET_POST_REVISION_REQUEST__KEY_ID;
		request.id = post->id;
		request.revision = entry->revision;
		enum exit_status status = rpc_call_in(reader->cli, &reader->arena,
			&lectern__v1__post_service__descriptor, "GetPostRevision", &request.base,
			&response);
		if (status != EXIT_STATUS_OK)
			return status;
		entry = ((const Lectern__V1__GetPostRevisionResponse *)response)->revision;
	}
	if (reader->exporter->format->revision(reader->exporter, post, entry, &err) == CODE_OK)
		return EXIT_STATUS_OK;
	return export_problem(reader->cli, &err);
}

/* One page of a post's history; *token becomes that of the next one. */
static enum exit_status read_revisions(struct reader *reader, const Lectern__V1__Post *post,
	char token[LIMIT_PAGE_TOKEN_BYTES + 1])
{
	const ProtobufCMessage *response;
	Lectern__V1__ListPostRevisionsRequest request =
		LECTERN__V1__LIST_POST_REVISIONS_REQUEST__INIT;
	request.key_case = LECTERN__V1__LIST_POST_REVISIONS_REQUEST__KEY_ID;
	request.id = post->id;
	request.page_size = REVISIONS_A_PAGE;
	request.page_token = token;
	arena_reset(&reader->arena);
	enum exit_status status =
		rpc_call_in(reader->cli, &reader->arena, &lectern__v1__post_service__descriptor,
			"ListPostRevisions", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__ListPostRevisionsResponse *page =
		(const Lectern__V1__ListPostRevisionsResponse *)response;
	struct arena_mark mark = arena_mark(&reader->arena);
	for (size_t i = 0; status == EXIT_STATUS_OK && i < page->n_revisions; i++) {
		status = write_revision(reader, post, page->revisions[i]);
		arena_rewind(&reader->arena, mark);
	}
	snprintf(token, LIMIT_PAGE_TOKEN_BYTES + 1, "%s", page->next_page_token);
	return status;
}

static enum exit_status write_post(struct reader *reader, const Lectern__V1__Post *post)
{
	const struct export_format *format = reader->exporter->format;
	struct error err;
	if (format->post(reader->exporter, post, &err) != CODE_OK)
		return export_problem(reader->cli, &err);
	enum exit_status status = EXIT_STATUS_OK;
	if (format->history) {
		char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
		do
			status = read_revisions(reader, post, token);
		while (status == EXIT_STATUS_OK && token[0] != '\0');
	}
	reader->counts->posts++;
	return status;
}

static enum exit_status read_posts(struct reader *reader, const char *filter)
{
	struct cli *cli = reader->cli;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = POSTS_A_PAGE;
	request.filter = (char *)(uintptr_t)filter;
	request.order_by = (char *)"create_time";
	request.page_token = token;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	request.skip_total_size = true;
	do {
		const ProtobufCMessage *message;
		arena_reset(&cli->arena);
		enum exit_status status = rpc_call(cli, &lectern__v1__post_service__descriptor,
			"ListPosts", &request.base, &message);
		const Lectern__V1__ListPostsResponse *page =
			(const Lectern__V1__ListPostsResponse *)message;
		for (size_t i = 0; status == EXIT_STATUS_OK && i < page->n_posts; i++)
			status = write_post(reader, page->posts[i]);
		if (status != EXIT_STATUS_OK)
			return status;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (*token != '\0');
	return EXIT_STATUS_OK;
}

static enum exit_status count_trashed(struct reader *reader)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = 1;
	request.filter = (char *)"state = TRASHED";
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(reader->cli, &lectern__v1__post_service__descriptor,
		"ListPosts", &request.base, &response);
	if (status == EXIT_STATUS_OK)
		reader->counts->trashed = message_number(response, "total_size");
	return status;
}

/* A filter that does not ask for a state is about published posts. */
#define KEPT_POSTS "state = DRAFT OR state = SCHEDULED OR state = PUBLISHED OR state = EXPIRED"

enum exit_status export_read(struct cli *cli, struct exporter *exporter, struct export_counts *ret)
{
	struct reader reader = { .cli = cli, .exporter = exporter, .counts = ret };
	bool trash = exporter->format->trash;
	enum exit_status status = EXIT_STATUS_OK;
	arena_init(&reader.arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; status == EXIT_STATUS_OK && i < sizeof kinds / sizeof *kinds; i++)
		status = read_kind(&reader, (enum export_kind)i);
	if (status == EXIT_STATUS_OK)
		status = read_posts(&reader, trash ? KEPT_POSTS " OR state = TRASHED" : KEPT_POSTS);
	if (status == EXIT_STATUS_OK && !trash)
		status = count_trashed(&reader);
	arena_done(&reader.arena);
	return status;
}
