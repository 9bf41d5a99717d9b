/* Years, months and days of local time, and how many posts they have. */
#pragma once
#include "services/services_private.h"
#include "services/time_zone.h"

#include <lectern/v1/archive.pb-c.h>

/* from_us <= time < until_us. */
struct date_span {
	int64_t from_us;
	int64_t until_us;
};

/* When a year, a month or a day is in the zone; the date is valid. */
struct date_span date_span_of(const struct time_zone *zone, const Lectern__V1__ArchiveDate *date);

/* How many published posts that span has. Whole months are in counters; what lies between their
 * beginning in UTC and in the zone is counted by walking the index. */
enum code date_count(struct rpc_call *call, const struct time_zone *zone,
	const Lectern__V1__ArchiveDate *date, uint64_t *ret, struct error *err) NODISCARD;

/* The method ListArchiveDates. */
enum code list_archive_dates(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;
