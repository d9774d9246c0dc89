"""A broken shop for the demo's AWS: what stands in it, and what its metrics and logs say as time goes on.

Release 212 of orders-api keeps a database transaction open while it waits for the payment provider. That uses up the
connections of orders-db, and everything behind it fails. The rest of the shop has faults of its own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # the only one that moto knows
PICTURES = "shop-product-images"
SERVICES = """\
# The demo's services, in place of knowledge/policy/services.yaml: what runs in the AWS that moto plays.
budget: 20
call: 5
accounts: {}
services:
  checkout:
    owner: orders team
    resources: [lambda orders-api, rds orders-db, sqs orders, dynamodb carts]
    public: {name: Checkout, group: Shop, order: 1, about: Paying and order confirmation}
  product pictures:
    owner: storefront team
    resources: [s3 shop-product-images]
    public: {name: Product pictures, group: Shop, order: 2}
  payments:
    owner: payments team
    resources: [lambda payments]
    public: {name: Payments, group: Shop, order: 3}
"""
STEP = timedelta(minutes=5)  # between two values of a metric
_PAST = timedelta(hours=3)  # for which there are values when the shop opens
_WEEK = timedelta(weeks=1)
_BROKEN = timedelta(minutes=10)  # for which the shop has been broken when it opens
_RELEASED = timedelta(minutes=19)
_MOST_STEPS = 288  # at once, when somebody has let a day pass
QUEUE = "tocsin-alarms"
_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{QUEUE}"
# When the alarm of the table fires and is over, from the opening on.
_ALARM = ((timedelta(minutes=3), "ALARM", "OK"), (timedelta(minutes=25), "OK", "ALARM"))
Clients = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A metric: its value in a usual five minutes, and in five minutes of the outage."""

    namespace: str
    name: str
    dimension: tuple[str, str]
    usual: float
    broken: float


_ORDERS, _PAYMENTS = ("FunctionName", "orders-api"), ("FunctionName", "payments")
_DATABASE, _QUEUE, _CARTS = ("DBInstanceIdentifier", "orders-db"), ("QueueName", "orders"), ("TableName", "carts")
METRICS = (
    Line("AWS/Lambda", "Invocations", _ORDERS, 4_200, 3_900),
    Line("AWS/Lambda", "Errors", _ORDERS, 3, 1_209),
    Line("AWS/Lambda", "Throttles", _ORDERS, 0, 340),
    Line("AWS/Lambda", "ConcurrentExecutions", _ORDERS, 60, 480),
    Line("AWS/Lambda", "Duration", _ORDERS, 180, 30_000),
    Line("AWS/Lambda", "Invocations", _PAYMENTS, 1_300, 900),
    Line("AWS/Lambda", "Errors", _PAYMENTS, 1, 2),
    Line("AWS/Lambda", "Duration", _PAYMENTS, 2_100, 2_300),
    Line("AWS/RDS", "DatabaseConnections", _DATABASE, 120, 500),
    Line("AWS/RDS", "CPUUtilization", _DATABASE, 24, 31),
    Line("AWS/SQS", "ApproximateAgeOfOldestMessage", _QUEUE, 4, 1_500),
    Line("AWS/SQS", "ApproximateNumberOfMessagesVisible", _QUEUE, 12, 8_400),
    Line("AWS/DynamoDB", "ConsumedWriteCapacityUnits", _CARTS, 6_000, 14_700),
    Line("AWS/DynamoDB", "WriteThrottleEvents", _CARTS, 0, 260),
)
_LOG = "/aws/lambda/orders-api"
_LINES = (
    "START RequestId: 6f1c2f8a Version: $LATEST",
    "[ERROR] OperationalError: could not connect to orders-db: FATAL: sorry, too many clients already",
    "2f8a6f1c Task timed out after 30.00 seconds",
    "[ERROR] ProvisionedThroughputExceededException when calling the PutItem operation on table carts",
)


class Shop:
    """Builds the shop, and lets it go on failing as time passes. Times are those of the demo, aware UTC."""

    def __init__(self, clients: Clients, opened: datetime) -> None:
        self._clients = clients
        self._broken_since = opened - _BROKEN
        self._until = opened - _PAST
        self._to_come = [(opened + after, state, before) for after, state, before in _ALARM]
        self.released_at = opened - _RELEASED

    def build(self) -> None:
        """Make everything that stands in it. Raises what boto3 raises."""
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(make) for make in (self._functions, self._data, self._network, self._alarms)]:
                done.result()
        self._clients("logs").create_log_group(logGroupName=_LOG)
        self._clients("logs").create_log_stream(logGroupName=_LOG, logStreamName="orders-api")

    def go_on(self, now: datetime) -> None:
        """Metrics and log lines of every five minutes since the last time. Raises what boto3 raises."""
        steps = []
        while self._until + STEP <= now:
            self._until += STEP
            steps.append(self._until)
        steps = steps[-_MOST_STEPS:]
        for namespace in sorted({line.namespace for line in METRICS}):
            data = [datum for line in METRICS if line.namespace == namespace for datum in self._values(line, steps)]
            for start in range(0, len(data), 500):
                self._clients("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data[start : start + 500])
        if lines := [line for at in steps if at >= self._broken_since for line in _said(at)]:
            self._clients("logs").put_log_events(logGroupName=_LOG, logStreamName="orders-api", logEvents=lines)
        while self._to_come and self._to_come[0][0] <= now:
            self._publish(*self._to_come.pop(0))

    def _values(self, line: Line, steps: list[datetime]) -> Iterator[dict[str, Any]]:
        name, value = line.dimension
        for at in steps:
            now = line.broken if at >= self._broken_since else line.usual
            for when, measured in ((at, now), (at - _WEEK, line.usual)):
                yield {
                    "MetricName": line.name,
                    "Dimensions": [{"Name": name, "Value": value}],
                    "Timestamp": when,
                    "Value": measured,
                }

    def _publish(self, at: datetime, state: str, before: str) -> None:
        """What CloudWatch tells its topic when an alarm changes its state, which moto does not."""
        said = {
            "AlarmName": "carts-write-throttles",
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:carts-write-throttles",
            "AlarmDescription": "Carts cannot be saved: writes to the table carts are throttled",
            "AWSAccountId": ACCOUNT,
            "Region": "EU (Frankfurt)",
            "NewStateValue": state,
            "OldStateValue": before,
            "NewStateReason": "Threshold Crossed: 3 datapoints were greater than the threshold (10.0)",
            "StateChangeTime": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000",
            "Trigger": {
                "Namespace": "AWS/DynamoDB",
                "MetricName": "WriteThrottleEvents",
                "Dimensions": [{"name": _CARTS[0], "value": _CARTS[1]}],
                "Statistic": "SUM",
                "Period": 60,
                "EvaluationPeriods": 3,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 10.0,
            },
        }
        subject = f'{state}: "carts-write-throttles" in EU (Frankfurt)'
        self._clients("sns").publish(TopicArn=_TOPIC, Subject=subject, Message=json.dumps(said))

    def changes(self) -> list[dict[str, Any]]:
        """What CloudTrail recorded: each with its resource, who did it and when."""
        return [
            {"name": name, "resource": resource, "who": who, "at": self.released_at + later}
            for name, resource, who, later in (
                ("UpdateFunctionCode20150331v2", "orders-api", "release-pipeline", timedelta()),
                ("PutBucketPolicy", PICTURES, "storefront-admin", timedelta(minutes=-21)),
            )
        ]

    # -- what stands in it --------------------------------------------------------------------------------------------

    def _functions(self) -> None:
        """orders-api, live on $LATEST and fed by a queue that gives up too early; payments, with its live version."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trusted = json.dumps({"Version": "2012-10-17", "Statement": trust})
        made = self._clients("iam").create_role(RoleName="shop-functions", AssumeRolePolicyDocument=trusted)
        functions = self._clients("lambda")
        for name, alias in (("orders-api", "$LATEST"), ("payments", "1")):
            functions.create_function(
                FunctionName=name,
                Runtime="python3.12",
                Role=made["Role"]["Arn"],
                Handler="app.handler",
                Code={"ZipFile": _code()},
                Timeout=30,
                Publish=True,
            )
            functions.create_alias(FunctionName=name, Name="live", FunctionVersion=alias)
        sqs = self._clients("sqs")
        dead = sqs.create_queue(QueueName="orders-dead")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
        redrive = {"deadLetterTargetArn": f"{arn}:orders-dead", "maxReceiveCount": 2}
        given = {"VisibilityTimeout": "20", "RedrivePolicy": json.dumps(redrive)}
        # AWS connects no queue whose messages come back before the function ends; that it is shortened later goes
        # unnoticed.
        sqs.create_queue(QueueName="orders", Attributes=given | {"VisibilityTimeout": "180"})
        functions.create_event_source_mapping(
            FunctionName="orders-api", EventSourceArn=f"{arn}:orders", BatchSize=10, Enabled=True
        )
        sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"], Attributes=given)
        for number in range(7):
            sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"order": 40_120 + number}))

    def _data(self) -> None:
        """A database at its limit of connections, a table without auto scaling, a bucket that is closed to all."""
        rds = self._clients("rds")
        group = "orders-db-limits"
        rds.create_db_parameter_group(
            DBParameterGroupName=group, DBParameterGroupFamily="postgres16", Description="500"
        )
        limit = {"ParameterName": "max_connections", "ParameterValue": "500", "ApplyMethod": "pending-reboot"}
        rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[limit])
        rds.create_db_instance(
            DBInstanceIdentifier="orders-db",
            DBInstanceClass="db.r6g.large",
            Engine="postgres",
            AllocatedStorage=200,
            MasterUsername="shop",
            MasterUserPassword="only-in-the-demo",
            DBParameterGroupName=group,
        )
        self._clients("dynamodb").create_table(
            TableName="carts",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 50},
        )
        s3 = self._clients("s3")
        s3.create_bucket(Bucket=PICTURES, CreateBucketConfiguration={"LocationConstraint": REGION})
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{PICTURES}/*"}
        s3.put_bucket_policy(Bucket=PICTURES, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))

    def _network(self) -> None:
        """A machine whose security group lets nobody in by shell."""
        ec2 = self._clients("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="storefront", Description="HTTPS only", VpcId=vpc)["GroupId"]
        anybody = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anybody])
        image = ec2.register_image(Name="storefront")["ImageId"]
        named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "storefront"}]}]
        ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group], TagSpecifications=named
        )

    def _alarms(self) -> None:
        """Alarms on what is broken, in the states that they would be in, and the queue that they go to by a topic."""
        self._clients("sns").create_topic(Name=QUEUE)
        self._clients("sqs").create_queue(QueueName=QUEUE)
        to = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"
        self._clients("sns").subscribe(TopicArn=_TOPIC, Protocol="sqs", Endpoint=to)
        cloudwatch = self._clients("cloudwatch")
        for name, metric, line, threshold in (
            ("orders-api-errors", "Errors", _ORDERS, 50),
            ("orders-db-connections", "DatabaseConnections", _DATABASE, 450),
        ):
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                MetricName=metric,
                Namespace="AWS/RDS" if line is _DATABASE else "AWS/Lambda",
                Dimensions=[{"Name": line[0], "Value": line[1]}],
                ComparisonOperator="GreaterThanThreshold",
                EvaluationPeriods=1,
                Period=300,
                Statistic="Maximum" if line is _DATABASE else "Sum",
                Threshold=threshold,
            )
            reason = "Threshold Crossed: 1 datapoint was greater than the threshold"
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)


def _said(at: datetime) -> list[dict[str, Any]]:
    """Log lines of five minutes of the outage, in order."""
    begin = int((at - STEP).timestamp() * 1000)
    return [{"timestamp": begin + number * 9_000, "message": _LINES[number % len(_LINES)]} for number in range(32)]


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return {}")
    return packed.getvalue()
