/*
 * Items on their way to the server, many at a time: one thread reads them and takes the results, in
 * the order of the input, and some others make the calls.
 *
 * An item waits for those before it that it may depend on: a category for everything (its parents
 * among it), an item for all of another kind (posts for their terms), a post or a revision for one
 * of the same origin, and a post for one with the same slug, which the first one gets, or the same
 * publish_time or create_time, since posts with equal times are ordered by their ids.
 * Posts without an origin are written in the order of the input.
 */
#pragma once
#include "importers/target.h"

struct pipeline;

/* An item that has been dealt with. */
struct pipeline_result {
	struct import_item *item;
	enum target_result result; /* of one that was ITEM_READY */
	uint64_t bytes_done;	   /* of the source, behind the item */
	enum code code;		   /* not CODE_OK: the import cannot go on; error says why */
	struct error error;
	bool abandoned; /* not written, because another one could not be */
};

/* `single`: no item is sent before the one before it has been answered. */
enum code pipeline_new(struct target *target, bool single, struct pipeline **ret, struct error *err)
	NODISCARD;
/* Ends the threads, after what they do now. NULL is allowed. */
void pipeline_free(struct pipeline *pipeline);

/* Whether there is room for another item. Else take a result first. */
bool pipeline_has_room(const struct pipeline *pipeline);

/* Room for the next item: the arena it is read into and the item itself, empty. */
struct import_item *pipeline_next(struct pipeline *pipeline, struct arena **ret_arena);

/* Takes the item that was read into that room. */
void pipeline_put(struct pipeline *pipeline, uint64_t bytes_done);

/* The result of the oldest item, waiting for it; NULL if there is none. Valid until the next call
 * of pipeline_next(). */
const struct pipeline_result *pipeline_take(struct pipeline *pipeline);
