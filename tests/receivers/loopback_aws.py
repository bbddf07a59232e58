"""An SNS topic and an SQS queue that is subscribed to it, on an AWS of the loopback."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from relay import Json

from alerting.stack.stack import free_address

REGION = "eu-central-1"


@dataclass(frozen=True)
class Topic:
    """A topic of the AWS at `url`, and the queue that is subscribed to it."""

    url: str
    arn: str
    queue: str
    sqs: Any

    def take(self) -> list[Json]:
        """The notifications that came since the last time."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]


@contextmanager
def subscribed() -> Iterator[Topic]:
    """A topic for as long as the `with` lasts; the variables of the process name an account that may publish."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    host, _, port = free_address().partition(":")
    server = ThreadedMotoServer(host, int(port), verbose=False)
    server.start()
    try:
        yield _topic(f"http://{host}:{port}")
    finally:
        server.stop()


def _topic(url: str) -> Topic:
    sns, sqs = (boto3.client(name, region_name=REGION, endpoint_url=url) for name in ("sns", "sqs"))
    arn = sns.create_topic(Name="clickstream")["TopicArn"]
    queue = sqs.create_queue(QueueName="operations")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=found)
    return Topic(url, arn, queue, sqs)
