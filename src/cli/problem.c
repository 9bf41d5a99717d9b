#include "cli/problem.h"

#include "cli/cli.h"
#include "codec/json.h"

#include <inttypes.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct problem *start(struct cli *cli, enum exit_status status, enum lectern_code code)
{
	cli->problem = (struct problem){ .status = status, .code = code };
	return &cli->problem;
}

enum exit_status problem_usage(struct cli *cli, const char *fmt, ...)
{
	struct problem *problem = start(cli, EXIT_STATUS_USAGE, LECTERN_INVALID_ARGUMENT);
	va_list args;
	va_start(args, fmt);
	vsnprintf(problem->message, sizeof problem->message, fmt, args);
	va_end(args);
	return problem->status;
}

enum exit_status problem_tool(struct cli *cli, const char *fmt, ...)
{
	struct problem *problem = start(cli, EXIT_STATUS_FAILED, LECTERN_UNKNOWN);
	va_list args;
	va_start(args, fmt);
	vsnprintf(problem->message, sizeof problem->message, fmt, args);
	va_end(args);
	return problem->status;
}

/* What to do about a token. The server cannot know how the tool is given one. */
static const char *token_hint(const struct lectern_error *err)
{
	if (err->code != LECTERN_UNAUTHENTICATED)
		return "";
	if (strcmp(err->reason, "TOKEN_MISSING") == 0)
		return "name the file that holds your token with --token-file or "
		       "LECTERN_TOKEN_FILE";
	return "the token is the first line of the file that --token-file or LECTERN_TOKEN_FILE "
	       "names";
}

void problem_fill_rpc(struct problem *problem, const struct lectern_error *err)
{
	*problem = (struct problem){
		.status = exit_status_of(err->code),
		.code = err->code,
		.retry_ms = err->retry_after_ms,
		.oldest_revision = err->oldest_revision,
	};
	snprintf(problem->message, sizeof problem->message, "%s", err->message);
	snprintf(problem->etag, sizeof problem->etag, "%s", err->etag);
	snprintf(problem->reason, sizeof problem->reason, "%s", err->reason);
	snprintf(problem->field, sizeof problem->field, "%s", err->field);
	snprintf(problem->hint, sizeof problem->hint, "%s", token_hint(err));
}

void problem_fill_local(struct problem *problem, const struct error *err)
{
	bool usage = err->code == CODE_INVALID_ARGUMENT;
	*problem = (struct problem){
		.status = usage ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED,
		.code = (enum lectern_code)err->code,
	};
	snprintf(problem->message, sizeof problem->message, "%s", err->text);
	snprintf(problem->field, sizeof problem->field, "%s", err->field);
	if (err->reason != NULL)
		snprintf(problem->reason, sizeof problem->reason, "%s", err->reason);
}

enum exit_status problem_rpc(struct cli *cli, const struct lectern_error *err)
{
	problem_fill_rpc(&cli->problem, err);
	return cli->problem.status;
}

enum exit_status problem_local(struct cli *cli, const struct error *err)
{
	problem_fill_local(&cli->problem, err);
	return cli->problem.status;
}

enum exit_status problem_hint(struct cli *cli, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(cli->problem.hint, sizeof cli->problem.hint, fmt, args);
	va_end(args);
	return cli->problem.status;
}

static void text_line(struct buffer *out, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	buffer_append_text(out, label);
	screen_text(out, slice_of_text(text), false);
	buffer_append_char(out, '\n');
}

static void print_text(const struct problem *problem, struct buffer *out)
{
	struct screen screen;
	screen_init(&screen, STDERR_FILENO);
	screen_style(&screen, out, STYLE_ERROR);
	buffer_append_text(out, "lectern:");
	screen_plain(&screen, out);
	buffer_append_char(out, ' ');
	if (problem->status >= EXIT_STATUS_RPC)
		buffer_printf(out, "%s: ", lectern_code_name(problem->code));
	text_line(out, "", problem->message);
	/* A reason that is the code's name says nothing new. */
	if (strcmp(problem->reason, lectern_code_name(problem->code)) != 0)
		text_line(out, "  reason: ", problem->reason);
	text_line(out, "  field: ", problem->field);
	if (problem->retry_ms > 0)
		buffer_printf(
			out, "  a repeat may succeed after %" PRIu32 " ms\n", problem->retry_ms);
	text_line(out, "  ", problem->hint);
}

/* The details are those that a server sends: ErrorInfo, BadRequest and RetryInfo. */
static void add_detail(Lectern__Rpc__V1__Status *status, struct arena *arena, const char *type,
	const ProtobufCMessage *message)
{
	Google__Protobuf__Any *any = arena_alloc(arena, sizeof *any);
	if (any == NULL)
		return;
	google__protobuf__any__init(any);
	struct slice bytes = arena_pack(arena, message);
	any->type_url = (char *)type;
	any->value.data = (uint8_t *)bytes.data;
	any->value.len = bytes.size;
	status->details[status->n_details++] = any;
}

static void add_info(
	const struct problem *problem, Lectern__Rpc__V1__Status *status, struct arena *arena)
{
	char revision[24];
	Lectern__Rpc__V1__ErrorInfo info = LECTERN__RPC__V1__ERROR_INFO__INIT;
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry fact =
		LECTERN__RPC__V1__ERROR_INFO__METADATA_ENTRY__INIT;
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry *facts[] = { &fact };
	snprintf(revision, sizeof revision, "%" PRIu64, problem->oldest_revision);
	if (problem->etag[0] != '\0') {
		fact.key = (char *)"etag_current";
		fact.value = (char *)problem->etag;
	} else if (problem->oldest_revision != 0) {
		fact.key = (char *)"oldest_revision";
		fact.value = revision;
	}
	info.reason = (char *)problem->reason;
	info.domain = (char *)"lectern";
	info.metadata = facts;
	info.n_metadata = fact.key[0] != '\0';
	if (*problem->reason != '\0')
		add_detail(status, arena, "type.googleapis.com/google.rpc.ErrorInfo", &info.base);
}

static void add_details(
	const struct problem *problem, Lectern__Rpc__V1__Status *status, struct arena *arena)
{
	add_info(problem, status, arena);
	Lectern__Rpc__V1__BadRequest__FieldViolation violation =
		LECTERN__RPC__V1__BAD_REQUEST__FIELD_VIOLATION__INIT;
	Lectern__Rpc__V1__BadRequest__FieldViolation *violations[] = { &violation };
	Lectern__Rpc__V1__BadRequest bad = LECTERN__RPC__V1__BAD_REQUEST__INIT;
	violation.field = (char *)problem->field;
	violation.description = (char *)problem->message;
	bad.field_violations = violations;
	bad.n_field_violations = 1;
	if (*problem->field != '\0')
		add_detail(status, arena, "type.googleapis.com/google.rpc.BadRequest", &bad.base);
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Lectern__Rpc__V1__RetryInfo retry = LECTERN__RPC__V1__RETRY_INFO__INIT;
	delay.seconds = problem->retry_ms / 1000;
	delay.nanos = (int32_t)(problem->retry_ms % 1000) * 1000000;
	retry.retry_delay = &delay;
	if (problem->retry_ms > 0)
		add_detail(status, arena, "type.googleapis.com/google.rpc.RetryInfo", &retry.base);
}

bool problem_status(
	const struct problem *problem, struct arena *arena, unsigned flags, struct buffer *out)
{
	Google__Protobuf__Any *details[3];
	Lectern__Rpc__V1__Status status = LECTERN__RPC__V1__STATUS__INIT;
	status.code = (int32_t)problem->code;
	status.message = (char *)problem->message;
	status.details = details;
	add_details(problem, &status, arena);
	return json_print(&status.base, flags, out, NULL) == CODE_OK;
}

void problem_print(const struct cli *cli)
{
	if (cli->problem.quiet)
		return;
	struct buffer out;
	struct arena arena;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	arena_init(&arena, 1024 * 1024);
	if (cli->output == OUTPUT_TEXT)
		print_text(&cli->problem, &out);
	else if (problem_status(&cli->problem, &arena,
			 cli->output == OUTPUT_JSON ? JSON_INDENT : JSON_DEFAULT, &out))
		buffer_append_char(&out, '\n');
	fwrite(out.data, 1, out.size, stderr);
	arena_done(&arena);
	buffer_done(&out);
}
