/* The maximum of each field that a caller fills, checked by the dispatcher before it unpacks a
 * request. A field without a row is bounded by its type or by the dispatcher's general limits. */
#include "services/services_private.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>

#define BYTES(type, name, bytes) \
	{ \
		.message = &lectern__v1__##type##__descriptor, .field = name, .max_bytes = (bytes) \
	}
#define COUNT(type, name, count) \
	{ \
		.message = &lectern__v1__##type##__descriptor, .field = name, .max_count = (count) \
	}
/* A repeated string. */
#define BOTH(type, name, count, bytes) \
	{ \
		.message = &lectern__v1__##type##__descriptor, .field = name, \
		.max_bytes = (bytes), .max_count = (count) \
	}

/* What tags, categories and authors have in common. */
#define TERM_FIELDS(type) \
	BYTES(type, "slug", LIMIT_SLUG_BYTES), BYTES(type, "name", LIMIT_NAME_BYTES), \
		BYTES(type, "description", LIMIT_DESCRIPTION_BYTES), \
		BYTES(type, "etag", LIMIT_ETAG_BYTES), \
		BOTH(type, "aliases", LIMIT_ALIASES, LIMIT_SLUG_BYTES), \
		COUNT(type, "attributes", LIMIT_ATTRIBUTES)
#define TERM_REQUESTS(one, many) \
	BYTES(get_##one##_request, "slug", LIMIT_SLUG_BYTES), \
		BYTES(get_##one##_request, "name", LIMIT_NAME_BYTES), \
		COUNT(batch_get_##many##_request, "keys", LIMIT_BATCH_KEYS), \
		BYTES(list_##many##_request, "page_token", LIMIT_PAGE_TOKEN_BYTES), \
		BYTES(create_##one##_request, "request_id", LIMIT_REQUEST_ID_BYTES), \
		BYTES(update_##one##_request, "request_id", LIMIT_REQUEST_ID_BYTES), \
		BYTES(delete_##one##_request, "slug", LIMIT_SLUG_BYTES), \
		BYTES(delete_##one##_request, "etag", LIMIT_ETAG_BYTES), \
		BYTES(delete_##one##_request, "request_id", LIMIT_REQUEST_ID_BYTES), \
		COUNT(merge_##many##_request, "sources", LIMIT_MERGE_SOURCES), \
		BYTES(merge_##many##_request, "etag", LIMIT_ETAG_BYTES), \
		BYTES(merge_##many##_request, "request_id", LIMIT_REQUEST_ID_BYTES)
#define POST_VERB(verb) \
	BYTES(verb##_post_request, "slug", LIMIT_SLUG_BYTES), \
		BYTES(verb##_post_request, "etag", LIMIT_ETAG_BYTES), \
		BYTES(verb##_post_request, "request_id", LIMIT_REQUEST_ID_BYTES)

const struct rpc_field_limit field_limits[] = {
	BYTES(post, "slug", LIMIT_SLUG_BYTES),
	BYTES(post, "origin", LIMIT_ORIGIN_BYTES),
	BYTES(post, "title", LIMIT_TITLE_BYTES),
	BYTES(post, "excerpt", LIMIT_EXCERPT_BYTES),
	BYTES(post, "etag", LIMIT_ETAG_BYTES),
	COUNT(post, "tags", LIMIT_POST_TAGS),
	COUNT(post, "categories", LIMIT_POST_CATEGORIES),
	COUNT(post, "authors", LIMIT_POST_AUTHORS),
	BYTES(post, "language", LIMIT_LANGUAGE_BYTES),
	BYTES(post, "cover_image_url", LIMIT_URL_BYTES),
	BYTES(post, "canonical_url", LIMIT_URL_BYTES),
	COUNT(post, "attributes", LIMIT_ATTRIBUTES),
	BOTH(post, "aliases", LIMIT_ALIASES, LIMIT_SLUG_BYTES),
	BYTES(post, "body", LIMIT_BODY_BYTES),
	BYTES(post, "html", LIMIT_HTML_BYTES),
	COUNT(post, "outline", LIMIT_OUTLINE),
	BYTES(heading, "text", LIMIT_TITLE_BYTES),
	BYTES(heading, "anchor", LIMIT_TITLE_BYTES),
	BYTES(series_ref, "slug", LIMIT_SLUG_BYTES),
	BYTES(series_ref, "name", LIMIT_NAME_BYTES),
	BYTES(term_ref, "slug", LIMIT_SLUG_BYTES),
	BYTES(term_ref, "name", LIMIT_NAME_BYTES),
	BYTES(term_key, "slug", LIMIT_SLUG_BYTES),
	BYTES(term_key, "name", LIMIT_NAME_BYTES),
	BYTES(post_key, "slug", LIMIT_SLUG_BYTES),
	BYTES(post_key, "origin", LIMIT_ORIGIN_BYTES),
	BYTES(attribute, "key", LIMIT_ATTRIBUTE_KEY_BYTES),
	BYTES(attribute, "value", LIMIT_ATTRIBUTE_VALUE_BYTES),

	BYTES(change_note, "author", LIMIT_NOTE_AUTHOR_BYTES),
	BYTES(change_note, "summary", LIMIT_NOTE_SUMMARY_BYTES),

	BYTES(get_post_request, "slug", LIMIT_SLUG_BYTES),
	BYTES(get_post_request, "origin", LIMIT_ORIGIN_BYTES),
	COUNT(batch_get_posts_request, "keys", LIMIT_BATCH_KEYS),
	BYTES(list_posts_request, "page_token", LIMIT_PAGE_TOKEN_BYTES),
	BYTES(list_posts_request, "filter", LIMIT_FILTER_BYTES),
	BYTES(list_posts_request, "order_by", LIMIT_ORDER_BY_BYTES),
	BYTES(create_post_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	BYTES(update_post_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	POST_VERB(delete),
	POST_VERB(undelete),
	POST_VERB(purge),
	POST_VERB(publish),
	POST_VERB(schedule),
	POST_VERB(unpublish),
	POST_VERB(rollback),
	BYTES(get_adjacent_posts_request, "slug", LIMIT_SLUG_BYTES),
	BYTES(get_adjacent_posts_request, "filter", LIMIT_FILTER_BYTES),
	BYTES(get_adjacent_posts_request, "order_by", LIMIT_ORDER_BY_BYTES),
	BYTES(list_related_posts_request, "slug", LIMIT_SLUG_BYTES),
	BYTES(list_post_revisions_request, "slug", LIMIT_SLUG_BYTES),
	BYTES(list_post_revisions_request, "page_token", LIMIT_PAGE_TOKEN_BYTES),
	BYTES(get_post_revision_request, "slug", LIMIT_SLUG_BYTES),

	TERM_FIELDS(tag),
	TERM_FIELDS(category),
	TERM_FIELDS(author),
	BYTES(author, "url", LIMIT_URL_BYTES),
	BYTES(author, "avatar_url", LIMIT_URL_BYTES),
	TERM_REQUESTS(tag, tags),
	TERM_REQUESTS(category, categories),
	TERM_REQUESTS(author, authors),

	BYTES(get_archive_request, "page_token", LIMIT_PAGE_TOKEN_BYTES),
	BYTES(get_archive_request, "time_zone", LIMIT_TIME_ZONE_BYTES),
	BYTES(list_archive_dates_request, "time_zone", LIMIT_TIME_ZONE_BYTES),
	BYTES(list_archive_dates_request, "filter", LIMIT_FILTER_BYTES),

	BYTES(search_posts_request, "query", LIMIT_QUERY_BYTES),
	BYTES(search_posts_request, "filter", LIMIT_FILTER_BYTES),
	BYTES(search_posts_request, "page_token", LIMIT_PAGE_TOKEN_BYTES),
	BYTES(search_posts_request, "language", LIMIT_LANGUAGE_BYTES),
	COUNT(search_posts_request, "facets", LIMIT_FACETS),
	BYTES(suggest_terms_request, "prefix", LIMIT_SLUG_BYTES),
	COUNT(suggest_terms_request, "kinds", LIMIT_FACETS),

	BYTES(import_post_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	BYTES(import_post_revision_request, "slug", LIMIT_SLUG_BYTES),
	BYTES(import_post_revision_request, "origin", LIMIT_ORIGIN_BYTES),
	BYTES(import_post_revision_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	BYTES(import_tag_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	BYTES(import_category_request, "request_id", LIMIT_REQUEST_ID_BYTES),
	BYTES(import_author_request, "request_id", LIMIT_REQUEST_ID_BYTES),

	BYTES(create_backup_request, "name", LIMIT_BACKUP_NAME_BYTES),
	BYTES(list_changes_request, "epoch", LIMIT_EPOCH_BYTES),

	{ .message = &google__protobuf__field_mask__descriptor,
		.field = "paths",
		.max_bytes = LIMIT_NAME_BYTES,
		.max_count = LIMIT_MASK_PATHS },
};
const size_t field_limit_count = sizeof field_limits / sizeof *field_limits;
