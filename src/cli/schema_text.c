#include "cli/schema_text.h"

#include "cli/wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Numbers of fields in google/protobuf/descriptor.proto. */
enum { MESSAGE_FIELD = 2, MESSAGE_ONEOF = 8, ENUM_VALUE = 2, SERVICE_METHOD = 2 };

struct printer {
	struct buffer *out;
	const struct screen *screen;
	const struct schema_entry *entry;
};

/* Names come from a server: nothing in them may command the terminal. */
static void put(struct printer *printer, const char *text)
{
	screen_text(printer->out, slice_of_text(text == NULL ? "?" : text), false);
}

static void put_comment(
	struct printer *printer, const char *comment, const char *indent, struct buffer *scratch)
{
	char first[32];
	snprintf(first, sizeof first, "%s// ", indent);
	buffer_clear(scratch);
	screen_text(scratch, slice_of_text(comment), true);
	screen_style(printer->screen, printer->out, STYLE_DIM);
	wrap_words(printer->out, slice_of(scratch->data, scratch->size), first, first,
		printer->screen->columns);
	screen_plain(printer->screen, printer->out);
}

/* The comment of a part of the entry. */
static void comment_part(struct printer *printer, int32_t number, size_t at, const char *indent)
{
	struct buffer scratch;
	buffer_init(&scratch, printer->out->max_bytes);
	put_comment(printer, schema_comment(printer->entry, number, (int32_t)at), indent, &scratch);
	buffer_done(&scratch);
}

static const char *scalar_name(Google__Protobuf__FieldDescriptorProto__Type type)
{
	static const char *const names[] = { "?", "double", "float", "int64", "uint64", "int32",
		"fixed64", "fixed32", "bool", "string", "group", "message", "bytes", "uint32",
		"enum", "sfixed32", "sfixed64", "sint32", "sint64" };
	size_t number = (size_t)type;
	return number < sizeof names / sizeof *names ? names[number] : "?";
}

/* ".lectern.v1.Tag" is "Tag" inside its own package. */
static const char *type_name(const struct printer *printer, const char *name)
{
	const char *package = printer->entry->file->package;
	if (*name == '.')
		name++;
	size_t size = package == NULL ? 0 : strlen(package);
	if (size > 0 && strncmp(name, package, size) == 0 && name[size] == '.')
		return name + size + 1;
	return name;
}

static void put_field(struct printer *printer, const Google__Protobuf__FieldDescriptorProto *field,
	const char *indent)
{
	buffer_append_text(printer->out, indent);
	if (field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED)
		buffer_append_text(printer->out, "repeated ");
	if (field->type_name != NULL && *field->type_name != '\0')
		put(printer, type_name(printer, field->type_name));
	else
		put(printer, scalar_name(field->type));
	buffer_append_char(printer->out, ' ');
	put(printer, field->name);
	buffer_printf(printer->out, " = %" PRId32 ";\n", field->number);
}

static void put_oneof(
	struct printer *printer, const Google__Protobuf__DescriptorProto *message, int32_t oneof)
{
	comment_part(printer, MESSAGE_ONEOF, (size_t)oneof, "  ");
	buffer_append_text(printer->out, "  oneof ");
	put(printer,
		(size_t)oneof < message->n_oneof_decl ? message->oneof_decl[oneof]->name : "?");
	buffer_append_text(printer->out, " {\n");
	for (size_t i = 0; i < message->n_field; i++) {
		const Google__Protobuf__FieldDescriptorProto *field = message->field[i];
		if (!field->has_oneof_index || field->oneof_index != oneof)
			continue;
		comment_part(printer, MESSAGE_FIELD, i, "    ");
		put_field(printer, field, "    ");
	}
	buffer_append_text(printer->out, "  }\n");
}

static void put_message(struct printer *printer)
{
	const Google__Protobuf__DescriptorProto *message =
		(const Google__Protobuf__DescriptorProto *)printer->entry->proto;
	int32_t last_oneof = -1;
	buffer_append_text(printer->out, "message ");
	put(printer, printer->entry->name);
	buffer_append_text(printer->out, " {\n");
	for (size_t i = 0; i < message->n_field; i++) {
		const Google__Protobuf__FieldDescriptorProto *field = message->field[i];
		if (field->has_oneof_index && field->oneof_index == last_oneof)
			continue;
		if (field->has_oneof_index) {
			last_oneof = field->oneof_index;
			put_oneof(printer, message, last_oneof);
			continue;
		}
		comment_part(printer, MESSAGE_FIELD, i, "  ");
		put_field(printer, field, "  ");
	}
	buffer_append_text(printer->out, "}\n");
}

static void put_enum(struct printer *printer)
{
	const Google__Protobuf__EnumDescriptorProto *type =
		(const Google__Protobuf__EnumDescriptorProto *)printer->entry->proto;
	buffer_append_text(printer->out, "enum ");
	put(printer, printer->entry->name);
	buffer_append_text(printer->out, " {\n");
	for (size_t i = 0; i < type->n_value; i++) {
		comment_part(printer, ENUM_VALUE, i, "  ");
		buffer_append_text(printer->out, "  ");
		put(printer, type->value[i]->name);
		buffer_printf(printer->out, " = %" PRId32 ";\n", type->value[i]->number);
	}
	buffer_append_text(printer->out, "}\n");
}

static void put_method(struct printer *printer,
	const Google__Protobuf__MethodDescriptorProto *method, const char *name)
{
	buffer_append_text(printer->out, "rpc ");
	put(printer, name);
	buffer_append_char(printer->out, '(');
	put(printer, type_name(printer, method->input_type == NULL ? "?" : method->input_type));
	buffer_append_text(printer->out, ") returns (");
	put(printer, type_name(printer, method->output_type == NULL ? "?" : method->output_type));
	buffer_append_text(printer->out, ");\n");
}

static void put_service(struct printer *printer)
{
	const Google__Protobuf__ServiceDescriptorProto *service =
		(const Google__Protobuf__ServiceDescriptorProto *)printer->entry->proto;
	buffer_append_text(printer->out, "service ");
	put(printer, printer->entry->name);
	buffer_append_text(printer->out, " {\n");
	for (size_t i = 0; i < service->n_method; i++) {
		comment_part(printer, SERVICE_METHOD, i, "  ");
		buffer_append_text(printer->out, "  ");
		put_method(printer, service->method[i], service->method[i]->name);
	}
	buffer_append_text(printer->out, "}\n");
}

static void put_entry(
	struct buffer *out, const struct screen *screen, const struct schema_entry *entry)
{
	struct printer printer = { .out = out, .screen = screen, .entry = entry };
	comment_part(&printer, 0, 0, "");
	switch (entry->kind) {
	case ENTRY_SERVICE:
		put_service(&printer);
		break;
	case ENTRY_METHOD:
		put_method(&printer, (const Google__Protobuf__MethodDescriptorProto *)entry->proto,
			entry->name);
		break;
	case ENTRY_MESSAGE:
		put_message(&printer);
		break;
	case ENTRY_ENUM:
		put_enum(&printer);
		break;
	}
}

void schema_text(struct buffer *out, const struct screen *screen, const struct schema_index *index,
	const struct schema_entry *entry)
{
	put_entry(out, screen, entry);
	if (entry->kind != ENTRY_METHOD)
		return;
	const Google__Protobuf__MethodDescriptorProto *method =
		(const Google__Protobuf__MethodDescriptorProto *)entry->proto;
	const char *const types[] = { method->input_type, method->output_type };
	for (size_t i = 0; i < 2; i++) {
		const struct schema_entry *type =
			types[i] == NULL ? NULL : schema_index_find(index, types[i]);
		if (type == NULL)
			continue;
		buffer_append_char(out, '\n');
		put_entry(out, screen, type);
	}
}

/* Up to the first full stop that ends a sentence. */
static struct slice first_sentence(const char *comment)
{
	const char *end = strstr(comment, ". ");
	const char *line_end = strstr(comment, ".\n");
	if (end == NULL || (line_end != NULL && line_end < end))
		end = line_end;
	return slice_of(comment, end == NULL ? strlen(comment) : (size_t)(end - comment) + 1);
}

static void summarise(struct buffer *out, const struct screen *screen,
	const struct schema_entry *entry, const char *indent)
{
	struct buffer text;
	buffer_init(&text, out->max_bytes);
	screen_text(&text, first_sentence(schema_comment(entry, 0, 0)), true);
	wrap_words(out, slice_of(text.data, text.size), indent, indent, screen->columns);
	buffer_done(&text);
}

void schema_overview(
	struct buffer *out, const struct screen *screen, const struct schema_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct schema_entry *service = &index->entries[i];
		if (service->kind != ENTRY_SERVICE)
			continue;
		buffer_append_text(out, out->size > 0 ? "\n" : "");
		screen_style(screen, out, STYLE_BOLD);
		screen_text(out, slice_of_text(service->name), false);
		screen_plain(screen, out);
		buffer_append_char(out, '\n');
		summarise(out, screen, service, "  ");
		size_t size = strlen(service->name);
		for (size_t m = 0; m < index->count; m++) {
			const struct schema_entry *method = &index->entries[m];
			if (method->kind != ENTRY_METHOD || method->name[size] != '/' ||
				strncmp(method->name, service->name, size) != 0)
				continue;
			buffer_append_text(out, "  ");
			screen_text(out, slice_of_text(method->short_name), false);
			buffer_append_char(out, '\n');
			summarise(out, screen, method, "      ");
		}
	}
}
