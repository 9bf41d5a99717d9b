/*
 * Random filters as trees, printed as the text that the server gets, and evaluated here by going
 * through the tree for each post. Shares no code with the server's.
 */
#pragma once
#include "e2e/oracle/model.h"
#include "support/random.h"

enum {
	ORACLE_FILTER_NODES = 128,
	ORACLE_FILTER_CHILDREN = 3,
	ORACLE_FILTER_DEPTH = 4,
	ORACLE_FILTER_BYTES = 4096, /* the server's limit */
};

enum oracle_node_kind {
	ORACLE_AND,
	ORACLE_OR,
	ORACLE_NOT,
	ORACLE_OF_TERM,	    /* tags, categories, authors, series */
	ORACLE_OF_STATE,    /* = and != */
	ORACLE_OF_FEATURED, /* = and != */
	ORACLE_OF_TEXT,	    /* =, != and a prefix, of language, slug and title */
	ORACLE_OF_TIME,	    /* all comparisons, and whether there is one */
};

enum oracle_comparison {
	ORACLE_HAS,
	ORACLE_EQUAL,
	ORACLE_NOT_EQUAL,
	ORACLE_LESS,
	ORACLE_LESS_OR_EQUAL,
	ORACLE_GREATER,
	ORACLE_GREATER_OR_EQUAL,
};

enum oracle_text_field { ORACLE_LANGUAGE, ORACLE_SLUG, ORACLE_TITLE };
enum oracle_time_field {
	ORACLE_PUBLISH_TIME,
	ORACLE_EXPIRE_TIME,
	ORACLE_CREATE_TIME,
	ORACLE_UPDATE_TIME,
	ORACLE_DELETE_TIME,
};

struct oracle_node {
	enum oracle_node_kind kind;
	struct oracle_node *children[ORACLE_FILTER_CHILDREN];
	int child_count;
	enum oracle_comparison comparison;
	union {
		enum oracle_term_kind term;
		enum oracle_text_field text;
		enum oracle_time_field time;
	} field;
	bool any;    /* "*": has any value */
	bool prefix; /* of texts: the value is how it begins */
	int number;  /* term (-1: none that exists), state, or 1 for true */
	int64_t time_us;
	char value[ORACLE_TEXT_BYTES]; /* folded */
	char text[ORACLE_TEXT_BYTES];  /* as the filter has it, without quotes, escapes and star */
};

struct oracle_filter {
	struct oracle_node nodes[ORACLE_FILTER_NODES];
	int node_count;
	struct oracle_node *root; /* NULL: no filter */
	bool all_states;	  /* it asks for a state */
	bool part_order;	  /* it asks for one series by AND */
	char text[ORACLE_FILTER_BYTES + 1];
};

/* A filter whose values are mostly those of posts and terms that there are. */
void oracle_filter_make(
	struct oracle_filter *filter, struct random *random, const struct oracle_store *store);

/* Whether a list with the filter has the post; an oracle_test of a struct oracle_filter. */
bool oracle_filter_matches(
	const void *filter, const struct oracle_store *store, const struct oracle_post *post);

/* "2024-03-01T12:00:00.000001Z", or the same moment written in another way that a filter
 * understands where a random is given. */
void oracle_time_text(int64_t time_us, struct random *random, char text[64]);
