/* lectern tag|category|author create, update, rename, merge and delete. */
#include "base/limits.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "cli/term_command.h"
#include "codec/message.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <inttypes.h>
#include <lectern/v1/term.pb-c.h>
#include <stdio.h>
#include <string.h>

/* "Created tag 3: kde (KDE)" */
static enum exit_status show_written(struct cli *cli, const struct term_kind *kind,
	const char *verb, const ProtobufCMessage *response)
{
	const ProtobufCMessage *term = message_child(response, kind->name);
	if (cli->output == OUTPUT_JSONL && term != NULL)
		return output_message(cli, term);
	if (cli->output != OUTPUT_TEXT || term == NULL)
		return output_message(cli, response);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%s %s ", verb, kind->name);
	/* The id of a term that would be created is not taken: the next one may get it. */
	if (message_number(term, "id") > 0 && strcmp(verb, "Would create") != 0)
		buffer_printf(&out, "%" PRIu64 ": ", message_number(term, "id"));
	screen_text(&out, slice_of_text(message_text(term, "slug")), false);
	buffer_append_text(&out, " (");
	screen_text(&out, slice_of_text(message_text(term, "name")), false);
	buffer_append_text(&out, ")\n");
	return output_finish(cli, &out);
}

/* The fields that every write has. */
static void set_options(const struct args *args, ProtobufCMessage *request)
{
	const char *request_id = args_text(args, OPTION_REQUEST_ID);
	if (request_id != NULL)
		message_set_text(request, "request_id", request_id);
	message_set_number(request, "validate_only", args_flag(args, OPTION_VALIDATE_ONLY) ? 1 : 0);
}

/* Sends the request and shows what came of it. *ret, which may be NULL, is the term as it is now,
 * if the answer has one. */
static enum exit_status write_term(struct cli *cli, const struct args *args, const char *method,
	ProtobufCMessage *request, const char *done, const char *would,
	const ProtobufCMessage **ret)
{
	const struct term_kind *kind = args->command->subject;
	set_options(args, request);
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(cli, kind->service, method, request, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	bool would_be = args_flag(args, OPTION_VALIDATE_ONLY);
	if (ret != NULL)
		*ret = message_child(response, kind->name);
	return show_written(cli, kind, would_be ? would : done, response);
}

enum exit_status term_run_create(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	struct fields fields;
	enum exit_status status = fields_build(cli, args, kind->descriptor, &fields);
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->create);
	if (status != EXIT_STATUS_OK || request == NULL)
		return cli->problem.status;
	message_set_text(fields.message, "name", args->arguments[0]);
	message_set_child(request, kind->name, fields.message);
	return write_term(cli, args, kind->create, request, "Created", "Would create", NULL);
}

enum exit_status term_run_update(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	struct fields fields;
	const ProtobufCMessage *term;
	enum exit_status status = fields_build(cli, args, kind->descriptor, &fields);
	if (status != EXIT_STATUS_OK)
		return status;
	if (fields.mask.n_paths == 0)
		return problem_usage(
			cli, "nothing to change: give --set FIELD=VALUE or a field's option");
	status = term_find(cli, kind, args->arguments[0], &term);
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->update);
	if (status != EXIT_STATUS_OK || request == NULL)
		return cli->problem.status;
	const char *etag = args_text(args, OPTION_ETAG);
	message_set_number(fields.message, "id", message_number(term, "id"));
	if (etag != NULL)
		message_set_text(fields.message, "etag", etag);
	message_set_child(request, kind->name, fields.message);
	message_set_child(request, "update_mask", &fields.mask.base);
	return write_term(cli, args, kind->update, request, "Updated", "Would update", NULL);
}

/* A slug that was made from the old name is made anew from the new one. */
static bool is_derived_slug(const ProtobufCMessage *term)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	text_slug(slice_of_text(message_text(term, "name")), slug, sizeof slug);
	return strcmp(slug, message_text(term, "slug")) == 0;
}

enum exit_status term_run_rename(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	const char *name = args->arguments[1];
	if (text_find_invalid(slice_of_text(name)) != strlen(name))
		return problem_usage(cli, "the new name must be UTF-8");
	const ProtobufCMessage *old;
	enum exit_status status = term_find(cli, kind, args->arguments[0], &old);
	ProtobufCMessage *term = rpc_message(cli, kind->descriptor);
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->update);
	if (status != EXIT_STATUS_OK || term == NULL || request == NULL)
		return cli->problem.status;
	char slug[LIMIT_SLUG_BYTES + 1];
	char *paths[] = { (char *)"name", (char *)"slug" };
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	mask.paths = paths;
	mask.n_paths = 1;
	message_set_number(term, "id", message_number(old, "id"));
	message_set_text(term, "etag", message_text(old, "etag"));
	message_set_text(term, "name", name);
	if (is_derived_slug(old) && text_slug(slice_of_text(name), slug, sizeof slug) > 0) {
		message_set_text(term, "slug", slug);
		mask.n_paths = 2;
	}
	message_set_child(request, kind->name, term);
	message_set_child(request, "update_mask", &mask.base);
	return write_term(cli, args, kind->update, request, "Renamed", "Would rename", NULL);
}

static void set_key(Lectern__V1__TermKey *key, char *text)
{
	lectern__v1__term_key__init(key);
	if (text_is_slug(slice_of_text(text))) {
		key->key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
		key->slug = text;
	} else {
		key->key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
		key->name = text;
	}
}

/* "12 posts; former slugs: js, ecmascript" */
static enum exit_status show_merged(struct cli *cli, const ProtobufCMessage *term)
{
	size_t count;
	const char *const *aliases = message_texts(term, "aliases", &count);
	uint64_t posts = message_number(term, "post_count");
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%" PRIu64 " post%s", posts, posts == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		buffer_append_text(&out, i == 0 ? "; former slugs: " : ", ");
		screen_text(&out, slice_of_text(aliases[i]), false);
	}
	buffer_append_char(&out, '\n');
	return output_finish(cli, &out);
}

enum exit_status term_run_merge(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	const char *into = args_text(args, OPTION_INTO);
	if (into == NULL)
		return problem_usage(cli, "merge needs --into TO: the %s that stays", kind->name);
	Lectern__V1__TermKey sources[LIMIT_MERGE_SOURCES];
	ProtobufCMessage *list[LIMIT_MERGE_SOURCES];
	Lectern__V1__TermKey destination;
	size_t count = (size_t)args->argument_count;
	if (count > LIMIT_MERGE_SOURCES)
		return problem_usage(cli, "at most %d may be merged at once", LIMIT_MERGE_SOURCES);
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->merge);
	if (request == NULL)
		return cli->problem.status;
	for (size_t i = 0; i < count; i++) {
		set_key(&sources[i], args->arguments[i]);
		list[i] = &sources[i].base;
	}
	set_key(&destination, (char *)into);
	message_set_list(request, "sources", list, count);
	message_set_child(request, "destination", &destination.base);
	const char *etag = args_text(args, OPTION_ETAG);
	if (etag != NULL)
		message_set_text(request, "etag", etag);
	const ProtobufCMessage *term;
	enum exit_status status = write_term(
		cli, args, kind->merge, request, "Merged into", "Would merge into", &term);
	if (status != EXIT_STATUS_OK || cli->output != OUTPUT_TEXT || term == NULL)
		return status;
	return show_merged(cli, term);
}

enum exit_status term_run_delete(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	const ProtobufCMessage *term;
	enum exit_status status = term_find(cli, kind, args->arguments[0], &term);
	if (status == exit_status_of(LECTERN_NOT_FOUND) && args_flag(args, OPTION_ALLOW_MISSING))
		return cli->output == OUTPUT_TEXT ? EXIT_STATUS_OK : output_write(cli, "{}\n", 3);
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->delete_);
	if (status != EXIT_STATUS_OK || request == NULL)
		return cli->problem.status;
	const char *etag = args_text(args, OPTION_ETAG);
	message_set_number(request, "id", message_number(term, "id"));
	if (etag != NULL)
		message_set_text(request, "etag", etag);
	message_set_number(request, "force", args_flag(args, OPTION_FORCE) ? 1 : 0);
	message_set_number(request, "allow_missing", args_flag(args, OPTION_ALLOW_MISSING) ? 1 : 0);
	set_options(args, request);
	const ProtobufCMessage *response;
	status = rpc_call(cli, kind->service, kind->delete_, request, &response);
	if (status != EXIT_STATUS_OK || cli->output != OUTPUT_TEXT)
		return status != EXIT_STATUS_OK ? status : output_message(cli, response);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%s %s ",
		args_flag(args, OPTION_VALIDATE_ONLY) ? "Would delete" : "Deleted", kind->name);
	screen_text(&out, slice_of_text(message_text(term, "slug")), false);
	buffer_append_char(&out, '\n');
	return output_finish(cli, &out);
}
