/* Health, the server's own data and the schema: what operators and tools ask first. */
#include "support/call.h"

#include "base/limits.h"
#include "store/store.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/reflection.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct local_server server;
static struct answer answer;

static int set_up(void **state)
{
	local_server_open(&server);
	return 0;
}

static int tear_down(void **state)
{
	answer_done(&answer);
	local_server_close(&server);
	return 0;
}

static void test_an_empty_store_serves(void **state)
{
	Lectern__V1__CheckRequest request = LECTERN__V1__CHECK_REQUEST__INIT;
	const Lectern__V1__CheckResponse *health =
		call_ok(&server, "HealthService/Check", &request.base, &answer);
	assert_int_equal(health->status, LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
	assert_string_equal(health->message, "");
	assert_int_equal(count_problems(&server), 0);
}

/* The answer to a check that is over must not be refused because its thread has yet to end. */
static void test_a_check_follows_a_check(void **state)
{
	for (int i = 0; i < 200; i++)
		assert_int_equal(count_problems(&server), 0);
}

static void test_server_info(void **state)
{
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	const Lectern__V1__GetServerInfoResponse *info =
		call_ok(&server, "AdminService/GetServerInfo", &request.base, &answer);
	assert_string_equal(info->version, "test");
	assert_int_equal(info->store_format, STORE_FORMAT);
	assert_int_equal(strlen(info->epoch), 16);
	assert_int_equal(info->post_count, 0);
	assert_int_equal(info->n_libraries, 8);
	bool found = false;
	for (size_t i = 0; i < info->n_limits; i++) {
		assert_string_not_equal(info->limits[i]->description, "");
		found = found || (strcmp(info->limits[i]->name, "body_bytes") == 0 &&
					 info->limits[i]->value == LIMIT_BODY_BYTES);
	}
	assert_true(found);
}

static void test_the_schema_names_every_service_but_not_the_store(void **state)
{
	Lectern__V1__GetDescriptorSetRequest request =
		LECTERN__V1__GET_DESCRIPTOR_SET_REQUEST__INIT;
	const Lectern__V1__GetDescriptorSetResponse *response =
		call_ok(&server, "ReflectionService/GetDescriptorSet", &request.base, &answer);
	Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
		NULL, response->file_descriptor_set.len, response->file_descriptor_set.data);
	assert_non_null(set);
	size_t services = 0;
	for (size_t i = 0; i < set->n_file; i++) {
		services += set->file[i]->n_service;
		assert_string_not_equal(set->file[i]->package, "lectern.store.v1");
	}
	assert_int_equal(services, 11);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_store_serves),
		cmocka_unit_test(test_a_check_follows_a_check),
		cmocka_unit_test(test_server_info),
		cmocka_unit_test(test_the_schema_names_every_service_but_not_the_store),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
