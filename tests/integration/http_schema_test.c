/* The methods that the schema says to have no side effects are those that can be called by GET. */
#include "rpc/rpc.h"
#include "support/call.h"

#include <descriptor_set.h>
#include <google/protobuf/descriptor.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

static size_t checked;

static void check_method(const struct rpc *rpc, const char *package,
	const Google__Protobuf__ServiceDescriptorProto *service,
	const Google__Protobuf__MethodDescriptorProto *method)
{
	char name[256];
	struct rpc_method_info info;
	snprintf(name, sizeof name, "%s.%s/%s", package, service->name, method->name);
	if (!rpc_describe(rpc, slice_of_text(name), &info))
		return;
	bool safe = method->options != NULL &&
		    method->options->idempotency_level ==
			    GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS;
	bool by_get = info.access == RPC_READ || info.access == RPC_NONE;
	if (safe != by_get)
		print_error("%s\n", name);
	assert_int_equal(safe, by_get);
	checked++;
}

static void test_schema(void **state)
{
	struct local_server server = { .store = NULL };
	struct rpc_method_info info;
	local_server_open(&server);
	Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
		NULL, lectern_descriptor_set_size, lectern_descriptor_set);
	assert_non_null(set);
	for (size_t i = 0; i < set->n_file; i++)
		for (size_t j = 0; j < set->file[i]->n_service; j++)
			for (size_t k = 0; k < set->file[i]->service[j]->n_method; k++)
				check_method(server.rpc, set->file[i]->package,
					set->file[i]->service[j],
					set->file[i]->service[j]->method[k]);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	assert_false(rpc_describe_at(server.rpc, checked, &info)); /* all of them */
	local_server_close(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_schema) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
