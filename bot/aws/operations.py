"""Every operation that Tocsin may ask of AWS, by purpose, with the IAM action that each needs. Pure.

What is not named here never leaves the process: `bot/aws/session.py` refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Services whose actions IAM knows by another word than boto3.
_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "opensearch": "es",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
# Operations whose IAM action is not called like them.
_ACTIONS = {
    "apigateway:GetRestApis": "apigateway:GET",
    "apigatewayv2:GetApis": "apigateway:GET",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one purpose may call: boto3's name of a service → the operations, by the names of AWS's own models."""

    purpose: str
    operations: Mapping[str, frozenset[str]]

    def permits(self, service: str, operation: str) -> bool:
        return operation in self.operations.get(service, ())

    def actions(self) -> tuple[str, ...]:
        """The IAM actions that this takes, sorted, each once."""
        return tuple(sorted({action_of(service, name) for service, names in self.operations.items() for name in names}))


def action_of(service: str, operation: str) -> str:
    """`lambda`, `GetFunctionConfiguration` → `lambda:GetFunctionConfiguration`."""
    known = _ACTIONS.get(f"{service}:{operation}")
    return known or f"{_PREFIXES.get(service, service)}:{operation}"


def partition_of(region: str) -> str:
    """What ARNs of a region begin with: China and GovCloud have partitions of their own."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _allow(purpose: str, **services: str) -> Allowance:
    """`services`: boto3's name of a service, `_` for `-`, and the operations separated by blanks."""
    named = {service.rstrip("_").replace("_", "-"): frozenset(names.split()) for service, names in services.items()}
    return Allowance(purpose, named)


ALARMS = _allow("looking CloudWatch alarms up", cloudwatch="DescribeAlarms")
ARCHIVE = _allow("keeping approved reviews", s3="PutObject")
STATUS_PAGE = _allow("publishing the status page", s3="PutObject")
MAIL = _allow("sending mail", ses="SendEmail")
QUEUE = _allow("taking alarms from SQS", sqs="ReceiveMessage DeleteMessageBatch GetQueueAttributes")
TEXT_MESSAGES = _allow("sending text messages", sns="Publish")
# How credentials come to be: roles, web identities of Kubernetes, single sign-on. Always permitted.
CREDENTIALS = _allow(
    "getting credentials",
    sts="AssumeRole AssumeRoleWithWebIdentity AssumeRoleWithSAML GetCallerIdentity",
    sso="GetRoleCredentials",
    sso_oidc="CreateToken",
)
# Reads configuration, figures and logs. Nothing here changes anything, and nothing reads the content of tables, queues,
# objects or secrets.
DIAGNOSTICS = _allow(
    "diagnosing",
    apigateway="GetRestApis",
    apigatewayv2="GetApis",
    application_autoscaling="DescribeScalableTargets",
    autoscaling="DescribeAutoScalingGroups DescribeScalingActivities DescribePolicies",
    cloudformation="ListStacks DescribeStackEvents DescribeStackResources",
    cloudfront="ListDistributions ListInvalidations GetInvalidation",
    cloudtrail="LookupEvents",
    cloudwatch="GetMetricData",
    codedeploy="ListDeployments BatchGetDeployments",
    dynamodb="DescribeTable ListTables DescribeContinuousBackups GetResourcePolicy",
    ec2="DescribeInstances DescribeInstanceStatus DescribeInstanceTypes DescribeSecurityGroups DescribeNetworkAcls "
    "DescribeSubnets DescribeRouteTables DescribeVpcEndpoints",
    ecs="ListClusters ListServices DescribeServices ListServiceDeployments",
    elasticache="DescribeReplicationGroups DescribeCacheClusters DescribeCacheParameters DescribeEvents",
    elbv2="DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeTargetGroupAttributes",
    lambda_="GetFunctionConfiguration GetFunctionConcurrency GetAccountSettings ListAliases ListFunctions "
    "ListEventSourceMappings",
    health="DescribeEvents DescribeEventDetails DescribeAffectedEntities",
    kafka="DescribeClusterV2 ListClustersV2 ListNodes",
    iam="GetRole ListRoles ListAttachedRolePolicies ListRolePolicies",
    logs="FilterLogEvents DescribeLogGroups StartQuery GetQueryResults StopQuery",
    opensearch="DescribeDomain ListDomainNames",
    rds="DescribeDBInstances DescribeDBClusters DescribeDBParameters DescribeEvents",
    route53="ListHostedZones ListHealthChecks GetHealthCheckStatus GetHostedZone ListResourceRecordSets",
    s3="ListBuckets GetBucketPolicy GetPublicAccessBlock GetBucketReplication GetBucketLifecycleConfiguration "
    "GetBucketTagging",
    service_quotas="ListServiceQuotas ListServices",
    sns="ListTopics ListSubscriptionsByTopic",
    sqs="GetQueueUrl GetQueueAttributes ListQueues",
    stepfunctions="ListStateMachines",
)
ALLOWANCES = (ALARMS, ARCHIVE, STATUS_PAGE, MAIL, QUEUE, TEXT_MESSAGES, DIAGNOSTICS)
