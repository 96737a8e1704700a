/* stages: answers to PUT as servers give them, with what a test changes. */
#ifndef RFM_TEST_UPLOAD_STAGES_H
#define RFM_TEST_UPLOAD_STAGES_H

#include "session.h"

#include "place.h"

/* All that the real service has in an answer for S3; numbers are made up. */
static const char S3_ANSWER[] =
    "{'command': 'UPLOAD', 'src_locations': ['/x/part-00000.csv.gz'], 'parallel': 4, 'threshold': 209715200,"
    " 'autoCompress': false, 'overwrite': true, 'sourceCompression': 'gzip', 'clientShowEncryptionParameter': false,"
    " 'presignedUrls': null, 'stageWarnings': [], 'queryId': '01b2', 'encryptionMaterial': null,"
    " 'stageInfo': {'locationType': 'S3', 'location': 'sfc-xx-customer-stage/abcd/stages/1b2c=/run42/',"
    "  'path': 'abcd/stages/1b2c=/run42/', 'region': 'us-east-1', 'storageAccount': null,"
    "  'isClientSideEncrypted': false, 'ciphers': null,"
    "  'creds': {'AWS_KEY_ID': 'AKIAIOSFODNN7EXAMPLE', 'AWS_ID': 'AKIAIOSFODNN7EXAMPLE',"
    "            'AWS_SECRET_KEY': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',"
    "            'AWS_KEY': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',"
    "            'AWS_TOKEN': 'FwoGZXIvYXdzEXAMPLE//token+with=signs=='},"
    "  'presignedUrl': null, 'endPoint': null, 'useS3RegionalUrl': false, 'useRegionalUrl': false,"
    "  'useVirtualUrl': false, 'credExpiryTime': 1790003600000}}";

static const char GCS_ANSWER[] =
    "{'command': 'UPLOAD', 'encryptionMaterial': null,"
    " 'stageInfo': {'locationType': 'GCS', 'location': 'gcs-bucket/stages/1b2c=/run42', 'region': 'US-CENTRAL1',"
    "  'isClientSideEncrypted': false, 'creds': {'GCS_ACCESS_TOKEN': 'ya29.EXAMPLE'}, 'presignedUrl': null,"
    "  'endPoint': null, 'useRegionalUrl': false, 'useVirtualUrl': false}}";

static const char AZURE_ANSWER[] =
    "{'command': 'UPLOAD', 'encryptionMaterial': null,"
    " 'stageInfo': {'locationType': 'AZURE', 'location': 'container/stages/1b2c=/run42/', 'region': 'westeurope',"
    "  'storageAccount': 'acct123', 'isClientSideEncrypted': false,"
    "  'creds': {'AZURE_SAS_TOKEN': '?sv=2024&sig=aa%2Fbb%3D'}, 'presignedUrl': null,"
    "  'endPoint': 'blob.core.windows.net'}}";

static const char PRESIGNED_ANSWER[] =
    "{'command': 'UPLOAD', 'stageInfo': {'locationType': 'GCS', 'location': 'DB.PUBLIC.STAGE/', 'creds': {},"
    " 'presignedUrl': 'http://127.0.0.1:8765/bucket/part-00000.csv.gz?X-Goog-Signature=aa%2Fbb'}}";

static const char FOLDER_ANSWER[] =
    "{'command': 'UPLOAD', 'stageInfo': {'locationType': 'LOCAL_FS', 'location': '/tmp/stage/run42', 'creds': {}}}";

/* JSON with ' for ". */
static inline json_t *read_json(const char *text)
{
    char *copy = strdup(text);
    json_error_t reason;
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *root = json_loads(copy, 0, &reason);
    if (!root)
        fail_msg("%s: %s", copy, reason.text);
    free(copy);
    return root;
}

/* The answer with `changes` in its stageInfo (NULL: none). */
static inline json_t *make_answer(const char *answer, const char *changes)
{
    json_t *root = read_json(answer);
    if (changes) {
        json_t *more = read_json(changes);
        json_object_update(json_object_get(root, "stageInfo"), more);
        json_decref(more);
    }
    return root;
}

static inline rfm_status read_place(const char *answer, const char *changes, rfm_place *place, rfm_error *err)
{
    json_t *root = make_answer(answer, changes);
    rfm_place_read(root, false, place, err);
    json_decref(root);
    return err->status;
}

static inline void must_read(const char *answer, const char *changes, rfm_place *place)
{
    rfm_error err = {0};
    read_place(answer, changes, place, &err);
    assert_fine(&err);
}

#endif
