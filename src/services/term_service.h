/*
 * Tags, categories and authors are served by one set of functions. term_methods.c reads
 * the requests.
 */
#pragma once
#include "services/services_private.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <lectern/store/v1/record.pb-c.h>

enum code term_get(struct rpc_call *call, uint8_t kind, const struct entity_key *key,
	struct error *err) NODISCARD;

enum code term_batch_get(struct rpc_call *call, uint8_t kind, Lectern__V1__TermKey *const *keys,
	size_t count, struct error *err) NODISCARD;

enum code term_list(struct rpc_call *call, uint8_t kind, int32_t page_size, const char *page_token,
	Lectern__V1__TermOrder order, struct error *err) NODISCARD;

/* A create or an update. */
struct term_put {
	bool update;
	const ProtobufCMessage *message; /* lectern.v1.Tag, Category or Author; may be NULL */
	const Google__Protobuf__FieldMask *update_mask;
	const char *request_id;
	bool allow_missing;
	bool validate_only;
};

enum code term_submit_put(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_put *put, struct error *err) NODISCARD;

/* The same from another system; `update` and `allow_missing` do not count. */
enum code term_submit_import(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_put *put, struct error *err) NODISCARD;

struct term_delete {
	struct entity_key key;
	const char *etag;
	const char *request_id;
	bool force;
	bool allow_missing;
	bool validate_only;
};

enum code term_submit_delete(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_delete *delete, struct error *err) NODISCARD;

struct term_merge {
	Lectern__V1__TermKey *const *sources;
	size_t source_count;
	Lectern__V1__TermKey *destination;
	const char *etag;
	const char *request_id;
	bool validate_only;
};

enum code term_submit_merge(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_merge *merge, struct error *err) NODISCARD;
