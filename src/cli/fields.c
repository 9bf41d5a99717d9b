#include "cli/fields.h"

#include "base/text.h"
#include "codec/json.h"
#include "codec/json_field.h"
#include "codec/json_forms.h"

#include <errno.h>
#include <jansson.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/term.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MASK_PATHS_MAX = 256 };

/* The values go through their JSON form, so that json_parse() checks them all in one place. */
struct builder {
	struct cli *cli;
	json_t *object;
	struct fields *fields;
	bool create_missing; /* terms that do not exist are made, which needs their names */
};

static void free_json(json_t **json)
{
	json_decref(*json);
}

enum exit_status fields_read_file(struct cli *cli, const char *path, struct slice *ret)
{
	bool input = strcmp(path, "-") == 0;
	FILE *file = input ? stdin : fopen(path, "rb");
	if (file == NULL)
		return problem_usage(cli, "cannot read %s: %s", path, strerror(errno));
	struct buffer bytes;
	buffer_init(&bytes, CLI_FILE_BYTES);
	char piece[16384];
	size_t size;
	while ((size = fread(piece, 1, sizeof piece, file)) > 0)
		buffer_append(&bytes, piece, size);
	bool failed = ferror(file) != 0;
	int cause = errno;
	if (!input)
		fclose(file);
	enum exit_status status = EXIT_STATUS_OK;
	char *copy = arena_text(&cli->arena, slice_of(bytes.data, bytes.size));
	if (failed)
		status = problem_usage(cli, "cannot read %s: %s", path, strerror(cause));
	else if (bytes.overflow)
		status = problem_usage(cli, "%s: larger than %d bytes", path, CLI_FILE_BYTES);
	else if (copy == NULL)
		status = problem_tool(cli, "out of memory");
	*ret = slice_of(copy, bytes.size);
	buffer_done(&bytes);
	return status;
}

/* "draft" for POST_STATE_DRAFT: the word behind the prefix that all values share. */
static const char *enum_name(const ProtobufCEnumDescriptor *descriptor, const char *word)
{
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		const char *name = descriptor->values[i].name;
		size_t size = strlen(name);
		size_t word_size = strlen(word);
		if (word_size < size && name[size - word_size - 1] == '_' &&
			strcasecmp(name + size - word_size, word) == 0)
			return name;
	}
	return word;
}

/* A term by its slug or name. */
static json_t *term_json(const struct builder *builder, const char *text)
{
	bool slug = text_is_slug(slice_of_text(text));
	json_t *term = json_object();
	if (slug)
		json_object_set_new(term, "slug", json_string(text));
	if (!slug || builder->create_missing)
		json_object_set_new(term, "name", json_string(text));
	return term;
}

static json_t *series_json(const char *text)
{
	return json_pack("{s:s}", "name", text);
}

static json_t *attribute_json(const char *text)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL)
		return NULL;
	return json_pack("{s:s%, s:s}", "key", text, (size_t)(equals - text), "value", equals + 1);
}

/* A message that has a short form on the command line; NULL if it has none. */
static json_t *short_form(const struct builder *builder,
	const ProtobufCMessageDescriptor *descriptor, const char *text)
{
	if (descriptor == &lectern__v1__term_ref__descriptor)
		return term_json(builder, text);
	if (descriptor == &lectern__v1__series_ref__descriptor)
		return series_json(text);
	if (descriptor == &lectern__v1__attribute__descriptor)
		return attribute_json(text);
	return json_form_of(descriptor) == JSON_FORM_OBJECT ? NULL : json_string(text);
}

/* Elements of a list that are texts are replaced by the messages they are short for. */
static void expand_list(
	const struct builder *builder, const ProtobufCFieldDescriptor *field, json_t *list)
{
	size_t i;
	json_t *element;
	json_array_foreach(list, i, element)
	{
		if (field->type != PROTOBUF_C_TYPE_MESSAGE || !json_is_string(element))
			continue;
		json_t *whole = short_form(builder, field->descriptor, json_string_value(element));
		if (whole != NULL)
			json_array_set_new(list, i, whole);
	}
}

/* NULL where the text is no value for the field. */
static json_t *value_json(
	const struct builder *builder, const ProtobufCFieldDescriptor *field, const char *text)
{
	bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
	bool looks_like_json = *text == '[' || *text == '{' || *text == '"';
	if (list || (field->type == PROTOBUF_C_TYPE_MESSAGE && looks_like_json)) {
		json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
		if (list && json_is_array(json))
			expand_list(builder, field, json);
		return json;
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return short_form(builder, field->descriptor, text);
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return json_string(enum_name(field->descriptor, text));
	if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(text, "true") == 0)
		return json_true();
	if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(text, "false") == 0)
		return json_false();
	return json_string(text);
}

static enum exit_status add_path(const struct builder *builder, const char *path)
{
	Google__Protobuf__FieldMask *mask = &builder->fields->mask;
	for (size_t i = 0; i < mask->n_paths; i++) {
		if (strcmp(mask->paths[i], path) == 0)
			return EXIT_STATUS_OK;
	}
	char *copy = arena_text(&builder->cli->arena, slice_of_text(path));
	if (copy == NULL || mask->n_paths == MASK_PATHS_MAX)
		return problem_tool(builder->cli, "too many fields");
	mask->paths[mask->n_paths++] = copy;
	return EXIT_STATUS_OK;
}

static enum exit_status no_field(
	struct cli *cli, const ProtobufCMessageDescriptor *descriptor, const char *name)
{
	const ProtobufCFieldDescriptor *nearest = json_field_nearest(descriptor, name);
	if (nearest == NULL)
		return problem_usage(cli, "%s has no field \"%s\"", descriptor->short_name, name);
	return problem_usage(cli, "%s has no field \"%s\"; did you mean \"%s\"?",
		descriptor->short_name, name, nearest->name);
}

/* A field found by its path, and the JSON object that it belongs to. */
struct target {
	const ProtobufCFieldDescriptor *field;
	json_t *object;
	char path[128]; /* in the .proto's names */
};

static bool holds_fields(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* Goes into the message that the target's field holds. */
static void enter(struct target *target)
{
	json_t *inner = json_object_get(target->object, target->field->name);
	if (!json_is_object(inner)) {
		inner = json_object();
		json_object_set_new(target->object, target->field->name, inner);
	}
	target->object = inner;
}

static enum exit_status find_target(const struct builder *builder,
	const ProtobufCMessageDescriptor *descriptor, const char *path, struct target *ret)
{
	char rest[sizeof ret->path];
	if (snprintf(rest, sizeof rest, "%s", path) >= (int)sizeof rest)
		return problem_usage(builder->cli, "the name of the field is too long");
	*ret = (struct target){ .object = builder->object };
	char *save = NULL;
	char *name = strtok_r(rest, ".", &save);
	if (name == NULL)
		return problem_usage(builder->cli, "the name of the field is empty");
	for (; name != NULL; name = strtok_r(NULL, ".", &save)) {
		if (ret->field != NULL && !holds_fields(ret->field))
			return problem_usage(
				builder->cli, "\"%s\" has no fields inside", ret->path);
		if (ret->field != NULL) {
			descriptor = ret->field->descriptor;
			enter(ret);
		}
		ret->field = json_field_find(descriptor, name);
		if (ret->field == NULL)
			return no_field(builder->cli, descriptor, name);
		size_t size = strlen(ret->path);
		snprintf(ret->path + size, sizeof ret->path - size, "%s%s", size > 0 ? "." : "",
			ret->field->name);
	}
	return EXIT_STATUS_OK;
}

/* --set FIELD=VALUE */
static enum exit_status take_set(const struct builder *builder,
	const ProtobufCMessageDescriptor *descriptor, const char *text)
{
	const char *equals = strchr(text, '=');
	char name[128];
	if (equals == NULL || (size_t)(equals - text) >= sizeof name)
		return problem_usage(builder->cli, "--set %s: must be FIELD=VALUE", text);
	snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
	struct target target;
	enum exit_status status = find_target(builder, descriptor, name, &target);
	if (status != EXIT_STATUS_OK)
		return status;
	json_t *value =
		equals[1] == '\0' ? json_null() : value_json(builder, target.field, equals + 1);
	if (value == NULL)
		return problem_usage(builder->cli, "--set %s: the value must be %s", name,
			target.field->label == PROTOBUF_C_LABEL_REPEATED
				? "a list as JSON, for example [\"a\",\"b\"]"
				: "JSON");
	json_object_set_new(target.object, target.field->name, value);
	return add_path(builder, target.path);
}

/* The value of an option that stands for a field, as JSON. */
static enum exit_status option_json(const struct builder *builder,
	const ProtobufCFieldDescriptor *field, const struct option_given *given, json_t **ret)
{
	struct slice text = slice_of_text(given->value);
	if (given->row->id == OPTION_BODY_FILE) {
		enum exit_status status = fields_read_file(builder->cli, given->value, &text);
		if (status != EXIT_STATUS_OK)
			return status;
	}
	if (given->value == NULL)
		*ret = json_true();
	else if (given->row->repeatable)
		*ret = short_form(builder, field->descriptor, given->value);
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		*ret = json_stringn((const char *)text.data, text.size);
	else
		*ret = value_json(builder, field, given->value);
	if (*ret != NULL)
		return EXIT_STATUS_OK;
	return problem_usage(builder->cli, "--%s %s: must be %s", given->row->name, given->value,
		field->type == PROTOBUF_C_TYPE_STRING ? "UTF-8" : given->row->value);
}

/* An option that stands for a field. One that may be repeated adds to a list. */
static enum exit_status take_option(const struct builder *builder,
	const ProtobufCMessageDescriptor *descriptor, const struct option_given *given)
{
	struct target target;
	json_t *value = NULL;
	enum exit_status status = find_target(builder, descriptor, given->row->field, &target);
	if (status == EXIT_STATUS_OK)
		status = option_json(builder, target.field, given, &value);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *name = target.field->name;
	if (given->row->repeatable) {
		if (!json_is_array(json_object_get(target.object, name)))
			json_object_set_new(target.object, name, json_array());
		json_array_append_new(json_object_get(target.object, name), value);
	} else {
		json_object_set_new(target.object, name, value);
	}
	/* A message's parts are given by several options, but replaced as a whole. */
	target.path[strcspn(target.path, ".")] = '\0';
	return add_path(builder, target.path);
}

static enum exit_status take_options(const struct builder *builder, const struct args *args,
	const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < args->option_count; i++) {
		const struct option_given *given = &args->options[i];
		enum exit_status status = EXIT_STATUS_OK;
		if (given->row->id == OPTION_SET)
			status = take_set(builder, descriptor, given->value);
		else if (given->row->field != NULL)
			status = take_option(builder, descriptor, given);
		if (status != EXIT_STATUS_OK)
			return status;
	}
	return EXIT_STATUS_OK;
}

static void free_text(char **text)
{
	free(*text);
}

enum exit_status fields_build(struct cli *cli, const struct args *args,
	const ProtobufCMessageDescriptor *descriptor, struct fields *ret)
{
	AUTO(free_json) json_t *object = json_object();
	struct builder builder = {
		.cli = cli,
		.object = object,
		.fields = ret,
		.create_missing = args_flag(args, OPTION_CREATE_MISSING),
	};
	google__protobuf__field_mask__init(&ret->mask);
	ret->mask.paths = arena_calloc(&cli->arena, MASK_PATHS_MAX, sizeof *ret->mask.paths);
	if (ret->mask.paths == NULL || object == NULL)
		return problem_tool(cli, "out of memory");
	enum exit_status status = take_options(&builder, args, descriptor);
	if (status != EXIT_STATUS_OK)
		return status;
	AUTO(free_text) char *text = json_dumps(object, JSON_COMPACT);
	struct error err;
	if (text == NULL)
		return problem_tool(cli, "out of memory");
	if (json_parse(descriptor, slice_of_text(text), &cli->arena, &ret->message, &err) !=
		CODE_OK)
		return problem_local(cli, &err);
	return EXIT_STATUS_OK;
}
