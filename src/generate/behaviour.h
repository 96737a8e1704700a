/* behaviour: who the customers are and what they look at, as tables of numbers. */
#ifndef RFM_GENERATE_BEHAVIOUR_H
#define RFM_GENERATE_BEHAVIOUR_H

#include "rfmpi/generate.h"

enum { RFM_N_TYPES = 6, RFM_PRODUCT_DRAWS = 1024 };

/* A hidden type of customer. Parts of the period are per mille of it. */
typedef struct rfm_type {
    const char *name;
    int customers;              /* per mille of all customers */
    int visits;                 /* per mille of all sessions after a customer's first */
    int events;                 /* per mille of all events after a session's first */
    int arrive_from, arrive_to; /* when first sessions are */
    int visit_from, visit_to;   /* when later ones are */
    int stay;                   /* how long after arriving a customer may come back */
    int draws;                  /* who comes back is the most active of so many drawn */
    int purchase, cart;         /* per 100,000 events */
    int taste;                  /* a product is the dearest of so many drawn; negative: the cheapest */
    int even;                   /* how alike in length sessions are: per mille of the longest usual one */
    bool buys;                  /* a customer's first session ends with a purchase */
} rfm_type;

/* code NULL: rows without category_code. */
typedef struct rfm_category {
    const char *code;
    int rows;      /* in 1024 of all rows */
    int products;  /* at most 100,000 */
    int price;     /* median, in cents */
    int brandless; /* per mille of its products */
} rfm_category;

typedef struct rfm_proportions {
    int sessions;  /* per mille of events */
    int customers; /* per mille of events, where the number is not given */
    int fresh;     /* per mille of the later views of a session that are of another product */
} rfm_proportions;

extern const rfm_type rfm_types[RFM_N_TYPES];
extern const rfm_category rfm_categories[];
extern const int rfm_n_categories;

const rfm_proportions *rfm_proportions_of(rfm_generate_shape shape);

/* How busy the shop is, relative; hour 0..23 UTC, weekday 0 Monday .. 6 Sunday. */
int rfm_busy(int hour, int weekday);

#endif
