/* order_by: what is understood, and what is said about the rest. */
#include "services/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define POSSIBLE \
	"; use one of publish_time, create_time, update_time, title and series.part, alone or " \
	"with asc or desc behind it"

static void test_orders(void **state)
{
	static const struct {
		const char *text;
		enum order_field field;
		bool descending;
	} cases[] = {
		{ "", ORDER_PUBLISH_TIME, true },
		{ " \t", ORDER_PUBLISH_TIME, true },
		{ "publish_time", ORDER_PUBLISH_TIME, false },
		{ "publish_time asc", ORDER_PUBLISH_TIME, false },
		{ "publish_time desc", ORDER_PUBLISH_TIME, true },
		{ "  publish_time \t DESC\n", ORDER_PUBLISH_TIME, true },
		{ "create_time", ORDER_CREATE_TIME, false },
		{ "create_time desc", ORDER_CREATE_TIME, true },
		{ "update_time Asc", ORDER_UPDATE_TIME, false },
		{ "title", ORDER_TITLE, false },
		{ "title desc", ORDER_TITLE, true },
		{ "series.part", ORDER_SERIES_PART, false },
		{ "series.part desc", ORDER_SERIES_PART, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order order = { .field = ORDER_TITLE };
		struct error err = { .text = "" };
		enum code code = order_parse(cases[i].text, &order, &err);
		if (code != CODE_OK)
			print_error("'%s': %s\n", cases[i].text, err.text);
		assert_int_equal(code, CODE_OK);
		assert_int_equal(order.field, cases[i].field);
		assert_int_equal(order.descending, cases[i].descending);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "date", "\"date\" is no field to order by" POSSIBLE },
		{ "desc", "\"desc\" is no field to order by" POSSIBLE },
		{ "Title", "\"Title\" is no field to order by" POSSIBLE },
		{ "series", "\"series\" is no field to order by" POSSIBLE },
		{ "-title", "\"-title\" is no field to order by" POSSIBLE },
		{ "title descending", "\"descending\" is no direction" POSSIBLE },
		{ "title de", "\"de\" is no direction" POSSIBLE },
		{ "title desc desc", "\"desc\" is too much" POSSIBLE },
		{ "title,publish_time",
			"\"title,publish_time\" names several fields, and lists are ordered by "
			"one" POSSIBLE },
		{ ",", "\",\" names several fields, and lists are ordered by one" POSSIBLE },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order order = { .field = ORDER_TITLE, .descending = true };
		struct error err = { .text = "" };
		assert_int_equal(order_parse(cases[i].text, &order, &err), CODE_INVALID_ARGUMENT);
		assert_memory_equal(err.text, "order_by: ", 10);
		assert_string_equal(err.text + 10, cases[i].error);
		assert_string_equal(err.reason, "ORDER_BY_INVALID");
		assert_string_equal(err.field, "order_by");
		/* Written on success only. */
		assert_true(order.field == ORDER_TITLE && order.descending);
	}
}

/* As long as a request lets it be: the advice is not cut. */
static void test_long(void **state)
{
	static const char *const pieces[] = { "x", ",", "\xE4\xB8\xAD" };
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		char text[257] = "";
		struct order order;
		struct error err = { .text = "" };
		while (strlen(text) + strlen(pieces[i]) < sizeof text)
			strcat(text, pieces[i]);
		assert_int_equal(order_parse(text, &order, &err), CODE_INVALID_ARGUMENT);
		assert_non_null(strstr(err.text, POSSIBLE));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
