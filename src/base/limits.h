/*
 * The maxima of Lectern, those in bytes or milliseconds with the unit in the name. One that a
 * single file needs may stand there instead. GetServerInfo lists the main ones, docs/api.md more of
 * them.
 */
#pragma once

enum {
	/* One message on the wire. */
	LIMIT_REQUEST_BYTES = 8 * 1024 * 1024,
	LIMIT_RESPONSE_BYTES = 32 * 1024 * 1024,
	/* No further post is added to a page that has this many; the rest is room for one post's
	 * surroundings and for what stands beside the posts. */
	FULL_PAGE_BYTES = LIMIT_RESPONSE_BYTES - 1024 * 1024,
	LIMIT_METHOD_BYTES = 200,
	LIMIT_HEADERS = 32,
	LIMIT_HEADER_NAME_BYTES = 64,
	LIMIT_HEADER_VALUE_BYTES = 4096,
	LIMIT_MESSAGE_DEPTH = 16,
	LIMIT_UNKNOWN_FIELDS = 64,
	LIMIT_ARENA_BYTES = 64 * 1024 * 1024, /* memory of one call beside request and response */

	/* Time. */
	LIMIT_TIMEOUT_MS = 300 * 1000,
	DEFAULT_TIMEOUT_MS = 10 * 1000,

	/* Posts and terms. */
	LIMIT_SLUG_BYTES = 200,
	LIMIT_ORIGIN_BYTES = 200,
	LIMIT_TITLE_BYTES = 1024,
	LIMIT_NAME_BYTES = 200,
	LIMIT_EXCERPT_BYTES = 8192,
	LIMIT_DESCRIPTION_BYTES = 8192,
	LIMIT_BODY_BYTES = 4 * 1024 * 1024,
	LIMIT_HTML_BYTES = 12 * 1024 * 1024,
	LIMIT_URL_BYTES = 2048,
	LIMIT_LANGUAGE_BYTES = 35,
	LIMIT_ETAG_BYTES = 64,
	LIMIT_REQUEST_ID_BYTES = 64,
	LIMIT_PRINCIPAL_BYTES = 64, /* the name of a token */
	LIMIT_NOTE_AUTHOR_BYTES = 200,
	LIMIT_NOTE_SUMMARY_BYTES = 500,
	LIMIT_EPOCH_BYTES = 32,
	LIMIT_BACKUP_NAME_BYTES = 200,
	LIMIT_POST_TAGS = 256,
	LIMIT_POST_CATEGORIES = 64,
	LIMIT_POST_AUTHORS = 64,
	LIMIT_ATTRIBUTES = 64,
	LIMIT_ATTRIBUTE_KEY_BYTES = 64,
	LIMIT_ATTRIBUTE_VALUE_BYTES = 4096,
	LIMIT_ALIASES = 64,
	LIMIT_CATEGORY_DEPTH = 16,
	LIMIT_IMPORTED_REVISION = 1000 * 1000 * 1000, /* from which a post counts on */
	LIMIT_OUTLINE = 1000,
	LIMIT_MASK_PATHS = 64,

	/* Reading. */
	LIMIT_PAGE_SIZE = 1000,
	LIMIT_BATCH_KEYS = 1000,
	LIMIT_FILTER_BYTES = 4096,
	LIMIT_FILTER_RESTRICTIONS = 100,
	LIMIT_FILTER_DEPTH = 32,
	LIMIT_QUERY_BYTES = 1024,
	LIMIT_QUERY_CLAUSES = 32,  /* words, phrases, exclusions */
	LIMIT_PREFIX_WORDS = 1000, /* words that one prefix of a query stands for */
	LIMIT_SEARCH_PAGE_SIZE = 100,
	LIMIT_FACETS = 8,
	LIMIT_FACET_SIZE = 100,
	LIMIT_RELATED_PAGE_SIZE = 100,
	LIMIT_TIME_ZONE_BYTES = 64,
	LIMIT_ORDER_BY_BYTES = 256,
	LIMIT_PAGE_TOKEN_BYTES = 1024,
	LIMIT_MERGE_SOURCES = 100,
	DEFAULT_POST_PAGE_SIZE = 20,
	DEFAULT_ARCHIVE_PAGE_SIZE = 10,
	DEFAULT_TERM_PAGE_SIZE = 100,
	DEFAULT_SEARCH_PAGE_SIZE = 10,
	DEFAULT_CHANGE_PAGE_SIZE = 100,
	DEFAULT_FACET_SIZE = 10,

	/* Queues of the server. */
	LIMIT_WRITE_QUEUE = 1024,
	LIMIT_WRITE_QUEUE_BYTES = 64 * 1024 * 1024,
	LIMIT_RENDER_QUEUE = 128, /* writes whose bodies wait to be rendered */
	LIMIT_LISTENERS = 16,
	LIMIT_PARKED_CALLS = 256,
	LIMIT_CONNECTION_PARKED_CALLS = 64,
	LIMIT_ADDRESS_PARKED_CALLS = 192,
	/* Of all replies that wait for clients to read others; those who do not are closed then. */
	LIMIT_WAITING_REPLY_BYTES = 256 * 1024 * 1024,
	LIMIT_TAKEN_REPLY_BYTES = 512 * 1024 * 1024, /* of the last reply of each connection */
	LIMIT_WAIT_MS = 30 * 1000,		     /* of ListChanges and GetOperation */
	/* An answer to a call that has waited: one change answers many of them at once. */
	WAITED_PAGE_BYTES = 1024 * 1024,

	/* The PUB socket. */
	LIMIT_SUBSCRIBERS = 256,
	PUBLISHED_CHANGES = 64, /* of one message */
	PUBLISHED_BYTES = 256 * 1024,

	/* Of the data file, for the walk over all of its pages whenever it is opened. */
	OPEN_VERIFY_BYTES = 512 * 1024 * 1024,
};

/* How long the answer to a write is kept for repeats with the same request id. */
#define REQUEST_ID_TTL_US (INT64_C(24) * 3600 * 1000 * 1000)
