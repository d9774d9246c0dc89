"""What the AWS command line has beside the operations of AWS's models: commands of its own, and options it renames."""

from __future__ import annotations

from bot.playbooks.checks.finding import words

# The command line's name of a service, where it is not that of the model.
SERVICES = {"deploy": "codedeploy", "configservice": "config"}
# Options of every command: with a value, and without.
GLOBAL_VALUES = words(
    "--region --profile --output --query --endpoint-url --color --ca-bundle --cli-read-timeout --cli-connect-timeout"
    " --cli-binary-format --cli-error-format --cli-input-json --cli-input-yaml --generate-cli-skeleton"
    " --v2-debug"
)
GLOBAL_FLAGS = words(
    "--debug --no-verify-ssl --no-paginate --no-sign-request --no-cli-pager --cli-auto-prompt --no-cli-auto-prompt"
    " --version"
)
PAGING = frozenset({"--max-items", "--page-size", "--starting-token"})
# Options that stand for the required ones: these are not asked for then.
SKELETONS = frozenset({"--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton"})

# Commands that the command line makes of several calls: by service, those that read and those that change.
READING = {
    "s3": "ls presign",
    "logs": "tail start-live-tail",
    "eks": "get-token update-kubeconfig",
    "ecr": "get-login get-login-password",
    "ecr-public": "get-login-password",
    "codeartifact": "login",
    "configure": "list list-profiles get",
    "sso": "login logout",
    "cloudtrail": "validate-logs",
    "history": "list show",
    "rds": "generate-db-auth-token",
    "dsql": "generate-db-connect-auth-token generate-db-connect-admin-auth-token",
    "ddb": "select",
    "configservice": "get-status",
    "servicecatalog": "generate",
    "login": "",
}
CHANGING = {
    "s3": "cp mv rm sync mb rb website",
    "ddb": "put",
    "configure": "set import sso sso-session add-model export-credentials",
    "cloudformation": "package deploy",
    "deploy": "push register deregister install uninstall",
    "ecs": "deploy",
    "ec2-instance-connect": "ssh open-tunnel",
    "cloudtrail": "create-subscription update-subscription",
    "configservice": "subscribe",
    "emr": "*",
    "emr-containers": "update-role-trust-policy",
    "gamelift": "upload-build get-game-session-log",
    "datapipeline": "*",
    "opsworks": "register",
    "rds": "add-option-to-option-group remove-option-from-option-group",
}
# Options that the command line adds to an operation, and required members that it does not ask for.
ADDED = {
    "ec2 run-instances": "--count --secondary-private-ip-addresses --secondary-private-ip-address-count"
    " --associate-public-ip-address --no-associate-public-ip-address",
    "ec2 authorize-security-group-ingress": "--protocol --port --cidr --source-group --group-owner",
    "ec2 authorize-security-group-egress": "--protocol --port --cidr --source-group --group-owner",
    "ec2 revoke-security-group-ingress": "--protocol --port --cidr --source-group --group-owner",
    "ec2 revoke-security-group-egress": "--protocol --port --cidr --source-group --group-owner",
    "ec2 create-image": "--reboot",
    "ec2 bundle-instance": "--bucket --prefix --owner-akid --owner-sak --policy",
    "ec2 get-password-data": "--priv-launch-key",
    "lambda create-function": "--zip-file",
    "lambda publish-layer-version": "--zip-file",
    "cloudwatch put-metric-data": "--metric-name --timestamp --value --statistic-values --unit --dimensions"
    " --storage-resolution",
    "cloudfront create-invalidation": "--paths",
    "cloudfront create-distribution": "--origin-domain-name --default-root-object",
    "cloudfront update-distribution": "--default-root-object",
    "ses send-email": "--from --to --cc --bcc --subject --text --html",
    "sns subscribe": "--notification-endpoint",
    "stepfunctions send-task-success": "--task-output",
    "iam create-virtual-mfa-device": "--outfile --bootstrap-method",
    "rds modify-option-group": "",
    "ecs execute-command": "--interactive",
    "route53 create-hosted-zone": "",
}
NOT_ASKED = {
    "ec2 run-instances": "MinCount MaxCount",
    "ec2 bundle-instance": "Storage",
    "lambda create-function": "Code",
    "lambda publish-layer-version": "Content",
    "cloudwatch put-metric-data": "MetricData",
    "cloudfront create-invalidation": "InvalidationBatch",
    "cloudfront create-distribution": "DistributionConfig",
    "cloudfront update-distribution": "DistributionConfig",
    "ses send-email": "Source Destination Message",
    "sns subscribe": "",
    "swf register-domain": "",
}
# Operations that write a file whose name stands on the line without an option are those with a streamed answer.
# Operations that read although they are not called Get, List or Describe.
QUIET = words(
    "logs:StartQuery logs:StopQuery logs:FilterLogEvents logs:TestMetricFilter cloudtrail:LookupEvents"
    " iam:SimulatePrincipalPolicy iam:SimulateCustomPolicy iam:GenerateCredentialReport"
    " iam:GenerateServiceLastAccessedDetails sts:GetCallerIdentity sts:DecodeAuthorizationMessage"
    " ce:GetCostAndUsage accessanalyzer:ValidatePolicy route53:TestDNSAnswer"
)
