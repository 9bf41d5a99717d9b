#include "analysis/analyzer.h"

#include <libstemmer.h>
#include <utf8proc.h>

/* Of the code in this folder: raise it with every change that makes other terms. */
static const char version[] = "1";

/* Words in which the versions of the stemmers and of Unicode may differ, and what the code above
 * decides. */
static const char probe[] =
	"running runs universities university geologists evenings sky skies past yearly herring "
	"Häuser Haeuser aufzeichnen Straße Zuständigkeit parlèrent l'école ennui continuellement "
	"canción hablándoles nações oportunidade città dell'arte mogelijkheden lichamen huizen "
	"flickorna möjligheterna muligheter bøger mulighederne kirjoittaminen taloissa házakban "
	"şehirlerinde ısparta cărților deschiderea новый бежали ещё τρέχουν σπίτια किताबें लड़कियों "
	"புத்தகங்கள் كتاب والمكتبات գրքերի etxeetan llibres bhfuil knygos pembelajaran पुस्तकहरू књигама "
	"ביכער ＦＵＬＬ ﬁne don’t x² ½ ｶﾞ 中文字 ひらがな カタカナ 한국어 ภาษาไทย 𠀀𠀁 ǅ Ꭰ "
	"ꭰ "
	"ᾳ "
	"İ";

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash(uint64_t value, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		value = (value ^ bytes.data[i]) * UINT64_C(0x100000001B3);
	return (value ^ bytes.size) * UINT64_C(0x100000001B3);
}

uint64_t analyzer_fingerprint(void)
{
	struct analyzer *analyzer = analyzer_new();
	if (analyzer == NULL)
		return 0;
	uint64_t value = UINT64_C(0xCBF29CE484222325);
	value = hash(value, slice_of_text(version));
	value = hash(value, slice_of_text(utf8proc_unicode_version()));
	for (const char **name = sb_stemmer_list(); *name != NULL; name++)
		value = hash(value, slice_of_text(*name));
	struct token token;
	analyzer_start(analyzer, slice_of_text(probe), "");
	while (analyzer_next(analyzer, &token)) {
		value = hash(value, token.word);
		for (unsigned i = 0; i < ANALYZER_LANGUAGES_MAX; i++)
			value = hash(value, analyzer_stem(analyzer, token.word, i));
	}
	analyzer_free(analyzer);
	return value == 0 ? 1 : value;
}
