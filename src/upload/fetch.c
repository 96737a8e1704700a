/* fetch: GET tells the place, and many requests at once bring the files. */
#include "fetch.h"

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double QUIET_S = 120;

/* One file on its way. */
typedef struct arriving {
    size_t file;
    char *path, *temporary;
    char *source; /* its name in the place */
    rfm_place_request request;
    int fd;
    bool begun;
    char digest[64];
    rfm_cipher *cipher;
    rfm_digester *digester;
    int64_t n_bytes; /* as they came */
    rfm_error failed;
    char reason[200];
} arriving;

typedef struct fetcher {
    const rfm_fetch *fetch;
    arriving *files;
    size_t n, n_done;
    rfm_place place;
    bool has_place;
} fetcher;

/* ---- the place -------------------------------------------------------------------------------------------------- */

/* The path of src_locations that ends in this name. */
static const char *find_source(const json_t *data, const char *name)
{
    const json_t *list = json_object_get(data, "src_locations");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));
        const char *slash = path ? strrchr(path, '/') : NULL;
        if (path && strcmp(slash ? slash + 1 : path, name) == 0)
            return path;
    }
    return NULL;
}

static rfm_status keep_sources(fetcher *self, const json_t *data, rfm_error *err)
{
    for (size_t i = 0; i < self->n && err->status == RFM_OK; i++) {
        arriving *file = &self->files[i];
        const char *name = self->fetch->names[file->file], *source = find_source(data, name);
        free(file->source);
        file->source = source ? rfm_copy_string(source, err) : NULL;
        if (!source)
            return rfm_fail(err, RFM_UNAVAILABLE, "%s is not among the files that GET tells of", name);
    }
    return err->status;
}

static rfm_status ask_for_place(fetcher *self, rfm_error *err)
{
    rfm_text sql = {0};
    rfm_result result = {0};
    const int64_t clock_us = self->place.clock_us;
    rfm_text_addf(&sql, "GET %s 'file:///rfmpi/'", self->fetch->stage);
    rfm_place_free(&self->place);
    self->has_place = false;
    if (rfm_text_check(&sql, err) == RFM_OK &&
        rfm_session_run(self->fetch->session, &(rfm_statement){.sql = sql.bytes, .is_transfer = true}, &result, err) ==
            RFM_OK &&
        rfm_place_read(rfm_result_data(&result), self->fetch->local_allowed, &self->place, err) == RFM_OK &&
        keep_sources(self, rfm_result_data(&result), err) == RFM_OK) {
        self->place.clock_us = clock_us;
        self->has_place = true;
        if (rfm_place_is_for_one(&self->place))
            rfm_fail(err, RFM_UNAVAILABLE, "files of a stage with one URL a file are not fetched here");
    }
    rfm_result_free(&result);
    rfm_text_free(&sql);
    return rfm_error_context(err, "GET from %s", self->fetch->stage);
}

/* ---- one file's bytes ------------------------------------------------------------------------------------------- */

static void close_file(arriving *file)
{
    unsigned char digest[RFM_SHA256_BYTES];
    rfm_error err = {0};
    if (file->begun)
        close(file->fd);
    rfm_cipher_close(file->cipher);
    rfm_digester_close(file->digester, digest, &err);
    file->cipher = NULL;
    file->digester = NULL;
    file->begun = false;
    rfm_place_request_free(&file->request);
}

static rfm_status open_file(const fetcher *self, arriving *file, const rfm_http_answer *head, rfm_error *err)
{
    rfm_seal seal = {0};
    file->n_bytes = 0;
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file->fd < 0)
        return rfm_fail_errno(err, errno, "%s: cannot write", file->temporary);
    file->begun = true;
    if (rfm_place_open(&self->place, head, file->digest, &seal, err) == RFM_OK &&
        rfm_digester_open(RFM_SHA256, &file->digester, err) == RFM_OK && seal.key_bytes > 0)
        rfm_decipher_open(seal.key, seal.key_bytes, seal.iv, &file->cipher, err);
    rfm_seal_free(&seal);
    return err->status;
}

static rfm_status write_plain(arriving *file, const unsigned char *bytes, size_t n, rfm_error *err)
{
    rfm_digester_feed(file->digester, bytes, n, err);
    for (ssize_t done; n > 0 && err->status == RFM_OK; bytes += done, n -= (size_t)done)
        if ((done = write(file->fd, bytes, n)) <= 0) {
            rfm_fail_errno(err, errno ? errno : EIO, "%s: cannot write", file->temporary);
            break;
        }
    return err->status;
}

/* In pieces that the cipher's room is made for. */
static rfm_status write_bytes(arriving *file, const unsigned char *bytes, size_t n, bool is_last, rfm_error *err)
{
    enum { PIECE = 16384 };
    unsigned char room[PIECE + 2 * RFM_AES_BLOCK];
    file->n_bytes += (int64_t)n;
    if (!file->cipher)
        return write_plain(file, bytes, n, err);
    do {
        const size_t piece = n < PIECE ? n : PIECE;
        const int got = rfm_cipher_feed(file->cipher, bytes, (int)piece, is_last && piece == n, room);
        if (got < 0)
            return rfm_fail(err, RFM_UNAVAILABLE, "%s: encrypted in a way that does not open", file->path);
        write_plain(file, room, (size_t)got, err);
        bytes += piece;
        n -= piece;
    } while (n > 0 && err->status == RFM_OK);
    return err->status;
}

/* A request's context: both. */
typedef struct arrival {
    fetcher *self;
    arriving *file;
} arrival;

static bool take(void *context, const rfm_http_answer *head, const void *bytes, size_t n)
{
    const arrival *a = context;
    rfm_error *err = &a->file->failed;
    if (!a->file->begun && open_file(a->self, a->file, head, err) != RFM_OK)
        return false;
    return write_bytes(a->file, bytes, n, false, err) == RFM_OK;
}

static rfm_status check_bytes(const fetcher *self, arriving *file, rfm_error *err)
{
    unsigned char digest[RFM_SHA256_BYTES];
    rfm_text text = {0};
    const int64_t wanted = self->fetch->bytes[file->file];
    rfm_digester_close(file->digester, digest, err);
    file->digester = NULL;
    rfm_base64_add(&text, digest, sizeof digest);
    if (err->status == RFM_OK && rfm_text_check(&text, err) == RFM_OK &&
        ((*file->digest && strcmp(file->digest, text.bytes) != 0) || (wanted >= 0 && wanted != file->n_bytes)))
        rfm_fail(err, RFM_UNAVAILABLE, "%s: not the bytes that were stored", file->path);
    rfm_text_free(&text);
    return err->status;
}

/* Whole, safe on the disk, and under its name. */
static rfm_status finish_file(fetcher *self, arriving *file, const rfm_http_answer *head, rfm_error *err)
{
    if (!file->begun && open_file(self, file, head, err) != RFM_OK) /* an empty one */
        return err->status;
    if (write_bytes(file, NULL, 0, true, err) != RFM_OK || check_bytes(self, file, err) != RFM_OK)
        return err->status;
    if (fsync(file->fd) != 0 || rename(file->temporary, file->path) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot write", file->path);
    self->n_done++;
    return self->fetch->done(self->fetch->context, file->file, err);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static rfm_status begin(void *context, size_t i, rfm_http_request *request, rfm_error *err)
{
    arrival *a = (arrival *)context + i;
    fetcher *self = a->self;
    if (!(self->has_place && rfm_place_is_fresh(&self->place)) && ask_for_place(self, err) != RFM_OK)
        return err->status;
    a->file->failed = (rfm_error){0};
    if (rfm_place_get(&self->place, a->file->source, &a->file->request, err) != RFM_OK)
        return err->status;
    *request = (rfm_http_request){.method = "GET",
                                  .url = a->file->request.url.bytes,
                                  .headers = (const char *const *)a->file->request.headers,
                                  .take = take,
                                  .context = a,
                                  .quiet_s = QUIET_S};
    return RFM_OK;
}

static rfm_status end(void *context, size_t i, const rfm_http_answer *answer, bool *again, rfm_error *err)
{
    arrival *a = (arrival *)context + i;
    arriving *file = a->file;
    const char *name = a->self->fetch->names[file->file];
    const rfm_verdict verdict = rfm_place_judge(&a->self->place, answer, file->reason);
    *again = verdict != RFM_PUT_DONE;
    if (verdict == RFM_PUT_DONE)
        finish_file(a->self, file, answer, err);
    else if (verdict == RFM_PUT_REFUSED)
        rfm_place_refuse(answer, name, "it", file->reason, err);
    else
        rfm_log(RFM_LOG_INFO, "%s: once more (%s)", name, file->reason);
    if (verdict == RFM_PUT_EXPIRED)
        a->self->has_place = false;
    close_file(file);
    return err->status;
}

static rfm_status tick(void *context, int64_t bytes_under_way, rfm_error *err)
{
    const arrival *first = context;
    fetcher *self = first->self;
    (void)bytes_under_way;
    rfm_meter_show((double)self->n_done, NULL);
    return rfm_session_keep_alive(self->fetch->session, err);
}

/* ---- a folder --------------------------------------------------------------------------------------------------- */

static rfm_status copy_local(fetcher *self, arriving *file, rfm_error *err)
{
    rfm_text from = {0};
    const rfm_http_answer none = {0};
    unsigned char block[16384];
    ssize_t n = 0;
    rfm_text_addf(&from, "%s%s", self->place.prefix, file->source);
    const int fd = rfm_text_check(&from, err) == RFM_OK ? open(from.bytes, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        rfm_fail_errno(err, errno, "%s: cannot read", from.bytes ? from.bytes : "");
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    file->begun = file->fd >= 0;
    if (!file->begun)
        rfm_fail_errno(err, errno, "%s: cannot write", file->temporary);
    if (err->status == RFM_OK && rfm_digester_open(RFM_SHA256, &file->digester, err) == RFM_OK)
        while (err->status == RFM_OK && (n = read(fd, block, sizeof block)) > 0)
            write_bytes(file, block, (size_t)n, false, err);
    if (n < 0)
        rfm_fail_errno(err, errno, "%s: cannot read", from.bytes);
    if (err->status == RFM_OK)
        finish_file(self, file, &none, err);
    if (fd >= 0)
        close(fd);
    close_file(file);
    rfm_text_free(&from);
    return err->status;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static rfm_status list_files(fetcher *self, rfm_error *err)
{
    const rfm_fetch *fetch = self->fetch;
    self->files = rfm_alloc(fetch->n, sizeof *self->files, err);
    for (size_t i = 0; self->files && i < fetch->n && err->status == RFM_OK; i++) {
        rfm_text path = {0}, temporary = {0};
        if (fetch->is_there[i])
            continue;
        rfm_text_addf(&path, "%s/%s", fetch->dir, fetch->names[i]);
        rfm_text_addf(&temporary, "%s/.%s.part", fetch->dir, fetch->names[i]);
        self->files[self->n++] = (arriving){.file = i, .path = path.bytes, .temporary = temporary.bytes};
        rfm_text_check(&path, err);
        rfm_text_check(&temporary, err);
    }
    return err->status;
}

static rfm_status fetch_all(fetcher *self, rfm_error *err)
{
    arrival *arrivals = rfm_alloc(self->n, sizeof *arrivals, err);
    for (size_t i = 0; arrivals && i < self->n; i++)
        arrivals[i] = (arrival){self, &self->files[i]};
    const rfm_http_batch batch = {
        .n = self->n, .parallel = self->fetch->parallel, .begin = begin, .end = end, .tick = tick, .context = arrivals};
    if (arrivals)
        rfm_http_send_all(rfm_session_http(self->fetch->session), &batch, err);
    /* What a file says of itself is more than what its request does. */
    for (size_t i = 0; i < self->n && err->status == RFM_IO; i++)
        if (self->files[i].failed.status != RFM_OK)
            *err = self->files[i].failed;
    free(arrivals);
    return err->status;
}

static void free_files(fetcher *self)
{
    for (size_t i = 0; i < self->n; i++) {
        close_file(&self->files[i]);
        free(self->files[i].path);
        free(self->files[i].temporary);
        free(self->files[i].source);
    }
    free(self->files);
    rfm_place_free(&self->place);
}

rfm_status rfm_fetch_files(const rfm_fetch *fetch, rfm_error *err)
{
    fetcher self = {.fetch = fetch};
    if (list_files(&self, err) == RFM_OK && self.n > 0 && ask_for_place(&self, err) == RFM_OK) {
        rfm_meter_open("unload", "files", (double)self.n, 0);
        if (self.place.kind != RFM_PLACE_LOCAL)
            fetch_all(&self, err);
        for (size_t i = 0; self.place.kind == RFM_PLACE_LOCAL && i < self.n && err->status == RFM_OK; i++)
            copy_local(&self, &self.files[i], err);
        rfm_meter_close();
    }
    free_files(&self);
    return rfm_error_context(err, "fetch");
}
