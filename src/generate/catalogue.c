/* catalogue: products made from the table of categories. Knows nothing of customers. */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

static const char *const syllables[] = {"ba", "ko",  "ri", "lu",  "sen", "ta",   "mo", "vi",  "nor", "da", "xi", "pel",
                                        "zu", "gar", "ne", "hol", "fi",  "ster", "ya", "qui", "bro", "el", "ju", "ca"};
enum { N_SYLLABLES = sizeof syllables / sizeof *syllables, BRANDS_IN_CATEGORY = 14 };

/* Best sellers come first in a category, so a fixed share of its products would swing with the
 * first few: every stretch of the list gets its share instead. */
static bool is_brandless(const rfm_category *category, uint32_t i)
{
    return (int)((i * 618 + 382) % 1000) < category->brandless;
}

/* Skewed around the median of the category; a few that are no best sellers are listed at 0. */
static uint32_t price_of(const rfm_category *category, uint32_t i, uint64_t random)
{
    uint64_t u = random & 0xffff, median = (uint64_t)category->price;
    if (i % 600 == 599)
        return 0;
    uint64_t cents = median / 3 + ((median * u >> 16) * u >> 16) * 3 + (random >> 16) % 100;
    return (uint32_t)(cents + 49);
}

static void add_brand(rfm_text *text, int category, uint64_t random)
{
    uint64_t u = random >> 32 & 0xffff;
    int k = (int)(((u * u >> 16) * BRANDS_IN_CATEGORY) >> 16);
    rfm_text_adds(text, syllables[(category * 5 + k * 7) % N_SYLLABLES]);
    rfm_text_adds(text, syllables[(category * 11 + k * 13 + 3) % N_SYLLABLES]);
    if (k % 3 == 0)
        rfm_text_adds(text, syllables[(category + k * 5) % N_SYLLABLES]);
}

static void add_product(rfm_catalogue *catalogue, int c, uint32_t i, rfm_product *product)
{
    const rfm_category *category = &rfm_categories[c];
    rfm_text *text = &catalogue->text;
    uint64_t random = rfm_mix((uint64_t)c << 32 | i);
    product->at = (uint32_t)text->length;
    product->cents = price_of(category, i, random);
    rfm_text_addf(text, "%d,%lld,%s,", (c + 1) * 1000000 + (int)i * 7 + 3, 2053013550000000000LL + c * 104729017LL,
                  category->code != NULL ? category->code : "");
    if (!is_brandless(category, i))
        add_brand(text, c, rfm_mix(random));
    rfm_text_addf(text, ",%u.%02u", product->cents / 100, product->cents % 100);
    product->length = (uint32_t)text->length - product->at;
}

static void share_out_draws(rfm_catalogue *catalogue)
{
    int draw = 0;
    for (int c = 0; c < rfm_n_categories; c++)
        for (int i = 0; i < rfm_categories[c].rows && draw < RFM_PRODUCT_DRAWS; i++)
            catalogue->category_of_draw[draw++] = (uint8_t)c;
    rfm_assert(draw == RFM_PRODUCT_DRAWS);
}

rfm_status rfm_catalogue_init(rfm_catalogue *catalogue, rfm_error *err)
{
    memset(catalogue, 0, sizeof *catalogue);
    catalogue->first = rfm_alloc((size_t)rfm_n_categories + 1, sizeof *catalogue->first, err);
    if (catalogue->first == NULL)
        return err->status;
    for (int c = 0; c < rfm_n_categories; c++)
        catalogue->first[c + 1] = catalogue->first[c] + (uint32_t)rfm_categories[c].products;
    catalogue->products = rfm_alloc(catalogue->first[rfm_n_categories], sizeof *catalogue->products, err);
    if (catalogue->products == NULL)
        return err->status;
    share_out_draws(catalogue);
    rfm_product *product = catalogue->products;
    for (int c = 0; c < rfm_n_categories; c++)
        for (uint32_t i = 0; i < (uint32_t)rfm_categories[c].products; i++, product++) {
            add_product(catalogue, c, i, product);
            rfm_assert(product->length <= RFM_PRODUCT_TEXT_BYTES);
        }
    return rfm_text_check(&catalogue->text, err);
}

void rfm_catalogue_free(rfm_catalogue *catalogue)
{
    free(catalogue->products);
    free(catalogue->first);
    rfm_text_free(&catalogue->text);
    memset(catalogue, 0, sizeof *catalogue);
}
