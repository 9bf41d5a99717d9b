/* google.protobuf.Timestamp and the store's microseconds since 1970. */
#pragma once
#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits beyond the microsecond are cut. The timestamp is valid. */
static inline int64_t timestamp_to_us(const Google__Protobuf__Timestamp *timestamp)
{
	return timestamp->seconds * 1000000 + timestamp->nanos / 1000;
}

/* Fills a timestamp, for example a local variable that a message points to. */
static inline void timestamp_from_us(Google__Protobuf__Timestamp *timestamp, int64_t time_us)
{
	google__protobuf__timestamp__init(timestamp);
	int64_t rest_us = time_us % 1000000;
	if (rest_us < 0)
		rest_us += 1000000;
	timestamp->seconds = (time_us - rest_us) / 1000000;
	timestamp->nanos = (int32_t)rest_us * 1000;
}

/* Whether both are set, to the same time. */
static inline bool timestamp_equals(
	const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
	return a != NULL && b != NULL && a->seconds == b->seconds && a->nanos == b->nanos;
}

/* Whether it lies between the years 1 and 9999 and its nanos are within a second. */
static inline bool timestamp_is_valid(const Google__Protobuf__Timestamp *timestamp)
{
	return timestamp->seconds >= INT64_C(-62135596800) &&
	       timestamp->seconds <= INT64_C(253402300799) && timestamp->nanos >= 0 &&
	       timestamp->nanos <= 999999999;
}
