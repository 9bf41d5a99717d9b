/* Reading the change log: TABLE_CHANGE has one lectern.v1.Change for each revision from the oldest
 * one that is kept. apply_log.c writes it. */
#pragma once
#include "store/txn.h"

#include <lectern/v1/change.pb-c.h>

/* The oldest revision that the log has; one above the store's if it has none. */
uint64_t change_log_oldest(struct txn *txn);

/* Names the history that revisions count in, in the store. */
struct slice change_log_epoch(struct txn *txn);

/* What a record of the log is about, read in place. False if it cannot be read. */
bool change_log_subject(struct slice record, Lectern__V1__Entity *entity, uint64_t *id);
