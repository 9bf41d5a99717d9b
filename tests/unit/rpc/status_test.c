#include "rpc/status.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

static Lectern__Rpc__V1__Status *write_and_read(const struct error *err)
{
	uint8_t bytes[STATUS_BYTES_MAX];
	size_t size = status_write(err, bytes);
	assert_true(size <= sizeof bytes);
	Lectern__Rpc__V1__Status *status = lectern__rpc__v1__status__unpack(NULL, size, bytes);
	assert_non_null(status);
	return status;
}

/* The detail of the google.rpc type; NULL if there is none. */
static const ProtobufCBinaryData *find_detail(
	const Lectern__Rpc__V1__Status *status, const char *type)
{
	char url[64];
	snprintf(url, sizeof url, "type.googleapis.com/google.rpc.%s", type);
	for (size_t i = 0; i < status->n_details; i++)
		if (strcmp(status->details[i]->type_url, url) == 0)
			return &status->details[i]->value;
	return NULL;
}

/* The rest of its metadata is that of the error. */
static void check_info(const Lectern__Rpc__V1__Status *status, const struct error *err,
	const char *reason, const char *turn)
{
	const ProtobufCBinaryData *detail = find_detail(status, "ErrorInfo");
	assert_non_null(detail);
	Lectern__Rpc__V1__ErrorInfo *info =
		lectern__rpc__v1__error_info__unpack(NULL, detail->len, detail->data);
	assert_non_null(info);
	assert_string_equal(info->reason, reason);
	assert_string_equal(info->domain, "lectern");
	assert_int_equal(info->n_metadata, 1 + err->fact_count);
	assert_string_equal(info->metadata[0]->key, "turn");
	assert_string_equal(info->metadata[0]->value, turn);
	for (unsigned i = 0; i < err->fact_count; i++) {
		assert_string_equal(info->metadata[1 + i]->key, err->facts[i].key);
		assert_string_equal(info->metadata[1 + i]->value, err->facts[i].value);
	}
	lectern__rpc__v1__error_info__free_unpacked(info, NULL);
}

/* Every code, and whose turn it is. */
static const struct {
	enum code code;
	const char *turn;
} turns[] = {
	{ CODE_CANCELLED, "caller" },
	{ CODE_UNKNOWN, "operator" },
	{ CODE_INVALID_ARGUMENT, "caller" },
	{ CODE_DEADLINE_EXCEEDED, "retry" },
	{ CODE_NOT_FOUND, "caller" },
	{ CODE_ALREADY_EXISTS, "caller" },
	{ CODE_PERMISSION_DENIED, "caller" },
	{ CODE_RESOURCE_EXHAUSTED, "operator" },
	{ CODE_FAILED_PRECONDITION, "caller" },
	{ CODE_ABORTED, "caller" },
	{ CODE_OUT_OF_RANGE, "caller" },
	{ CODE_UNIMPLEMENTED, "caller" },
	{ CODE_INTERNAL, "operator" },
	{ CODE_UNAVAILABLE, "retry" },
	{ CODE_DATA_LOSS, "operator" },
	{ CODE_UNAUTHENTICATED, "caller" },
};

static void tells_whose_turn_it_is(void **state)
{
	for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
		struct error err;
		fail(&err, turns[i].code, "what went wrong");
		Lectern__Rpc__V1__Status *status = write_and_read(&err);
		assert_int_equal(status->code, turns[i].code);
		assert_string_equal(status->message, "what went wrong");
		assert_int_equal(status->n_details, 1);
		check_info(status, &err, code_name(turns[i].code), turns[i].turn);
		lectern__rpc__v1__status__free_unpacked(status, NULL);
	}
}

static void gives_limits_to_who_can_act(void **state)
{
	struct error err;
	fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "QUEUE_FULL", "wait");
	err.retry_ms = 50;
	assert_string_equal(status_turn(&err), "retry");
	fail_field(&err, CODE_RESOURCE_EXHAUSTED, "LIMIT", "page_size", "too much");
	assert_string_equal(status_turn(&err), "caller");
	fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE", "ask for less");
	assert_string_equal(status_turn(&err), "caller");
	fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "MAP_FULL", "grow it");
	assert_string_equal(status_turn(&err), "operator");
}

static void names_the_field_and_the_delay(void **state)
{
	struct error err;
	fail_field(&err, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "post.tags[2].slug",
		"250 bytes; at most %d are allowed", 200);
	err.retry_ms = 1250;
	Lectern__Rpc__V1__Status *status = write_and_read(&err);
	assert_string_equal(
		status->message, "post.tags[2].slug: 250 bytes; at most 200 are allowed");
	assert_int_equal(status->n_details, 3);
	check_info(status, &err, "FIELD_TOO_LONG", "caller");

	const ProtobufCBinaryData *detail = find_detail(status, "BadRequest");
	Lectern__Rpc__V1__BadRequest *bad =
		lectern__rpc__v1__bad_request__unpack(NULL, detail->len, detail->data);
	assert_int_equal(bad->n_field_violations, 1);
	assert_string_equal(bad->field_violations[0]->field, "post.tags[2].slug");
	assert_string_equal(
		bad->field_violations[0]->description, "250 bytes; at most 200 are allowed");
	lectern__rpc__v1__bad_request__free_unpacked(bad, NULL);

	detail = find_detail(status, "RetryInfo");
	Lectern__Rpc__V1__RetryInfo *retry =
		lectern__rpc__v1__retry_info__unpack(NULL, detail->len, detail->data);
	assert_int_equal(retry->retry_delay->seconds, 1);
	assert_int_equal(retry->retry_delay->nanos, 250000000);
	lectern__rpc__v1__retry_info__free_unpacked(retry, NULL);
	lectern__rpc__v1__status__free_unpacked(status, NULL);
}

static void tells_facts(void **state)
{
	struct error err;
	fail_reason(&err, CODE_OUT_OF_RANGE, "CHANGES_TRIMMED", "too late");
	error_tell(&err, "oldest_revision", "%d", 7);
	error_tell(&err, "epoch", "%s", "");
	Lectern__Rpc__V1__Status *status = write_and_read(&err);
	check_info(status, &err, "CHANGES_TRIMMED", "caller");
	lectern__rpc__v1__status__free_unpacked(status, NULL);

	fail_reason(&err, CODE_OUT_OF_RANGE, "CHANGES_TRIMMED", "too late");
	error_tell(&err, "a_key_of_more_than_thirty_two_bytes", "left out");
	status = write_and_read(&err);
	err.fact_count = 0;
	check_info(status, &err, "CHANGES_TRIMMED", "caller");
	lectern__rpc__v1__status__free_unpacked(status, NULL);
}

/* Everything as long as it can be. */
static void fits_into_its_room(void **state)
{
	static const char long_reason[] =
		"A_REASON_OF_64_BYTES_0123456789_0123456789_0123456789_0123456789";
	struct error err = { .code = CODE_UNAUTHENTICATED, .retry_ms = UINT32_MAX };
	memset(err.text, 't', sizeof err.text - 1);
	memset(err.field, 'f', sizeof err.field - 1);
	err.reason = long_reason;
	for (int i = 0; i < ERROR_FACTS_MAX; i++) {
		char value[ERROR_VALUE_BYTES_MAX + 1] = { 0 };
		memset(value, '0' + i, ERROR_VALUE_BYTES_MAX);
		error_tell(&err, "a_key_of_thirty_two_bytes_and_no", "%s", value);
	}
	Lectern__Rpc__V1__Status *status = write_and_read(&err);
	assert_int_equal(status->n_details, 3);
	check_info(status, &err, long_reason, "caller");
	lectern__rpc__v1__status__free_unpacked(status, NULL);

	err.reason = "A_REASON_OF_MORE_THAN_64_BYTES_IS_REPLACED_BY_THE_NAME_OF_THE_CODE_"
		     "BECAUSE_ROOM_IS_FIXED";
	status = write_and_read(&err);
	check_info(status, &err, "UNAUTHENTICATED", "caller");
	lectern__rpc__v1__status__free_unpacked(status, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_whose_turn_it_is),
		cmocka_unit_test(gives_limits_to_who_can_act),
		cmocka_unit_test(names_the_field_and_the_delay),
		cmocka_unit_test(tells_facts),
		cmocka_unit_test(fits_into_its_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
