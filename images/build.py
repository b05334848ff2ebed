#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the images and programs that a local kind cluster needs, and load them into its nodes.

Only Debian's packages and Go modules are fetched, by debootstrap, apt and go as they are set up on this
machine. README.md beside this file lists what is built from what.

A thing that was built lies in the cache as `<name>-<key>/`, where the key is a digest of everything that it
was made from. It is built in a folder of another name and renamed when it is whole; a manifest of sizes and
SHA-256 digests is checked before each use, and what does not match it is built again.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE = HERE / "kind-node"

KUBERNETES_PROGRAMS = (
    *(f"k8s.io/kubernetes/cmd/{name}" for name in (
        "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubeadm", "kubectl")),
    "./components/coredns",
    "./components/pause",
)
# For the compiler itself, which else spends a tenth of its time on collecting garbage.
GO_MEMORY = {"GOGC": "400", "GOMEMLIMIT": "2GiB"}
# Images of images/prometheus-operator, built only where a target asks for them.
PROMETHEUS_OPERATOR = ("prometheus-operator", "prometheus-config-reloader")
PROGRAMS = {"kind": "sigs.k8s.io/kind", "helm": "helm.sh/helm/v3/cmd/helm", "kubectl": "k8s.io/kubernetes/cmd/kubectl"}
# Image names and tags that kubeadm 1.34 asks for; local ones are named in kind-node/files/kind/manifests.
COMPONENTS = {
    "kube-apiserver": "registry.k8s.io/kube-apiserver:{kubernetes}",
    "kube-controller-manager": "registry.k8s.io/kube-controller-manager:{kubernetes}",
    "kube-scheduler": "registry.k8s.io/kube-scheduler:{kubernetes}",
    "kube-proxy": "registry.k8s.io/kube-proxy:{kubernetes}",
    "etcd": "registry.k8s.io/etcd:3.6.5-0",
    "coredns": "registry.k8s.io/coredns/coredns:v1.12.1",
    "pause": "registry.k8s.io/pause:3.10.1",
    "local-path-provisioner": "localhost/pgha/local-path-provisioner:local",
    "node-network": "localhost/pgha/node-network:local",
}
# The image that postgresql-barman is built on, as the demo has it.
BELOW_BARMAN = "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"
# Where the role kind_cluster mounts the cache's `built` folder in the nodes.
NODE_IMAGES = "/pgha/images"
MANIFEST = ".manifest.json"
# A pattern for the keys of recipes.
KEY = "[0-9a-f]" * 16
STARTED = time.monotonic()
RUNNING: set[subprocess.Popen[bytes]] = set()


class BuildError(Exception):
    """Something could not be built; the message says what, why and where its log is."""


def say(text: str) -> None:
    """Print one line with the minutes and seconds since the start."""
    minutes, seconds = divmod(int(time.monotonic() - STARTED), 60)
    # One write, so that two threads do not mix their lines.
    sys.stdout.write(f"[{minutes:2d}:{seconds:02d}] {text}\n")
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """Return a duration as people write it: `8 s`, `5 min 25 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def go_module_versions(home: Path = NODE) -> dict[str, str]:
    """Return {module: version} of what the go.mod in a folder requires directly."""
    text = (home / "go.mod").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:require)?\s+([\w./-]+) (v[\w.+-]+)$", text, re.MULTILINE))


def remove(folder: Path) -> None:
    """Remove a folder, and first unmount what an interrupted debootstrap left mounted in it."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    inside = [point for point in (line.split()[1] for line in mounts) if point.startswith(f"{folder}/")]
    for point in reversed(inside):
        subprocess.run(["umount", point], check=True)
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Recipe:
    """How one thing is built.

    `make` gets the folder to fill, the log to write to and the folders of what it needs, by name.
    `lane` keeps two jobs that use the same resource from running side by side.
    """

    name: str
    title: str
    lane: str
    make: Callable[[Path, Run, dict[str, Path]], None]
    sources: tuple[Path | str, ...] = ()
    needs: tuple[Recipe, ...] = ()

    def key(self) -> str:
        """Return the digest of everything that this is built from."""
        digest = hashlib.sha256(self.name.encode())
        for source in self.sources:
            if isinstance(source, str):
                digest.update(b"\0s" + source.encode())
                continue
            for path in files_below(source) if source.is_dir() else [source]:
                digest.update(b"\0f" + str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes())
        for need in self.needs:
            digest.update(b"\0n" + need.key().encode())
        return digest.hexdigest()[:16]


@dataclass
class Run:
    """Runs commands with their output in a log file."""

    log: Path

    def __call__(self, *argv: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None,
                 stdout: Path | None = None) -> None:
        """Run one command; raise BuildError with the end of its output when it fails."""
        with self.log.open("ab") as log, contextlib.ExitStack() as stack:
            log.write(f"\n$ {' '.join(map(str, argv))}\n".encode())
            log.flush()
            out = stack.enter_context(stdout.open("wb")) if stdout else log
            process = subprocess.Popen(
                [str(word) for word in argv], cwd=cwd, env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL, stdout=out, stderr=log,
            )
            RUNNING.add(process)
            code = process.wait()
            RUNNING.discard(process)
        if code:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
            raise BuildError(f"`{argv[0]} …` ended with {code}. The end of {self.log}:\n{tail}")


class Cache:
    """The folder of things that were built; see the module's docstring for how it stays sound."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "built"
        self.logs = folder / "logs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)

    def entry(self, recipe: Recipe) -> Path:
        """Return the folder in which a recipe's result lies once it is built."""
        return self.folder / f"{recipe.name}-{recipe.key()}"

    @contextlib.contextmanager
    def lock(self, recipe: Recipe) -> Iterator[None]:
        """Hold off other processes that want to build the same thing."""
        with (self.folder / f".{recipe.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def whole(self, entry: Path) -> bool:
        """Tell whether an entry is there with every file that its manifest names, byte for byte."""
        try:
            manifest = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
            return all(
                (entry / name).stat().st_size == size and sha256(entry / name) == digest
                for name, (size, digest) in manifest.items()
            )
        except (OSError, ValueError, AttributeError):
            return False

    def seal(self, partial: Path, entry: Path) -> None:
        """Give a finished folder its manifest and its name."""
        files = files_below(partial)
        manifest = {str(path.relative_to(partial)): (path.stat().st_size, sha256(path)) for path in files}
        (partial / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        subprocess.run(["sync", "-f", str(partial)], check=True)
        if entry.exists():
            shutil.rmtree(entry)
        partial.rename(entry)

    def publish(self, recipe: Recipe, entry: Path) -> None:
        """Point `<name>` at the entry, for readers that know no key, and keep two older versions beside it."""
        entry.touch()
        versions = sorted(self.folder.glob(f"{recipe.name}-{KEY}"), key=lambda path: path.stat().st_mtime)
        for old in versions[:-3]:
            shutil.rmtree(old)
        link = self.folder / f".{recipe.name}.link.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(entry.name)
        link.replace(self.folder / recipe.name)


class Builder:
    """Builds recipes and what they need, each once: one at a time in each lane, in the order they are asked for."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.lanes: dict[str, ThreadPoolExecutor] = {}
        self.futures: dict[str, Future[Path]] = {}

    def start(self, recipe: Recipe) -> Future[Path]:
        """Begin to build a recipe; the future gives its folder."""
        needs = {need.name: self.start(need) for need in recipe.needs}
        if recipe.name not in self.futures:
            lane = self.lanes.setdefault(recipe.lane, ThreadPoolExecutor(max_workers=1))
            self.futures[recipe.name] = lane.submit(self._build, recipe, needs)
        return self.futures[recipe.name]

    def stop(self) -> None:
        """End what is being built; its half-made folders are never used."""
        for lane in self.lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
        for process in tuple(RUNNING):
            process.terminate()

    def _build(self, recipe: Recipe, needs: dict[str, Future[Path]]) -> Path:
        entry = self.cache.entry(recipe)
        folders = {name: future.result() for name, future in needs.items()}
        with self.cache.lock(recipe):
            if not self.cache.whole(entry):
                if entry.exists():
                    say(f"{recipe.title}: the cached copy is damaged, building it again")
                self._make(recipe, entry, folders)
            self.cache.publish(recipe, entry)
        return entry

    def _make(self, recipe: Recipe, entry: Path, needs: dict[str, Path]) -> None:
        for stale in self.cache.folder.glob(f"{recipe.name}-{KEY}.partial"):
            remove(stale)
        partial = entry.with_name(entry.name + ".partial")
        partial.mkdir()
        log = self.cache.logs / f"{recipe.name}.log"
        log.write_bytes(b"")
        say(f"{recipe.title} …")
        began = time.monotonic()
        done = threading.Event()

        def report() -> None:
            while not done.wait(60):
                say(f"{recipe.title}: {duration(time.monotonic() - began)} so far")

        reporter = threading.Thread(target=report, daemon=True)
        reporter.start()
        try:
            recipe.make(partial, Run(log), needs)
            self.cache.seal(partial, entry)
        finally:
            done.set()
            reporter.join()
        say(f"{recipe.title}: done in {duration(time.monotonic() - began)}")


# --- Programs, from Go modules ---------------------------------------------------------------------------


def go_build(run: Run, home: Path, stamp: str, output: Path | str, *packages: str) -> None:
    """Compile packages that the module in `home` requires, with the versions that its go.sum knows."""
    run("go", "build", "-trimpath", "-mod=readonly", f"-ldflags={stamp}", "-o", output, *packages,
        cwd=home, environment={"CGO_ENABLED": "0", "GOWORK": "off", **GO_MEMORY})


def kubernetes_stamp() -> str:
    """Return the linker's flags that tell the programs of Kubernetes their version."""
    version = go_module_versions()["k8s.io/kubernetes"]
    major, minor, _patch = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return "-s -w " + " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def kubernetes_programs() -> Recipe:
    """Compile Kubernetes, etcd, CoreDNS and local-path-provisioner: one module, so that they share what they can."""
    version = go_module_versions()["k8s.io/kubernetes"]

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        go_build(run, NODE, kubernetes_stamp(), f"{folder}/", *KUBERNETES_PROGRAMS)
        # By itself: it imports logrus under its old name, which go refuses beside the new one.
        go_build(run, NODE, kubernetes_stamp(), f"{folder}/", "github.com/rancher/local-path-provisioner")
        # The path of etcd's main package ends in v3: go would name the program after the folder above it.
        go_build(run, NODE, kubernetes_stamp(), folder / "etcd", "go.etcd.io/etcd/server/v3")
        (folder / "version").write_text(version, encoding="utf-8")

    return Recipe("kubernetes", f"Kubernetes {version}, etcd, CoreDNS: compiling (5 to 10 minutes)", "go", make,
                  (NODE / "go.mod", NODE / "go.sum", NODE / "components" / "coredns", NODE / "components" / "pause"))


def go_program(name: str) -> Recipe:
    """Compile kind, helm or kubectl, at the version that kind-node/go.mod requires."""
    package = PROGRAMS[name]
    versions = go_module_versions()
    version = next(versions[module] for module in versions if f"{package}/".startswith(f"{module}/"))

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        go_build(run, NODE, kubernetes_stamp(), folder / name, package)

    return Recipe(name, f"{name} {version}: compiling", "go", make, (NODE / "go.mod", NODE / "go.sum", package))


def cloudnative_pg() -> Recipe:
    """Compile the operator's program and take the release manifest, which its Go module carries."""
    module = "github.com/cloudnative-pg/cloudnative-pg"
    home = HERE / "cloudnative-pg"
    version = go_module_versions(home)[module]

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        stamp = f"-s -w -X {module}/pkg/versions.buildVersion={version.removeprefix('v')}"
        go_build(run, home, stamp, folder / "manager", f"{module}/cmd/manager")
        source = go_module_folder(home, module, run)
        shutil.copyfile(source / "releases" / f"cnpg-{version.removeprefix('v')}.yaml", folder / "manifest.yaml")

    return Recipe("cloudnative-pg-operator", f"CloudNativePG {version}: compiling (2 to 4 minutes)", "go", make,
                  (home / "go.mod", home / "go.sum"))


def prometheus_operator() -> Recipe:
    """Compile the Prometheus Operator's two programs and take its manifest, which its Go module carries."""
    module = "github.com/prometheus-operator/prometheus-operator"
    home = HERE / "prometheus-operator"
    version = go_module_versions(home)[module]

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        stamp = f"-s -w -X github.com/prometheus/common/version.Version={version.removeprefix('v')}"
        go_build(run, home, stamp, f"{folder}/", f"{module}/cmd/operator", f"{module}/cmd/prometheus-config-reloader")
        shutil.copyfile(go_module_folder(home, module, run) / "bundle.yaml", folder / "manifest.yaml")

    return Recipe("prometheus-operator-programs", f"Prometheus Operator {version}: compiling (2 to 5 minutes)", "go",
                  make, (home / "go.mod", home / "go.sum"))


def kube_router() -> Recipe:
    """Compile kube-router."""
    module = "github.com/cloudnativelabs/kube-router/v2"
    home = HERE / "kube-router"
    version = go_module_versions(home)[module]

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        go_build(run, home, f"-s -w -X {module}/pkg/version.Version={version}", folder / "kube-router",
                 f"{module}/cmd/kube-router")

    return Recipe("kube-router-program", f"kube-router {version}: compiling (2 to 4 minutes)", "go", make,
                  (home / "go.mod", home / "go.sum"))


def minio() -> Recipe:
    """Compile MinIO's server, and what makes a bucket and a user in it."""
    home = HERE / "minio"
    version = go_module_versions(home)["github.com/minio/minio"]

    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        go_build(run, home, "-s -w", folder / "minio", "github.com/minio/minio")
        go_build(run, home, "-s -w", folder / "setup", "./setup")

    return Recipe("minio-programs", f"MinIO {version}: compiling (3 to 6 minutes)", "go", make,
                  (home / "go.mod", home / "go.sum", home / "setup"))


def go_module_folder(home: Path, module: str, run: Run) -> Path:
    """Download a module that the module in `home` requires and return the folder that holds its sources."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        run("go", "mod", "download", "-json", module, cwd=home, stdout=answer)
        return Path(json.loads(answer.read_text(encoding="utf-8"))["Dir"])


# --- Images ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Engine:
    """Docker's or Podman's command line."""

    program: str

    def build(self, run: Run, context: Path, reference: str, *, base: str = "", target: str = "",
              contexts: dict[str, Path] | None = None) -> None:
        """Build one image from a folder with a Containerfile, with extra named contexts."""
        arguments = [f"--build-arg=BASE={base}"] if base else []
        arguments += [f"--target={target}"] if target else []
        arguments += [f"--build-context={name}={path}" for name, path in (contexts or {}).items()]
        run(self.program, "build", "--network=host", "-f", context / "Containerfile", *arguments,
            "-t", reference, context)

    def save(self, run: Run, archive: Path, references: Sequence[str]) -> None:
        """Write images to one archive in Docker's format, which both engines and containerd read."""
        several = ("--format=docker-archive", "--multi-image-archive") if self.program.endswith("podman") else ()
        run(self.program, "save", *several, "-o", archive, *references)

    def has(self, reference: str) -> bool:
        """Tell whether the engine has an image."""
        return not subprocess.run([self.program, "image", "inspect", reference], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


# What a container has no use for; dpkg leaves it out of what is installed later, too.
SLIM = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")


def debian(suite: str) -> Recipe:
    """Bootstrap a minimal Debian, as a tar of its root file system."""
    def make(folder: Path, run: Run, _needs: dict[str, Path]) -> None:
        root = folder / "root"
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", suite, root)
        slim = "".join(f"path-exclude {path}\n" for path in SLIM)
        (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(slim, encoding="utf-8")
        left_out = ("/dev/*", "/var/cache/apt/archives/*.deb", "/var/lib/apt/lists/*", *SLIM)
        run("tar", "-C", root, "-cf", folder / "root.tar", *(f"--exclude=.{path}" for path in left_out), ".")
        shutil.rmtree(root)

    return Recipe(f"debian-{suite}", f"Debian {suite}: bootstrapping", "apt", make, SLIM)


@dataclass(frozen=True)
class Images:
    """Recipes of images; `base` names a Debian to pull, by suite, or is None where nothing can be pulled."""

    engine: Engine
    pull: bool

    def base(self, suite: str) -> tuple[Recipe, ...]:
        """Return what the base image needs to be built first."""
        return () if self.pull else (debian(suite),)

    def base_reference(self, suite: str, run: Run, needs: dict[str, Path]) -> str:
        """Return the base image's reference, which the engine has or can pull."""
        if self.pull:
            return f"docker.io/library/debian:{suite}-slim"
        folder = needs[f"debian-{suite}"]
        reference = f"localhost/pgha/{folder.name.rpartition('-')[0]}:{folder.name.rpartition('-')[2]}"
        if not self.engine.has(reference):
            run(self.engine.program, "import", folder / "root.tar", reference)
        return reference

    def image(self, name: str, reference: str) -> Recipe:
        """Build the image of images/<name> and save it as an archive, under the reference that users pull."""
        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            self.engine.build(run, HERE / name, reference, base=self.base_reference("trixie", run, needs))
            self.engine.save(run, folder / "image.tar", [reference])
            (folder / "reference").write_text(reference, encoding="utf-8")

        return Recipe(name, f"Image {reference}: building", "apt", make, (HERE / name, reference), self.base("trixie"))

    def of_program(self, name: str, program: Recipe, reference: str, suite: str = "") -> Recipe:
        """Build the image of images/<name> from a program, alone or on a Debian."""
        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            self.engine.build(run, HERE / name, reference, contexts={"program": needs[program.name]},
                              base=self.base_reference(suite, run, needs) if suite else "")
            self.engine.save(run, folder / "image.tar", [reference])
            (folder / "reference").write_text(reference, encoding="utf-8")

        return Recipe(name, f"Image {reference}: building", "engine", make,
                      (HERE / name, reference), (program, *(self.base(suite) if suite else ())))

    def prometheus_operator(self, name: str, reference: str) -> Recipe:
        """Build the image of one of the Prometheus Operator's programs."""
        programs = prometheus_operator()

        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            self.engine.build(run, HERE / "prometheus-operator", reference, target=name,
                              contexts={"program": needs[programs.name]})
            self.engine.save(run, folder / "image.tar", [reference])
            (folder / "reference").write_text(reference, encoding="utf-8")

        return Recipe(name, f"Image {reference}: building", "engine", make, (HERE / "prometheus-operator", reference),
                      (programs,))

    def with_barman(self, reference: str) -> Recipe:
        """Build PostgreSQL's image with Barman's programs, on the one of images/postgresql."""
        below = self.image("postgresql", BELOW_BARMAN)

        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            run(self.engine.program, "load", "-i", needs["postgresql"] / "image.tar")
            self.engine.build(run, HERE / "postgresql-barman", reference, base=BELOW_BARMAN)
            self.engine.save(run, folder / "image.tar", [reference])
            (folder / "reference").write_text(reference, encoding="utf-8")

        return Recipe("postgresql-barman", f"Image {reference}: building", "apt", make,
                      (HERE / "postgresql-barman", reference), (below,))

    def bundle(self, images: Sequence[Recipe], name: str = "images") -> Recipe:
        """Put images into one archive, in which layers that they share are there once."""
        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            references = []
            for need in needs.values():
                references.append((need / "reference").read_text(encoding="utf-8"))
                run(self.engine.program, "load", "-i", need / "image.tar")
            self.engine.save(run, folder / "image.tar", references)
            (folder / "reference").write_text(", ".join(references), encoding="utf-8")

        return Recipe(name, "Archive of the images", "engine", make, (), tuple(images))

    def kind_node(self) -> Recipe:
        """Build the image of a kind node. It stays in the engine; its folder in the cache holds its reference."""
        programs = kubernetes_programs()
        kubernetes = go_module_versions()["k8s.io/kubernetes"]

        def make(folder: Path, run: Run, needs: dict[str, Path]) -> None:
            base = self.base_reference("bookworm", run, needs)
            references = [form.format(kubernetes=kubernetes) for form in COMPONENTS.values()]
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                for target, reference in zip(COMPONENTS, references, strict=True):
                    self.engine.build(run, NODE / "components", reference, base=base, target=target,
                                      contexts={"kubernetes": needs[programs.name]})
                self.engine.save(run, Path(scratch, "components.tar"), references)
                reference = f"localhost/pgha/kind-node:{kubernetes}-{folder.stem.rpartition('-')[2]}"
                self.engine.build(run, NODE, reference, base=base, contexts={
                    "kind": go_module_folder(NODE, "sigs.k8s.io/kind", run) / "images/base/files",
                    "kubernetes": needs[programs.name], "components": Path(scratch)})
            (folder / "reference").write_text(reference, encoding="utf-8")

        return Recipe("kind-node", "Image of the kind nodes: building", "engine", make, (NODE,),
                      (programs, *self.base("bookworm")))


# --- Commands --------------------------------------------------------------------------------------------


def recipes_of(targets: Sequence[str], images: Images, bundle: str = "images") -> list[Recipe]:
    """Return the recipes of `kind-node`, programs by name, and images as `folder=reference`, in that order."""
    recipes, wanted = [], []
    for target in targets:
        name, _, reference = target.partition("=")
        if name == "cloudnative-pg":
            wanted.append(images.of_program(name, cloudnative_pg(), reference))
        elif name in PROMETHEUS_OPERATOR:
            wanted.append(images.prometheus_operator(name, reference))
        elif name == "kube-router":
            # On the Debian of the nodes, whose kube-proxy writes to the same tables.
            wanted.append(images.of_program(name, kube_router(), reference, "bookworm"))
        elif name == "minio":
            wanted.append(images.of_program(name, minio(), reference))
        elif name == "postgresql-barman":
            wanted.append(images.with_barman(reference))
        elif reference:
            wanted.append(images.image(name, reference))
        elif name == "kind-node":
            recipes.insert(0, images.kind_node())
        elif name in PROGRAMS:
            recipes.append(go_program(name))
        else:
            raise BuildError(f"{target} is no target: kind-node, {', '.join(PROGRAMS)}, or FOLDER=IMAGE-REFERENCE")
    return [*recipes, *([images.bundle(wanted, bundle)] if wanted else [])]


def build(options: argparse.Namespace) -> None:
    """Build the targets, and nothing that the cache has whole."""
    engine = Engine(options.engine)
    cache = Cache(options.cache)
    recipes = recipes_of(options.target, Images(engine, pull=options.pull), options.bundle)
    for recipe in recipes:
        # The node image itself lies in the engine, which may have been emptied since.
        reference = cache.entry(recipe) / "reference"
        if recipe.name == "kind-node" and reference.exists() and not engine.has(reference.read_text(encoding="utf-8")):
            shutil.rmtree(reference.parent)
    builder = Builder(cache)
    futures = [builder.start(recipe) for recipe in recipes]
    try:
        for future in as_completed(futures):
            future.result()
    except BaseException:
        builder.stop()
        raise


def load(options: argparse.Namespace) -> None:
    """Import the archive of images into the nodes' containerd, where a node does not have it yet."""
    entry = (options.cache / "built" / options.bundle).resolve()
    mark = f"/var/lib/pgha/{entry.name}"

    def into(node: str) -> None:
        inside = [options.engine, "exec", node]
        if not subprocess.run([*inside, "test", "-e", mark], stdin=subprocess.DEVNULL, check=False).returncode:
            return
        began = time.monotonic()
        # Unpacked on first use, by the nodes that use it.
        done = subprocess.run([*inside, "ctr", "-n", "k8s.io", "images", "import", "--no-unpack",
                               f"{NODE_IMAGES}/{entry.name}/image.tar"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{node} did not take {entry / 'image.tar'}: {done.stderr.strip()}")
        subprocess.run([*inside, "sh", "-c", 'mkdir -p "${1%/*}" && touch "$1"', "sh", mark],
                       stdin=subprocess.DEVNULL, check=True)
        say(f"{(entry / 'reference').read_text(encoding='utf-8')} → {node} ({duration(time.monotonic() - began)})")

    with ThreadPoolExecutor() as pool:
        list(pool.map(into, options.node))


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps what was built")
    parser.add_argument("--engine", required=True, help="docker or podman")
    parser.add_argument("--bundle", default="images", help="name of the archive of images that is built or loaded")
    commands = parser.add_subparsers(required=True)
    builds = commands.add_parser("build", help=build.__doc__)
    builds.add_argument("--pull", action="store_true", help="images can be pulled: build on docker.io's Debian")
    builds.add_argument("target", nargs="+", help="kind-node, kind, kubectl, helm, or FOLDER=IMAGE-REFERENCE")
    builds.set_defaults(command=build)
    loads = commands.add_parser("load", help=load.__doc__)
    loads.add_argument("--node", action="append", required=True)
    loads.set_defaults(command=load)
    return parser


def main() -> int:
    """Run the command line."""
    options = arguments().parse_args()
    # What is built goes into images with its mode, for users of theirs: that of this shell may be for its user alone.
    os.umask(0o022)
    try:
        options.command(options)
    except BuildError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
