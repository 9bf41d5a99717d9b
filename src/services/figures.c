/* What the services know, for metrics. */
#include "services/feed.h"
#include "services/operations.h"
#include "store/apply.h"
#include "store/change_log.h"
#include "store/posting.h"

#include <lectern/store/v1/record.pb-c.h>

static void count_content(struct txn *snapshot, struct services_figures *ret)
{
	static const Lectern__V1__PostState states[] = {
		LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
		LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED,
		LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED,
		LECTERN__V1__POST_STATE__POST_STATE_TRASHED,
	};
	static const Lectern__Store__V1__TermKind kinds[] = {
		LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
		LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
		LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR,
	};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		ret->posts[i] = posting_count(snapshot, POSTING_STATE, states[i]);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		ret->terms[i] = posting_count(snapshot, POSTING_TERMS, kinds[i]);
}

static void read_content(struct services *services, struct services_figures *ret)
{
	struct txn *snapshot;
	struct store_pages pages;
	if (store_snapshot(services->store, &snapshot, NULL) != CODE_OK)
		return;
	store_pages(services->store, snapshot, &pages);
	ret->free_bytes = pages.free * pages.page_bytes;
	ret->revision = txn_revision(snapshot);
	ret->oldest_change_revision = change_log_oldest(snapshot);
	if (!apply_next_due_us(snapshot, &ret->next_due_us))
		ret->next_due_us = 0;
	count_content(snapshot, ret);
	ret->content_known = txn_status(snapshot, NULL) == CODE_OK;
	store_release(services->store, snapshot);
}

void services_read_figures(struct services *services, struct services_figures *ret)
{
	*ret = (struct services_figures){ .content_known = false };
	store_stats(services->store, &ret->store);
	ret->store_healthy = store_health(services->store, NULL) == CODE_OK;
	ret->change_waiters = feed_waiters(services->feed);
	ret->feed_lag = feed_lag(services->feed);
	ret->last_backup_us = operations_last_backup_us(services->operations);
	read_content(services, ret);
}

void services_set_telemetry(struct services *services, const struct services_telemetry *telemetry)
{
	services->telemetry = *telemetry;
}
