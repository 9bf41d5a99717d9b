/*
 * Days of a time zone: https://www.iana.org/time-zones, read from the machine's database by GLib.
 * Summer time is right up to 2037; later on GLib guesses by the zone's last rule.
 *
 * Clocks that are put back over midnight make a few minutes of one day come after the beginning of
 * the next. Here a day begins when it is there to stay, so that days are spans without gaps: what
 * time_zone_date() and time_zone_day_start_us() say always agrees.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"
#include "base/rfc3339.h"

struct time_zone;
struct time_zones;

/* The zones that were asked for last, because GLib takes a millisecond to read one. Any thread.
 * NULL when out of memory. What a zone is does not change as long as it is kept, also when the
 * database does. */
struct time_zones *time_zones_new(void) NODISCARD;
void time_zones_free(struct time_zones *zones); /* NULL is allowed */

/*
 * "" is UTC, "+05:30" an offset of at most 14 hours, anything else the name of a zone. Unknown:
 * INVALID_ARGUMENT, TIME_ZONE_UNKNOWN, with the field time_zone.
 */
enum code time_zone_open(struct time_zones *zones, const char *name, struct time_zone **ret,
	struct error *err) NODISCARD;
void time_zone_close(struct time_zone *zone); /* NULL is allowed */
void time_zone_closep(struct time_zone **zone);

/* The day that a time falls on. What would be before the year 1 or after 9999 belongs to the first
 * or the last day of all. */
struct civil_date time_zone_date(const struct time_zone *zone, int64_t time_us);

/* The first microsecond of a day; of the next one if the zone never had it. Month may be 13, and
 * day one more than the month has. */
int64_t time_zone_day_start_us(const struct time_zone *zone, struct civil_date date);
