/* The method SuggestTerms of SearchService. */
#pragma once
#include "services/services_private.h"

enum code suggest_terms(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
	NODISCARD;
