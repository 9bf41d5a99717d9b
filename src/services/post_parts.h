/* The bytes of posts for replies. */
#pragma once
#include "services/services_private.h"
#include "store/post.h"

/* As post_read(), of the call's snapshot; what many replies have in common is kept. The bytes are
 * valid until the response was written. */
bool read_post_parts(
	struct rpc_call *call, uint64_t id, Lectern__V1__PostView view, struct post_parts *ret);
