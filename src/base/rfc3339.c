#include "base/rfc3339.h"

#include <stdio.h>

static const int64_t DAY_US = INT64_C(86400000000);

/*
 * Days since 1970-01-01 of a civil date and back: the algorithms days_from_civil and
 * civil_from_days of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static int64_t days_of(struct civil_date date)
{
	int64_t y = date.year - (date.month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t shifted_month = (int64_t)date.month + (date.month > 2 ? -3 : 9);
	int64_t day_of_year = (153 * shifted_month + 2) / 5 + (int64_t)date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static struct civil_date date_of_days(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153;
	unsigned day = (unsigned)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
	unsigned month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	int year = (int)(year_of_era + era * 400 + (month <= 2));
	return (struct civil_date){ .year = year, .month = month, .day = day };
}

static int64_t floor_days(int64_t time_us)
{
	return time_us / DAY_US - (time_us % DAY_US < 0);
}

struct civil_date civil_date_of(int64_t time_us)
{
	return date_of_days(floor_days(time_us));
}

int64_t civil_date_start_us(struct civil_date date)
{
	if (date.month == 13) {
		date.month = 1;
		date.year++;
	}
	return days_of(date) * DAY_US;
}

unsigned civil_days_in_month(int year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

void rfc3339_format(int64_t time_us, char text[RFC3339_BYTES])
{
	int64_t days = floor_days(time_us);
	struct civil_date date = date_of_days(days);
	int64_t rest_us = time_us - days * DAY_US;
	unsigned seconds = (unsigned)(rest_us / 1000000);
	unsigned fraction = (unsigned)(rest_us % 1000000);
	int used = snprintf(text, RFC3339_BYTES, "%04d-%02u-%02uT%02u:%02u:%02u", date.year,
		date.month, date.day, seconds / 3600, seconds / 60 % 60, seconds % 60);
	if (fraction == 0)
		snprintf(text + used, RFC3339_BYTES - (size_t)used, "Z");
	else if (fraction % 1000 == 0)
		snprintf(text + used, RFC3339_BYTES - (size_t)used, ".%03uZ", fraction / 1000);
	else
		snprintf(text + used, RFC3339_BYTES - (size_t)used, ".%06uZ", fraction);
}

/* A cursor over the text; every step fails softly by clearing ok. */
struct scan {
	struct slice rest;
	bool ok;
};

static unsigned scan_digits(struct scan *scan, size_t count)
{
	unsigned value = 0;
	if (scan->rest.size < count) {
		scan->ok = false;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned)scan->rest.data[i] - '0';
		scan->ok = scan->ok && digit <= 9;
		value = value * 10 + digit;
	}
	scan->rest = slice_of(scan->rest.data + count, scan->rest.size - count);
	return value;
}

static bool scan_char(struct scan *scan, const char *one_of)
{
	if (scan->rest.size == 0 || scan->rest.data[0] == 0 ||
		strchr(one_of, scan->rest.data[0]) == NULL)
		return false;
	scan->rest = slice_of(scan->rest.data + 1, scan->rest.size - 1);
	return true;
}

static void scan_expect(struct scan *scan, const char *one_of)
{
	scan->ok = scan_char(scan, one_of) && scan->ok;
}

static int64_t scan_fraction_us(struct scan *scan)
{
	int64_t fraction_us = 0;
	int64_t weight = 100000;
	size_t digits = 0;
	while (scan->rest.size > 0 && scan->rest.data[0] >= '0' && scan->rest.data[0] <= '9') {
		fraction_us += (int64_t)scan_digits(scan, 1) * weight;
		weight /= 10;
		digits++;
	}
	scan->ok = scan->ok && digits >= 1 && digits <= 9;
	return fraction_us;
}

static int64_t scan_offset_us(struct scan *scan)
{
	if (scan_char(scan, "Zz"))
		return 0;
	bool west = scan->rest.size > 0 && scan->rest.data[0] == '-';
	scan_expect(scan, "+-");
	unsigned hours = scan_digits(scan, 2);
	scan_expect(scan, ":");
	unsigned minutes = scan_digits(scan, 2);
	scan->ok = scan->ok && hours <= 23 && minutes <= 59;
	if (!scan->ok)
		return 0; /* what is no digit counts as a huge one */
	int64_t offset_us = ((int64_t)hours * 60 + minutes) * 60000000;
	return west ? -offset_us : offset_us;
}

bool rfc3339_parse(struct slice text, int64_t *ret_us)
{
	struct scan scan = { .rest = text, .ok = true };
	struct civil_date date;
	date.year = (int)scan_digits(&scan, 4);
	scan_expect(&scan, "-");
	date.month = scan_digits(&scan, 2);
	scan_expect(&scan, "-");
	date.day = scan_digits(&scan, 2);
	scan_expect(&scan, "Tt ");
	unsigned hour = scan_digits(&scan, 2);
	scan_expect(&scan, ":");
	unsigned minute = scan_digits(&scan, 2);
	scan_expect(&scan, ":");
	unsigned second = scan_digits(&scan, 2);
	int64_t fraction_us = scan.ok && scan_char(&scan, ".") ? scan_fraction_us(&scan) : 0;
	int64_t offset_us = scan.ok ? scan_offset_us(&scan) : 0;
	if (!scan.ok || scan.rest.size != 0 || date.year < 1 || date.month < 1 || date.month > 12 ||
		date.day < 1 || date.day > civil_days_in_month(date.year, date.month) ||
		hour > 23 || minute > 59 || second > 59)
		return false;
	int64_t time_us = civil_date_start_us(date) +
			  ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction_us -
			  offset_us;
	if (time_us < TIME_US_MIN || time_us > TIME_US_MAX)
		return false;
	*ret_us = time_us;
	return true;
}
