"""Whether a request to S3 is signed as S3 wants it (AWS Signature Version 4), written from the published rules.

moto looks at signatures as well, but takes a path as it was sent; S3 decodes it and encodes it anew, by its own rules.
"""

import datetime
import hashlib
import hmac
import re
import urllib.parse

HEADER = re.compile(r"AWS4-HMAC-SHA256 +Credential=([^/,]+)/(\d{8})/([^/,]+)/s3/aws4_request, *SignedHeaders=([^,]+), *"
                    r"Signature=([0-9a-f]{64})")
SKEW = datetime.timedelta(minutes=15)


def encode(text, safe=""):
    return urllib.parse.quote(text, safe="-_.~" + safe)


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_query(text):
    pairs = [part.partition("=")[::2] for part in text.split("&") if part]
    return "&".join(sorted(f"{encode(urllib.parse.unquote(name))}={encode(urllib.parse.unquote(value))}" for name, value in pairs))


def canonical_request(request, signed):
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    return "\n".join([request.method, encode(request.path, "/"), canonical_query(request.query_string), headers, ";".join(signed),
                      request.headers.get("x-amz-content-sha256", "")])


def signature(secret, stamp, region, canonical):
    key = digest(digest(digest(digest(b"AWS4" + secret.encode(), stamp[:8]), region), "s3"), "aws4_request")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    return digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}").hex()


def fault_of(request, given, region):
    """The code of what is wrong with a request made with this credential, or None."""
    match = HEADER.fullmatch(request.headers.get("authorization", ""))
    if not match:
        return "AuthorizationHeaderMalformed"
    _, day, named, signed, sent = match.groups()
    signed, stamp = signed.split(";"), request.headers.get("x-amz-date", "")
    must = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    if named != region or signed != sorted(signed) or not must <= set(signed) or stamp[:8] != day:
        return "AuthorizationHeaderMalformed" if named != region else "AccessDenied"
    if request.headers.get("x-amz-security-token") != given.token:
        return "InvalidToken"
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    if abs(datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - when) > SKEW:
        return "RequestTimeTooSkewed"
    if not hmac.compare_digest(signature(given.secret, stamp, region, canonical_request(request, signed)), sent):
        return "SignatureDoesNotMatch"
    return None
