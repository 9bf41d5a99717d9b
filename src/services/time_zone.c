#include "services/time_zone.h"

#include "base/limits.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_US = 1000000;
static const int64_t DAY_SECONDS = 86400;

enum {
	OFFSET_SECONDS_MAX = 14 * 3600, /* of one that is given as such */
	/* No zone was ever further from UTC. */
	ANY_OFFSET_SECONDS = 26 * 3600,
	KEPT_MAX = 32, /* of some 40 KB each */
};

struct time_zone {
	GTimeZone *rules;
};

/* A name and what it stands for; NULL in an unused place. */
struct kept {
	char name[LIMIT_TIME_ZONE_BYTES + 1];
	GTimeZone *rules;
};

struct time_zones {
	pthread_mutex_t mutex;
	struct kept kept[KEPT_MAX];
	size_t next; /* to be replaced */
};

struct time_zones *time_zones_new(void)
{
	struct time_zones *zones = calloc(1, sizeof *zones);
	if (zones != NULL)
		pthread_mutex_init(&zones->mutex, NULL);
	return zones;
}

void time_zones_free(struct time_zones *zones)
{
	if (zones == NULL)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (zones->kept[i].rules != NULL)
			g_time_zone_unref(zones->kept[i].rules);
	pthread_mutex_destroy(&zones->mutex);
	free(zones);
}

/* NULL if it is not kept. */
static GTimeZone *take_kept(struct time_zones *zones, const char *name)
{
	GTimeZone *rules = NULL;
	pthread_mutex_lock(&zones->mutex);
	for (size_t i = 0; i < KEPT_MAX && rules == NULL; i++)
		if (zones->kept[i].rules != NULL && strcmp(zones->kept[i].name, name) == 0)
			rules = g_time_zone_ref(zones->kept[i].rules);
	pthread_mutex_unlock(&zones->mutex);
	return rules;
}

static void keep(struct time_zones *zones, const char *name, GTimeZone *rules)
{
	pthread_mutex_lock(&zones->mutex);
	struct kept *place = &zones->kept[zones->next++ % KEPT_MAX];
	if (place->rules != NULL)
		g_time_zone_unref(place->rules);
	snprintf(place->name, sizeof place->name, "%s", name);
	place->rules = g_time_zone_ref(rules);
	pthread_mutex_unlock(&zones->mutex);
}

/* "+HH:MM" or "-HH:MM". */
static bool read_offset(const char *text, int32_t *ret_seconds)
{
	unsigned hours;
	unsigned minutes;
	int end = -1;
	if (strlen(text) != 6 || strspn(text + 1, "0123456789:") != 5 ||
		sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &end) != 2 || end != 5 ||
		minutes > 59)
		return false;
	int32_t seconds = (int32_t)(hours * 3600 + minutes * 60);
	*ret_seconds = text[0] == '-' ? -seconds : seconds;
	return seconds <= OFFSET_SECONDS_MAX;
}

/*
 * Whether the name is that of a zone of the database. GLib alone would take rules as in "ABC5DEF",
 * too, and complain on standard error about files that are none of zones. All names begin with an
 * upper-case letter; "right/Europe/Berlin", which counts leap seconds, and "localtime" do not.
 */
static bool is_zone(const char *name)
{
	static const char CHARACTERS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	static const char MAGIC[] = { 'T', 'Z', 'i', 'f' }; /* RFC 8536 */
	size_t size = strlen(name);
	if (size > LIMIT_TIME_ZONE_BYTES || name[0] < 'A' || name[0] > 'Z' ||
		strspn(name, CHARACTERS) != size)
		return false;
	const char *directory = getenv("TZDIR"); /* where GLib looks, too */
	char path[512];
	char magic[sizeof MAGIC];
	if ((size_t)snprintf(path, sizeof path, "%s/%s",
		    directory == NULL ? "/usr/share/zoneinfo" : directory, name) >= sizeof path)
		return false;
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		return false;
	bool found =
		fread(magic, sizeof magic, 1, file) == 1 && memcmp(magic, MAGIC, sizeof magic) == 0;
	fclose(file);
	return found;
}

static GTimeZone *find_zone(struct time_zones *zones, const char *name)
{
	GTimeZone *rules = take_kept(zones, name);
	if (rules != NULL || !is_zone(name))
		return rules;
	rules = g_time_zone_new_identifier(name);
	if (rules != NULL)
		keep(zones, name, rules);
	return rules;
}

static GTimeZone *find_rules(struct time_zones *zones, const char *name)
{
	int32_t seconds;
	if (name[0] == '\0')
		return g_time_zone_new_utc();
	if (name[0] == '+' || name[0] == '-')
		return read_offset(name, &seconds) ? g_time_zone_new_offset(seconds) : NULL;
	return find_zone(zones, name);
}

enum code time_zone_open(
	struct time_zones *zones, const char *name, struct time_zone **ret, struct error *err)
{
	GTimeZone *rules = find_rules(zones, name);
	if (rules == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "TIME_ZONE_UNKNOWN", "time_zone",
			"\"%.64s\" is not known; give a name such as \"Europe/Berlin\", which the "
			"server looks up in the tz database of its machine, an offset from "
			"\"-14:00\" to \"+14:00\", or nothing for UTC",
			name);
	struct time_zone *zone = malloc(sizeof *zone);
	if (zone == NULL) {
		g_time_zone_unref(rules);
		return fail_reason(
			err, CODE_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a time zone");
	}
	*zone = (struct time_zone){ .rules = rules };
	*ret = zone;
	return CODE_OK;
}

void time_zone_close(struct time_zone *zone)
{
	if (zone == NULL)
		return;
	g_time_zone_unref(zone->rules);
	free(zone);
}

void time_zone_closep(struct time_zone **zone)
{
	time_zone_close(*zone);
}

/* The number of the interval without a change of the clocks that the time lies in. */
static int interval_at(const struct time_zone *zone, int64_t seconds)
{
	return g_time_zone_find_interval(zone->rules, G_TIME_TYPE_UNIVERSAL, seconds);
}

static int64_t offset_of(const struct time_zone *zone, int interval)
{
	return g_time_zone_get_offset(zone->rules, interval);
}

/* When the clocks were changed at the end of an interval: between `from`, which lies in it or
 * before it, and `until`, which lies behind it. */
static int64_t end_of_interval(
	const struct time_zone *zone, int interval, int64_t from, int64_t until)
{
	while (until - from > 1) {
		int64_t middle = from + (until - from) / 2;
		if (interval_at(zone, middle) > interval)
			until = middle;
		else
			from = middle;
	}
	return until;
}

/*
 * The end of all times at which the clocks show less than local_seconds. In an interval with one
 * offset that is at local_seconds - offset, or at the end of the interval if this comes earlier; so
 * it is sought from the last interval that can matter backwards to the first one that begins below
 * local_seconds.
 */
static int64_t last_reach_of(const struct time_zone *zone, int64_t local_seconds)
{
	int64_t from = local_seconds - ANY_OFFSET_SECONDS;
	int64_t until = local_seconds + ANY_OFFSET_SECONDS;
	int first = interval_at(zone, from);
	for (int interval = interval_at(zone, until); interval > first; interval--) {
		int64_t reached = local_seconds - offset_of(zone, interval);
		int before = interval_at(zone, reached - 1);
		if (before == interval)
			return reached;
		if (before > interval)
			return end_of_interval(zone, interval, from, until);
	}
	int64_t reached = local_seconds - offset_of(zone, first);
	if (interval_at(zone, reached - 1) > first)
		return end_of_interval(zone, first, from, until);
	return reached;
}

int64_t time_zone_day_start_us(const struct time_zone *zone, struct civil_date date)
{
	int64_t local_us = civil_date_start_us(date);
	if (local_us <= TIME_US_MIN)
		return TIME_US_MIN;
	if (local_us > TIME_US_MAX)
		return TIME_US_MAX + 1;
	int64_t start_us = last_reach_of(zone, local_us / SECOND_US) * SECOND_US;
	return start_us < TIME_US_MIN ? TIME_US_MIN : start_us;
}

struct civil_date time_zone_date(const struct time_zone *zone, int64_t time_us)
{
	int64_t seconds = time_us / SECOND_US - (time_us % SECOND_US < 0);
	int64_t local_us = time_us + offset_of(zone, interval_at(zone, seconds)) * SECOND_US;
	if (local_us < TIME_US_MIN)
		local_us = TIME_US_MIN;
	if (local_us > TIME_US_MAX)
		local_us = TIME_US_MAX;
	struct civil_date date = civil_date_of(local_us);
	while (time_us < time_zone_day_start_us(zone, date)) {
		local_us -= DAY_SECONDS * SECOND_US;
		date = civil_date_of(local_us);
	}
	return date;
}
