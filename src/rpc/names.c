#include "rpc/names.h"

#define XXH_INLINE_ALL /* the library is a header then; nothing to link */
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum {
	NEAR_DISTANCE_MAX = 3, /* edits from a name that is worth suggesting */
	NEAR_NAME_BYTES = 128, /* longer names are not compared */
};

static uint64_t hash(struct slice name)
{
	return XXH3_64bits(name.data, name.size);
}

static const struct rpc_method *find_row(const struct rpc_service *service, const char *name)
{
	for (size_t i = 0; i < service->method_count; i++)
		if (strcmp(service->methods[i].name, name) == 0)
			return &service->methods[i];
	return NULL;
}

/* Every row is a method, once. */
static enum code check_rows(const struct rpc_service *service, struct error *err)
{
	const char *service_name = service->descriptor->name;
	for (size_t i = 0; i < service->method_count; i++) {
		const char *name = service->methods[i].name;
		if (protobuf_c_service_descriptor_get_method_by_name(service->descriptor, name) ==
			NULL)
			return fail(err, CODE_INTERNAL, "%s has a row for '%s', which is no method",
				service_name, name);
		if (find_row(service, name) != &service->methods[i])
			return fail(
				err, CODE_INTERNAL, "%s has two rows for '%s'", service_name, name);
	}
	return CODE_OK;
}

static enum code add_method(struct names *names, const struct rpc_service *service,
	const ProtobufCMethodDescriptor *method, struct error *err)
{
	const char *service_name = service->descriptor->name;
	const struct rpc_method *row = find_row(service, method->name);
	if (row == NULL)
		return fail(
			err, CODE_INTERNAL, "%s has no row for '%s'", service_name, method->name);
	char *full = NULL;
	if (asprintf(&full, "%s/%s", service_name, method->name) < 0)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "name methods: out of memory");
	names->entries[names->count++] = (struct rpc_name){
		.full = slice_of_text(full),
		.service = service,
		.row = row,
		.method = method,
	};
	return CODE_OK;
}

static enum code add_service(
	struct names *names, const struct rpc_service *service, struct error *err)
{
	enum code code = check_rows(service, err);
	for (unsigned i = 0; i < service->descriptor->n_methods && code == CODE_OK; i++)
		code = add_method(names, service, &service->descriptor->methods[i], err);
	return code;
}

static enum code fill_slots(struct names *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names_find(names, names->entries[i].full) != NULL)
			return fail(err, CODE_INTERNAL, "'%s' is there twice",
				(const char *)names->entries[i].full.data);
		size_t at = hash(names->entries[i].full) & names->slot_mask;
		while (names->slots[at] != 0)
			at = (at + 1) & names->slot_mask;
		names->slots[at] = (uint16_t)(i + 1);
	}
	return CODE_OK;
}

enum code names_init(struct names *names, const struct rpc_service *services, size_t service_count,
	struct error *err)
{
	*names = (struct names){ .count = 0 };
	size_t count = 0;
	for (size_t i = 0; i < service_count; i++)
		count += services[i].descriptor->n_methods;
	size_t slots = 16;
	while (slots < 2 * count)
		slots *= 2;
	if (count >= UINT16_MAX)
		return fail(err, CODE_INTERNAL, "name methods: %zu are too many", count);
	names->entries = calloc(count + 1, sizeof *names->entries);
	names->slots = calloc(slots, sizeof *names->slots);
	names->slot_mask = slots - 1;
	if (names->entries == NULL || names->slots == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "name methods: out of memory");
	enum code code = CODE_OK;
	for (size_t i = 0; i < service_count && code == CODE_OK; i++)
		code = add_service(names, &services[i], err);
	return code == CODE_OK ? fill_slots(names, err) : code;
}

void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free((void *)(uintptr_t)names->entries[i].full.data);
	free(names->entries);
	free(names->slots);
}

static struct slice without_slash(struct slice method)
{
	bool slash = method.size > 0 && method.data[0] == '/';
	return slash ? slice_of(method.data + 1, method.size - 1) : method;
}

const struct rpc_name *names_find(const struct names *names, struct slice method)
{
	struct slice name = without_slash(method);
	for (size_t at = hash(name) & names->slot_mask; names->slots[at] != 0;
		at = (at + 1) & names->slot_mask) {
		const struct rpc_name *entry = &names->entries[names->slots[at] - 1];
		if (slice_equals(entry->full, name))
			return entry;
	}
	return NULL;
}

/* Levenshtein's distance; NEAR_DISTANCE_MAX + 1 where the lengths alone differ by more. */
static size_t distance(struct slice a, struct slice b)
{
	size_t gap = a.size > b.size ? a.size - b.size : b.size - a.size;
	if (gap > NEAR_DISTANCE_MAX || b.size >= NEAR_NAME_BYTES)
		return NEAR_DISTANCE_MAX + 1;
	size_t row[NEAR_NAME_BYTES];
	for (size_t j = 0; j <= b.size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			size_t change = diagonal + (a.data[i - 1] != b.data[j - 1]);
			diagonal = row[j];
			size_t insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < insert ? change : insert;
		}
	}
	return row[b.size];
}

/* The nearer of the best name so far and this one. */
static void offer(struct slice wanted, const char *name, const char **best, size_t *best_distance)
{
	size_t edits = distance(wanted, slice_of_text(name));
	if (edits < *best_distance) {
		*best = name;
		*best_distance = edits;
	}
}

static enum code refuse_method(
	const struct rpc_service *service, struct slice method, struct error *err)
{
	const char *best = NULL;
	size_t edits = NEAR_DISTANCE_MAX + 1;
	for (size_t i = 0; i < service->method_count; i++)
		offer(method, service->methods[i].name, &best, &edits);
	return fail_reason(err, CODE_UNIMPLEMENTED, "UNKNOWN_METHOD",
		"%s has no method '%.*s'%s%s%s", service->descriptor->name, (int)method.size,
		(const char *)method.data, best == NULL ? "" : "; did you mean '",
		best == NULL ? "" : best, best == NULL ? "" : "'?");
}

enum code names_refuse(const struct names *names, struct slice method, struct error *err)
{
	struct slice name = without_slash(method);
	const uint8_t *slash = name.size == 0 ? NULL : memchr(name.data, '/', name.size);
	if (slash == NULL)
		return fail_reason(err, CODE_UNIMPLEMENTED, "UNKNOWN_METHOD",
			"'%.*s' is no method; name it in full, for example "
			"/lectern.v1.PostService/GetPost",
			(int)name.size, (const char *)name.data);
	size_t service_size = (size_t)(slash - name.data);
	struct slice service = slice_of(name.data, service_size);
	struct slice rest = slice_of(slash + 1, name.size - service_size - 1);
	const char *best = NULL;
	size_t edits = NEAR_DISTANCE_MAX + 1;
	for (size_t i = 0; i < names->count; i++) {
		const struct rpc_service *known = names->entries[i].service;
		if (i > 0 && known == names->entries[i - 1].service)
			continue;
		if (slice_equals(service, slice_of_text(known->descriptor->name)))
			return refuse_method(known, rest, err);
		offer(service, known->descriptor->name, &best, &edits);
	}
	return fail_reason(err, CODE_UNIMPLEMENTED, "UNKNOWN_SERVICE",
		"there is no service '%.*s'%s%s%s", (int)service.size, (const char *)service.data,
		best == NULL ? "" : "; did you mean '", best == NULL ? "" : best,
		best == NULL ? "" : "'?");
}
