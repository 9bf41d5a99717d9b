/* The bodies of posts as WordPress keeps them. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

enum { WXR_BLOCK_NAME_BYTES = 40 };

struct wxr_body {
	/* What stands before <!--more-->: in the source. Size 0 where there is no such mark. */
	struct slice teaser;
	/* The first block whose content WordPress makes when it shows the post, so that nothing of
	 * it is in the file; "" if there is none. */
	char dynamic_block[WXR_BLOCK_NAME_BYTES];
	/* The first shortcode of WordPress' own; NULL if there is none. */
	const char *shortcode;
};

/*
 * Appends the HTML that the post is shown as: marks of the block editor and <!--more--> go;
 * without any of the block editor the paragraphs of the classic one are made. scratch is for use
 * inside. False when out of memory or over a buffer's maximum.
 */
bool wxr_body_html(struct slice source, struct buffer *scratch, struct buffer *out,
	struct wxr_body *ret) NODISCARD;
