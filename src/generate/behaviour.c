/* behaviour: the model behind generated logs, all its numbers in one place.
 *
 * Source of the proportions: the October 2019 log of the REES46 open CDP data (per 10,000,000
 * events about 680,000 customers, 2,200,000 sessions, 4,800,000 pairs of customer and product; 96 %
 * views, 1.8 % purchases; a third of the rows without category_code, 14 % without brand; about one
 * in a thousand at price 0). The types are ours: in such logs nobody knows them. With these
 * tables 1.8 % of the events of the log shape are purchases, about 2.2 % carts.
 */
#include "behaviour.h"

#include <string.h>

/* clang-format off */
const rfm_type rfm_types[RFM_N_TYPES] = {
    /*                     of 1000 each         arrive     come back          of 100,000
       name              cust. visit event   from   to   from    to  stay dr. buy    cart  taste even buys */
    {"champion",           15,  120,   75,      0,  100,    0, 1000, 1000, 1, 8100, 6000,  1,    0, true},
    {"loyal",              50,  140,   90,      0,  300,    0, 1000, 1000, 1, 4500, 5000, -4,    0, true},
    {"big spender",        15,   50,   45,      0,  300,    0, 1000, 1000, 1, 3600, 4000, 20,    0, true},
    {"window shopper",    240,  630,  560,      0,  400,    0, 1000, 1000, 1,   40, 1300,  1,    0, false},
    {"new",               340,   30,  120,    750, 1000,  750, 1000, 1000, 1,  250, 1700,  1,  600, false},
    {"lapsed",            340,   30,  110,      0,  300,    0,  400,  100, 1,  250, 1700, -2,  600, false},
};

const rfm_category rfm_categories[] = {
    /* code, rows of 1024, products, median price in cents, products of 1000 without brand */
    {"electronics.smartphone", 279, 3000, 32000, 4},
    {"electronics.clocks", 35, 2500, 18000, 30},
    {"computers.notebook", 31, 3000, 54000, 10},
    {"electronics.video.tv", 30, 1500, 36000, 20},
    {"electronics.audio.headphone", 29, 2500, 9000, 40},
    {"appliances.kitchen.washer", 23, 1200, 30000, 10},
    {"appliances.kitchen.refrigerators", 22, 1500, 38000, 10},
    {"appliances.environment.vacuum", 20, 1500, 14000, 20},
    {"apparel.shoes", 30, 9000, 6500, 250},
    {"computers.desktop", 10, 1200, 45000, 60},
    {"electronics.tablet", 9, 800, 22000, 10},
    {"furniture.bedroom.bed", 9, 2500, 26000, 450},
    {"furniture.living_room.sofa", 12, 3000, 38000, 450},
    {"auto.accessories.player", 9, 1200, 11000, 120},
    {"kids.toys", 11, 3500, 2500, 200},
    {"kids.carriage", 8, 1500, 17000, 150},
    {"construction.tools.drill", 9, 2500, 7500, 60},
    {"apparel.shoes.keds", 14, 5000, 5000, 230},
    {"appliances.kitchen.mixer", 8, 1500, 4500, 60},
    {"appliances.environment.water_heater", 9, 1200, 12000, 40},
    {"appliances.iron", 8, 900, 4000, 30},
    {"electronics.camera.photo", 6, 900, 48000, 20},
    {"electronics.telephone", 9, 900, 2300, 60},
    {"accessories.bag", 10, 4000, 4000, 350},
    {"sport.bicycle", 8, 1500, 23000, 220},
    {"computers.components.videocards", 7, 600, 31000, 10},
    {"computers.peripherals.printer", 7, 700, 15000, 10},
    {"furniture.kitchen.table", 6, 2000, 15000, 500},
    {"apparel.costume", 6, 2500, 7000, 300},
    {"country_yard.cultivator", 4, 500, 21000, 80},
    {"stationery.cartrige", 3, 400, 3000, 100},
    {"medicine.tools.tonometer", 2, 300, 3500, 40},
    {NULL, 60, 6000, 2800, 240},
    {NULL, 44, 5000, 4500, 260},
    {NULL, 38, 4000, 9000, 260},
    {NULL, 32, 4000, 1500, 280},
    {NULL, 28, 4000, 6000, 300},
    {NULL, 24, 3000, 12000, 260},
    {NULL, 22, 3000, 3000, 280},
    {NULL, 19, 3000, 2200, 300},
    {NULL, 17, 2500, 7500, 300},
    {NULL, 14, 2500, 15000, 320},
    {NULL, 12, 2000, 1800, 320},
    {NULL, 10, 2000, 5500, 320},
    {NULL, 8, 2000, 26000, 320},
    {NULL, 7, 1500, 900, 340},
    {NULL, 6, 1500, 34000, 340},
};

static const rfm_proportions proportions[] = {
    [RFM_SHAPE_LOG] = {.sessions = 220, .customers = 68, .fresh = 355},
    [RFM_SHAPE_WIDE] = {.sessions = 800, .customers = 150, .fresh = 1000},
};

static const int hours[24] = {18, 20, 34, 58, 74, 82, 86, 88, 90, 88, 86, 86,
                              88, 94, 100, 104, 100, 84, 60, 40, 26, 18, 14, 14};
static const int weekdays[7] = {96, 98, 98, 98, 102, 104, 104};
/* clang-format on */

const int rfm_n_categories = (int)(sizeof rfm_categories / sizeof *rfm_categories);

const rfm_proportions *rfm_proportions_of(rfm_generate_shape shape)
{
    return &proportions[shape];
}

int rfm_busy(int hour, int weekday)
{
    return hours[hour] * weekdays[weekday];
}

rfm_generate_options rfm_generate_defaults(void)
{
    return (rfm_generate_options){.events = 1000000, .days = 31, .start_day = 18170, .parts = 1, .seed = 1};
}

bool rfm_generate_shape_parse(const char *text, rfm_generate_shape *shape)
{
    bool log = strcmp(text, "log") == 0, wide = strcmp(text, "wide") == 0;
    if (log || wide)
        *shape = log ? RFM_SHAPE_LOG : RFM_SHAPE_WIDE;
    return log || wide;
}
