/* lectern post diff: how two states of a post differ. */
#include "cli/diff.h"
#include "cli/output.h"
#include "cli/post_command.h"
#include "cli/post_fields.h"
#include "cli/post_ref.h"
#include "cli/rpc.h"
#include "cli/unified.h"
#include "codec/json_forms.h"
#include "codec/message.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

/* Which states of which post. */
struct pair {
	Lectern__V1__GetPostRevisionRequest request; /* names the post */
	uint64_t from_number;
	uint64_t to_number;
	const Lectern__V1__PostRevision *from;
	const Lectern__V1__PostRevision *to;
};

/* The text of the answer, in parts. */
struct report {
	struct screen screen;
	struct buffer fields; /* the changed lines of the light part */
	struct buffer body;   /* a unified diff */
	json_t *names;	      /* of the fields that differ */
};

static void report_done(struct report *report)
{
	buffer_done(&report->fields);
	buffer_done(&report->body);
	json_decref(report->names);
}

/* FROM and TO of the line; what is left out is taken from the present state. */
static enum exit_status choose_revisions(
	struct cli *cli, const struct args *args, struct pair *pair)
{
	enum exit_status status = EXIT_STATUS_OK;
	if (args->argument_count > 1)
		status = post_revision_read(cli, args->arguments[1], &pair->from_number);
	if (status == EXIT_STATUS_OK && args->argument_count > 2)
		status = post_revision_read(cli, args->arguments[2], &pair->to_number);
	if (status != EXIT_STATUS_OK || args->argument_count > 2)
		return status;
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "GetPost", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__Post *post = ((const Lectern__V1__GetPostResponse *)response)->post;
	if (post == NULL || post->revision == 0)
		return problem_tool(cli, "the answer holds no post");
	/* By its id from now on: the slug may change in between. */
	message_set_number(&pair->request.base, "id", post->id);
	pair->to_number = post->revision;
	if (args->argument_count == 1)
		pair->from_number = post->revision > 1 ? post->revision - 1 : 1;
	return EXIT_STATUS_OK;
}

static enum exit_status get_revision(
	struct cli *cli, struct pair *pair, uint64_t number, const Lectern__V1__PostRevision **ret)
{
	pair->request.revision = number;
	const ProtobufCMessage *response;
	enum exit_status status =
		rpc_call(cli, service, "GetPostRevision", &pair->request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	*ret = ((const Lectern__V1__GetPostRevisionResponse *)response)->revision;
	if (*ret == NULL || (*ret)->post == NULL)
		return problem_tool(cli, "the answer holds no post");
	message_set_number(&pair->request.base, "id", (*ret)->post->id);
	return EXIT_STATUS_OK;
}

static void add_name(struct report *report, const char *name)
{
	json_array_append_new(report->names, json_string(name));
}

static bool compare_field(
	struct report *report, const struct pair *pair, const struct post_field *field)
{
	struct buffer from;
	struct buffer to;
	struct diff diff;
	buffer_init(&from, CLI_DOCUMENT_BYTES);
	buffer_init(&to, CLI_DOCUMENT_BYTES);
	field->append(&from, field->name, pair->from->post);
	field->append(&to, field->name, pair->to->post);
	bool done = !from.overflow && !to.overflow &&
		    diff_init(&diff, slice_of(from.data, from.size), slice_of(to.data, to.size));
	if (done) {
		size_t before = report->fields.size;
		unified_append_changes(&report->fields, &report->screen, &diff);
		if (report->fields.size > before)
			add_name(report, field->name);
		diff_done(&diff);
	}
	buffer_done(&from);
	buffer_done(&to);
	return done;
}

/* "hello@3", a tab, and the time of the change, as diff -u writes the time of a file. */
static void make_label(struct buffer *out, const Lectern__V1__PostRevision *revision)
{
	char time[FORM_TEXT_BYTES];
	buffer_printf(out, "%s@%" PRIu64, revision->post->slug, revision->revision);
	if (revision->create_time != NULL && timestamp_print(revision->create_time, time))
		buffer_printf(
			out, "\t%.10s %.*s +0000", time, (int)strcspn(time + 11, "Z"), time + 11);
}

static bool compare_bodies(struct report *report, const struct pair *pair)
{
	struct buffer from;
	struct buffer to;
	struct diff diff;
	buffer_init(&from, CLI_FILE_BYTES);
	buffer_init(&to, CLI_FILE_BYTES);
	make_label(&from, pair->from);
	make_label(&to, pair->to);
	const char *from_label = buffer_text(&from);
	const char *to_label = buffer_text(&to);
	bool done = from_label != NULL && to_label != NULL &&
		    diff_init(&diff, slice_of_text(pair->from->post->body),
			    slice_of_text(pair->to->post->body));
	if (done) {
		unified_append(&report->body, &report->screen, &diff, from_label, to_label);
		diff_done(&diff);
	}
	if (report->body.size > 0)
		add_name(report, "body");
	buffer_done(&from);
	buffer_done(&to);
	return done;
}

static enum exit_status compare(
	struct cli *cli, const struct args *args, const struct pair *pair, struct report *report)
{
	bool done = report->names != NULL;
	if (!args_flag(args, OPTION_BODY_ONLY)) {
		for (size_t i = 0; done && i < post_field_count; i++)
			done = compare_field(report, pair, &post_fields[i]);
	}
	done = done && compare_bodies(report, pair);
	if (!done || report->fields.overflow || report->body.overflow)
		return problem_tool(cli, "the texts are too large to be compared");
	return EXIT_STATUS_OK;
}

static void free_text(char **text)
{
	free(*text);
}

static enum exit_status show_json(struct cli *cli, const struct pair *pair, struct report *report)
{
	char from[24];
	char to[24];
	buffer_append(&report->fields, report->body.data, report->body.size);
	snprintf(from, sizeof from, "%" PRIu64, pair->from_number);
	snprintf(to, sizeof to, "%" PRIu64, pair->to_number);
	json_t *text = json_stringn(
		report->fields.size == 0 ? "" : (char *)report->fields.data, report->fields.size);
	json_t *json = json_pack("{s:s, s:s, s:O, s:o}", "from", from, "to", to, "fields",
		report->names, "diff", text);
	size_t flags = cli->output == OUTPUT_JSON ? JSON_INDENT(2) : JSON_COMPACT;
	AUTO(free_text) char *line = json == NULL ? NULL : json_dumps(json, flags);
	json_decref(json);
	if (line == NULL)
		return problem_tool(cli, "cannot print the differences as JSON");
	enum exit_status status = output_write(cli, line, strlen(line));
	return status == EXIT_STATUS_OK ? output_write(cli, "\n", 1) : status;
}

/* patch passes over it, as over the fields. */
static void add_head(struct buffer *out, const struct screen *screen, const struct pair *pair)
{
	screen_style(screen, out, STYLE_BOLD);
	buffer_printf(
		out, "Revision %" PRIu64 " to %" PRIu64 " of ", pair->from_number, pair->to_number);
	screen_text(out, slice_of_text(pair->to->post->slug), false);
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
}

static enum exit_status show(
	struct cli *cli, const struct args *args, const struct pair *pair, struct report *report)
{
	if (cli->output != OUTPUT_TEXT)
		return show_json(cli, pair, report);
	if (json_array_size(report->names) == 0) {
		fprintf(stderr, "no differences between revisions %" PRIu64 " and %" PRIu64 "\n",
			pair->from_number, pair->to_number);
		return EXIT_STATUS_OK;
	}
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (!args_flag(args, OPTION_BODY_ONLY))
		add_head(&out, &report->screen, pair);
	buffer_append(&out, report->fields.data, report->fields.size);
	buffer_append(&out, report->body.data, report->body.size);
	return output_finish(cli, &out);
}

static enum exit_status run_diff(struct cli *cli, const struct args *args)
{
	struct pair pair = { .request = LECTERN__V1__GET_POST_REVISION_REQUEST__INIT };
	enum exit_status status = post_ref_set(cli, args->arguments[0], &pair.request.base);
	if (status == EXIT_STATUS_OK)
		status = choose_revisions(cli, args, &pair);
	if (status != EXIT_STATUS_OK)
		return status;
	status = get_revision(cli, &pair, pair.from_number, &pair.from);
	if (status == EXIT_STATUS_OK)
		status = get_revision(cli, &pair, pair.to_number, &pair.to);
	if (status != EXIT_STATUS_OK)
		return status;
	AUTO(report_done) struct report report = { .names = json_array() };
	/* JSON has the texts as they are. */
	if (cli->output == OUTPUT_TEXT)
		report.screen = cli->screen;
	buffer_init(&report.fields, CLI_DOCUMENT_BYTES);
	buffer_init(&report.body, CLI_DOCUMENT_BYTES);
	status = compare(cli, args, &pair, &report);
	return status == EXIT_STATUS_OK ? show(cli, args, &pair, &report) : status;
}

static const struct option_row diff_options[] = {
	{ .id = OPTION_BODY_ONLY,
		.name = "body-only",
		.help = "Leave out the fields, so that nothing but a unified diff is printed" },
};

const struct command post_diff = {
	.name = "diff",
	.arguments = "REF [FROM [TO]]",
	.summary = "Show how two revisions of a post differ",
	.details = POST_REF_TEXT
	" FROM and TO are numbers of \"lectern post history REF\"; TO is the present state "
	"unless it is given, FROM the one before that.\n\n"
	"First come the fields that differ, a line for each value, then the body's source as a "
	"unified diff. patch takes it, and passes over the fields:\n\n"
	"  lectern post diff hello 3 5 | patch hello.md\n\n"
	"Ends with 0 whether there are differences or not; -o json tells which fields differ.",
	.arguments_min = 1,
	.arguments_max = 3,
	.options = diff_options,
	.option_count = OPTION_COUNT(diff_options),
	.run = run_diff,
};
