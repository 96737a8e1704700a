/* account_files: fields of an account out of files. Knows where Snowflake's tools keep theirs; nothing of logins. */
#include "account.h"

#include "rfmpi/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 1 << 20 };

/* ---- private files ---------------------------------------------------------------------------------------------- */

static rfm_status check_file(const char *path, int fd, size_t *bytes, rfm_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rfm_fail_errno(err, errno, "%s: cannot be looked at", path);
    if (!S_ISREG(status.st_mode))
        return rfm_fail(err, RFM_USAGE, "%s: not a file", path);
    if ((status.st_mode & 077) != 0)
        return rfm_fail(err, RFM_DENIED, "%s: others than its owner may use it, and it is for secrets: chmod 600 '%s'",
                        path, path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return rfm_fail(err, RFM_DENIED, "%s: it belongs to somebody else", path);
    if (status.st_size > MAX_BYTES)
        return rfm_fail(err, RFM_USAGE, "%s: larger than 1 MiB", path);
    *bytes = (size_t)status.st_size;
    return RFM_OK;
}

rfm_status rfm_private_file_read(const char *path, bool missing_is_fine, char **text, rfm_error *err)
{
    size_t bytes = 0, done = 0;
    *text = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && missing_is_fine && (errno == ENOENT || errno == ENOTDIR))
        return RFM_OK;
    if (fd < 0)
        return errno == ENOENT ? rfm_fail(err, RFM_DENIED, "%s: there is no such file", path)
                               : rfm_fail_errno(err, errno, "%s: cannot read", path);
    if (check_file(path, fd, &bytes, err) == RFM_OK)
        *text = rfm_alloc(bytes + 1, 1, err);
    while (*text && done < bytes) {
        const ssize_t n = read(fd, *text + done, bytes - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    close(fd);
    return err->status;
}

/* ---- trees ------------------------------------------------------------------------------------------------------ */

static void wipe(rfm_node *node)
{
    if (node->text)
        explicit_bzero(node->text, strlen(node->text));
    for (size_t i = 0; i < node->n_items; i++)
        wipe(&node->items[i]);
}

static rfm_status take_fields(rfm_account *account, const rfm_node *map, rfm_error *err)
{
    for (int field = 0; field < RFM_ACCOUNT_FIELDS && err->status == RFM_OK; field++)
        for (const char *const *key = rfm_account_names[field].keys; *key; key++) {
            const rfm_node *node = rfm_node_get(map, *key);
            if (node && node->kind == RFM_NODE_SCALAR)
                rfm_account_set(account, (rfm_account_field)field, node->text, node->source, err);
        }
    return err->status;
}

typedef rfm_status parser(const char *text, size_t length, const char *source, rfm_node *node, rfm_error *err);

/* The tree of a private file; *node is zero where there is none. */
static rfm_status read_tree(const char *path, bool missing_is_fine, parser *parse, rfm_node *node, rfm_error *err)
{
    char *text = NULL;
    *node = (rfm_node){0};
    if (rfm_private_file_read(path, missing_is_fine, &text, err) == RFM_OK && text)
        parse(text, strlen(text), path, node, err);
    rfm_secret_close(text);
    return err->status;
}

/* ---- connections.toml ------------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* $SNOWFLAKE_HOME, or ~/.snowflake, where that is there; else the XDG place: as Snowflake's tools look for it. */
static rfm_status find_folder(rfm_text *folder, rfm_error *err)
{
    const char *home = getenv("HOME"), *own = getenv("SNOWFLAKE_HOME"), *xdg = getenv("XDG_CONFIG_HOME");
    home = home ? home : "";
    own = own && *own ? own : "~/.snowflake";
    rfm_text_addf(folder, "%s%s", *own == '~' ? home : "", *own == '~' ? own + 1 : own);
    if (rfm_text_check(folder, err) != RFM_OK || is_folder(folder->bytes))
        return err->status;
    folder->length = 0;
    if (xdg && *xdg)
        rfm_text_addf(folder, "%s/snowflake", xdg);
    else
        rfm_text_addf(folder, "%s/.config/snowflake", home);
    return rfm_text_check(folder, err);
}

static rfm_status read_in(const char *folder, const char *name, rfm_node *node, rfm_error *err)
{
    rfm_text path = {0};
    rfm_text_addf(&path, "%s/%s", folder, name);
    if (rfm_text_check(&path, err) == RFM_OK)
        read_tree(path.bytes, true, rfm_node_parse_toml, node, err);
    rfm_text_free(&path);
    return err->status;
}

static rfm_status take_connection(rfm_account *account, const rfm_node *config, const rfm_node *connections,
                                  const char *wanted, rfm_error *err)
{
    const rfm_node *named = rfm_node_get(config, "default_connection_name");
    const char *variable = getenv("SNOWFLAKE_DEFAULT_CONNECTION_NAME");
    const char *name = wanted                  ? wanted
                       : variable && *variable ? variable
                       : named && named->text  ? named->text
                                               : "default";
    const rfm_node *all = connections->source ? connections : rfm_node_get(config, "connections");
    const rfm_node *connection = all ? rfm_node_get(all, name) : NULL;
    if (connection)
        return take_fields(account, connection, err);
    if (wanted)
        return rfm_fail(err, RFM_USAGE,
                        "store.connection: neither connections.toml nor config.toml has a connection "
                        "'%s'",
                        wanted);
    return RFM_OK;
}

rfm_status rfm_account_from_connections(rfm_account *account, const char *connection, rfm_error *err)
{
    rfm_text folder = {0};
    rfm_node config = {0}, connections = {0};
    if (find_folder(&folder, err) == RFM_OK && read_in(folder.bytes, "config.toml", &config, err) == RFM_OK &&
        read_in(folder.bytes, "connections.toml", &connections, err) == RFM_OK)
        take_connection(account, &config, &connections, connection, err);
    wipe(&config);
    wipe(&connections);
    rfm_node_free(&config);
    rfm_node_free(&connections);
    rfm_text_free(&folder);
    return err->status;
}

/* ---- credentials.yml -------------------------------------------------------------------------------------------- */

rfm_status rfm_account_from_credentials(rfm_account *account, const char *path, rfm_error *err)
{
    static const char usual[] = "conf/local/credentials.yml";
    rfm_node root = {0};
    if (read_tree(path ? path : usual, !path, rfm_node_parse, &root, err) == RFM_OK && root.source) {
        const rfm_node *section = rfm_node_get(&root, "snowflake");
        take_fields(account, section ? section : &root, err);
    }
    wipe(&root);
    rfm_node_free(&root);
    return err->status;
}
