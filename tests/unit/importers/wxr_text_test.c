#include "importers/wxr_text.h"

#include "base/rfc3339.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *label, *html, *line, *lines;
} texts[] = {
	{ "empty", "", "", "" },
	{ "plain", " a  b ", "a b", "a b" },
	{ "markup", "a <em>b</em><b class='>'>c</b>", "a bc", "a bc" },
	{ "references", "&lt;b&gt; &amp; &#8217;", "<b> & \xE2\x80\x99", "<b> & \xE2\x80\x99" },
	{ "no markup", "1 < 2 > 0 <3", "1 < 2 > 0 <3", "1 < 2 > 0 <3" },
	{ "lines", "a\nb\n\n\n\nc\n", "a b c", "a\nb\n\nc" },
	{ "elements", "<p>a</p><p>b<br>c</p>", "a b c", "a\n\nb\nc" },
	{ "a script", "a<script>b</script>c", "ac", "ac" },
	{ "a comment", "a<!-- <b> -->c", "ac", "ac" },
};

static void test_texts(void **state)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer line, lines;
		buffer_init(&line, 1000);
		buffer_init(&lines, 1000);
		assert_true(wxr_plain_line(slice_of_text(texts[i].html), &line));
		assert_true(wxr_plain_lines(slice_of_text(texts[i].html), &lines));
		if (strcmp(buffer_text(&line), texts[i].line) != 0 ||
			strcmp(buffer_text(&lines), texts[i].lines) != 0)
			fail_msg("%s: '%s', '%s'", texts[i].label, buffer_text(&line),
				buffer_text(&lines));
		buffer_done(&line);
		buffer_done(&lines);
	}
}

static const struct {
	const char *label, *text, *slug;
	bool changed;
} slugs[] = {
	{ "plain", "hello-world", "hello-world", false },
	{ "points and lines", "v1.2_beta", "v1.2_beta", false },
	{ "encoded", "%e6%b5%b7-x", "\xE6\xB5\xB7-x", false },
	{ "encoded in upper case", "%E6%B5%B7", "\xE6\xB5\xB7", false },
	{ "upper case", "Hello", "hello", true },
	{ "blanks", "a b", "a-b", true },
	{ "cut in a character", "ab-%e6%b5", "ab-", true },
	{ "no encoding", "100%", "100", true },
	{ "a symbol", "%e2%99%a5", "e2-99-a5", true },
	{ "empty", "", "", false },
	{ "nothing to keep", "!!", "", true },
};

static void test_slugs(void **state)
{
	for (size_t i = 0; i < sizeof slugs / sizeof slugs[0]; i++) {
		char slug[LIMIT_SLUG_BYTES + 1];
		bool changed;
		wxr_slug(slice_of_text(slugs[i].text), slug, &changed);
		if (strcmp(slug, slugs[i].slug) != 0 || changed != slugs[i].changed)
			fail_msg("%s: '%s', %d", slugs[i].label, slug, changed);
	}
}

/* WordPress has up to 200 characters of the encoded form, plug-ins have more. */
static void test_long_slug(void **state)
{
	char text[2000], slug[LIMIT_SLUG_BYTES + 1];
	bool changed;
	for (size_t i = 0; i < 600; i++)
		snprintf(text + 3 * i, 4, "%%%02x", i % 3 == 0 ? 0xE6 : i % 3 == 1 ? 0xB5 : 0xB7);
	wxr_slug(slice_of_text(text), slug, &changed);
	assert_true(changed);
	assert_true(text_is_slug(slice_of_text(slug)));
}

static const struct {
	const char *text, *want;
} times[] = {
	{ "2024-02-29 23:59:59", "2024-02-29T23:59:59Z" },
	{ "2024-1-2 3:04:05", "2024-01-02T03:04:05Z" },
	{ "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z" },
	{ "2024-01-02", "2024-01-02T00:00:00Z" },
	{ "0000-00-00 00:00:00", "" },
	{ "2023-02-29 00:00:00", "" },
	{ "9999-9-99 00:00:00", "" },
	{ "2024-01-02 24:00:00", "" },
	{ "2024-01-02 03:04:05 and more", "" },
	{ "2024-01-02 03:04", "" },
	{ "", "" },
	{ "-001-11-30 00:00:00", "" },
};

static const struct {
	const char *text, *want;
} rss_times[] = {
	{ "Tue, 27 Jan 2015 14:56:57 +0000", "2015-01-27T14:56:57Z" },
	{ "27 jan 2015 14:56:57 GMT", "2015-01-27T14:56:57Z" },
	{ "Tue, 27 Jan 2015 00:56:57 +0130", "2015-01-26T23:26:57Z" },
	{ "Tue, 27 Jan 2015 23:00:00 -0800", "2015-01-28T07:00:00Z" },
	{ "Mon, 30 Nov -0001 00:00:00 +0000", "" },
	{ "Mon, 30 Nev 2001 00:00:00 +0000", "" },
	{ "Sat, 01 Jan 0001 00:00:00 +0100", "" },
	{ "", "" },
};

static void check_time(const char *text, bool known, int64_t time_us, const char *want)
{
	char got[RFC3339_BYTES] = "";
	if (known)
		rfc3339_format(time_us, got);
	if (strcmp(got, want) != 0)
		fail_msg("'%s' is '%s'", text, got);
}

static void test_times(void **state)
{
	int64_t time_us = 0;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		bool known = wxr_parse_time(slice_of_text(times[i].text), &time_us);
		check_time(times[i].text, known, time_us, times[i].want);
	}
	for (size_t i = 0; i < sizeof rss_times / sizeof rss_times[0]; i++) {
		bool known = wxr_parse_rss_time(slice_of_text(rss_times[i].text), &time_us);
		check_time(rss_times[i].text, known, time_us, rss_times[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_slugs),
		cmocka_unit_test(test_long_slug),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests_name("wxr_text", tests, NULL, NULL);
}
