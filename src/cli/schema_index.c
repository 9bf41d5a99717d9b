#include "cli/schema_index.h"

#include "codec/depth.h"

#include <string.h>

/* Numbers of fields in google/protobuf/descriptor.proto. */
enum {
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	SERVICE_METHOD = 2,
};

/* What encloses an entry; NULL entry for the file itself. */
struct scope {
	const Google__Protobuf__FileDescriptorProto *file;
	size_t parent; /* an index in entries, or NO_PARENT */
};

#define NO_PARENT SIZE_MAX

static struct schema_entry *grow(struct schema_index *index, struct arena *arena)
{
	if (index->count == index->capacity) {
		size_t capacity = index->capacity == 0 ? 256 : index->capacity * 2;
		struct schema_entry *more = arena_calloc(arena, capacity, sizeof *more);
		if (more == NULL)
			return NULL;
		if (index->count > 0)
			memcpy(more, index->entries, index->count * sizeof *more);
		index->entries = more;
		index->capacity = capacity;
	}
	return &index->entries[index->count];
}

/* "package." + name, or parent + separator + name. */
static bool name_entry(const struct schema_index *index, struct schema_entry *entry,
	const struct scope *scope, char separator, const char *name, struct arena *arena)
{
	const char *package = scope->file->package == NULL ? "" : scope->file->package;
	if (scope->parent != NO_PARENT)
		entry->name = arena_printf(
			arena, "%s%c%s", index->entries[scope->parent].name, separator, name);
	else
		entry->name =
			arena_printf(arena, "%s%s%s", package, *package == '\0' ? "" : ".", name);
	if (entry->name == NULL)
		return false;
	entry->short_name = entry->name + (*package == '\0' ? 0 : strlen(package) + 1);
	return true;
}

static bool add(struct schema_index *index, enum entry_kind kind, const struct scope *scope,
	const char *name, const ProtobufCMessage *proto, int32_t number, size_t at,
	struct arena *arena)
{
	struct schema_entry *entry = grow(index, arena);
	if (entry == NULL)
		return false;
	*entry = (struct schema_entry){ .kind = kind, .file = scope->file, .proto = proto };
	if (scope->parent != NO_PARENT) {
		const struct schema_entry *parent = &index->entries[scope->parent];
		memcpy(entry->path, parent->path, sizeof entry->path);
		entry->path_size = parent->path_size;
	}
	if (entry->path_size + 2 > ENTRY_PATH_MAX || name == NULL)
		return false;
	entry->path[entry->path_size++] = number;
	entry->path[entry->path_size++] = (int32_t)at;
	if (!name_entry(index, entry, scope, kind == ENTRY_METHOD ? '/' : '.', name, arena))
		return false;
	index->count++;
	return true;
}

static bool add_inner(struct schema_index *index, size_t at, struct arena *arena)
{
	const struct schema_entry *entry = &index->entries[at];
	struct scope scope = { .file = entry->file, .parent = at };
	bool done = true;
	if (entry->kind == ENTRY_SERVICE) {
		const Google__Protobuf__ServiceDescriptorProto *service =
			(const Google__Protobuf__ServiceDescriptorProto *)entry->proto;
		for (size_t i = 0; done && i < service->n_method; i++)
			done = add(index, ENTRY_METHOD, &scope, service->method[i]->name,
				&service->method[i]->base, SERVICE_METHOD, i, arena);
	} else if (entry->kind == ENTRY_MESSAGE) {
		const Google__Protobuf__DescriptorProto *message =
			(const Google__Protobuf__DescriptorProto *)entry->proto;
		for (size_t i = 0; done && i < message->n_nested_type; i++)
			done = add(index, ENTRY_MESSAGE, &scope, message->nested_type[i]->name,
				&message->nested_type[i]->base, MESSAGE_NESTED, i, arena);
		for (size_t i = 0; done && i < message->n_enum_type; i++)
			done = add(index, ENTRY_ENUM, &scope, message->enum_type[i]->name,
				&message->enum_type[i]->base, MESSAGE_ENUM, i, arena);
	}
	return done;
}

static bool add_file(struct schema_index *index, const Google__Protobuf__FileDescriptorProto *file,
	struct arena *arena)
{
	struct scope scope = { .file = file, .parent = NO_PARENT };
	bool done = true;
	for (size_t i = 0; done && i < file->n_service; i++)
		done = add(index, ENTRY_SERVICE, &scope, file->service[i]->name,
			&file->service[i]->base, FILE_SERVICE, i, arena);
	for (size_t i = 0; done && i < file->n_message_type; i++)
		done = add(index, ENTRY_MESSAGE, &scope, file->message_type[i]->name,
			&file->message_type[i]->base, FILE_MESSAGE, i, arena);
	for (size_t i = 0; done && i < file->n_enum_type; i++)
		done = add(index, ENTRY_ENUM, &scope, file->enum_type[i]->name,
			&file->enum_type[i]->base, FILE_ENUM, i, arena);
	return done;
}

enum code schema_index_read(
	struct schema_index *index, struct slice bytes, struct arena *arena, struct error *err)
{
	const ProtobufCMessageDescriptor *type = &google__protobuf__file_descriptor_set__descriptor;
	*index = (struct schema_index){ .count = 0 };
	if (depth_within(type, bytes, ENTRY_PATH_MAX / 2))
		index->set = (Google__Protobuf__FileDescriptorSet *)protobuf_c_message_unpack(
			type, &arena->allocator, bytes.size, bytes.data);
	if (index->set == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "the schema is no descriptor set");
	bool done = true;
	for (size_t i = 0; done && i < index->set->n_file; i++)
		done = add_file(index, index->set->file[i], arena);
	/* What lies inside is added behind what is there already, so that this ends. */
	for (size_t i = 0; done && i < index->count; i++)
		done = add_inner(index, i, arena);
	return done ? CODE_OK : fail(err, CODE_RESOURCE_EXHAUSTED, "the schema is too large");
}

const struct schema_entry *schema_index_find(const struct schema_index *index, const char *name)
{
	if (*name == '/' || *name == '.')
		name++;
	for (size_t i = 0; i < index->count; i++) {
		const struct schema_entry *entry = &index->entries[i];
		if (strcmp(entry->name, name) == 0 || strcmp(entry->short_name, name) == 0)
			return entry;
	}
	return NULL;
}

const char *schema_comment(const struct schema_entry *entry, int32_t number, int32_t at)
{
	const Google__Protobuf__SourceCodeInfo *info = entry->file->source_code_info;
	size_t size = entry->path_size + (number == 0 ? 0 : 2);
	for (size_t i = 0; info != NULL && i < info->n_location; i++) {
		const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];
		if (location->n_path != size || location->leading_comments == NULL ||
			memcmp(location->path, entry->path,
				entry->path_size * sizeof *entry->path) != 0)
			continue;
		if (number == 0 ||
			(location->path[size - 2] == number && location->path[size - 1] == at))
			return location->leading_comments;
	}
	return "";
}
