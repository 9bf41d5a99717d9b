/* What a filter means, in the plainest way: docs/api.md, "Filters". */
#include "e2e/oracle/failure.h"
#include "e2e/oracle/filter.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static bool term_matches(const struct oracle_node *node, const struct oracle_content *content,
	const struct oracle_post *post)
{
	if (node->any)
		return node->field.term == ORACLE_IN_SERIES
			       ? post->series >= 0
			       : post->terms[node->field.term].count > 0;
	if (node->number < 0)
		return false;
	if (node->field.term == ORACLE_CATEGORY)
		return oracle_in_subtree(content, post, node->number);
	return oracle_has_term(post, node->field.term, node->number);
}

static bool text_matches(const struct oracle_node *node, const struct oracle_post *post)
{
	char language[ORACLE_TEXT_BYTES];
	const char *text = post->slug;
	if (node->field.text == ORACLE_TITLE)
		text = post->title->folded;
	if (node->field.text == ORACLE_LANGUAGE) {
		strcpy(language, oracle_languages[post->language]);
		for (char *at = language; *at != '\0'; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
		text = language;
	}
	bool equal = node->prefix ? strncmp(text, node->value, strlen(node->value)) == 0
				  : strcmp(text, node->value) == 0;
	return node->comparison == ORACLE_NOT_EQUAL ? !equal : equal;
}

static bool time_matches(const struct oracle_node *node, const struct oracle_post *post)
{
	const bool has[] = { post->has_publish, post->has_expire, true, true, post->has_delete };
	const int64_t times[] = { post->publish_us, post->expire_us, post->create_us,
		post->update_us, post->delete_us };
	int64_t time_us = times[node->field.time];
	/* What is not set compares with nothing, and so is not equal to anything. */
	if (node->any || !has[node->field.time])
		return has[node->field.time] ? node->any : node->comparison == ORACLE_NOT_EQUAL;
	switch (node->comparison) {
	case ORACLE_HAS:
	case ORACLE_EQUAL:
		return time_us == node->time_us;
	case ORACLE_NOT_EQUAL:
		return time_us != node->time_us;
	case ORACLE_LESS:
		return time_us < node->time_us;
	case ORACLE_LESS_OR_EQUAL:
		return time_us <= node->time_us;
	case ORACLE_GREATER:
		return time_us > node->time_us;
	case ORACLE_GREATER_OR_EQUAL:
		return time_us >= node->time_us;
	}
	oracle_fail("no such comparison");
}

static bool node_matches(const struct oracle_node *node, const struct oracle_content *content,
	const struct oracle_post *post)
{
	bool equal;
	switch (node->kind) {
	case ORACLE_AND:
		for (int i = 0; i < node->child_count; i++)
			if (!node_matches(node->children[i], content, post))
				return false;
		return true;
	case ORACLE_OR:
		for (int i = 0; i < node->child_count; i++)
			if (node_matches(node->children[i], content, post))
				return true;
		return false;
	case ORACLE_NOT:
		return !node_matches(node->children[0], content, post);
	case ORACLE_OF_TERM:
		return term_matches(node, content, post);
	case ORACLE_OF_STATE:
		equal = (int)post->state == node->number;
		return node->comparison == ORACLE_NOT_EQUAL ? !equal : equal;
	case ORACLE_OF_FEATURED:
		equal = post->featured == (node->number == 1);
		return node->comparison == ORACLE_NOT_EQUAL ? !equal : equal;
	case ORACLE_OF_TEXT:
		return text_matches(node, post);
	case ORACLE_OF_TIME:
		return time_matches(node, post);
	}
	oracle_fail("no such node");
}

bool oracle_filter_matches(
	const void *closure, const struct oracle_store *store, const struct oracle_post *post)
{
	const struct oracle_filter *filter = closure;
	if (!filter->all_states && post->state != ORACLE_PUBLISHED)
		return false;
	return filter->root == NULL || node_matches(filter->root, store->content, post);
}

void oracle_time_text(int64_t time_us, struct random *random, char text[64])
{
	static const int offsets_minutes[] = { 0, 0, 0, 120, -570, 345 };
	int offset = random == NULL ? 0 : offsets_minutes[random_below(random, 6)];
	time_us += offset * INT64_C(60000000);
	int64_t seconds = time_us / 1000000 - (time_us % 1000000 < 0);
	int64_t fraction = time_us - seconds * 1000000;
	time_t clock = (time_t)seconds;
	struct tm parts;
	gmtime_r(&clock, &parts);
	if (random != NULL && time_us % INT64_C(86400000000) == 0 && offset == 0) {
		strftime(text, 64, "%Y-%m-%d", &parts);
		return;
	}
	size_t size = strftime(text, 64, "%Y-%m-%dT%H:%M:%S", &parts);
	if (fraction != 0)
		size += (size_t)snprintf(text + size, 64 - size, ".%06" PRId64, fraction);
	if (offset == 0)
		snprintf(text + size, 64 - size, "Z");
	else
		snprintf(text + size, 64 - size, "%c%02d:%02d", offset < 0 ? '-' : '+',
			(offset < 0 ? -offset : offset) / 60, (offset < 0 ? -offset : offset) % 60);
}
