/* A google.protobuf.FileDescriptorSet with everything in it found by name. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <google/protobuf/descriptor.pb-c.h>

enum entry_kind { ENTRY_SERVICE, ENTRY_METHOD, ENTRY_MESSAGE, ENTRY_ENUM };

enum { ENTRY_PATH_MAX = 2 * 32 };

/* One thing that has a name. */
struct schema_entry {
	enum entry_kind kind;
	const char *name; /* "lectern.v1.Post"; a method's is "lectern.v1.TagService/GetTag" */
	const char *short_name; /* without the package */
	const Google__Protobuf__FileDescriptorProto *file;
	const ProtobufCMessage *proto; /* DescriptorProto and so on, by kind */
	/* Where it stands in the file, as SourceCodeInfo counts: numbers of fields and indexes. */
	int32_t path[ENTRY_PATH_MAX];
	size_t path_size;
};

struct schema_index {
	struct schema_entry *entries;
	size_t count;
	size_t capacity;
	Google__Protobuf__FileDescriptorSet *set;
};

/* Reads the encoded set into the arena, which keeps it all. INVALID_ARGUMENT for bytes that are
 * none or nest too deep. */
enum code schema_index_read(struct schema_index *index, struct slice bytes, struct arena *arena,
	struct error *err) NODISCARD;

/* By full or short name, with or without a leading slash; NULL if there is none. */
const struct schema_entry *schema_index_find(const struct schema_index *index, const char *name);

/* The comment above the entry or above a part of it, which is named by two more numbers of the path
 * (a field's number in the descriptor and an index); 0 for the entry itself. "" if there is none.
 */
const char *schema_comment(const struct schema_entry *entry, int32_t number, int32_t at);
