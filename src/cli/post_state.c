/* lectern post delete, undelete, purge, publish, schedule, unpublish and rollback: one call each.
 */
#include "cli/output.h"
#include "cli/post_command.h"
#include "cli/post_note.h"
#include "cli/post_ref.h"
#include "cli/rpc.h"
#include "codec/json_forms.h"
#include "codec/message.h"

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

struct change {
	const char *method;
	const char *done;  /* what to say afterwards */
	const char *would; /* the same with --validate-only */
};

/* Copies the options to the fields of their names, which not every request has. */
static void set_options(const struct args *args, ProtobufCMessage *request)
{
	const char *etag = args_text(args, OPTION_ETAG);
	const char *request_id = args_text(args, OPTION_REQUEST_ID);
	if (etag != NULL)
		message_set_text(request, "etag", etag);
	if (request_id != NULL)
		message_set_text(request, "request_id", request_id);
	if (args_flag(args, OPTION_ALLOW_MISSING))
		message_set_number(request, "allow_missing", 1);
	if (args_flag(args, OPTION_VALIDATE_ONLY))
		message_set_number(request, "validate_only", 1);
}

static enum exit_status set_time(
	struct cli *cli, const struct args *args, ProtobufCMessage *request)
{
	Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)rpc_message(
		cli, &google__protobuf__timestamp__descriptor);
	if (time == NULL)
		return cli->problem.status;
	if (!timestamp_parse(slice_of_text(args->arguments[1]), time))
		return problem_usage(
			cli, "%s: must be a time such as 2026-01-02T03:04:05Z", args->arguments[1]);
	message_set_child(request, "publish_time", &time->base);
	return EXIT_STATUS_OK;
}

static enum exit_status set_revision(
	struct cli *cli, const struct args *args, ProtobufCMessage *request)
{
	uint64_t revision;
	enum exit_status status = post_revision_read(cli, args->arguments[1], &revision);
	if (status == EXIT_STATUS_OK)
		message_set_number(request, "revision", revision);
	return status;
}

static enum exit_status run_change(struct cli *cli, const struct args *args)
{
	const struct change *change = args->command->subject;
	ProtobufCMessage *request = rpc_request(cli, service, change->method);
	if (request == NULL)
		return cli->problem.status;
	enum exit_status status = post_ref_set(cli, args->arguments[0], request);
	if (status == EXIT_STATUS_OK && message_has_field(request->descriptor, "publish_time"))
		status = set_time(cli, args, request);
	if (status == EXIT_STATUS_OK && message_has_field(request->descriptor, "revision"))
		status = set_revision(cli, args, request);
	if (status == EXIT_STATUS_OK)
		status = post_note_set(cli, args, request);
	if (status != EXIT_STATUS_OK)
		return status;
	set_options(args, request);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, change->method, request, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *verb = args_flag(args, OPTION_VALIDATE_ONLY) ? change->would : change->done;
	if (message_has_field(response->descriptor, "post"))
		return post_show_written(cli, verb, response);
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, response);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%s\n", verb);
	return output_finish(cli, &out);
}

static const struct option_row delete_options[] = {
	OPTION_ROW_ETAG,
	OPTION_ROW_ALLOW_MISSING("Do not fail if there is no such post"),
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
	NOTE_OPTION_ROWS,
};
static const struct option_row change_options[] = {
	OPTION_ROW_ETAG,
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
	NOTE_OPTION_ROWS,
};
/* No history is left that could hold a note. */
static const struct option_row purge_options[] = {
	OPTION_ROW_ETAG,
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
};

static const struct change deletion = { "DeletePost", "Trashed", "Would trash" };
static const struct change undeletion = { "UndeletePost", "Restored", "Would restore" };
static const struct change purge = { "PurgePost", "Purged", "Would purge" };
static const struct change publication = { "PublishPost", "Published", "Would publish" };
static const struct change scheduling = { "SchedulePost", "Scheduled", "Would schedule" };
static const struct change rollback = { "RollbackPost", "Rolled back", "Would roll back" };
static const struct change withdrawal = { "UnpublishPost", "Unpublished", "Would unpublish" };

#define CHANGE(command_name, text, change, rows) \
	{ \
		.name = command_name, .arguments = "REF", .summary = text, \
		.details = POST_REF_TEXT, .arguments_min = 1, .arguments_max = 1, .options = rows, \
		.option_count = OPTION_COUNT(rows), .subject = change, .run = run_change, \
	}

const struct command post_delete =
	CHANGE("delete", "Put a post in the trash", &deletion, delete_options);
const struct command post_undelete =
	CHANGE("undelete", "Take a post out of the trash", &undeletion, change_options);
const struct command post_purge =
	CHANGE("purge", "Remove a trashed post for good", &purge, purge_options);
const struct command post_publish =
	CHANGE("publish", "Make a post public now", &publication, change_options);
const struct command post_unpublish =
	CHANGE("unpublish", "Make a public post a draft again", &withdrawal, change_options);

const struct command post_schedule = {
	.name = "schedule",
	.arguments = "REF TIME",
	.summary = "Make a post public at a later time",
	.details = POST_REF_TEXT " TIME is written as 2026-01-02T03:04:05Z.",
	.arguments_min = 2,
	.arguments_max = 2,
	.options = change_options,
	.option_count = OPTION_COUNT(change_options),
	.subject = &scheduling,
	.run = run_change,
};

const struct command post_rollback = {
	.name = "rollback",
	.arguments = "REF REVISION",
	.summary = "Bring a former state of a post back, as a new revision",
	.details = POST_REF_TEXT
	" REVISION is a number of \"lectern post history REF\".\n\n"
	"Title, excerpt, body, terms, series, language, featured, URLs and attributes become what "
	"they were; slug, state and times stay. Terms that are gone by now stay away, those that "
	"were renamed or merged come back as what they are now.",
	.arguments_min = 2,
	.arguments_max = 2,
	.options = change_options,
	.option_count = OPTION_COUNT(change_options),
	.subject = &rollback,
	.run = run_change,
};
