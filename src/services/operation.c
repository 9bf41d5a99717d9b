#include "services/operation.h"

#include "base/clock.h"

#include <times.h>

bool operation_is_running(const struct operation *operation)
{
	return operation->state == LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
}

bool operation_is_backup(const struct operation *operation)
{
	return operation->task.kind == LECTERN__V1__OPERATION_KIND__OPERATION_KIND_BACKUP;
}

const char *operation_kind_name(const struct operation *operation)
{
	return operation_is_backup(operation) ? "backup" : "check";
}

void operation_begin(struct operation *operation, const struct operation_task *task)
{
	struct operation_result *result = &operation->result;
	arena_reset(&result->arena);
	lectern__v1__create_backup_response__init(&result->backup);
	lectern__v1__check_store_response__init(&result->check);
	result->revision = 0;
	operation->task = *task;
	operation->state = LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
	operation->start_us = clock_realtime_us();
	operation->done = operation->total = 0;
	operation->error.code = CODE_OK;
	operation->id++;
}

void operation_end(struct operation *operation, enum code code)
{
	operation->end_us = clock_realtime_us();
	operation->state = code == CODE_OK ? LECTERN__V1__OPERATION_STATE__OPERATION_STATE_DONE
					   : LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED;
	if (code == CODE_OK)
		operation->done = operation->total;
}

/* The generated structs want pointers to char; nothing is written through them. */
static char *text_field(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void describe_end(const struct operation *operation, Lectern__V1__Operation *ret)
{
	const struct error *error = &operation->error;
	if (operation->state == LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED) {
		ret->error_code = (int32_t)error->code;
		ret->error_reason =
			text_field(error->reason != NULL ? error->reason : code_name(error->code));
		ret->error_message = text_field(error->text);
	} else if (operation_is_backup(operation)) {
		ret->backup =
			(Lectern__V1__CreateBackupResponse *)(uintptr_t)&operation->result.backup;
	} else {
		ret->check = (Lectern__V1__CheckStoreResponse *)(uintptr_t)&operation->result.check;
	}
}

/* As a message; the times are the caller's room. */
static Lectern__V1__Operation describe(
	const struct operation *operation, Google__Protobuf__Timestamp times[2])
{
	Lectern__V1__Operation ret = LECTERN__V1__OPERATION__INIT;
	timestamp_from_us(&times[0], operation->start_us);
	ret.id = operation->id;
	ret.kind = operation->task.kind;
	ret.state = operation->state;
	ret.start_time = &times[0];
	ret.done_count = operation->done;
	ret.total_count = operation->total;
	if (!operation_is_running(operation)) {
		timestamp_from_us(&times[1], operation->end_us);
		ret.end_time = &times[1];
		describe_end(operation, &ret);
	}
	return ret;
}

void operation_reply(const struct operation *operation, struct rpc_call *call)
{
	Google__Protobuf__Timestamp times[2];
	Lectern__V1__Operation message = describe(operation, times);
	Lectern__V1__GetOperationResponse response = LECTERN__V1__GET_OPERATION_RESPONSE__INIT;
	response.operation = &message;
	reply_whole(&call->reply, &response.base);
}

void operation_reply_begun(const struct operation *operation, struct rpc_call *call)
{
	Google__Protobuf__Timestamp times[2];
	Lectern__V1__Operation message = describe(operation, times);
	Lectern__V1__CreateBackupResponse backup = LECTERN__V1__CREATE_BACKUP_RESPONSE__INIT;
	Lectern__V1__CheckStoreResponse check = LECTERN__V1__CHECK_STORE_RESPONSE__INIT;
	backup.operation = check.operation = &message;
	reply_whole(&call->reply, operation_is_backup(operation) ? &backup.base : &check.base);
}

void operation_reply_result(const struct operation *operation, struct rpc_call *call)
{
	const struct operation_result *result = &operation->result;
	call->revision = result->revision;
	reply_whole(&call->reply,
		operation_is_backup(operation) ? &result->backup.base : &result->check.base);
}
