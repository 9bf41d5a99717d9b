/* AdminService.CreateBackup, CheckStore and GetOperation: the long work of operators. */
#include "services/admin_methods.h"
#include "services/operations.h"
#include "store/backup.h"
#include "store/check.h"

static enum code run_check(const struct operation_task *task, struct progress *progress,
	struct operation_result *ret, struct error *err)
{
	const struct services *services = task->context;
	struct check_report *report = arena_calloc(&ret->arena, 1, sizeof *report);
	struct txn *snapshot;
	if (report == NULL)
		return fail_out_of_memory(err);
	enum code code = store_snapshot(services->store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	ret->revision = txn_revision(snapshot);
	progress->total = check_total(snapshot);
	progress_tell(progress);
	code = check_run(snapshot, &ret->arena, progress, report, err);
	store_release(services->store, snapshot);
	ret->check.entries = report->entries;
	ret->check.problem_count = report->problem_count;
	ret->check.problems = report->problems;
	ret->check.n_problems = report->kept_count;
	return code;
}

static enum code run_backup(const struct operation_task *task, struct progress *progress,
	struct operation_result *ret, struct error *err)
{
	const struct services *services = task->context;
	struct backup_options options = { .directory = services->backup_directory,
		.name = task->name,
		.skip_check = task->skip_check };
	struct backup backup;
	enum code code = backup_make(services->store, &options, progress, &backup, err);
	if (code != CODE_OK)
		return code;
	ret->revision = backup.revision;
	ret->backup.path = arena_text(&ret->arena, slice_of_text(backup.path));
	ret->backup.size_bytes = backup.size_bytes;
	ret->backup.revision = backup.revision;
	return ret->backup.path != NULL ? CODE_OK : fail_out_of_memory(err);
}

enum code create_backup(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreateBackupRequest *request =
		(const Lectern__V1__CreateBackupRequest *)message;
	struct services *services = services_of(call);
	struct operation_task task = { .kind = LECTERN__V1__OPERATION_KIND__OPERATION_KIND_BACKUP,
		.run = run_backup,
		.context = services,
		.skip_check = request->skip_check };
	enum code code = backup_check_name(request->name, err);
	if (code != CODE_OK)
		return code;
	strcpy(task.name, request->name); /* fits: see the check */
	return operations_begin(services->operations, &task, call, request->background, err);
}

enum code check_store(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CheckStoreRequest *request =
		(const Lectern__V1__CheckStoreRequest *)message;
	struct services *services = services_of(call);
	struct operation_task task = { .kind = LECTERN__V1__OPERATION_KIND__OPERATION_KIND_CHECK,
		.run = run_check,
		.context = services };
	return operations_begin(services->operations, &task, call, request->background, err);
}

enum code get_operation(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetOperationRequest *request =
		(const Lectern__V1__GetOperationRequest *)message;
	return operations_get(
		services_of(call)->operations, request->id, request->wait_ms, call, err);
}
