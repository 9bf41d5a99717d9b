/* Publish times for posts of which only the order is known. */
#pragma once
#include "importers/archive_order.h"

enum { ARCHIVE_STEP_US = 60 * 1000 * 1000 }; /* between neighbours, where there is room */

struct time_input {
	const uint32_t *sequence; /* the newest first */
	uint32_t count;
	const struct order_key *keys; /* by post */
	int64_t newest_us;	      /* of the first post, unless one that is there is newer */
	int64_t now_us;		      /* no time is made that lies after it */
};

/*
 * Gives each post of the sequence a time, so that the times make the server show the sequence.
 *
 * As many posts as possible that are on the server keep their times; the others are put evenly
 * between them, a minute apart or closer. ret_times_us is by post. RESOURCE_EXHAUSTED when out of
 * memory.
 */
enum code times_assign(const struct time_input *input, int64_t *ret_times_us, struct error *err)
	NODISCARD;
