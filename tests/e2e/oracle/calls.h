/* Calls of a real server for the oracle tests, and its posts against those of the model. */
#pragma once
#include "e2e/oracle/model.h"

#include <lectern/client.h>
#include <lectern/v1/post.pb-c.h>

/* A client of its own connection; the test fails if it cannot be made. */
lectern_client *oracle_connect(const char *url);

/* Calls a method that must succeed; the response is freed with oracle_free(). */
void *oracle_call(lectern_client *client, const char *method, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *response, uint64_t *ret_revision);
void oracle_free(void *response);

/* Calls a method that may fail; CODE and text in *err. True if it succeeded. */
bool oracle_try(lectern_client *client, const char *method, const ProtobufCMessage *request,
	struct lectern_error *err);

/* Fails unless the post is the model's, in all that the view shows. */
void oracle_check_post(const struct oracle_content *content, const struct oracle_post *want,
	const Lectern__V1__Post *got, Lectern__V1__PostView view);

/* Fails unless these are the model's posts, in this order. */
void oracle_check_posts(const struct oracle_content *content, const struct oracle_post **want,
	size_t want_count, Lectern__V1__Post **got, size_t got_count, Lectern__V1__PostView view);

/* Microseconds. */
int64_t oracle_time_us(const Google__Protobuf__Timestamp *time);
