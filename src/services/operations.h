/*
 * Long work in the background: a backup or a check of the store, one at a time, in a thread of its
 * own. Calls begin it, ask for it, and wait for it parked.
 *
 * A second thread answers those whose time is over. The result of the newest operation is kept
 * until the next one begins.
 */
#pragma once
#include "services/operation.h"

struct operations;

enum code operations_new(struct operations **ret, struct error *err) NODISCARD;

/* Ends the work that is done and refuses more: who waits for it is told UNAVAILABLE, STOPPING.
 * Returns at once. */
void operations_stop(struct operations *operations);
/* The same, and waits for the end of the work and its threads. NULL is allowed, and a second call
 * does nothing. */
void operations_join(struct operations *operations);
/* After operations_join(). NULL is allowed. */
void operations_free(struct operations *operations);

/*
 * Begins work, and answers the call with the operation (background) or, later, with its result. A
 * call whose time ends before is told DEADLINE_EXCEEDED, OPERATION_GOES_ON. RESOURCE_EXHAUSTED,
 * OPERATION_RUNNING while other work is done. The last thing a handler of RPC_WAIT does; the reply
 * is one of a CreateBackup or a CheckStore, as the kind is.
 */
enum code operations_begin(struct operations *operations, const struct operation_task *task,
	struct rpc_call *call, bool background, struct error *err) NODISCARD;

/* Answers a GetOperation: now, or when the operation has ended, but no later than after wait_ms.
 * The last thing a handler of RPC_WAIT does. */
enum code operations_get(struct operations *operations, uint64_t id, uint32_t wait_ms,
	struct rpc_call *call, struct error *err) NODISCARD;

/* When the newest backup was finished; 0 if none was. */
int64_t operations_last_backup_us(struct operations *operations);
