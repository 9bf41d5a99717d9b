/* lectern post create and post update. */
#include "cli/fields.h"
#include "cli/output.h"
#include "cli/post_command.h"
#include "cli/post_note.h"
#include "cli/post_options.h"
#include "cli/post_ref.h"
#include "cli/rpc.h"
#include "codec/message.h"

#include <string.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

static enum exit_status run_create(struct cli *cli, const struct args *args)
{
	struct fields fields;
	enum exit_status status = fields_build(cli, args, &lectern__v1__post__descriptor, &fields);
	if (status != EXIT_STATUS_OK)
		return status;
	if (*message_text(fields.message, "title") == '\0')
		return problem_usage(cli, "a post needs a title: --title TITLE");
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	request.post = (Lectern__V1__Post *)fields.message;
	request.validate_only = args_flag(args, OPTION_VALIDATE_ONLY);
	request.create_missing_terms = args_flag(args, OPTION_CREATE_MISSING);
	const char *request_id = args_text(args, OPTION_REQUEST_ID);
	if (request_id != NULL)
		request.request_id = (char *)request_id;
	status = post_note_set(cli, args, &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "CreatePost", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	return post_show_written(cli, request.validate_only ? "Would create" : "Created", response);
}

static const struct option_row create_options[] = {
	POST_FIELD_ROWS,
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
	NOTE_OPTION_ROWS,
};

const struct command post_create = {
	.name = "create",
	.summary = "Make a post",
	.details =
		"A post is a draft unless --state says otherwise:\n\n"
		"  lectern post create --title \"Hello\" --tag news --body-file hello.md --state "
		"published",
	.options = create_options,
	.option_count = OPTION_COUNT(create_options),
	.run = run_create,
};

static bool has_path(const struct fields *fields, const char *path)
{
	for (size_t i = 0; i < fields->mask.n_paths; i++) {
		if (strcmp(fields->mask.paths[i], path) == 0)
			return true;
	}
	return false;
}

/* The request names the post by its id or its slug. Where the slug is to be changed the field holds
 * the new one, so that the id must be found first. */
static enum exit_status name_post(
	struct cli *cli, const char *ref, const struct fields *fields, Lectern__V1__Post *post)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, ref, &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	if (request.key_case == LECTERN__V1__GET_POST_REQUEST__KEY_ID) {
		post->id = request.id;
		return EXIT_STATUS_OK;
	}
	if (!has_path(fields, "slug")) {
		post->slug = request.slug;
		return EXIT_STATUS_OK;
	}
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "GetPost", &request.base, &response);
	if (status == EXIT_STATUS_OK)
		post->id = message_number(message_child(response, "post"), "id");
	return status;
}

static enum exit_status run_update(struct cli *cli, const struct args *args)
{
	struct fields fields;
	enum exit_status status = fields_build(cli, args, &lectern__v1__post__descriptor, &fields);
	if (status != EXIT_STATUS_OK)
		return status;
	if (fields.mask.n_paths == 0)
		return problem_usage(
			cli, "nothing to change: give --set FIELD=VALUE or a field's option");
	Lectern__V1__Post *post = (Lectern__V1__Post *)fields.message;
	status = name_post(cli, args->arguments[0], &fields, post);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *etag = args_text(args, OPTION_ETAG);
	const char *request_id = args_text(args, OPTION_REQUEST_ID);
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	if (etag != NULL)
		post->etag = (char *)etag;
	if (request_id != NULL)
		request.request_id = (char *)request_id;
	request.post = post;
	request.update_mask = &fields.mask;
	request.allow_missing = args_flag(args, OPTION_ALLOW_MISSING);
	request.validate_only = args_flag(args, OPTION_VALIDATE_ONLY);
	request.create_missing_terms = args_flag(args, OPTION_CREATE_MISSING);
	status = post_note_set(cli, args, &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "UpdatePost", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	return post_show_written(cli, request.validate_only ? "Would update" : "Updated", response);
}

static const struct option_row update_options[] = {
	POST_FIELD_ROWS,
	OPTION_ROW_ETAG,
	OPTION_ROW_ALLOW_MISSING("Make the post if there is none with that slug"),
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
	NOTE_OPTION_ROWS,
};

const struct command post_update = {
	.name = "update",
	.arguments = "REF",
	.summary = "Change fields of a post",
	.details = POST_REF_TEXT
	" Only the fields that are given change; lists are replaced as a whole:\n\n"
	"  lectern post update hello --set 'tags=[\"news\",\"python\"]' --set excerpt=\n\n"
	"Options may be mixed with --set.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = update_options,
	.option_count = OPTION_COUNT(update_options),
	.run = run_update,
};
