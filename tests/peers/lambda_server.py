"""A server with the API of Lambda (moto), which checks who asks: signatures, and what the one with these keys may do.

Says on one line where it is and with which keys it is asked. The function "orders" gives back a response of an action group.
Ends with its input.
"""

import io
import json
import logging
import os
import sys
import urllib.request
import zipfile

# Calls that need no keys: those that make somebody who has some, and the functions.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "5"
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
    os.environ.pop(name, None)
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-west-1")
logging.disable(logging.CRITICAL)

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"


def tell(path, told):
    head = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url + path, json.dumps(told).encode(), head)).read()


# Functions are not run: their results are told beforehand.
tell("/moto-api/config", {"lambda": {"use_docker": False}})
gave = {"messageVersion": "1.0", "response": {"functionResponse": {"responseBody": {"TEXT": {"body": "ordered"}}}}}
tell("/moto-api/static/lambda-simple/response", {"results": [json.dumps(gave)], "region": "eu-west-1"})

iam = boto3.client("iam", endpoint_url=url)
iam.create_user(UserName="caller")
keys = iam.create_access_key(UserName="caller")["AccessKey"]
rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}
iam.put_user_policy(UserName="caller", PolicyName="calls", PolicyDocument=json.dumps(rights))
trust = {"Version": "2012-10-17", "Statement": []}
role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as zipped:
    zipped.writestr("lambda_function.py", "def handler(event, context): return event\n")
boto3.client("lambda", endpoint_url=url).create_function(
    FunctionName="orders",
    Runtime="python3.13",
    Role=role,
    Handler="lambda_function.handler",
    Code={"ZipFile": code.getvalue()},
)
print(json.dumps({"url": url, "id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"]}), flush=True)
sys.stdin.read()
server.stop()
