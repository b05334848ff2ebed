# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of all scenarios use: the cluster of the tests as its user sees it, and the shipped playbooks."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
import testinfra
import yaml
from testinfra.host import Host

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgha"
KUBECONFIG = CACHE / "clusters" / "pgha-test.kubeconfig"
CONTEXT = "kind-pgha-test"
INVENTORIES = [ROOT / "inventories" / "kind", ROOT / "molecule" / "inventory"]
FENCED = "cnpg.io/fencedInstances"
# The image of docs/awx.md in which Podman runs the playbooks, as AWX does; else the environment of the tests does.
IMAGE = os.environ.get("PGHA_AWX_IMAGE", "")

Row = dict[str, str]


def time_limit(seconds: float, loaded: float) -> float:
    """What `make limits` asserts on a quiet machine, or what holds on one that does other things, too."""
    return seconds if os.environ.get("PGHA_BENCH") else loaded


@dataclass
class Run:
    """A playbook that ran."""

    rc: int
    output: str
    seconds: float

    @property
    def changed(self) -> int:
        """How many tasks changed something, over all hosts."""
        return sum(int(count) for count in re.findall(r"\bchanged=([0-9]+)", self.recap))

    @property
    def said(self) -> str:
        """What it printed, without the line breaks of its texts."""
        return " ".join(self.output.split())

    @property
    def stats(self) -> dict[str, Any]:
        """The results that the playbook kept, where it ran WITH_STATS."""
        shown = self.output.rpartition("CUSTOM STATS")[2]
        return json.JSONDecoder().raw_decode(shown[shown.index("{") :])[0]

    @property
    def recap(self) -> str:
        return self.output.rpartition("PLAY RECAP")[2]


def playbook_command(name: str, *arguments: str, inventories: Sequence[Path] = INVENTORIES) -> list[str]:
    sources = [f"--inventory={path}" for path in inventories]
    return ["ansible-playbook", *sources, str(ROOT / "playbooks" / f"{name}.yml"), *arguments]


def playbook_environment() -> dict[str, str]:
    """Return the environment of a user at the root of a checkout, and not that of molecule."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_", "K8S_"))}
    return {
        **kept,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }


# The API of the tests' cluster is at a port of this machine's loopback address.
PODMAN_OPTIONS = ["--network=host", "--pull=never", f"--user={os.getuid()}"]


def podman_environment() -> dict[str, str]:
    """Return the settings of Podman with which it made the nodes of the cluster, where it needed some."""
    return {"CONTAINERS_CONF": str(path)} if (path := CACHE / "containers.conf").exists() else {}


def in_image(environment: dict[str, str]) -> list[str]:
    """Return the words that run what follows them in IMAGE, where all files that tests use have the paths of here."""
    given = {key: value for key, value in environment.items() if key.startswith(("ANSIBLE_", "PGHA_"))}
    given["XDG_CACHE_HOME"] = str(CACHE.parent)
    folders = {str(ROOT): "ro", str(CACHE): "rw", tempfile.gettempdir(): "rw"}
    return [
        *("podman", "run", "--rm", *PODMAN_OPTIONS, f"--workdir={ROOT}"),
        *(f"--volume={path}:{path}:{mode}" for path, mode in folders.items()),
        *(f"--env={name}={value}" for name, value in given.items()),
        IMAGE,
    ]


# What AWX shows of a job: the results that playbooks keep, as JSON.
WITH_STATS = {"ANSIBLE_SHOW_CUSTOM_STATS": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}


def run_playbook(
    name: str,
    *arguments: str,
    variables: dict[str, Any] | None = None,
    timeout: float = 600,
    environment: dict[str, str] | None = None,
    inventories: Sequence[Path] = INVENTORIES,
) -> Run:
    """Run a playbook of this collection on the cluster of the tests."""
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    command = playbook_command(name, *extra, *arguments, inventories=inventories)
    env = {**playbook_environment(), **(environment or {})}
    if IMAGE:
        command = [*in_image(env), *command]
        env.update(podman_environment())
    began = time.monotonic()
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    return Run(done.returncode, done.stdout, time.monotonic() - began)


# A task's name is printed as it begins, and not with its first result: which says where to kill a run.
WITH_SKIPPED = {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "1"}


def start_playbook(
    name: str,
    *arguments: str,
    variables: dict[str, Any] | None = None,
    output: int | IO[str] = subprocess.PIPE,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start a playbook, for tests that kill it or run two; not in IMAGE, whose processes are not those of here."""
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    return subprocess.Popen(
        playbook_command(name, *extra, *arguments),
        env={**playbook_environment(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(root: int) -> set[int]:
    """Return a process and all that came from it. Ansible's workers have sessions of their own, so no group has all."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, rest = {root}, [root]
    while rest:
        new = [child for child in children.get(rest.pop(), []) if child not in found]
        found.update(new)
        rest.extend(new)
    return found


def kill_all(root: int) -> None:
    """Kill a playbook, its workers and their modules; each is stopped first, so that none starts another meanwhile."""
    stopped: set[int] = set()
    while new := processes_of(root) - stopped:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_at(run: subprocess.Popen[str], here: Callable[[str], bool]) -> str:
    """Kill a playbook that was started WITH_SKIPPED at a line of its output, and return that line."""
    printed = []
    try:
        for line in run.stdout or ():
            printed.append(line)
            if here(line):
                return line.strip()
        pytest.fail(f"it ended before it came there: {''.join(printed)}")
    finally:
        kill_all(run.pid)
        run.wait()


@dataclass
class Cluster:
    """The PostgreSQL cluster of the tests, with Pgpool-II and Prometheus."""

    name: str = "hot-postgres"
    namespace: str = "demo"
    prometheus: str = "http://127.0.0.1:19090"
    pgpool_address: tuple[str, int] = ("127.0.0.1", 19999)
    # Of each pod that was seen, its UID: another pod of the name has no password file.
    _uids: dict[str, str] = field(default_factory=dict)
    _with_password_file: set[str] = field(default_factory=set)

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> str:
        """Run kubectl and return what it printed."""
        return subprocess.run(
            ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=check,
            timeout=180,
        ).stdout

    def get(self, kinds: str, *arguments: str, everywhere: bool = False) -> list[dict[str, Any]]:
        """Return objects of the namespace."""
        where = ["--all-namespaces"] if everywhere else [f"--namespace={self.namespace}"]
        answer = json.loads(self.kubectl("get", kinds, *where, *arguments, "--output=json"))
        return answer.get("items", [answer])

    def pods(self, selector: str) -> list[str]:
        found = self.get("pods", f"--selector={selector}", "--field-selector=status.phase=Running")
        uids = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}
        self._with_password_file -= {name for name, uid in uids.items() if self._uids.get(name) != uid}
        self._uids |= uids
        return sorted(pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"])

    def instances(self, role: str = "") -> list[str]:
        more = f",cnpg.io/instanceRole={role}" if role else ""
        return self.pods(f"cnpg.io/cluster={self.name},cnpg.io/podRole=instance{more}")

    def primary(self) -> str:
        [name] = self.instances("primary")
        return name

    def restarts(self, selector: str = "") -> dict[str, tuple[str, int]]:
        """Return the UID of each running pod that is not about to go, and how often its containers have restarted."""
        found = self.get("pods", f"--selector={selector}", "--field-selector=status.phase=Running")
        return {
            pod["metadata"]["name"]: (
                pod["metadata"]["uid"],
                sum(status["restartCount"] for status in pod["status"]["containerStatuses"]),
            )
            for pod in found
            if "deletionTimestamp" not in pod["metadata"]
        }

    def on_instance(self, statements: str, pod: str = "", database: str = "app") -> str:
        """Run SQL as the superuser in an instance, the primary by default, not through Pgpool-II.

        :returns: the unadorned answer
        """
        psql = ["--container=postgres", "--", "psql", "-XAtq", "--set=ON_ERROR_STOP=1", database]
        where = [f"--namespace={self.namespace}", "exec", "--stdin", pod or self.primary()]
        return self.kubectl(*where, *psql, text=statements).strip()

    def fence(self, *names: str) -> None:
        """Have CloudNativePG stop PostgreSQL in these instances and leave the pods, and in no others."""
        change = f"{FENCED}={json.dumps(names)}" if names else f"{FENCED}-"
        where = f"--namespace={self.namespace}"
        self.kubectl(where, "annotate", "clusters.postgresql.cnpg.io", self.name, change, "--overwrite")

    def pgpool_pods(self) -> dict[str, str]:
        """Return the addresses of the Pgpool-II pods by name."""
        selector = f"app.kubernetes.io/instance={self.name}-pgpool,app.kubernetes.io/component=proxy"
        found = self.get("pods", f"--selector={selector}", "--field-selector=status.phase=Running")
        return {
            pod["metadata"]["name"]: pod["status"]["podIP"]
            for pod in found
            if "deletionTimestamp" not in pod["metadata"]
        }

    def users(self) -> dict[str, str]:
        """Return the passwords of all users."""
        labelled = self.get("secrets", f"--selector=pgha.kubernetes/cluster={self.name},pgha.kubernetes/user=true")
        superuser = self.get("secrets", f"{self.name}-superuser")
        return {
            b64decode(secret["data"]["username"]).decode(): b64decode(secret["data"]["password"]).decode()
            for secret in [*labelled, *superuser]
        }

    def host(self, pod: str, container: str, namespace: str = "") -> Host:
        """Return a container of a pod as testinfra sees it."""
        options = {
            "namespace": namespace or self.namespace,
            "container": container,
            "kubeconfig": str(KUBECONFIG),
            "context": CONTEXT,
        }
        return testinfra.get_host(f"kubectl://{pod}?{urllib.parse.urlencode(options)}")

    def client(self, pod: str = "") -> Host:
        """Return an instance's pod, a standby's if there is one, in which psql can log in as each user."""
        pod = pod or (self.instances("replica") or self.instances())[0]
        if pod not in self._with_password_file:
            lines = "".join(f"*:*:*:{user}:{password}\n" for user, password in self.users().items())
            write = ["--container=postgres", "--", "sh", "-c", "umask 077; cat > /dev/shm/pgpass"]
            self.kubectl(f"--namespace={self.namespace}", "exec", "--stdin", pod, *write, text=lines)
            self._with_password_file.add(pod)
        return self.host(pod, "postgres")

    def forget_passwords(self) -> None:
        """Have `client()` read them again, as a user has got another one."""
        self._with_password_file.clear()

    def psql_command(self, user: str = "app", address: str = "", database: str = "app") -> str:
        """Return the command for `client()` that opens psql through Pgpool-II."""
        address = address or f"{self.name}-pgpool.{self.namespace}.svc"
        return (
            "PGPASSFILE=/dev/shm/pgpass PGCONNECT_TIMEOUT=5 psql --no-psqlrc --no-password --quiet --csv "
            f"--set=ON_ERROR_STOP=1 --host={address} --port=9999 --username={user} {database}"
        )

    def sql(self, statement: str, user: str = "app", address: str = "", client: str = "") -> list[Row]:
        """Run one statement, or several, through Pgpool-II and return the rows of the answer."""
        command = f"echo {shlex.quote(statement)} | {self.psql_command(user, address)}"
        done = self.client(client).run(command)
        assert done.rc == 0, done.stderr
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def pool_nodes(self, address: str = "") -> list[Row]:
        return self.sql("SHOW POOL_NODES", address=address)

    def read_many(self, count: int = 1000, address: str = "") -> tuple[list[Row], dict[tuple[str, str], int]]:
        """Send SELECTs in one session.

        :returns: the rows of SHOW POOL_NODES, each with `reads` (what it got of them), and how many each server
            answered, by its address and whether it is read-only
        """
        select = "SELECT current_setting('transaction_read_only') AS read_only, inet_server_addr() AS server;"
        lines = f"echo 'SHOW POOL_NODES;'; yes {shlex.quote(select)} | head -n {count}; echo 'SHOW POOL_NODES;'"
        done = self.client().run(f"{{ {lines}; }} | {self.psql_command(address=address)}")
        assert done.rc == 0, done.stderr
        tables: list[list[Row]] = []
        for line in csv.reader(io.StringIO(done.stdout)):
            if line[0] in ("node_id", "read_only"):
                header = line
                tables.append([])
            else:
                tables[-1].append(dict(zip(header, line, strict=True)))
        before, *answers, after = tables
        counts: dict[tuple[str, str], int] = {}
        for [answer] in answers:
            key = (answer["server"], answer["read_only"])
            counts[key] = counts.get(key, 0) + 1
        old = {row["node_id"]: int(row["select_cnt"]) for row in before}
        return [{**row, "reads": str(int(row["select_cnt"]) - old[row["node_id"]])} for row in after], counts

    def promql(self, expression: str) -> list[dict[str, Any]]:
        """Ask Prometheus, at its address on this machine."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/query?{query}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]


def give_rights(cluster: Cluster, files: list[tuple[str, str]], verb: str = "apply") -> None:
    """Give the deployer rights, or take them away, as an administrator does.

    :param files: pairs of a namespace, or "", and the name of a file of deploy/rbac
    """
    # With a namespace that is gone, so is what was bound there.
    more = ["--ignore-not-found"] if verb == "delete" else []
    for namespace, name in files:
        where = [f"--namespace={namespace}"] if namespace else []
        cluster.kubectl(verb, *where, *more, f"--filename={ROOT / 'deploy/rbac' / name}.yml")


@contextlib.contextmanager
def lent(cluster: Cluster, *files: tuple[str, str]) -> Iterator[None]:
    """Give the deployer rights for a while, and take them away whatever comes."""
    give_rights(cluster, [*files])
    try:
        yield
    finally:
        give_rights(cluster, [*reversed(files)], "delete")


def deployer_kubeconfig(cluster: Cluster, folder: Path) -> str:
    """Write a kubeconfig for the deployer of deploy/rbac, who has a token and nothing else, and return its path."""
    config = yaml.safe_load(KUBECONFIG.read_text(encoding="utf-8"))
    wanted = next(item for item in config["contexts"] if item["name"] == CONTEXT)["context"]["cluster"]
    token = cluster.kubectl("create", "token", "pgha-deployer", "--namespace=pgha", "--duration=1h").strip()
    path = folder / "deployer.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [item for item in config["clusters"] if item["name"] == wanted],
                "users": [{"name": "deployer", "user": {"token": token}}],
                "contexts": [{"name": "deployer", "context": {"cluster": wanted, "user": "deployer"}}],
                "current-context": "deployer",
            }
        ),
        encoding="utf-8",
    )
    return str(path)


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return what the condition returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while True:
        problem = ""
        try:
            found = condition()
            if found:
                return found
        except (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError) as exc:
            problem = f" ({exc})"
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}{problem}")
        time.sleep(0.5)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(scope="session")
def stand_in_images(cluster: Cluster) -> dict[str, str]:
    """Return names for images of other releases: what the nodes have, by another name, as such cannot be had here."""
    images = {
        "pgpool": ("ghcr.io/pgha/pgpool", "4.6", "4.6.99-stand-in"),
        "postgresql": ("ghcr.io/cloudnative-pg/postgresql", "17-standard-trixie", "17.99-stand-in"),
    }
    engine = shutil.which("podman") or "docker"
    for node in cluster.get("nodes", "--selector=!node-role.kubernetes.io/control-plane", everywhere=True):
        for image, there, other in images.values():
            tag = ["ctr", "--namespace=k8s.io", "images", "tag", "--force", f"{image}:{there}", f"{image}:{other}"]
            subprocess.run([engine, "exec", node["metadata"]["name"], *tag], check=True, capture_output=True)
    return {name: f"{image}:{other}" for name, (image, _, other) in images.items()}


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure that is worth to be seen where the test passes, too."""

    def print_line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}")

    return print_line
