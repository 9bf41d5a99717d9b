/* What the services share. Only for the files of this layer. */
#pragma once
#include "rpc/rpc.h"
#include "services/services.h"
#include "store/keys.h"
#include "store/txn.h"

#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/term.pb-c.h>
#include <stdatomic.h>
#include <stddef.h>

struct analyzers;
struct time_zones;
struct renderer;
struct feed;
struct operations;

enum { PAGE_TOKEN_KEY_BYTES = 32, SERVICE_COUNT = 11 };

/* The addresses of a socket, for GetServerInfo. */
struct addresses {
	char **urls; /* owned */
	size_t count;
};

struct services {
	struct store *store;
	const char *version;
	struct renderer *renderer;
	struct feed *feed;
	struct operations *operations;
	char *backup_directory;	     /* owned */
	struct analyzers *analyzers; /* for reads; the writer has its own */
	struct time_zones *time_zones;
	struct rpc_service table[SERVICE_COUNT];
	int64_t start_time_us;
	atomic_bool stopping;
	struct addresses addresses;
	struct addresses publish_addresses;
	struct services_telemetry telemetry; /* NULL functions without it */
	uint8_t page_token_key[PAGE_TOKEN_KEY_BYTES];
};

static inline struct services *services_of(const struct rpc_call *call)
{
	return call->services;
}

static inline struct txn *snapshot_of(const struct rpc_call *call)
{
	return call->snapshot;
}

/* The tables, one for each service, in the file of the service. */
extern const struct rpc_service post_service, tag_service, category_service, author_service,
	archive_service, search_service, change_service, import_service, admin_service,
	health_service, reflection_service;
extern const struct rpc_field_limit field_limits[];
extern const size_t field_limit_count;

/* An entity as requests name it: by id, slug or (terms) name. */
struct entity_key {
	uint64_t id;
	const char *slug; /* NULL unless given */
	const char *name;
	const char *origin; /* of a post */
};

/* From the `oneof key { id = 1; slug = 2; name = 3; }` of a request. */
#define ID_OR_SLUG(request) \
	((struct entity_key){ .id = (request)->key_case == 1 ? (request)->id : 0, \
		.slug = (request)->key_case == 2 ? (request)->slug : NULL })
#define ID_SLUG_OR_NAME(request) \
	((struct entity_key){ .id = (request)->key_case == 1 ? (request)->id : 0, \
		.slug = (request)->key_case == 2 ? (request)->slug : NULL, \
		.name = (request)->key_case == 3 ? (request)->name : NULL })

/* From that of a post with the field `origin`, whose number is the last argument. */
#define ID_SLUG_OR_ORIGIN(request, number) \
	((struct entity_key){ .id = (request)->key_case == 1 ? (request)->id : 0, \
		.slug = (request)->key_case == 2 ? (request)->slug : NULL, \
		.origin = (request)->key_case == (number) ? (request)->origin : NULL })

/* For a handler that reads several request types as the first of them: they must have the same
 * fields in the same order. Sizes and the place of one field are what a compiler can compare. */
#define SAME_LAYOUT(first, other, field) \
	_Static_assert(sizeof(Lectern__V1__##first) == sizeof(Lectern__V1__##other) && \
			       offsetof(Lectern__V1__##first, field) == \
				       offsetof(Lectern__V1__##other, field), \
		#other " has the fields of " #first)

/* INVALID_ARGUMENT unless it is one. */
enum code check_view(Lectern__V1__PostView view, struct error *err) NODISCARD;

/* INVALID_ARGUMENT unless the key names something. */
enum code entity_key_check(const struct entity_key *key, const char *field, struct error *err)
	NODISCARD;

/* The page size to use, or INVALID_ARGUMENT for a negative one. */
enum code page_size_of(int32_t asked, size_t fallback, size_t *ret, struct error *err) NODISCARD;

/* Finds a term; NOT_FOUND or FAILED_PRECONDITION (ambiguous name). *former tells whether it was
 * named by a former slug. */
enum code term_resolve(struct txn *txn, uint8_t kind, const struct entity_key *key,
	const char *field, uint64_t *ret, bool *former, struct error *err) NODISCARD;

/* Adds a term with its counts as field `number` of the reply. NOT_FOUND if there is none. */
enum code reply_term(struct rpc_call *call, uint32_t number, uint8_t kind, uint64_t id,
	struct error *err) NODISCARD;
