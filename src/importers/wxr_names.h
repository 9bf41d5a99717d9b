/* The elements of WXR: namespaces of any version, by http and https, and what each name means. */
#pragma once
#include "base/slice.h"

/* What holds other elements. */
enum wxr_record {
	WXR_NONE,
	WXR_CHANNEL,
	WXR_AUTHOR,
	WXR_TERM, /* a category, a tag or a term of another taxonomy */
	WXR_ITEM,
	WXR_META,
};

enum wxr_value {
	/* Of the channel. */
	WXR_VERSION,
	WXR_BLOG_URL,
	WXR_SITE_URL,
	WXR_CHANNEL_LINK,
	/* Of a record. */
	WXR_LOGIN,
	WXR_DISPLAY_NAME,
	WXR_TAXONOMY,
	WXR_TERM_SLUG,
	WXR_TERM_PARENT,
	WXR_TERM_NAME,
	WXR_TERM_DESCRIPTION,
	WXR_TITLE,
	WXR_LINK,
	WXR_PUB_DATE,
	WXR_CREATOR,
	WXR_GUID,
	WXR_CONTENT,
	WXR_EXCERPT,
	WXR_POST_ID,
	WXR_POST_DATE,
	WXR_POST_DATE_GMT,
	WXR_POST_MODIFIED_GMT,
	WXR_POST_NAME,
	WXR_STATUS,
	WXR_POST_TYPE,
	WXR_POST_PASSWORD,
	WXR_IS_STICKY,
	WXR_ATTACHMENT_URL,
	WXR_META_KEY,
	WXR_META_VALUE,
	WXR_VALUE_COUNT,
};

enum wxr_namespace {
	WXR_NS_NONE, /* RSS itself */
	WXR_NS_WP,
	WXR_NS_EXCERPT,
	WXR_NS_CONTENT,
	WXR_NS_DC,
	WXR_NS_OTHER,
};

enum { WXR_BINDINGS_MAX = 64, WXR_PREFIX_BYTES = 16 };

/* The prefixes that are declared where the parser stands. */
struct wxr_names {
	struct wxr_binding {
		unsigned depth; /* of the element that declares it */
		enum wxr_namespace space;
		char prefix[WXR_PREFIX_BYTES];
	} bindings[WXR_BINDINGS_MAX];
	size_t count;
};

/* Takes the declarations among the attributes of an element. */
void wxr_names_declare(struct wxr_names *names, unsigned depth, const char *const *attributes);

/* Forgets those of the element that ends. */
void wxr_names_leave(struct wxr_names *names, unsigned depth);

/* The namespace of a name; *ret_local is its last part. */
enum wxr_namespace wxr_names_resolve(
	const struct wxr_names *names, const char *name, const char **ret_local);

/* An element that means something. */
struct wxr_element {
	enum wxr_record parent;
	enum wxr_namespace space;
	const char *name;
	enum {
		WXR_IS_VALUE,
		WXR_IS_RECORD,
		WXR_IS_ITEM_TERM, /* <category> of an item */
		WXR_IS_COMMENT,
	} what;
	int meaning;	      /* an enum wxr_value or an enum wxr_record */
	const char *taxonomy; /* of a record that is a term */
};

/* NULL for one that is passed over. */
const struct wxr_element *wxr_find_element(
	enum wxr_record parent, enum wxr_namespace space, const char *local);

/* "title" and so on, as it stands in files. */
const char *wxr_value_name(enum wxr_value value);
