#include "importers/front_matter_date.h"

#include "base/rfc3339.h"
#include "base/text.h"

#include <strings.h>

enum {
	TEXT_BYTES_MAX = 100,
	SECOND_US = 1000 * 1000,
};

struct scan {
	const uint8_t *at;
	const uint8_t *end;
	int year; /* -1 while they are not known */
	int month;
	int day;
	bool has_time;
	int hour;
	int minute;
	int second;
	int fraction_us;
	bool has_zone;
	bool zone_unknown;
	bool has_offset;
	int offset_minutes;
};

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int peek(const struct scan *scan, size_t ahead)
{
	return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : -1;
}

static bool take(struct scan *scan, char c)
{
	if (peek(scan, 0) != c)
		return false;
	scan->at++;
	return true;
}

static size_t digits_ahead(const struct scan *scan)
{
	size_t count = 0;
	while (is_digit(peek(scan, count)))
		count++;
	return count;
}

/* A number of 1 to digits_max digits. */
static bool take_number(struct scan *scan, size_t digits_max, int *ret)
{
	size_t count = digits_ahead(scan);
	if (count == 0 || count > digits_max)
		return false;
	int value = 0;
	for (size_t i = 0; i < count; i++)
		value = value * 10 + (*scan->at++ - '0');
	*ret = value;
	return true;
}

static int take_digits(struct scan *scan, size_t count)
{
	int value = 0;
	for (size_t i = 0; i < count; i++)
		value = value * 10 + (*scan->at++ - '0');
	return value;
}

static bool has_date(const struct scan *scan)
{
	return scan->year >= 0 && scan->month >= 0 && scan->day >= 0;
}

static void take_fraction(struct scan *scan)
{
	int weight = SECOND_US / 10;
	scan->at++;
	for (; is_digit(peek(scan, 0)); scan->at++) {
		scan->fraction_us += (*scan->at - '0') * weight;
		weight /= 10;
	}
}

/* "1:05", "13:05:00.25"; the hour's digits come next. */
static bool take_time(struct scan *scan)
{
	if (scan->has_time || !take_number(scan, 2, &scan->hour) || !take(scan, ':') ||
		!take_number(scan, 2, &scan->minute))
		return false;
	if (take(scan, ':') && !take_number(scan, 2, &scan->second))
		return false;
	if ((peek(scan, 0) == '.' || peek(scan, 0) == ',') && is_digit(peek(scan, 1)))
		take_fraction(scan);
	scan->has_time = true;
	return scan->hour <= 23 && scan->minute <= 59 && scan->second <= 60;
}

/* "130500" or "1305" behind a 'T'. */
static bool take_short_time(struct scan *scan)
{
	size_t count = digits_ahead(scan);
	if (count != 4 && count != 6)
		return false;
	scan->hour = take_digits(scan, 2);
	scan->minute = take_digits(scan, 2);
	scan->second = count == 6 ? take_digits(scan, 2) : 0;
	scan->has_time = true;
	return scan->hour <= 23 && scan->minute <= 59 && scan->second <= 60;
}

/* What comes behind a date that is one word: "T13:05:00". */
static bool take_time_mark(struct scan *scan)
{
	if ((peek(scan, 0) != 'T' && peek(scan, 0) != 't') || !is_digit(peek(scan, 1)))
		return true;
	scan->at++;
	size_t count = digits_ahead(scan);
	return peek(scan, count) == ':' ? take_time(scan) : take_short_time(scan);
}

/* "2019-07-02", also with '/' or '.'. */
static bool take_year_first(struct scan *scan)
{
	scan->year = take_digits(scan, 4);
	char mark = (char)*scan->at++;
	return take_number(scan, 2, &scan->month) && take(scan, mark) &&
	       take_number(scan, 2, &scan->day) && take_time_mark(scan);
}

/* "2.7.2019"; with '/' and '-' only where day and month cannot be taken for each other. */
static bool take_year_last(struct scan *scan)
{
	int a;
	int b;
	if (!take_number(scan, 2, &a))
		return false;
	char mark = (char)*scan->at++;
	if (!take_number(scan, 2, &b) || !take(scan, mark) || digits_ahead(scan) != 4)
		return false;
	scan->year = take_digits(scan, 4);
	if (mark != '.' && a <= 12 && b <= 12 && a != b)
		return false;
	bool month_first = mark != '.' && b > 12;
	scan->month = month_first ? a : b;
	scan->day = month_first ? b : a;
	return true;
}

static bool take_ordinal(struct scan *scan)
{
	static const char *const ends[] = { "st", "nd", "rd", "th", NULL };
	for (size_t i = 0; ends[i] != NULL; i++)
		if (scan->end - scan->at >= 2 &&
			strncasecmp((const char *)scan->at, ends[i], 2) == 0 &&
			!is_letter(peek(scan, 2))) {
			scan->at += 2;
			break;
		}
	if (peek(scan, 0) == '.' || (peek(scan, 0) == '-' && is_letter(peek(scan, 1))))
		scan->at++;
	return true;
}

static bool take_digits_word(struct scan *scan)
{
	size_t count = digits_ahead(scan);
	int mark = peek(scan, count);
	bool parted =
		(mark == '-' || mark == '/' || mark == '.') && is_digit(peek(scan, count + 1));
	if (mark == ':')
		return take_time(scan);
	if (has_date(scan))
		return false;
	if (count == 8 && scan->year < 0) {
		scan->year = take_digits(scan, 4);
		scan->month = take_digits(scan, 2);
		scan->day = take_digits(scan, 2);
		return take_time_mark(scan);
	}
	if (count == 4 && parted && scan->month < 0 && scan->day < 0)
		return take_year_first(scan);
	if (count <= 2 && parted && scan->month < 0 && scan->day < 0)
		return take_year_last(scan);
	if (count == 4 && scan->year < 0) {
		scan->year = take_digits(scan, 4);
		return true;
	}
	return scan->day < 0 && take_number(scan, 2, &scan->day) && take_ordinal(scan);
}

/* "+0200", "-4", "+5:30" */
static bool take_offset(struct scan *scan)
{
	bool west = *scan->at++ == '-';
	size_t count = digits_ahead(scan);
	int hours;
	int minutes = 0;
	if (count == 3 || count == 4) {
		hours = take_digits(scan, count - 2);
		minutes = take_digits(scan, 2);
	} else if (!take_number(scan, 2, &hours) ||
		   (take(scan, ':') && !take_number(scan, 2, &minutes))) {
		return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	scan->offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
	scan->has_zone = true;
	scan->has_offset = true;
	scan->zone_unknown = false;
	return true;
}

static bool is_word(const uint8_t *word, size_t size, const char *of)
{
	return strlen(of) == size && strncasecmp((const char *)word, of, size) == 0;
}

/* Whole names and their first three letters ("Sept", too). */
static bool begins(const uint8_t *word, size_t size, const char *name)
{
	return size >= 3 && size <= strlen(name) &&
	       strncasecmp((const char *)word, name, size) == 0;
}

static bool take_month(struct scan *scan, const uint8_t *word, size_t size)
{
	static const char *const months[] = { "january", "february", "march", "april", "may",
		"june", "july", "august", "september", "october", "november", "december" };
	for (int i = 0; scan->month < 0 && i < 12; i++) {
		if (!begins(word, size, months[i]))
			continue;
		scan->month = i + 1;
		if (peek(scan, 0) == '-' || peek(scan, 0) == '.')
			scan->at++;
		return true;
	}
	return false;
}

static bool is_filler(const uint8_t *word, size_t size)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday",
		"saturday", "sunday" };
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
		if (begins(word, size, days[i]))
			return true;
	return is_word(word, size, "at") || is_word(word, size, "of");
}

static bool take_half_day(struct scan *scan, const uint8_t *word, size_t size)
{
	bool afternoon = is_word(word, size, "pm");
	if (!scan->has_time || (!afternoon && !is_word(word, size, "am")))
		return false;
	if (scan->hour >= 1 && scan->hour <= 12) /* else the hour tells by itself */
		scan->hour = scan->hour % 12 + (afternoon ? 12 : 0);
	return true;
}

/* Names that mean one thing wherever they are met, and RFC 2822's. */
static bool take_zone(struct scan *scan, const uint8_t *word, size_t size)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = { { "z", 0 }, { "utc", 0 }, { "gmt", 0 }, { "ut", 0 }, { "wet", 0 },
		{ "west", 60 }, { "bst", 60 }, { "cet", 60 }, { "met", 60 }, { "cest", 120 },
		{ "mest", 120 }, { "eet", 120 }, { "eest", 180 }, { "msk", 180 }, { "est", -300 },
		{ "edt", -240 }, { "cst", -360 }, { "cdt", -300 }, { "mst", -420 }, { "mdt", -360 },
		{ "pst", -480 }, { "pdt", -420 }, { "akst", -540 }, { "akdt", -480 },
		{ "hst", -600 }, { "jst", 540 }, { "kst", 540 }, { "awst", 480 }, { "acst", 570 },
		{ "aest", 600 }, { "acdt", 630 }, { "aedt", 660 }, { "nzst", 720 },
		{ "nzdt", 780 } };
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (is_word(word, size, zones[i].name)) {
			scan->offset_minutes = zones[i].minutes;
			scan->has_zone = true;
			return true;
		}
	return false;
}

static bool take_letters(struct scan *scan)
{
	const uint8_t *word = scan->at;
	while (is_letter(peek(scan, 0)))
		scan->at++;
	size_t size = (size_t)(scan->at - word);
	if (take_month(scan, word, size) || is_filler(word, size) ||
		take_half_day(scan, word, size))
		return true;
	if (scan->has_offset)
		return true; /* Go has "+0200 CEST" */
	if (!scan->has_time || scan->has_zone)
		return false;
	if (take_zone(scan, word, size))
		return true;
	while (is_letter(peek(scan, 0)) || peek(scan, 0) == '/' || peek(scan, 0) == '_')
		scan->at++; /* "America/New_York" */
	scan->has_zone = true;
	scan->zone_unknown = true;
	return true;
}

static bool take_comment(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at != ')')
		scan->at++;
	return take(scan, ')');
}

static bool scan_word(struct scan *scan)
{
	int c = peek(scan, 0);
	if (is_digit(c))
		return take_digits_word(scan);
	if (is_letter(c))
		return take_letters(scan);
	if ((c == '+' || c == '-') && is_digit(peek(scan, 1)) && scan->has_time)
		return take_offset(scan);
	if (c == '(' && scan->has_time)
		return take_comment(scan);
	scan->at++;
	return c == ' ' || c == ',' || c == '\t';
}

/* "1562072700" and, as JavaScript has it, "1562072700000". */
static bool is_unix_time(struct slice text, int64_t *ret_us)
{
	uint64_t value;
	if ((text.size != 9 && text.size != 10 && text.size != 13) || !text_number(text, &value))
		return false;
	*ret_us = (int64_t)value * (text.size == 13 ? 1000 : SECOND_US);
	return true;
}

bool front_matter_date(struct slice text, int64_t *ret_us, bool *ret_zone_unknown)
{
	struct scan scan = { .at = text.data, .year = -1, .month = -1, .day = -1 };
	*ret_zone_unknown = false;
	if (text.size == 0 || text.size > TEXT_BYTES_MAX)
		return false;
	if (is_unix_time(text, ret_us))
		return true;
	scan.end = text.data + text.size;
	while (scan.at < scan.end)
		if (!scan_word(&scan))
			return false;
	if (scan.year < 1 || scan.month < 1 || scan.month > 12 || scan.day < 1 ||
		scan.day > (int)civil_days_in_month(scan.year, (unsigned)scan.month))
		return false;
	struct civil_date date = {
		.year = scan.year, .month = (unsigned)scan.month, .day = (unsigned)scan.day
	};
	int64_t seconds = ((int64_t)scan.hour * 60 + scan.minute - scan.offset_minutes) * 60 +
			  (scan.second == 60 ? 59 : scan.second);
	int64_t time_us = civil_date_start_us(date) + seconds * SECOND_US + scan.fraction_us;
	if (time_us < TIME_US_MIN || time_us > TIME_US_MAX)
		return false;
	*ret_us = time_us;
	*ret_zone_unknown = scan.zone_unknown;
	return true;
}
