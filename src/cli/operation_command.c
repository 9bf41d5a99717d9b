/* lectern backup, check and operation: long work that the server does in the background. */
#include "base/limits.h"
#include "base/text.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rpc.h"
#include "codec/message.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <stdio.h>
#include <unistd.h>

static const ProtobufCServiceDescriptor *const admin = &lectern__v1__admin_service__descriptor;

enum {
	COLUMNS = 12,
	/* How long the server may wait for the end before it tells how far the work has come. */
	WATCHED_WAIT_MS = 250,
	WAIT_MS = 5000,
};

/* What the commands differ in. */
struct work {
	const char *name; /* "Backup" */
	const char *method;
	const char *result; /* the field of Operation that has the method's response */
	enum exit_status (*show)(struct cli *cli, const ProtobufCMessage *response);
};

static enum exit_status show_backup(struct cli *cli, const ProtobufCMessage *response)
{
	const Lectern__V1__CreateBackupResponse *made =
		(const Lectern__V1__CreateBackupResponse *)response;
	struct buffer out;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, response);
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "Backed up revision %" PRIu64 " to ", made->revision);
	screen_text(&out, slice_of_text(made->path), false);
	buffer_printf(&out, ", %" PRIu64 " bytes\n", made->size_bytes);
	return output_finish(cli, &out);
}

static void add_problems(struct buffer *out, const Lectern__V1__CheckStoreResponse *found)
{
	for (size_t i = 0; i < found->n_problems; i++) {
		screen_text(out, slice_of_text(found->problems[i]), false);
		buffer_append_char(out, '\n');
	}
	buffer_printf(out, "%" PRIu64 " entries read, %" PRIu64 " problem%s\n", found->entries,
		found->problem_count, found->problem_count == 1 ? "" : "s");
}

static enum exit_status show_check(struct cli *cli, const ProtobufCMessage *response)
{
	const Lectern__V1__CheckStoreResponse *found =
		(const Lectern__V1__CheckStoreResponse *)response;
	enum exit_status status;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	add_problems(&out, found);
	status = cli->output == OUTPUT_TEXT ? output_buffer(cli, &out)
					    : output_message(cli, response);
	buffer_done(&out);
	if (status != EXIT_STATUS_OK || found->problem_count == 0)
		return status;
	struct lectern_error err = { .code = LECTERN_DATA_LOSS };
	snprintf(err.message, sizeof err.message, "the store has %" PRIu64 " problem%s",
		found->problem_count, found->problem_count == 1 ? "" : "s");
	return problem_rpc(cli, &err);
}

static uint32_t wait_ms(const struct cli *cli, bool watched)
{
	uint32_t timeout_ms = cli->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : cli->timeout_ms;
	uint32_t wait = watched ? WATCHED_WAIT_MS : WAIT_MS;
	return wait < timeout_ms / 2 ? wait : timeout_ms / 2;
}

/* Asks until the work has ended. */
static enum exit_status await(struct cli *cli, const Lectern__V1__Operation *operation,
	const Lectern__V1__Operation **ret)
{
	struct progress progress;
	bool watched = isatty(STDERR_FILENO) == 1;
	Lectern__V1__GetOperationRequest request = LECTERN__V1__GET_OPERATION_REQUEST__INIT;
	enum exit_status status = EXIT_STATUS_OK;
	request.id = operation->id;
	request.wait_ms = wait_ms(cli, watched);
	progress_start(&progress);
	while (status == EXIT_STATUS_OK &&
		operation->state == LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING) {
		const ProtobufCMessage *response;
		arena_reset(&cli->arena);
		status = rpc_call(cli, admin, "GetOperation", &request.base, &response);
		if (status != EXIT_STATUS_OK)
			break;
		operation = ((const Lectern__V1__GetOperationResponse *)response)->operation;
		if (operation == NULL)
			status = problem_tool(cli, "the answer holds no operation");
		else if (watched)
			progress_show(&progress, operation->done_count, "entries",
				operation->total_count == 0
					? 0
					: (double)operation->done_count /
						  (double)operation->total_count);
	}
	progress_end(&progress);
	if (status != EXIT_STATUS_OK)
		return problem_hint(
			cli, "it may go on; see: lectern operation %" PRIu64, request.id);
	*ret = operation;
	return status;
}

/* Ends as the call would have that waits for the work. */
static enum exit_status failed(
	struct cli *cli, const struct work *work, const Lectern__V1__Operation *operation)
{
	int32_t code = operation->error_code;
	struct lectern_error err = { .code = LECTERN_UNKNOWN };
	if (code > LECTERN_OK && code <= LECTERN_UNAUTHENTICATED)
		err.code = (enum lectern_code)code;
	snprintf(err.message, sizeof err.message, "%s %" PRIu64 " failed: %s", work->name,
		operation->id, operation->error_message);
	snprintf(err.reason, sizeof err.reason, "%s", operation->error_reason);
	return problem_rpc(cli, &err);
}

static enum exit_status show_end(
	struct cli *cli, const struct work *work, const Lectern__V1__Operation *operation)
{
	if (operation->state == LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED)
		return failed(cli, work, operation);
	const ProtobufCMessage *result = message_child(&operation->base, work->result);
	if (result == NULL)
		return problem_tool(cli, "the answer does not tell what came of it");
	return work->show(cli, result);
}

static enum exit_status show_begun(
	struct cli *cli, const struct work *work, const ProtobufCMessage *response, uint64_t id)
{
	struct buffer out;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, response);
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%s %" PRIu64 " has begun; see: lectern operation %" PRIu64 "\n",
		work->name, id, id);
	return output_finish(cli, &out);
}

static enum exit_status run_work(
	struct cli *cli, const struct args *args, const ProtobufCMessage *request)
{
	const struct work *work = args->command->subject;
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(cli, admin, work->method, request, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__Operation *operation =
		(const Lectern__V1__Operation *)message_child(response, "operation");
	if (operation == NULL) /* done already */
		return work->show(cli, response);
	if (args_flag(args, OPTION_NO_WAIT))
		return show_begun(cli, work, response, operation->id);
	status = await(cli, operation, &operation);
	return status == EXIT_STATUS_OK ? show_end(cli, work, operation) : status;
}

static enum exit_status run_backup(struct cli *cli, const struct args *args)
{
	Lectern__V1__CreateBackupRequest request = LECTERN__V1__CREATE_BACKUP_REQUEST__INIT;
	if (args->argument_count > 0)
		request.name = args->arguments[0];
	request.background = true;
	request.skip_check = args_flag(args, OPTION_SKIP_CHECK);
	return run_work(cli, args, &request.base);
}

static enum exit_status run_check(struct cli *cli, const struct args *args)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	request.background = true;
	return run_work(cli, args, &request.base);
}

static const struct work backup = { "Backup", "CreateBackup", "backup", show_backup };
static const struct work check = { "Check", "CheckStore", "check", show_check };

#define OPTION_ROW_NO_WAIT \
	{ \
		.id = OPTION_NO_WAIT, .name = "no-wait", \
		.help = "Do not wait for the end: answer with the operation's number" \
	}

static const struct option_row backup_options[] = {
	{ .id = OPTION_SKIP_CHECK,
		.name = "skip-check",
		.help = "Read every page of the copy, but do not compare its indexes with its "
			"records" },
	OPTION_ROW_NO_WAIT,
};
static const struct option_row check_options[] = { OPTION_ROW_NO_WAIT };

const struct command backup_command = {
	.name = "backup",
	.arguments = "[NAME]",
	.summary = "Make a verified copy of the store on the server",
	.details = "The copy is made while the server works, in the directory that lecternd "
		   "--backup-dir names; NAME is the name of the file (default: one with time and "
		   "revision). It stands there under its name only when it is whole, has been "
		   "verified and is on the disk.",
	.arguments_max = 1,
	.options = backup_options,
	.option_count = OPTION_COUNT(backup_options),
	.subject = &backup,
	.run = run_backup,
};

const struct command check_command = {
	.name = "check",
	.summary = "Compare every index entry of the store with every record",
	.details =
		"Other requests go on meanwhile. Ends with 0 only if the store is sound, with 79 "
		"if it is not.",
	.options = check_options,
	.option_count = OPTION_COUNT(check_options),
	.subject = &check,
	.run = run_check,
};

static const char *kind_word(Lectern__V1__OperationKind kind)
{
	switch (kind) {
	case LECTERN__V1__OPERATION_KIND__OPERATION_KIND_BACKUP:
		return "backup";
	case LECTERN__V1__OPERATION_KIND__OPERATION_KIND_CHECK:
		return "check";
	case LECTERN__V1__OPERATION_KIND__OPERATION_KIND_UNSPECIFIED:
	case _LECTERN__V1__OPERATION_KIND_IS_INT_SIZE:
		break;
	}
	return "unknown";
}

static const char *operation_state_word(Lectern__V1__OperationState state)
{
	switch (state) {
	case LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING:
		return "running";
	case LECTERN__V1__OPERATION_STATE__OPERATION_STATE_DONE:
		return "done";
	case LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED:
		return "failed";
	case LECTERN__V1__OPERATION_STATE__OPERATION_STATE_UNSPECIFIED:
	case _LECTERN__V1__OPERATION_STATE_IS_INT_SIZE:
		break;
	}
	return "unknown";
}

static void add_result(struct buffer *out, const Lectern__V1__Operation *operation)
{
	fact_text(out, COLUMNS, "reason", operation->error_reason);
	fact_text(out, COLUMNS, "message", operation->error_message);
	if (operation->backup != NULL) {
		fact_text(out, COLUMNS, "path", operation->backup->path);
		fact_bytes(out, COLUMNS, "size", operation->backup->size_bytes);
		fact_number(out, COLUMNS, "revision", operation->backup->revision);
	}
	if (operation->check != NULL)
		add_problems(out, operation->check);
}

static enum exit_status show_operation(struct cli *cli, const Lectern__V1__Operation *operation)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	fact_number(&out, COLUMNS, "operation", operation->id);
	fact_text(&out, COLUMNS, "kind", kind_word(operation->kind));
	fact_text(&out, COLUMNS, "state", operation_state_word(operation->state));
	fact_time(&out, COLUMNS, "started", operation->start_time);
	fact_time(&out, COLUMNS, "ended", operation->end_time);
	buffer_printf(&out, "%-*s %" PRIu64, COLUMNS, "entries", operation->done_count);
	if (operation->total_count > 0)
		buffer_printf(&out, " of %" PRIu64, operation->total_count);
	buffer_append_char(&out, '\n');
	add_result(&out, operation);
	return output_finish(cli, &out);
}

static enum exit_status run_operation(struct cli *cli, const struct args *args)
{
	Lectern__V1__GetOperationRequest request = LECTERN__V1__GET_OPERATION_REQUEST__INIT;
	const char *text = args->argument_count > 0 ? args->arguments[0] : "0";
	if (!text_number(slice_of_text(text), &request.id))
		return problem_usage(cli, "%s: must be the number of an operation", text);
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(cli, admin, "GetOperation", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output == OUTPUT_JSON)
		return output_message(cli, response);
	const Lectern__V1__Operation *operation =
		((const Lectern__V1__GetOperationResponse *)response)->operation;
	if (operation == NULL)
		return problem_tool(cli, "the answer holds no operation");
	return cli->output == OUTPUT_JSONL ? output_message(cli, &operation->base)
					   : show_operation(cli, operation);
}

const struct command operation_command = {
	.name = "operation",
	.arguments = "[ID]",
	.summary = "Tell how a backup or a check goes or has ended",
	.details = "Without ID it is the newest one; the server remembers no other. Ends with 0 "
		   "however the operation has ended.",
	.arguments_max = 1,
	.run = run_operation,
};
