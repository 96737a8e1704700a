"""Client-side encryption of stage objects, from the service's side: keys are handed out with a PUT, objects opened at a COPY.

The file is AES-CBC under a key of its own, and that key AES-ECB under the stage's master key, both padded (PKCS#7).
"""

import base64
import json
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from refusal import Refused

CHUNK = 1 << 20


class Keys:
    """The master keys that were handed out, by the query that got them."""

    def __init__(self, journal, bits):
        self.journal, self.bits, self.given = journal, bits, {}

    def material(self, query_id):
        key = secrets.token_bytes(self.bits // 8)
        smk = str(secrets.randbelow(2**63 - 2**53) + 2**53)     # does not fit a double
        self.given[query_id] = smk, key
        return {"queryStageMasterKey": self.journal.keep_secret(base64.b64encode(key).decode()), "queryId": query_id, "smkId": smk}

    def seal(self, body):
        """What the service itself writes, under a key of its own: the bytes, and the headers that go with them."""
        if "service" not in self.given:
            self.material("service")
        smk, master = self.given["service"]
        key, iv = secrets.token_bytes(len(master)), secrets.token_bytes(16)
        matdesc = json.dumps({"queryId": "service", "smkId": smk, "keySize": str(8 * len(master))})
        return encrypt(key, modes.CBC(iv), body), {"x-amz-key": base64.b64encode(encrypt(master, modes.ECB(), key)).decode(),
                                                   "x-amz-iv": base64.b64encode(iv).decode(), "x-amz-matdesc": matdesc}

    def again(self):
        """The material of the service's own files."""
        smk, master = self.given["service"]
        return {"queryStageMasterKey": self.journal.keep_secret(base64.b64encode(master).decode()), "queryId": "service", "smkId": smk}

    def open(self, sealed, source, target):
        """Decrypt a file object into another."""
        try:
            described = json.loads(sealed["matdesc"])
            smk, master = self.given[described["queryId"]]
            wrapped, iv = (base64.b64decode(sealed[name], validate=True) for name in ("key", "iv"))
            if described["smkId"] != smk or described["keySize"] != str(8 * len(master)):
                raise ValueError("another key is described")
            key = unpad(decryptor(master, modes.ECB()).update(wrapped))
            if len(key) != len(master):
                raise ValueError("the file's key has another length")
            decrypt(decryptor(key, modes.CBC(iv)), source, target)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused("091003", f"Failure using stage area. Cause: [the object cannot be decrypted: {error}]", "22000") from None


def decryptor(key, mode):
    return Cipher(algorithms.AES(key), mode).decryptor()


def encrypt(key, mode, plain):
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES(key), mode).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def unpad(block):
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(block) + unpadder.finalize()


def decrypt(decryptor_, source, target):
    unpadder = PKCS7(128).unpadder()
    while chunk := source.read(CHUNK):
        target.write(unpadder.update(decryptor_.update(chunk)))
    target.write(unpadder.update(decryptor_.finalize()) + unpadder.finalize())
