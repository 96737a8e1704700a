"""Stages on Azure, as much of it as single blobs need: a signature (SAS) in the query is good for a prefix."""

import secrets

from gcs import BUCKET, Gcs
from storage import Pass, error


class Azure(Gcs):
    kind, meta, digest = "AZURE", "x-ms-meta-", "x-ms-meta-sfcdigest"
    made = 201

    def __init__(self, root, orders, journal):
        Gcs.__init__(self, root, False, orders, journal)

    def stage_info(self, prefix, names, url):
        signature = self.journal.keep_secret(secrets.token_hex(32))
        self.passes[signature] = Pass(f"{BUCKET}/{prefix}")
        return {"locationType": "AZURE", "location": f"{BUCKET}/{prefix}", "path": prefix, "region": "westeurope", "endPoint": url,
                "storageAccount": "stageaccount", "creds": {"AZURE_SAS_TOKEN": f"?sv=2021-08-06&sr=c&sp=rwl&sig={signature}"}}

    def pass_of(self, request):
        return self.passes.get(request.query.get("sig"))

    @staticmethod
    def expired_answer():
        return error(403, "AuthenticationFailed", "Server failed to authenticate the request: Signature not valid in the specified "
                     "time frame: expired.")

    def fault_of(self, request):
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            return "MissingRequiredHeader", "x-ms-blob-type"
        return None
