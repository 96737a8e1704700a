/* typed_check: are values and the texts that stand for them the same? */
#ifndef RFM_TEST_TYPED_CHECK_H
#define RFM_TEST_TYPED_CHECK_H

#include "columnar.h"

/* Whatever is read from the values of the rows at hand is what the general parsers of base say of their texts. False:
 * says where it is not on stderr. */
bool typed_agrees(rfm_columnar *columnar, const rfm_zone *zone);

#endif
