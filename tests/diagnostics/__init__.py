"""Diagnoses, against accounts that moto plays; what moto has not is answered by botocore's own Stubber."""
