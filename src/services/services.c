#include "services/services.h"

#include "base/clock.h"
#include "services/analyzers.h"
#include "services/feed.h"
#include "services/operations.h"
#include "services/renderer.h"
#include "services/services_private.h"
#include "services/time_zone.h"
#include "store/new_file.h"

#include <inttypes.h>
#include <stdlib.h>

enum code services_new(
	const struct services_options *options, struct services **ret, struct error *err)
{
	struct services *services = calloc(1, sizeof *services);
	if (services == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start services: out of memory");
	services->store = options->store;
	services->version = options->version;
	services->start_time_us = clock_realtime_us();
	atomic_init(&services->stopping, false);
	services->backup_directory = strdup(options->backup_directory);

	struct txn *snapshot = NULL;
	enum code code = store_snapshot(options->store, &snapshot, err);
	if (code == CODE_OK) {
		struct key key;
		struct slice value;
		key_meta(&key, META_PAGE_TOKEN_KEY);
		if (txn_get(snapshot, TABLE_META, &key, &value) &&
			value.size == sizeof services->page_token_key)
			memcpy(services->page_token_key, value.data, value.size);
		else
			code = fail(err, CODE_DATA_LOSS, "the store has no key for page tokens");
		store_release(options->store, snapshot);
	}
	services->analyzers = analyzers_new();
	services->time_zones = time_zones_new();
	if (code == CODE_OK && (services->analyzers == NULL || services->time_zones == NULL ||
				       services->backup_directory == NULL))
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "start services: out of memory");
	if (code == CODE_OK)
		code = renderer_new(&services->renderer, err);
	if (code == CODE_OK)
		code = feed_new(options->store, &services->feed, err);
	if (code == CODE_OK)
		code = operations_new(&services->operations, err);
	if (code != CODE_OK) {
		services_free(services);
		return code;
	}
	new_file_remove_leftovers(services->backup_directory);
	*ret = services;
	return CODE_OK;
}

void services_stop(struct services *services)
{
	if (services == NULL)
		return;
	renderer_free(services->renderer);
	services->renderer = NULL;
	feed_stop(services->feed);
	operations_join(services->operations);
}

static void addresses_done(struct addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++)
		free(addresses->urls[i]);
	free(addresses->urls);
}

void services_free(struct services *services)
{
	if (services == NULL)
		return;
	services_stop(services);
	feed_free(services->feed);
	operations_free(services->operations);
	free(services->backup_directory);
	addresses_done(&services->addresses);
	addresses_done(&services->publish_addresses);
	analyzers_free(services->analyzers);
	time_zones_free(services->time_zones);
	free(services);
}

static enum code open_snapshot(
	void *services, void **ret, uint64_t *ret_revision, struct error *err)
{
	struct txn *snapshot;
	enum code code = store_snapshot(((struct services *)services)->store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	*ret_revision = txn_revision(snapshot);
	*ret = snapshot;
	return CODE_OK;
}

static void close_snapshot(void *services, void *snapshot)
{
	store_release(((struct services *)services)->store, snapshot);
}

_Static_assert((int)STORE_VERSION_COMMIT_BITS == (int)RPC_VERSION_COMMIT_BITS, "the same");

static uint64_t version(void *services)
{
	return store_version(((struct services *)services)->store);
}

void services_rpc_options(struct services *services, struct rpc_options *ret)
{
	struct rpc_service *table = services->table;
	table[0] = post_service;
	table[1] = tag_service;
	table[2] = category_service;
	table[3] = author_service;
	table[4] = archive_service;
	table[5] = search_service;
	table[6] = change_service;
	table[7] = import_service;
	table[8] = admin_service;
	table[9] = health_service;
	table[10] = reflection_service;
	*ret = (struct rpc_options){
		.services_table = table,
		.service_count = SERVICE_COUNT,
		.limits = field_limits,
		.limit_count = field_limit_count,
		.services = services,
		.snapshot_open = open_snapshot,
		.snapshot_close = close_snapshot,
		.version = version,
	};
}

static enum code addresses_init(
	struct addresses *addresses, const char *const *urls, size_t count, struct error *err)
{
	addresses->urls = calloc(count, sizeof *addresses->urls);
	for (; addresses->urls != NULL && addresses->count < count; addresses->count++) {
		addresses->urls[addresses->count] = strdup(urls[addresses->count]);
		if (addresses->urls[addresses->count] == NULL)
			break;
	}
	if (addresses->count < count)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	return CODE_OK;
}

enum code services_set_addresses(
	struct services *services, const char *const *urls, size_t count, struct error *err)
{
	return addresses_init(&services->addresses, urls, count, err);
}

enum code services_publish(
	struct services *services, const struct services_publisher *publisher, struct error *err)
{
	feed_publish(services->feed, publisher);
	return addresses_init(
		&services->publish_addresses, publisher->urls, publisher->url_count, err);
}

void services_set_stopping(struct services *services)
{
	atomic_store(&services->stopping, true);
	operations_stop(services->operations);
}

enum code entity_key_check(const struct entity_key *key, const char *field, struct error *err)
{
	if (key->id != 0 || (key->slug != NULL && key->slug[0] != '\0') ||
		(key->name != NULL && key->name[0] != '\0') ||
		(key->origin != NULL && key->origin[0] != '\0'))
		return CODE_OK;
	return fail_field(err, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", field,
		"name what is meant: an id of at least 1 or a slug");
}

enum code page_size_of(int32_t asked, size_t fallback, size_t *ret, struct error *err)
{
	if (asked < 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE", "page_size",
			"is %" PRId32 "; it must be 0 (the default) to %d", asked, LIMIT_PAGE_SIZE);
	*ret = asked == 0 ? fallback : asked > LIMIT_PAGE_SIZE ? LIMIT_PAGE_SIZE : (size_t)asked;
	return CODE_OK;
}
