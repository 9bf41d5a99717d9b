/* Pages of posts: what lists, archives and searches return. */
#include "client/objects.h"

#include <stdlib.h>

struct lectern_page *page_new(void)
{
	struct lectern_page *page = calloc(1, sizeof *page);
	if (page != NULL)
		arena_init(&page->arena, OBJECT_BYTES_MAX);
	return page;
}

void page_freep(struct lectern_page **page)
{
	lectern_page_free(*page);
}

bool page_make_posts(struct lectern_page *page, size_t count)
{
	page->posts = arena_calloc(&page->arena, count, sizeof *page->posts);
	if (page->posts == NULL)
		return false;
	page->post_count = count;
	return true;
}

int32_t page_size_of(uint32_t size)
{
	return size > INT32_MAX ? INT32_MAX : (int32_t)size;
}

void lectern_page_free(lectern_page *page)
{
	if (page == NULL)
		return;
	arena_done(&page->arena);
	free(page);
}

size_t lectern_page_post_count(const lectern_page *page)
{
	return page->post_count;
}

const lectern_post *lectern_page_post(const lectern_page *page, size_t index)
{
	return index < page->post_count ? &page->posts[index] : NULL;
}

const char *lectern_page_next_token(const lectern_page *page)
{
	return page->next_token;
}

uint64_t lectern_page_total_size(const lectern_page *page)
{
	return page->total_size;
}

const char *lectern_page_title(const lectern_page *page)
{
	return page->title;
}

const char *lectern_page_snippet(const lectern_page *page, size_t index)
{
	return page->snippets != NULL && index < page->post_count ? page->snippets[index] : "";
}
