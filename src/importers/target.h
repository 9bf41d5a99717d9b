/* The server that an import writes to. */
#pragma once
#include "importers/source.h"

#include <lectern/client.h>

struct target {
	lectern_client *client;
	uint32_t timeout_ms; /* of each call; 0 means the client's default */
	bool dry_run;	     /* ask for everything, but change nothing */
};

enum target_result { TARGET_CREATED, TARGET_UPDATED, TARGET_UNCHANGED, TARGET_REFUSED };

/*
 * Makes the server's post or term what the item says: creates it, changes what is different, or
 * leaves it alone. TARGET_REFUSED: the server does not take this one; the reason is in
 * item->reason. Fails where the import cannot go on.
 */
enum code target_write(const struct target *target, struct import_item *item, struct arena *arena,
	enum target_result *ret, struct error *err) NODISCARD;

/* For formats; arg is the target. */
enum code target_find_posts(void *arg, const char *const *slugs, size_t count, struct arena *arena,
	const Lectern__V1__Post **ret, struct error *err) NODISCARD;

/* Whether a call's code speaks of the item that was sent and not of the server or the connection.
 */
bool target_is_refusal(const struct lectern_error *err);
