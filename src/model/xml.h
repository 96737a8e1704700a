/* xml: texts and numbers as they stand in XML 1.0. Private to model. */
#ifndef RFMPI_MODEL_XML_H
#define RFMPI_MODEL_XML_H

#include "rfmpi/base.h"

/* Whether XML can hold it: UTF-8 without control characters other than tabs and line ends. */
bool rfm_xml_can_hold(const char *text);

/* Escaped, for an attribute's value and for what stands between tags. */
void rfm_xml_add(rfm_text *xml, const char *text);

/* ' name="value"' */
void rfm_xml_add_attribute(rfm_text *xml, const char *name, const char *value);

/* With all its bits. */
void rfm_xml_add_number(rfm_text *xml, double number);

#endif
