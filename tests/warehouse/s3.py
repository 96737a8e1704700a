"""Stages on S3: moto, which verifies every signature, behind a door that verifies it, too, and lets credentials run out.

moto runs inside this process as a WSGI application; the warehouse's own reading goes through a second door without faults.
"""

import asyncio
import io
import json

import boto3
from botocore.config import Config

import sigv4
from storage import Pass, Store, Stored, error
from wire import Answer, listen

BUCKET, REGION = "sfc-test-customer-stage", "us-east-1"
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ANYBODY = json.dumps({"Version": "2012-10-17",
                      "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})


class S3(Store):
    kind = "S3"

    @classmethod
    async def start(cls, orders, journal):
        from moto.server import DomainDispatcherApplication, create_backend_app

        self = cls(orders, journal)
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.server, self.port = await listen(lambda request: run_wsgi(self.moto, request))
        await asyncio.to_thread(self._found)
        return self

    def client(self, service, key="setup", secret="setup", token=None):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name=REGION, aws_access_key_id=key,
                            aws_secret_access_key=secret, aws_session_token=token,
                            config=Config(proxies={}, retries={"max_attempts": 1}, s3={"addressing_style": "path"}))

    def _found(self):
        """Make a user, the role that stages are written with, and the bucket; from then on moto asks for signatures."""
        from moto import settings
        from moto.core.authorization import ActionAuthenticatorMixin

        iam = self.client("iam")
        iam.create_user(UserName="warehouse")
        iam.put_user_policy(UserName="warehouse", PolicyName="all", PolicyDocument=ALLOW_ALL)
        key = iam.create_access_key(UserName="warehouse")["AccessKey"]
        self.role = iam.create_role(RoleName="stage", AssumeRolePolicyDocument=ANYBODY)["Role"]["Arn"]
        iam.put_role_policy(RoleName="stage", PolicyName="all", PolicyDocument=ALLOW_ALL)
        own = key["AccessKeyId"], key["SecretAccessKey"]
        self.s3, self.sts = self.client("s3", *own), self.client("sts", *own)
        self.s3.create_bucket(Bucket=BUCKET)
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        ActionAuthenticatorMixin.request_count = 0

    def stage_info(self, prefix, names, url):
        """Temporary credentials for a prefix, and where the client takes them."""
        given = self.sts.assume_role(RoleArn=self.role, RoleSessionName="stage")["Credentials"]
        self.passes[given["AccessKeyId"]] = Pass(f"{BUCKET}/{prefix}", given["SecretAccessKey"], given["SessionToken"])
        self.journal.keep_secret(given["SecretAccessKey"], given["SessionToken"])
        self.journal.keep_secret(given["SessionToken"])
        creds = {"AWS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_KEY": given["SecretAccessKey"], "AWS_TOKEN": given["SessionToken"],
                 "AWS_ID": given["AccessKeyId"], "AWS_KEY": given["SecretAccessKey"]}
        return {"locationType": "S3", "location": f"{BUCKET}/{prefix}", "path": prefix, "region": REGION, "endPoint": url,
                "creds": creds}

    def pass_of(self, request):
        credential = request.headers.get("authorization", "").partition("Credential=")[2]
        return self.passes.get(credential.partition("/")[0])

    @staticmethod
    def expired_answer():
        return error(400, "ExpiredToken", "The provided token has expired.")

    async def serve(self, request):
        fault = sigv4.fault_of(request, self.pass_of(request), REGION)
        if fault:
            return error(400 if fault in ("AuthorizationHeaderMalformed", "InvalidToken") else 403, fault)
        return await run_wsgi(self.moto, request)

    def list(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [Stored(one["Key"], one["Size"], one["ETag"].strip('"'), one["LastModified"], {})
                for page in pages for one in page.get("Contents", [])]

    def fetch(self, stored, target):
        """Write an object into a file and complete what is known of it."""
        answer = self.s3.get_object(Bucket=BUCKET, Key=stored.key)
        meta = answer["Metadata"]
        stored.meta = {"digest": meta.get("sfc-digest"), "key": meta.get("x-amz-key"), "iv": meta.get("x-amz-iv"),
                       "matdesc": meta.get("x-amz-matdesc")}
        for chunk in answer["Body"].iter_chunks(1 << 20):
            target.write(chunk)

    def keep(self, key, body, meta):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=meta)

    def remove(self, stored):
        self.s3.delete_object(Bucket=BUCKET, Key=stored.key)


async def run_wsgi(application, request):
    """Let a WSGI application answer a request, in a thread of its own."""
    body = await request.read()
    body.seek(0)
    return await asyncio.to_thread(answer_of, application, environment(request, body))


def environment(request, body):
    host, _, port = request.headers.get("host", "127.0.0.1").partition(":")
    environ = {"REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "QUERY_STRING": request.query_string,
               "PATH_INFO": request.path.encode().decode("latin-1"), "RAW_URI": request.target, "REQUEST_URI": request.target,
               "SERVER_NAME": host, "SERVER_PORT": port or "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
               "CONTENT_LENGTH": str(request.length), "CONTENT_TYPE": request.headers.get("content-type", ""),
               "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": body, "wsgi.errors": io.StringIO(),
               "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.input_terminated": True}
    for name, value in request.headers.items():
        if name not in ("content-length", "content-type", "transfer-encoding"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def answer_of(application, environ):
    told = {}

    def start_response(status, headers, exc_info=None):
        told.update(status=int(status.split(" ")[0]), headers=headers)
        return lambda _: None
    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    answer = Answer(told["status"], body)
    dropped = ("connection", "date", "server") + (() if environ["REQUEST_METHOD"] == "HEAD" else ("content-length",))
    answer.headers = {"Content-Length" if name.lower() == "content-length" else name: value for name, value in told["headers"]
                      if name.lower() not in dropped}
    return answer
