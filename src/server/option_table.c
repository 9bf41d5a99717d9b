#include "server/option_table.h"

#include <ctype.h>
#include <string.h>

enum { NEAR_DISTANCE_MAX = 3 };

const struct option_group *const option_groups[] = {
	&option_group_general,
	&option_group_store,
	&option_group_network,
	&option_group_security,
	&option_group_http,
	&option_group_log,
	NULL,
};

const struct option_row *option_at(size_t index)
{
	for (size_t i = 0; option_groups[i] != NULL; i++)
		for (const struct option_row *row = option_groups[i]->rows; row->name != NULL;
			row++)
			if (index-- == 0)
				return row;
	return NULL;
}

const struct option_group *option_group_of(const struct option_row *row)
{
	for (size_t i = 0; option_groups[i] != NULL; i++)
		for (const struct option_row *each = option_groups[i]->rows; each->name != NULL;
			each++)
			if (each == row)
				return option_groups[i];
	return &option_group_general;
}

const struct option_group *option_group_find(const char *section)
{
	for (size_t i = 0; option_groups[i] != NULL; i++)
		if (option_groups[i]->name != NULL && strcmp(option_groups[i]->name, section) == 0)
			return option_groups[i];
	return NULL;
}

const struct option_row *option_find(const char *name, size_t *index)
{
	const struct option_row *row;
	for (size_t i = 0; (row = option_at(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0) {
			if (index != NULL)
				*index = i;
			return row;
		}
	return NULL;
}

void option_variable(const struct option_row *row, char out[VARIABLE_BYTES_MAX])
{
	snprintf(out, VARIABLE_BYTES_MAX, "LECTERND_%s", row->name);
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* Levenshtein's distance; both are shorter than OPTION_NAME_BYTES_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[OPTION_NAME_BYTES_MAX];
	size_t width = strlen(b);
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			size_t insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < insert ? change : insert;
		}
	}
	return row[width];
}

const struct option_row *option_nearest(const char *name, unsigned places)
{
	const struct option_row *best = NULL;
	size_t best_distance = NEAR_DISTANCE_MAX + 1;
	if (strlen(name) >= OPTION_NAME_BYTES_MAX)
		return NULL;
	const struct option_row *row;
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		size_t edits = distance(name, row->name);
		if (!row->hidden && (row->places & places) != 0 && edits < best_distance) {
			best = row;
			best_distance = edits;
		}
	}
	return best;
}
