#include "services/html.h"

#include "services/html_references.h"
#include "services/html_unclosed.h"
#include "services/html_writer.h"
#include "services/parse_budget.h"

/* A tree that is written and parsed may come out as another one: what is unwrapped leaves its
 * content where a parser would not put it. Nearly all bodies need two passes, the second of which
 * sees that nothing changes; none that a fuzzer made of tags in disorder took more than three. */
enum { PASSES_MAX = 10 };

enum outcome {
	RENDERED,
	TOO_DEEP,
	TOO_COMPLEX,
	NOT_PARSED,
	UNSTABLE,
};

struct rendering {
	struct parse_budget budget;
	struct html_writer writer;
	struct html_ids ids;
	struct outline outline;
	struct buffer before, after; /* one pass */
};

static void *allocate(void *budget, size_t size_bytes)
{
	return parse_budget_alloc(budget, size_bytes);
}

static void deallocate(void *budget, void *pointer)
{
	(void)budget;
	(void)pointer; /* goes with the arena */
}

static const GumboNode *parse(struct parse_budget *budget, struct slice html)
{
	GumboOptions options = kGumboDefaultOptions;
	options.allocator = allocate;
	options.deallocator = deallocate;
	options.userdata = budget;
	options.fragment_context = GUMBO_TAG_BODY;
	options.max_errors = 0;
	const char *text = html.size == 0 ? "" : (const char *)html.data;
	parse_budget_enter(budget);
	const GumboOutput *output = gumbo_parse_with_options(&options, text, html.size);
	parse_budget_leave();
	return output->root;
}

static enum outcome pass(struct rendering *rendering, struct slice html, struct arena *arena)
{
	parse_budget_reset(&rendering->budget);
	buffer_clear(&rendering->after);
	html_ids_init(&rendering->ids, &rendering->budget.arena);
	if (!outline_init(&rendering->outline, arena))
		return TOO_COMPLEX;
	const GumboNode *root = parse(&rendering->budget, html);
	if (!html_write(&rendering->writer, root, &rendering->ids, &rendering->outline,
		    &rendering->after))
		return TOO_DEEP;
	return rendering->outline.failed || rendering->after.overflow ? TOO_COMPLEX : RENDERED;
}

/* The result is in rendering->after. */
static enum outcome render(struct rendering *rendering, struct slice body, struct arena *arena)
{
	struct arena_mark mark = arena_mark(arena);
	bool mended = html_mend_references(body, &rendering->before);
	if (rendering->before.overflow)
		return TOO_COMPLEX;
	switch (setjmp(rendering->budget.left)) {
	case 0:
		break;
	case PARSE_FAILED:
		return NOT_PARSED;
	default:
		return TOO_COMPLEX;
	}
	for (unsigned i = 0; i < PASSES_MAX; i++) {
		struct slice before = i == 0 && !mended ? body
							: slice_of(rendering->before.data,
								  rendering->before.size);
		arena_rewind(arena, mark);
		enum outcome outcome = pass(rendering, before, arena);
		struct slice after = slice_of(rendering->after.data, rendering->after.size);
		if (outcome != RENDERED || slice_equals(before, after))
			return outcome;
		struct buffer swap = rendering->before;
		rendering->before = rendering->after;
		rendering->after = swap;
	}
	return UNSTABLE;
}

static enum code fail_outcome(enum outcome outcome, struct error *err)
{
	switch (outcome) {
	case RENDERED:
		break;
	case TOO_DEEP:
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_NESTED_TOO_DEEP", "post.body",
			"nests more than %d elements; close those that are left open",
			HTML_NESTING_MAX);
	case TOO_COMPLEX:
		return parse_budget_fail(PARSE_EXHAUSTED, err);
	case NOT_PARSED:
		return parse_budget_fail(PARSE_FAILED, err);
	case UNSTABLE:
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_TOO_COMPLEX", "post.body",
			"has elements inside each other that HTML does not allow there; close each "
			"before what is around it");
	}
	return CODE_OK;
}

enum code html_render(struct arena *arena, Lectern__V1__Post *post, struct error *err)
{
	struct rendering rendering;
	if (html_is_unclosed(slice_of_text(post->body)))
		return fail_outcome(TOO_DEEP, err);
	parse_budget_init(&rendering.budget);
	html_writer_init(&rendering.writer);
	buffer_init(&rendering.before, LIMIT_HTML_BYTES);
	buffer_init(&rendering.after, LIMIT_HTML_BYTES);
	enum outcome outcome = render(&rendering, slice_of_text(post->body), arena);
	char *html = NULL;
	if (outcome == RENDERED) {
		html = arena_text(arena, slice_of(rendering.after.data, rendering.after.size));
		outcome = html == NULL ? TOO_COMPLEX : RENDERED;
	}
	parse_budget_done(&rendering.budget);
	html_writer_done(&rendering.writer);
	buffer_done(&rendering.before);
	buffer_done(&rendering.after);
	if (outcome != RENDERED)
		return fail_outcome(outcome, err);
	post->html = html;
	outline_finish(&rendering.outline, post);
	return CODE_OK;
}
