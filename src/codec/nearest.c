#include "codec/nearest.h"

#include <ctype.h>
#include <string.h>

enum { NAME_BYTES = 64 }; /* longer names are not compared */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: insert, delete, replace, swap neighbours; case counts nothing. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][NAME_BYTES + 1];
	size_t *before = rows[0];
	size_t *last = rows[1];
	size_t *now = rows[2];
	for (size_t j = 0; j <= b_size; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t cost = same(a[i - 1], b[j - 1]) ? 0 : 1;
			now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_size];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t wanted_size = strlen(nearest->wanted);
	size_t size = strlen(candidate);
	if (wanted_size > NAME_BYTES || size > NAME_BYTES)
		return;
	size_t found = distance(nearest->wanted, wanted_size, candidate, size);
	/* A beginning of the right name is a better guess than its length tells. */
	if (wanted_size >= 3 && size > wanted_size &&
		strncasecmp(nearest->wanted, candidate, wanted_size) == 0)
		found = 1;
	if (nearest->best == NULL || found < nearest->best_distance) {
		nearest->best = candidate;
		nearest->best_distance = found;
	}
}

const char *nearest_best(const struct nearest *nearest)
{
	if (nearest->best == NULL)
		return NULL;
	size_t allowed = strlen(nearest->wanted) / 3;
	if (allowed == 0)
		allowed = 1;
	/* Nothing of a name that short is left when every letter may differ. */
	if (nearest->best_distance >= strlen(nearest->wanted))
		return NULL;
	return nearest->best_distance <= allowed ? nearest->best : NULL;
}
