"""How AWS delivers alarms: by queues of SQS, and by SNS over HTTPS."""
