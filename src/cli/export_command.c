/* lectern export: everything that `lectern import jsonl` reads back. */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/rpc.h"
#include "cli/term.h"
#include "codec/json.h"

#include <errno.h>
#include <inttypes.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POSTS_A_PAGE = 100, TERMS_A_PAGE = 1000 };

struct exporter {
	struct cli *cli;
	FILE *file;
	struct buffer line;
	uint64_t posts;
	uint64_t terms;
	uint64_t trashed;
};

/* {"post":{...}} */
static enum exit_status write_item(
	struct exporter *exporter, const char *key, const ProtobufCMessage *message)
{
	struct error err;
	buffer_clear(&exporter->line);
	buffer_printf(&exporter->line, "{\"%s\":", key);
	if (json_print(message, JSON_DEFAULT, &exporter->line, &err) != CODE_OK)
		return problem_tool(exporter->cli, "cannot write a %s: %s", key, err.text);
	buffer_append_text(&exporter->line, "}\n");
	errno = 0;
	if (fwrite(exporter->line.data, 1, exporter->line.size, exporter->file) !=
		exporter->line.size) {
		int cause = errno;
		problem_tool(exporter->cli, "cannot write the export: %s", strerror(cause));
		exporter->cli->problem.quiet = cause == EPIPE;
		return exporter->cli->problem.status;
	}
	return EXIT_STATUS_OK;
}

static enum exit_status export_posts(struct exporter *exporter, const char *state)
{
	struct cli *cli = exporter->cli;
	char filter[64];
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	snprintf(filter, sizeof filter, "state = %s", state);
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = POSTS_A_PAGE;
	request.filter = filter;
	request.page_token = token;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE;
	do {
		const ProtobufCMessage *message;
		arena_reset(&cli->arena);
		enum exit_status status = rpc_call(cli, &lectern__v1__post_service__descriptor,
			"ListPosts", &request.base, &message);
		if (status != EXIT_STATUS_OK)
			return status;
		const Lectern__V1__ListPostsResponse *page =
			(const Lectern__V1__ListPostsResponse *)message;
		for (size_t i = 0; i < page->n_posts; i++) {
			status = write_item(exporter, "post", &page->posts[i]->base);
			if (status != EXIT_STATUS_OK)
				return status;
		}
		exporter->posts += page->n_posts;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (*token != '\0');
	return EXIT_STATUS_OK;
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
static enum exit_status export_terms(struct exporter *exporter, const struct term_kind *kind)
{
	struct cli *cli = exporter->cli;
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
			status = write_item(exporter, kind->name, terms.items[i]);
			terms.written[i] = true;
			written++;
			more = true;
		}
	}
	if (status == EXIT_STATUS_OK && written < terms.count)
		return problem_tool(cli, "the tree of categories changed meanwhile: try again");
	exporter->terms += written;
	return status;
}

static enum exit_status count_trashed(struct exporter *exporter)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.page_size = 1;
	request.filter = (char *)"state = TRASHED";
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(exporter->cli, &lectern__v1__post_service__descriptor,
		"ListPosts", &request.base, &response);
	if (status == EXIT_STATUS_OK)
		exporter->trashed = message_number(response, "total_size");
	return status;
}

static enum exit_status export_all(struct exporter *exporter)
{
	static const struct term_kind *const kinds[] = { &category_kind, &tag_kind, &author_kind };
	static const char *const states[] = { "PUBLISHED", "SCHEDULED", "DRAFT", "EXPIRED" };
	enum exit_status status = EXIT_STATUS_OK;
	for (size_t i = 0; status == EXIT_STATUS_OK && i < sizeof kinds / sizeof *kinds; i++)
		status = export_terms(exporter, kinds[i]);
	for (size_t i = 0; status == EXIT_STATUS_OK && i < sizeof states / sizeof *states; i++)
		status = export_posts(exporter, states[i]);
	return status == EXIT_STATUS_OK ? count_trashed(exporter) : status;
}

/* Writes to a file beside the wanted one, which is replaced only when all went well. */
static enum exit_status export_to_file(struct exporter *exporter, const char *path)
{
	struct cli *cli = exporter->cli;
	char beside[4096];
	if (snprintf(beside, sizeof beside, "%s.part", path) >= (int)sizeof beside)
		return problem_usage(cli, "the path is too long");
	exporter->file = fopen(beside, "w");
	if (exporter->file == NULL)
		return problem_tool(cli, "cannot write %s: %s", beside, strerror(errno));
	enum exit_status status = export_all(exporter);
	bool failed = fflush(exporter->file) != 0 || fsync(fileno(exporter->file)) != 0;
	failed = fclose(exporter->file) != 0 || failed;
	if (status == EXIT_STATUS_OK && (failed || rename(beside, path) != 0))
		status = problem_tool(cli, "cannot write %s: %s", path, strerror(errno));
	if (status != EXIT_STATUS_OK)
		unlink(beside);
	return status;
}

static enum exit_status run_export(struct cli *cli, const struct args *args)
{
	if (strcmp(args->arguments[0], "jsonl") != 0)
		return problem_usage(cli, "%s: the only format is jsonl", args->arguments[0]);
	struct exporter exporter = { .cli = cli, .file = stdout };
	buffer_init(&exporter.line, CLI_DOCUMENT_BYTES);
	bool to_file = args->argument_count > 1 && strcmp(args->arguments[1], "-") != 0;
	enum exit_status status =
		to_file ? export_to_file(&exporter, args->arguments[1]) : export_all(&exporter);
	buffer_done(&exporter.line);
	if (status != EXIT_STATUS_OK)
		return status;
	fprintf(stderr, "%" PRIu64 " posts and %" PRIu64 " terms exported", exporter.posts,
		exporter.terms);
	if (exporter.trashed > 0)
		fprintf(stderr, ", %" PRIu64 " posts in the trash left out", exporter.trashed);
	fputc('\n', stderr);
	return EXIT_STATUS_OK;
}

const struct command export_command = {
	.name = "export",
	.arguments = "jsonl [PATH]",
	.summary = "Write all posts and terms in a form that import reads back",
	.details =
		"One JSON object a line: categories (parents first), tags, authors, then posts in "
		"every state but the trash. Without PATH, or with -, they go to standard "
		"output.",
	.words = "jsonl " WORDS_FILE,
	.arguments_min = 1,
	.arguments_max = 2,
	.run = run_export,
};
