/* pmml: a model as a PMML 4.4 document: features -> transforms -> scaled values -> grid -> the nearest centroid. Each
 * operation is that of scaling.c, grid.c and definition.c in its order, so that only a reader's ln1p can differ.
 *
 * Fields of our own stand between features and clusters: "_transform_1_NAME", ..., "_grid_NAME", with more underscores
 * in front than any feature has.
 */
#include "rfmpi/model.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

static const double SATURATION = 0x1p52; /* of an index of the grid */

typedef struct pmml {
    const rfm_model *model;
    rfm_text own; /* what our fields begin with: underscores */
    rfm_text *xml;
} pmml;

/* ---- fields ----------------------------------------------------------------------------------------------------- */

/* A feature behind so many of its transforms, as the value of an attribute. */
static void add_step_name(const pmml *p, const char *attribute, int j, int n_steps)
{
    rfm_text_addf(p->xml, " %s=\"", attribute);
    if (n_steps > 0)
        rfm_text_addf(p->xml, "%stransform_%d_", p->own.bytes, n_steps);
    rfm_xml_add(p->xml, p->model->features[j]);
    rfm_text_adds(p->xml, "\"");
}

static void add_grid_name(const pmml *p, const char *attribute, int j)
{
    rfm_text_addf(p->xml, " %s=\"%sgrid_", attribute, p->own.bytes);
    rfm_xml_add(p->xml, p->model->features[j]);
    rfm_text_adds(p->xml, "\"");
}

static void add_step(const pmml *p, int j, int n_steps)
{
    rfm_text_adds(p->xml, "<FieldRef");
    add_step_name(p, "field", j, n_steps);
    rfm_text_adds(p->xml, "/>");
}

static void add_constant(const pmml *p, double number)
{
    rfm_text_adds(p->xml, "<Constant dataType=\"double\">");
    rfm_xml_add_number(p->xml, number);
    rfm_text_adds(p->xml, "</Constant>");
}

static void open_apply(const pmml *p, const char *function)
{
    rfm_text_addf(p->xml, "<Apply function=\"%s\">", function);
}

static void close_apply(const pmml *p)
{
    rfm_text_adds(p->xml, "</Apply>");
}

static void close_apply_with(const pmml *p, double number)
{
    add_constant(p, number);
    close_apply(p);
}

/* ---- transforms ------------------------------------------------------------------------------------------------- */

/* x < 0 ? 0 - f(0 - x) : f(x) */
static void add_odd(const pmml *p, const char *function, int j, int before)
{
    open_apply(p, "if");
    open_apply(p, "lessThan");
    add_step(p, j, before);
    close_apply_with(p, 0);
    open_apply(p, "-");
    add_constant(p, 0);
    open_apply(p, function);
    open_apply(p, "-");
    add_constant(p, 0);
    add_step(p, j, before);
    close_apply(p);
    close_apply(p);
    close_apply(p);
    open_apply(p, function);
    add_step(p, j, before);
    close_apply(p);
    close_apply(p);
}

static void add_clip(const pmml *p, const rfm_scaling_step *step, int j, int before)
{
    open_apply(p, "min");
    open_apply(p, "max");
    add_step(p, j, before);
    close_apply_with(p, step->low);
    close_apply_with(p, step->high);
}

static void open_derived(const pmml *p)
{
    rfm_text_adds(p->xml, "      <DerivedField optype=\"continuous\" dataType=\"double\"");
}

static void close_derived(const pmml *p)
{
    rfm_text_adds(p->xml, "</DerivedField>\n");
}

static void add_transforms(const pmml *p, int j)
{
    const struct rfm_scaling_column *column = &p->model->scaling.columns[j];
    for (int s = 0; s < column->n_steps; s++) {
        const rfm_scaling_step *step = &column->steps[s];
        open_derived(p);
        add_step_name(p, "name", j, s + 1);
        rfm_text_adds(p->xml, ">");
        if (step->kind == RFM_TRANSFORM_CLIP)
            add_clip(p, step, j, s);
        else
            add_odd(p, step->kind == RFM_TRANSFORM_SQRT ? "sqrt" : "ln1p", j, s);
        close_derived(p);
    }
}

/* rint(((x - center) / scale - offset) / step) * step, the index no farther out than the grid goes. PMML's rint takes
 * halves to the even number, as C's does. */
static void add_grid(const pmml *p, int j)
{
    const struct rfm_scaling_column *column = &p->model->scaling.columns[j];
    static const char *const outside_in[] = {"*", "rint", "min", "max", "/", "-", "/", "-"};
    open_derived(p);
    add_grid_name(p, "name", j);
    rfm_text_adds(p->xml, ">");
    for (size_t i = 0; i < sizeof outside_in / sizeof *outside_in; i++)
        open_apply(p, outside_in[i]);
    add_step(p, j, column->n_steps);
    close_apply_with(p, column->center);
    close_apply_with(p, column->scale);
    close_apply_with(p, p->model->grid.offset[j]);
    close_apply_with(p, p->model->grid.step[j]);
    close_apply_with(p, -SATURATION);
    close_apply_with(p, SATURATION);
    close_apply(p);
    close_apply_with(p, p->model->grid.step[j]);
    close_derived(p);
}

/* ---- what comes in and what goes out ---------------------------------------------------------------------------- */

/* What is not finite is refused, as predict refuses it; NaN is no value. */
static void add_dictionary(const pmml *p)
{
    rfm_text_addf(p->xml, "  <DataDictionary numberOfFields=\"%d\">\n", p->model->d);
    for (int j = 0; j < p->model->d; j++) {
        rfm_text_adds(p->xml, "    <DataField optype=\"continuous\" dataType=\"double\"");
        add_step_name(p, "name", j, 0);
        rfm_text_adds(p->xml, "><Interval closure=\"closedClosed\" leftMargin=\"");
        rfm_xml_add_number(p->xml, -DBL_MAX);
        rfm_text_adds(p->xml, "\" rightMargin=\"");
        rfm_xml_add_number(p->xml, DBL_MAX);
        rfm_text_adds(p->xml, "\"/><Value value=\"NaN\" property=\"missing\"/></DataField>\n");
    }
    rfm_text_adds(p->xml, "  </DataDictionary>\n");
}

static void add_mining_schema(const pmml *p)
{
    rfm_text_adds(p->xml, "    <MiningSchema>\n");
    for (int j = 0; j < p->model->d; j++) {
        rfm_text_adds(p->xml, "      <MiningField usageType=\"active\" invalidValueTreatment=\"returnInvalid\"");
        add_step_name(p, "name", j, 0);
        if (p->model->fills) {
            rfm_text_adds(p->xml, " missingValueTreatment=\"asValue\" missingValueReplacement=\"");
            rfm_xml_add_number(p->xml, p->model->fills[j]);
            rfm_text_adds(p->xml, "\"/>\n");
        } else {
            rfm_text_adds(p->xml, " missingValueTreatment=\"returnInvalid\"/>\n");
        }
    }
    rfm_text_adds(p->xml, "    </MiningSchema>\n");
}

/* The columns of customers/ behind the features. */
static void add_output(const pmml *p)
{
    rfm_text_addf(p->xml,
                  "    <Output>\n"
                  "      <OutputField name=\"segment\" optype=\"categorical\" dataType=\"integer\" "
                  "feature=\"predictedValue\"/>\n"
                  "      <OutputField name=\"segment_name\" optype=\"categorical\" dataType=\"string\" "
                  "feature=\"predictedDisplayValue\"/>\n"
                  "      <OutputField name=\"%ssquared_distance\" optype=\"continuous\" dataType=\"double\" "
                  "feature=\"affinity\"/>\n"
                  "      <OutputField name=\"distance\" optype=\"continuous\" dataType=\"double\" "
                  "feature=\"transformedValue\"><Apply function=\"sqrt\"><FieldRef "
                  "field=\"%ssquared_distance\"/></Apply></OutputField>\n"
                  "    </Output>\n",
                  p->own.bytes, p->own.bytes);
}

static void add_clusters(const pmml *p)
{
    const rfm_model *model = p->model;
    for (int c = 0; c < model->k; c++) {
        rfm_text_addf(p->xml, "    <Cluster id=\"%d\"", (int)model->segment_ids[c]);
        rfm_xml_add_attribute(p->xml, "name", model->names[c]);
        rfm_text_addf(p->xml, " size=\"%lld\"><Array type=\"real\" n=\"%d\">", (long long)model->sizes[c], model->d);
        for (int j = 0; j < model->d; j++) {
            rfm_text_adds(p->xml, j > 0 ? " " : "");
            rfm_xml_add_number(p->xml, model->centroids[(size_t)c * (size_t)model->d + (size_t)j]);
        }
        rfm_text_adds(p->xml, "</Array></Cluster>\n");
    }
}

static void add_model(const pmml *p)
{
    rfm_text_addf(p->xml,
                  "  <ClusteringModel modelName=\"segments\" functionName=\"clustering\" modelClass=\"centerBased\" "
                  "numberOfClusters=\"%d\">\n",
                  p->model->k);
    add_mining_schema(p);
    add_output(p);
    rfm_text_adds(p->xml, "    <LocalTransformations>\n");
    for (int j = 0; j < p->model->d; j++) {
        add_transforms(p, j);
        add_grid(p, j);
    }
    rfm_text_adds(p->xml, "    </LocalTransformations>\n"
                          "    <ComparisonMeasure kind=\"distance\" compareFunction=\"absDiff\"><squaredEuclidean/>"
                          "</ComparisonMeasure>\n");
    for (int j = 0; j < p->model->d; j++) {
        rfm_text_adds(p->xml, "    <ClusteringField");
        add_grid_name(p, "field", j);
        rfm_text_adds(p->xml, " isCenterField=\"true\"/>\n");
    }
    add_clusters(p);
    rfm_text_adds(p->xml, "  </ClusteringModel>\n");
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A field is known by its name alone, to inputs and outputs alike. */
static rfm_status check_fields(const rfm_model *model, rfm_error *err)
{
    static const char *const outputs[] = {"segment", "segment_name", "distance"};
    const size_t n_outputs = sizeof outputs / sizeof *outputs, n = (size_t)model->d + n_outputs;
    const char **names = rfm_alloc(n, sizeof *names, err);
    if (!names)
        return err->status;
    for (size_t i = 0; i < n; i++)
        names[i] = i < n_outputs ? outputs[i] : model->features[i - n_outputs];
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n && err->status == RFM_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            rfm_fail(err, RFM_USAGE,
                     "two fields of the PMML document would be called '%s': give the feature another name", names[i]);
    free(names);
    return err->status;
}

static rfm_status check_names(const rfm_model *model, rfm_error *err)
{
    for (int j = 0; j < model->d; j++)
        if (*model->features[j] == '\0' || !rfm_xml_can_hold(model->features[j]))
            return rfm_fail(err, RFM_USAGE, "the name of feature %d of the model cannot stand in XML", j + 1);
    for (int c = 0; c < model->k; c++)
        if (!rfm_xml_can_hold(model->names[c]))
            return rfm_fail(err, RFM_USAGE, "the name of segment %d cannot stand in XML", (int)model->segment_ids[c]);
    return check_fields(model, err);
}

static void choose_own(pmml *p)
{
    size_t most = 0;
    for (int j = 0; j < p->model->d; j++) {
        const size_t n = strspn(p->model->features[j], "_");
        most = n > most ? n : most;
    }
    for (size_t i = 0; i <= most; i++)
        rfm_text_adds(&p->own, "_");
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

rfm_status rfm_pmml_print(const rfm_model *model, rfm_text *xml, rfm_error *err)
{
    pmml p = {.model = model, .xml = xml};
    if (check_names(model, err) != RFM_OK)
        return err->status;
    choose_own(&p);
    if (rfm_text_check(&p.own, err) == RFM_OK) {
        rfm_text_adds(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n"
                           "  <Header description=\"customers' features to segments\"><Application name=\"rfmpi\" "
                           "version=\"" RFMPI_VERSION "\"/></Header>\n");
        add_dictionary(&p);
        add_model(&p);
        rfm_text_adds(xml, "</PMML>\n");
    }
    rfm_text_free(&p.own);
    return rfm_text_check(xml, err);
}
