/* products: a run with something in it. */
#ifndef RFM_TEST_STORE_PRODUCTS_H
#define RFM_TEST_STORE_PRODUCTS_H

#include "files.h"

static inline rfm_origin origin_of(const char *k, const char *files)
{
    rfm_error err = {0};
    rfm_origin origin = {0};
    rfm_origin_add(&origin, "input.files", files, &err);
    rfm_origin_add(&origin, "cluster.k", k, &err);
    assert_fine(&err);
    return origin;
}

static inline rfm_run *open_run(const char *name)
{
    rfm_error err = {0};
    rfm_run *run = NULL;
    rfm_run_open(comm, in_folder(name), &run, &err);
    assert_fine(&err);
    return run;
}

static inline void put(rfm_run *run, const char *product, const char *content, const char *k)
{
    rfm_error err = {0};
    rfm_text bytes = {0};
    rfm_origin origin = origin_of(k, "a.csv");
    if (is_first())
        rfm_text_adds(&bytes, content);
    rfm_run_put(run, product, &origin, &bytes, &err);
    assert_fine(&err);
    rfm_text_free(&bytes);
    rfm_origin_free(&origin);
}

#endif
