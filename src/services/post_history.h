/* The reads of a post's history: handlers for the table of PostService. */
#pragma once
#include "services/services_private.h"

enum code post_list_revisions(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;
enum code post_get_revision(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;
