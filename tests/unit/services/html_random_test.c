/* HTML bodies of random disorder, and of real exports: what is rendered is safe, and rendered again
 * the same. */
#include "services/html.h"

#include "base/limits.h"
#include "base/text.h"
#include "support/random.h"
#include "support/safe_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void require_same(const Lectern__V1__Post *a, const Lectern__V1__Post *b)
{
	assert_string_equal(a->html, b->html);
	assert_int_equal(a->word_count, b->word_count);
	assert_int_equal(a->n_outline, b->n_outline);
	for (size_t i = 0; i < a->n_outline; i++) {
		assert_int_equal(a->outline[i]->level, b->outline[i]->level);
		assert_string_equal(a->outline[i]->anchor, b->outline[i]->anchor);
		assert_string_equal(a->outline[i]->text, b->outline[i]->text);
	}
}

static void check(const char *body)
{
	struct arena arena;
	struct error err;
	char text[256];
	Lectern__V1__Post first = LECTERN__V1__POST__INIT;
	Lectern__V1__Post second = LECTERN__V1__POST__INIT;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	first.body = (char *)(uintptr_t)body;
	if (html_render(&arena, &first, &err) != CODE_OK) {
		if (strcmp(err.reason, "BODY_NOT_PARSED") != 0) /* as gumbo 0.10 does, rarely */
			fail_msg("%s\n%s", body, err.text);
		arena_done(&arena);
		return;
	}
	if (!is_safe_html(first.html, text, sizeof text))
		fail_msg("%s\n%s\n%s", body, first.html, text);
	second.body = first.html;
	assert_int_equal(html_render(&arena, &second, &err), CODE_OK);
	require_same(&first, &second);
	arena_done(&arena);
}

/* Every element that a parser treats in a way of its own, and what surrounds them. */
static const char *const pieces[] = { "<p>", "</p>", "<b>", "</b>", "<i a=b>", "</i>", "<a href=x>",
	"<a name=B>", "</a>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<caption>",
	"<colgroup>", "<col>", "<tbody>", "</tr>", "<h1>", "</h1>", "<h2 id=a>", "</h2>", "<li>",
	"<ul>", "</ul>", "<ol>", "<dl>", "<dt>", "<dd>", "<div>", "</div>", "<button>", "</button>",
	"<form>", "</form>", "<select>", "<option>", "</select>", "<svg>", "</svg>", "<desc>",
	"<math>", "<mi>", "</math>", "<annotation-xml encoding=text/html>", "<template>",
	"</template>", "<object>", "</object>", "<applet>", "<marquee>", "</marquee>", "<nobr>",
	"<font color=x>", "</font>", "<pre>", "</pre>", "\n", " ", "x", "y z", "&amp;", "&#13;",
	"<br>", "</br>", "<hr>", "<img src=x>", "<image>", "<ruby>", "<rt>", "<rp>", "<rtc>",
	"</ruby>", "<xmp>", "</xmp>", "<plaintext>", "<listing>", "<style>", "</style>", "<script>",
	"</script>", "<title>", "</title>", "<textarea>", "</textarea>", "<noscript>",
	"</noscript>", "<center>", "</center>", "<main>", "<fieldset>", "<legend>", "<details>",
	"<summary>", "<menu>", "<dialog>", "<x-y>", "</x-y>", "<picture>", "<source>", "<video>",
	"</video>", "<span lang=de>", "</span>", "<body a=b>", "</body>", "<html>", "</html>",
	"<head>", "<frameset>", "<frame>", "<!-- x -->", "<!doctype html>", "<isindex>",
	"<input type=hidden>", "<center>", "<blockquote>", "</blockquote>", "<figure>", "<address>",
	"<a href='#A'>", "<p id='A b'>", "<code>", "</code>", "<strike>", "<tt>", "</tt>",
	"<acronym>", "<small>", "</small>", "<q>", "</q>", "<", ">", "\"", "<sup>", "</sup>",
	"<tfoot>", "<thead>", "</table><p>", "</td></tr>", "<h3>", "</h3>" };

static size_t append_piece(struct random *random, char *body, size_t size)
{
	size_t index = random_below(random, sizeof pieces / sizeof *pieces);
	return size + (size_t)sprintf(body + size, "%s", pieces[index]);
}

/* Pieces of few kinds in each body, so that they meet themselves. */
static void test_disorder(void **state)
{
	enum { ROUNDS = 20000, PIECES_MAX = 40, KINDS_MAX = 12, BYTES_MAX = 64 * PIECES_MAX };
	struct random random = random_start();
	for (int round = 0; round < ROUNDS; round++) {
		char body[BYTES_MAX] = "";
		size_t kinds[KINDS_MAX];
		size_t size = 0;
		size_t kind_count = 1 + random_below(&random, KINDS_MAX);
		size_t count = 1 + random_below(&random, PIECES_MAX);
		for (size_t i = 0; i < kind_count; i++)
			kinds[i] = random_below(&random, sizeof pieces / sizeof *pieces);
		for (size_t i = 0; i < count; i++) {
			if (random_below(&random, 8) == 0)
				size = append_piece(&random, body, size);
			else
				size += (size_t)sprintf(body + size, "%s",
					pieces[kinds[random_below(&random, kind_count)]]);
		}
		check(body);
	}
}

static const char article[] =
	"<!-- wp:heading {\"level\":2} --><h2 class=\"wp-block-heading\" "
	"id=\"Erste_Schritte\">Erste &amp; "
	"letzte</h2><!-- /wp:heading --><p style=\"x:y\">See <a href=\"#Erste_Schritte\" "
	"target=\"_blank\" "
	"rel=\"me\">above</a> or <a href=\" "
	"java&Tab;script&colon;x\">this</a>&nbsp;&hellip;</p><figure "
	"class=\"wp-block-image alignwide\"><img src=\"/a.jpg\" srcset=\"/a.jpg 1x, data:x 2x\" "
	"sizes=\"(max-width: 9px) 1px\" alt='\"'/><figcaption>x</figcaption></figure><pre>\n\na "
	"&lt; "
	"b</pre><ul><li>a<li>b<ol start=3><li>c</ul><table><caption>c<tr><th scope=row>a<td "
	"colspan=2>b"
	"</table><svg><desc><p>x</desc></svg><math><mi>y</math><object><p>f</object><script>a<b</"
	"script>";

/* Bytes of an article changed, left out and doubled. */
static void test_mutations(void **state)
{
	enum { ROUNDS = 5000, CHANGES_MAX = 10 };
	static const char bytes[] = "<>&\"'=/ ;#x0:\n!-`";
	struct random random = random_start();
	for (int round = 0; round < ROUNDS; round++) {
		char body[2 * sizeof article];
		size_t size = sizeof article - 1;
		memcpy(body, article, sizeof article);
		for (size_t i = random_below(&random, CHANGES_MAX) + 1; i > 0; i--) {
			size_t at = random_below(&random, size - 40);
			size_t count = random_below(&random, 30);
			switch (random_below(&random, 3)) {
			case 0:
				body[at] = bytes[random_below(&random, sizeof bytes - 1)];
				break;
			case 1:
				memmove(body + at, body + at + count, size - at - count + 1);
				size -= count;
				break;
			default:
				memmove(body + at + count, body + at, size - at + 1);
				size += count;
				break;
			}
		}
		check(body);
	}
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	rewind(file);
	char *text = malloc((size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
	text[size] = '\0';
	fclose(file);
	return text;
}

/* The bodies of an export of WordPress. */
static void test_an_export(void **state)
{
	static const char start[] = "<content:encoded><![CDATA[";
	char path[1024];
	const char *source = getenv("LECTERN_SOURCE");
	snprintf(path, sizeof path, "%s/../shared/data/wordpress/themeunittestdata.wordpress.xml",
		source == NULL ? "." : source);
	char *text = read_file(path);
	if (text == NULL) {
		print_message("skipped: there is no %s\n", path);
		skip();
	}
	size_t count = 0;
	for (char *at = text; (at = strstr(at, start)) != NULL; count++) {
		char *body = at + sizeof start - 1;
		at = strstr(body, "]]>");
		assert_non_null(at);
		*at++ = '\0';
		check(body);
	}
	print_message("%zu bodies\n", count);
	assert_in_range(count, 1, SIZE_MAX);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disorder),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_an_export),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
