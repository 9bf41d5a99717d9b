/* lectern post get: one post, or several in one call. */
#include "base/limits.h"
#include "cli/former.h"
#include "cli/output.h"
#include "cli/post_command.h"
#include "cli/post_ref.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/view.h"
#include "codec/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

/* People are shown the source. */
static Lectern__V1__PostView wanted_view(const struct cli *cli, const struct args *args)
{
	bool text = cli->output == OUTPUT_TEXT;
	return view_of(args, text ? LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE
				  : LECTERN__V1__POST_VIEW__POST_VIEW_FULL);
}

static enum exit_status show_one(struct cli *cli, const ProtobufCMessage *post)
{
	if (cli->output == OUTPUT_JSONL)
		return output_message(cli, post);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	post_text(&out, &cli->screen, (const Lectern__V1__Post *)post);
	return output_finish(cli, &out);
}

static enum exit_status get_one(struct cli *cli, const struct args *args)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	request.view = wanted_view(cli, args);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "GetPost", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output == OUTPUT_JSON)
		return output_message(cli, response);
	const ProtobufCMessage *post = message_child(response, "post");
	if (post == NULL)
		return problem_tool(cli, "the answer holds no post");
	status = show_one(cli, post);
	const char *asked = message_text(&request.base, "slug");
	bool former = message_number(response, "former_slug") != 0 && *asked != '\0';
	if (status != EXIT_STATUS_OK || !former)
		return status;
	return former_slug_tell(cli, asked, message_text(post, "slug"));
}

/* What several calls find. */
struct found {
	struct arena arena; /* of one answer that is printed and forgotten */
	/* For one document: the posts and keys of all answers, in cli's arena. */
	Lectern__V1__BatchGetPostsResponse all;
	size_t shown;
	size_t missing;
	struct buffer notes; /* a line for each missing post */
};

static void found_done(struct found *found)
{
	arena_done(&found->arena);
	buffer_done(&found->notes);
}

static enum exit_status found_init(struct cli *cli, struct found *found, size_t key_count)
{
	arena_init(&found->arena, CLI_ARENA_BYTES);
	buffer_init(&found->notes, CLI_FILE_BYTES);
	lectern__v1__batch_get_posts_response__init(&found->all);
	found->all.posts = arena_calloc(&cli->arena, key_count, sizeof *found->all.posts);
	found->all.missing = arena_calloc(&cli->arena, key_count, sizeof *found->all.missing);
	if (found->all.posts == NULL || found->all.missing == NULL)
		return problem_tool(cli, "out of memory");
	return EXIT_STATUS_OK;
}

static enum exit_status make_keys(
	struct cli *cli, const struct args *args, Lectern__V1__PostKey ***ret)
{
	size_t count = (size_t)args->argument_count;
	Lectern__V1__PostKey **keys = arena_calloc(&cli->arena, count, sizeof(*keys));
	if (keys == NULL)
		return problem_tool(cli, "out of memory");
	for (size_t i = 0; i < count; i++) {
		keys[i] = (Lectern__V1__PostKey *)rpc_message(
			cli, &lectern__v1__post_key__descriptor);
		if (keys[i] == NULL)
			return cli->problem.status;
		enum exit_status status = post_ref_set(cli, args->arguments[i], &keys[i]->base);
		if (status != EXIT_STATUS_OK)
			return status;
	}
	*ret = keys;
	return EXIT_STATUS_OK;
}

static void note_missing(struct found *found, const Lectern__V1__PostKey *key)
{
	found->missing++;
	buffer_append_text(&found->notes, "There is no post ");
	if (key->key_case == LECTERN__V1__POST_KEY__KEY_SLUG)
		screen_text(&found->notes, slice_of_text(key->slug), false);
	else if (key->key_case == LECTERN__V1__POST_KEY__KEY_ID)
		buffer_printf(&found->notes, "%" PRIu64, key->id);
	buffer_append_char(&found->notes, '\n');
}

static enum exit_status show_posts(
	struct cli *cli, struct found *found, const Lectern__V1__BatchGetPostsResponse *answer)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	for (size_t i = 0; i < answer->n_posts; i++) {
		buffer_append_text(&out, found->shown++ == 0 ? "" : "\n");
		post_text(&out, &cli->screen, answer->posts[i]);
	}
	return output_finish(cli, &out);
}

static void collect(
	Lectern__V1__BatchGetPostsResponse *all, const Lectern__V1__BatchGetPostsResponse *answer)
{
	for (size_t i = 0; i < answer->n_posts; i++)
		all->posts[all->n_posts++] = answer->posts[i];
	for (size_t i = 0; i < answer->n_missing; i++)
		all->missing[all->n_missing++] = answer->missing[i];
}

static enum exit_status take_answer(
	struct cli *cli, struct found *found, size_t key_count, const ProtobufCMessage *response)
{
	const Lectern__V1__BatchGetPostsResponse *answer =
		(const Lectern__V1__BatchGetPostsResponse *)response;
	if (answer->n_posts + answer->n_missing != key_count)
		return problem_tool(cli, "the answer does not tell of every post");
	for (size_t i = 0; i < answer->n_missing; i++)
		note_missing(found, answer->missing[i]);
	switch (cli->output) {
	case OUTPUT_TEXT:
		return show_posts(cli, found, answer);
	case OUTPUT_JSON:
		collect(&found->all, answer);
		return EXIT_STATUS_OK;
	case OUTPUT_JSONL:
		return output_items(cli, response, "posts");
	}
	return EXIT_STATUS_OK;
}

/* As many calls as it takes. Posts that are too much for one answer are asked for in halves. */
static enum exit_status get_all(struct cli *cli, struct found *found,
	Lectern__V1__BatchGetPostsRequest *request, size_t key_count)
{
	struct arena *arena = cli->output == OUTPUT_JSON ? &cli->arena : &found->arena;
	size_t most = LIMIT_BATCH_KEYS;
	Lectern__V1__PostKey **end = request->keys + key_count;
	while (request->keys < end) {
		size_t left = (size_t)(end - request->keys);
		request->n_keys = left < most ? left : most;
		const ProtobufCMessage *response;
		arena_reset(&found->arena);
		enum exit_status status = rpc_call_in(
			cli, arena, service, "BatchGetPosts", &request->base, &response);
		if (status != EXIT_STATUS_OK && request->n_keys > 1 &&
			strcmp(cli->problem.reason, "RESPONSE_TOO_LARGE") == 0) {
			most = request->n_keys / 2;
			continue;
		}
		if (status == EXIT_STATUS_OK)
			status = take_answer(cli, found, request->n_keys, response);
		if (status != EXIT_STATUS_OK)
			return status;
		request->keys += request->n_keys;
	}
	return EXIT_STATUS_OK;
}

static enum exit_status tell_missing(struct cli *cli, const struct found *found, size_t key_count)
{
	struct lectern_error err = { .code = LECTERN_NOT_FOUND, .reason = "POST_NOT_FOUND" };
	if (found->missing == 0)
		return EXIT_STATUS_OK;
	enum exit_status status = output_flush(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	/* A document has them in it. */
	if (cli->output != OUTPUT_JSON)
		fwrite(found->notes.data, 1, found->notes.size, stderr);
	snprintf(err.message, sizeof err.message, "%zu of %zu posts not found", found->missing,
		key_count);
	return problem_rpc(cli, &err);
}

static enum exit_status get_several(struct cli *cli, const struct args *args)
{
	Lectern__V1__BatchGetPostsRequest request = LECTERN__V1__BATCH_GET_POSTS_REQUEST__INIT;
	size_t count = (size_t)args->argument_count;
	request.view = wanted_view(cli, args);
	enum exit_status status = make_keys(cli, args, &request.keys);
	if (status != EXIT_STATUS_OK)
		return status;
	AUTO(found_done) struct found found = { .shown = 0 };
	status = found_init(cli, &found, count);
	if (status == EXIT_STATUS_OK)
		status = get_all(cli, &found, &request, count);
	if (status == EXIT_STATUS_OK && cli->output == OUTPUT_JSON)
		status = output_message(cli, &found.all.base);
	return status == EXIT_STATUS_OK ? tell_missing(cli, &found, count) : status;
}

static enum exit_status run_get(struct cli *cli, const struct args *args)
{
	return args->argument_count == 1 ? get_one(cli, args) : get_several(cli, args);
}

static const struct option_row get_options[] = {
	OPTION_ROW_VIEW("How much of the post to show (default: source for people, else full)"),
};

const struct command post_get = {
	.name = "get",
	.arguments = "REF...",
	.summary = "Show posts",
	.details = POST_REF_TEXT
	" A former slug finds its post, too.\n\n"
	"Several posts are shown in the order of the line; those that are missing are named "
	"on standard error, or in the document of -o json, and make it end with 69.",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_ANY,
	.options = get_options,
	.option_count = OPTION_COUNT(get_options),
	.run = run_get,
};
