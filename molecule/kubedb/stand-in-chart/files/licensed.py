"""What the stand-ins of KubeDB's licensed operators do: look at their licence, and end where it is refused."""

import json
import os
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.request

LICENCE = "/var/run/secrets/appscode/license/key.txt"
ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")


def refuse(reason):
    """Write the Event that KubeDB's operators write, and end."""
    message = f"Failed to verify license. Reason: {reason}"
    namespace, pod = (ACCOUNT / "namespace").read_text(), os.environ["POD_NAME"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "metadata": {"generateName": f"{pod}.", "namespace": namespace},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": pod},
        "reason": "License Verification Failed",
        "message": message,
        "type": "Warning",
        "source": {"component": os.environ["OPERATOR"]},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    request = urllib.request.Request(
        f"https://kubernetes.default.svc/api/v1/namespaces/{namespace}/events",
        data=json.dumps(event).encode(),
        headers={"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"},
        method="POST",
    )
    context = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    urllib.request.urlopen(request, timeout=10, context=context).close()
    sys.exit(message)


found = subprocess.run(
    ["openssl", "verify", "-CAfile", "/stand-in/authority.crt", LICENCE], capture_output=True, text=True, check=False
)
if found.returncode:
    said = (found.stderr + found.stdout).strip().splitlines()
    refuse(next((line for line in said if "depth lookup" in line), said[-1]))
pathlib.Path("/tmp/licensed").touch()
while True:
    time.sleep(3600)
