"""What Tocsin asks of AWS. boto3 is an extra (`pip install tocsin[aws]`) and is imported only when something is called.

No AWS at all is a normal way to run: whoever wires decides by the settings whether anything here is built.
"""
