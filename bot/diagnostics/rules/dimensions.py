"""Resources that an alarm names by the dimensions of its metric: `FunctionName orders-api`. Pure."""

from __future__ import annotations

import re

from bot.diagnostics.rules.request import DiagnosisRequest

# What CloudWatch calls the dimension, and our word for the service.
SERVICES = {
    "FunctionName": "lambda",
    "ApiName": "apigw",
    "ApiId": "apigw",
    "LoadBalancer": "alb",
    "DBInstanceIdentifier": "rds",
    "DBClusterIdentifier": "rds",
    "TableName": "dynamodb",
    "QueueName": "sqs",
    "BucketName": "s3",
    "InstanceId": "ec2",
    "AutoScalingGroupName": "asg",
    "CacheClusterId": "elasticache",
    "ReplicationGroupId": "elasticache",
    "HealthCheckId": "route53",
    "DistributionId": "cloudfront",
    "TopicName": "sns",
    "LogGroupName": "logs",
    "Cluster Name": "msk",
}
_NAMED = re.compile(rf"(?<![\w-])({'|'.join(SERVICES)}) ([\w.$/+=@-]{{1,200}})")
_REGION = re.compile(r"(?<![\w-])region ([a-z]{2}(?:-[a-z]+)+-\d)(?![\w-])")
_ACCOUNT = re.compile(r"(?<![\w-])account (\d{12})(?!\w)")
_BALANCER = re.compile(r"(?:app|net|gwy)/([^/]+)/\w+")  # how the metrics of load balancers name them


def named(words: str) -> tuple[DiagnosisRequest, ...]:
    """The resources that these words name so, in the account and region that they name, each once."""
    region, account = _REGION.search(words), _ACCOUNT.search(words)
    found = [(SERVICES[kind], _name(name)) for kind, name in _NAMED.findall(words)]
    return tuple(
        DiagnosisRequest(
            name, service, region=region[1] if region else None, account_id=account[1] if account else None
        )
        for service, name in dict.fromkeys(found)
    )


def _name(value: str) -> str:
    value = value.rstrip(".")
    balancer = _BALANCER.fullmatch(value)
    return balancer[1] if balancer else value
