"""A server with the API of S3 (moto), which checks who asks: signatures, and what the one with these keys may do.

Says on one line where it is and with which keys it opens, then takes orders, one a line, as JSON: {"put": KEY, "text": TEXT},
{"delete": KEY}; each is answered by a line. Ends with its input.
"""

import json
import logging
import os
import sys

# Calls that need no keys: those that make somebody who has some.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
    os.environ.pop(name, None)
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-west-1")
logging.disable(logging.CRITICAL)

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"

iam = boto3.client("iam", endpoint_url=url)
iam.create_user(UserName="reader")
keys = iam.create_access_key(UserName="reader")["AccessKey"]
rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="reader", PolicyName="all", PolicyDocument=json.dumps(rights))
boto3.client("s3", endpoint_url=url).create_bucket(
    Bucket="docs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
)
s3 = boto3.client(
    "s3",
    endpoint_url=url,
    aws_access_key_id=keys["AccessKeyId"],
    aws_secret_access_key=keys["SecretAccessKey"],
)
print(json.dumps({"url": url, "id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"]}), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    if "put" in order:
        s3.put_object(Bucket="docs", Key=order["put"], Body=order["text"].encode())
    else:
        s3.delete_object(Bucket="docs", Key=order["delete"])
    print("done", flush=True)
server.stop()
