/* The server that an import writes to. */
#pragma once
#include "importers/source.h"

#include <lectern/client.h>
#include <pthread.h>

/* May be used from several threads at once. */
struct target {
	lectern_client *client; /* borrowed */
	uint32_t timeout_ms;	/* of each call; 0 means the client's default */
	bool dry_run;		/* ask for everything, but change nothing */
	pthread_mutex_t mutex;	/* for planned */
	/* With dry_run: what would be there by now, for what depends on it; a tree of tsearch(). */
	void *planned;
};

void target_init(struct target *target, lectern_client *client, uint32_t timeout_ms, bool dry_run);
void target_done(struct target *target);

enum target_result { TARGET_CREATED, TARGET_UPDATED, TARGET_UNCHANGED, TARGET_REFUSED };

/*
 * Makes the server's post, term or history what the item says, in one call. TARGET_REFUSED: the
 * server does not take this one; the reason is in item->reason. Of others it tells what was changed
 * on the way, such as a slug that was taken; item->slug becomes the slug that is stored, in the
 * arena. Fails where the import cannot go on.
 */
enum code target_write(struct target *target, struct import_item *item, struct arena *arena,
	enum target_result *ret, struct error *err) NODISCARD;

/* For formats; arg is the target. */
enum code target_find_posts(void *arg, const char *const *slugs, size_t count, struct arena *arena,
	const Lectern__V1__Post **ret, struct error *err) NODISCARD;
