/* One piece of long work, and how calls are told of it. The struct is guarded by its owner,
 * operations.c. */
#pragma once
#include "base/arena.h"
#include "rpc/rpc.h"
#include "store/progress.h"

#include <lectern/v1/admin.pb-c.h>

/* What the work has found; the messages' texts live in `arena`. */
struct operation_result {
	struct arena arena;
	uint64_t revision; /* of the store that was looked at */
	Lectern__V1__CreateBackupResponse backup;
	Lectern__V1__CheckStoreResponse check;
};

/* What is to be done. */
struct operation_task {
	Lectern__V1__OperationKind kind;
	/* In the operations' thread. Ends soon, with any error, when progress says so. */
	enum code (*run)(const struct operation_task *task, struct progress *progress,
		struct operation_result *ret, struct error *err);
	void *context;
	/* Of a backup. */
	char name[LIMIT_BACKUP_NAME_BYTES + 1];
	bool skip_check;
};

struct operation {
	uint64_t id; /* 0: there was none yet */
	struct operation_task task;
	Lectern__V1__OperationState state;
	int64_t start_us;
	int64_t end_us;
	uint64_t done;
	uint64_t total;
	struct error error;
	struct operation_result result; /* of the thread that works while it runs */
};

/* Becomes the next one, which runs. */
void operation_begin(struct operation *operation, const struct operation_task *task);
/* Done, or failed with operation->error. */
void operation_end(struct operation *operation, enum code code);

bool operation_is_running(const struct operation *operation);
bool operation_is_backup(const struct operation *operation);
const char *operation_kind_name(const struct operation *operation);

/* What a GetOperation is told, what a call that has begun it and does not wait, and what one that
 * has waited for its end. Everything is copied. */
void operation_reply(const struct operation *operation, struct rpc_call *call);
void operation_reply_begun(const struct operation *operation, struct rpc_call *call);
void operation_reply_result(const struct operation *operation, struct rpc_call *call);
