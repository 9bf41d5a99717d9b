#include "services/check_store.h"

#include "store/check.h"

#include <lectern/v1/admin.pb-c.h>

static void run(struct rpc_call *call)
{
	struct services *services = services_of(call);
	struct error err;
	struct txn *snapshot;
	struct check_report report;
	enum code code = store_snapshot(services->store, &snapshot, &err);
	if (code == CODE_OK) {
		call->revision = txn_revision(snapshot);
		code = check_run(snapshot, call->arena, NULL, &report, &err);
		store_release(services->store, snapshot);
	}
	if (code == CODE_OK) {
		Lectern__V1__CheckStoreResponse response = LECTERN__V1__CHECK_STORE_RESPONSE__INIT;
		response.entries = report.entries;
		response.problem_count = report.problem_count;
		response.problems = report.problems;
		response.n_problems = report.kept_count;
		reply_whole(&call->reply, &response.base);
	}
	/* Before the answer goes out: who has it may ask for the next check at once. That one waits
	 * for the end of this thread, which takes the mutex no more. */
	pthread_mutex_lock(&services->check_mutex);
	services->check_running = false;
	pthread_mutex_unlock(&services->check_mutex);
	rpc_finish(call, code == CODE_OK ? NULL : &err);
}

static void *thread_main(void *argument)
{
	run(argument);
	return NULL;
}

enum code check_store(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	enum { RETRY_MS = 1000 };
	(void)message;
	struct services *services = services_of(call);
	enum code code = CODE_OK;
	pthread_mutex_lock(&services->check_mutex);
	if (services->check_running) {
		code = fail_reason(err, CODE_RESOURCE_EXHAUSTED, "CHECK_RUNNING",
			"another check of the store is running; repeat when it is over");
		if (err != NULL)
			err->retry_ms = RETRY_MS;
	} else {
		if (services->check_joinable)
			pthread_join(services->check_thread, NULL);
		call->pending = true;
		services->check_joinable =
			pthread_create(&services->check_thread, NULL, thread_main, call) == 0;
		services->check_running = services->check_joinable;
		if (!services->check_running) {
			call->pending = false;
			code = fail_reason(err, CODE_RESOURCE_EXHAUSTED, "OUT_OF_THREADS",
				"cannot start a thread for the check; repeat later");
		}
	}
	pthread_mutex_unlock(&services->check_mutex);
	return code;
}
