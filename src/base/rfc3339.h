/* Times as text: RFC 3339, microseconds, in the range of google.protobuf.Timestamp. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z, the bounds of Timestamp. */
#define TIME_US_MIN INT64_C(-62135596800000000)
#define TIME_US_MAX INT64_C(253402300799999999)

enum { RFC3339_BYTES = 32 }; /* of the longest text, the NUL included */

/* A day of the proleptic Gregorian calendar, in UTC. */
struct civil_date {
	int year;	/* 1 to 9999 */
	unsigned month; /* 1 to 12 */
	unsigned day;	/* 1 to 31 */
};

/* "2026-01-02T03:04:05Z", with 3 or 6 digits of the fraction where they are not 0 (the form that
 * proto3 JSON calls for). time_us must be within the bounds above. */
void rfc3339_format(int64_t time_us, char text[RFC3339_BYTES]);

/* Reads a date-time with "Z" or a numeric offset. Up to 9 digits of a fraction are read, those
 * after the sixth are cut. False if it is none or out of range. */
bool rfc3339_parse(struct slice text, int64_t *ret_us) NODISCARD;

/* The day that time_us falls on. */
struct civil_date civil_date_of(int64_t time_us);

/* The first microsecond of the day. Month may be 13: January of the year after. */
int64_t civil_date_start_us(struct civil_date date);

unsigned civil_days_in_month(int year, unsigned month);
