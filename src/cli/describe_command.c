/* lectern describe: the schema of a server, with its comments. */
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "cli/schema_index.h"
#include "cli/schema_text.h"
#include "codec/nearest.h"
#include "descriptor_set.h"

#include <jansson.h>
#include <lectern/v1/reflection.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

static enum exit_status fetch(struct cli *cli, const struct args *args, struct slice *ret)
{
	if (args_flag(args, OPTION_OFFLINE)) {
		*ret = slice_of(lectern_descriptor_set, lectern_descriptor_set_size);
		return EXIT_STATUS_OK;
	}
	Lectern__V1__GetDescriptorSetRequest request =
		LECTERN__V1__GET_DESCRIPTOR_SET_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(cli, &lectern__v1__reflection_service__descriptor,
		"GetDescriptorSet", &request.base, &message);
	if (status != EXIT_STATUS_OK) {
		if (cli->problem.code == LECTERN_UNAVAILABLE)
			problem_hint(cli, "--offline describes the schema of this tool's version");
		return status;
	}
	const ProtobufCBinaryData *bytes =
		&((const Lectern__V1__GetDescriptorSetResponse *)message)->file_descriptor_set;
	*ret = slice_of(bytes->data, bytes->len);
	return EXIT_STATUS_OK;
}

static enum exit_status no_entry(
	struct cli *cli, const struct schema_index *index, const char *name)
{
	struct nearest nearest = nearest_to(name);
	for (size_t i = 0; i < index->count; i++) {
		nearest_offer(&nearest, index->entries[i].short_name);
		nearest_offer(&nearest, index->entries[i].name);
	}
	const char *best = nearest_best(&nearest);
	struct lectern_error err = { .code = LECTERN_NOT_FOUND };
	snprintf(err.message, sizeof err.message, "the schema has no \"%s\"", name);
	problem_rpc(cli, &err);
	return best == NULL ? problem_hint(cli, "see: lectern describe")
			    : problem_hint(cli, "did you mean %s?", best);
}

static const char *kind_name(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_SERVICE:
		return "service";
	case ENTRY_METHOD:
		return "method";
	case ENTRY_MESSAGE:
		return "message";
	case ENTRY_ENUM:
		return "enum";
	}
	return "";
}

static char *json_text_line(const char *kind, const char *name)
{
	json_t *json = json_pack("{s:s, s:s}", "kind", kind, "name", name);
	char *line = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return line;
}

/* {"kind":"message","name":"lectern.v1.Post"} for each entry. */
static enum exit_status list_names(struct cli *cli, const struct schema_index *index)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	for (size_t i = 0; i < index->count; i++) {
		const struct schema_entry *entry = &index->entries[i];
		char *line = json_text_line(kind_name(entry->kind), entry->name);
		buffer_append_text(&out, line == NULL ? "" : line);
		free(line);
		buffer_append_char(&out, '\n');
	}
	return output_finish(cli, &out);
}

static enum exit_status show(
	struct cli *cli, const struct schema_index *index, const struct schema_entry *entry)
{
	if (cli->output == OUTPUT_JSONL && entry == NULL)
		return list_names(cli, index);
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, entry == NULL ? &index->set->base : entry->proto);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (entry == NULL)
		schema_overview(&out, &cli->screen, index);
	else
		schema_text(&out, &cli->screen, index, entry);
	return output_finish(cli, &out);
}

static enum exit_status run_describe(struct cli *cli, const struct args *args)
{
	struct slice bytes;
	struct schema_index index;
	struct error err;
	enum exit_status status = fetch(cli, args, &bytes);
	if (status != EXIT_STATUS_OK)
		return status;
	if (schema_index_read(&index, bytes, &cli->arena, &err) != CODE_OK)
		return problem_tool(cli, "%s", err.text);
	if (args->argument_count == 0)
		return show(cli, &index, NULL);
	const struct schema_entry *entry = schema_index_find(&index, args->arguments[0]);
	if (entry == NULL)
		return no_entry(cli, &index, args->arguments[0]);
	return show(cli, &index, entry);
}

static const struct option_row options[] = {
	{ .id = OPTION_OFFLINE,
		.name = "offline",
		.help = "Describe the schema of this tool's version, without a server" },
};

const struct command describe_command = {
	.name = "describe",
	.arguments = "[NAME]",
	.summary = "Show the schema: services, methods, messages and enums with their comments",
	.details =
		"NAME is a service, a method as SERVICE/METHOD, a message or an enum; without it "
		"all services are listed.",
	.words = WORDS_NAME,
	.arguments_max = 1,
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_describe,
};
