# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry point of the Pgpool-II image, run with a pgpool that only says how it was called."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "images" / "pgpool" / "entrypoint.sh"
FAKE_PGPOOL = '#!/bin/sh\nprintf "%s\\n" "pid $$" "$@"\n'


class Container:
    """The folders that the script sees, and the script."""

    def __init__(self, root: Path, shell: list[str]) -> None:
        self.shell = shell
        self.bin, self.config, self.tls, self.run_dir = root / "bin", root / "config", root / "tls", root / "run"
        for folder in (self.bin, self.config, self.tls, self.run_dir):
            folder.mkdir()
        self.add_program("pgpool", FAKE_PGPOOL)

    @property
    def path(self) -> str:
        return f"{self.bin}:{os.environ['PATH']}"

    def add_program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        paths = {
            "PATH": self.path,
            "PGPOOL_CONFIG_DIR": str(self.config),
            "PGPOOL_TLS_DIR": str(self.tls),
            "PGPOOL_RUN_DIR": str(self.run_dir),
        }
        return subprocess.run(
            [*self.shell, str(SCRIPT), *arguments],
            env={**paths, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def conf(self) -> dict[str, str]:
        lines = (self.run_dir / "pgpool.conf").read_text().splitlines()
        return dict(line.split(" = ", 1) for line in lines)


@pytest.fixture(params=["debian", "busybox"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Container:
    """The programs of this collection's image, or those of one that is made from Alpine, as upstream's is."""
    if request.param == "debian":
        return Container(tmp_path, ["sh"])
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("busybox is not installed here")
    container = Container(tmp_path, [busybox, "sh"])
    for program in ("awk", "cat", "chmod", "dd", "grep", "id", "ipcrm", "ln", "mv", "rm", "sort", "truncate", "wc"):
        (container.bin / program).symlink_to(busybox)
    return container


def entries(text: str) -> str:
    """Return pool_passwd without what fills its first 4096 bytes."""
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#:")]
    assert not lines or text.index(lines[0]) >= 4096
    return "".join(lines)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_starts_pgpool_in_the_foreground_with_its_files(container: Container) -> None:
    (container.config / "pgpoolkey").write_text("the key")

    started = container.start("-d")

    run_dir = container.run_dir
    assert started.returncode == 0, started.stderr
    assert started.stdout.splitlines()[1:] == [
        *("-n", "-D"),
        *("-f", f"{run_dir}/pgpool.conf"),
        *("-F", f"{run_dir}/pcp.conf"),
        *("-a", f"{run_dir}/pool_hba.conf"),
        *("-d", "-k", f"{run_dir}/pgpoolkey"),
    ]


def test_pgpool_is_started_with_the_libraries_that_are_there(container: Container, tmp_path: Path) -> None:
    """They are in this collection's image alone, and one of before lacks what came later."""
    container.add_program("pgpool", '#!/bin/sh\nprintf "%s\\n" "${LD_PRELOAD:-none}"\n')
    waits, names = tmp_path / "connect_timeout.so", tmp_path / "last_known_address.so"
    without = container.start(PGPOOL_LIBRARY_DIR=str(tmp_path))
    assert without.stdout.splitlines() == ["none"]
    assert f"{waits} cannot be read, so a session may wait for minutes" in without.stderr
    assert f"{names} cannot be read, so all instances may be detached" in without.stderr
    waits.write_text("")
    assert container.start(PGPOOL_LIBRARY_DIR=str(tmp_path)).stdout.splitlines() == [str(waits)]
    names.write_text("")
    both = container.start(PGPOOL_LIBRARY_DIR=str(tmp_path))
    assert both.stdout.splitlines() == [f"{waits}:{names}"]
    assert "cannot be read, so" not in both.stderr


def test_pgpool_takes_the_place_of_the_script_so_that_signals_reach_it(container: Container) -> None:
    with subprocess.Popen(
        [*container.shell, str(SCRIPT)],
        env={
            "PATH": container.path,
            "PGPOOL_CONFIG_DIR": str(container.config),
            "PGPOOL_RUN_DIR": str(container.run_dir),
        },
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read().splitlines()[0] == f"pid {process.pid}"


def test_no_key_no_option(container: Container) -> None:
    assert "-k" not in container.start().stdout.splitlines()


@pytest.mark.parametrize(
    "value",
    ["on", "", "two words", 'a "quoted" word', "back\\slash", "50%s", "a,b;c", "*", "$HOME `id` $(id)", "naïve", "#x"],
)
def test_values_are_taken_as_they_are(container: Container, value: str) -> None:
    assert container.start(PGPOOL_PARAMS_SOME_THING0=value).returncode == 0
    assert container.conf()["some_thing0"] == f"'{value}'"


def test_a_line_break_is_refused(container: Container) -> None:
    started = container.start(PGPOOL_PARAMS_LOG_LINE_PREFIX="a\nport = 1")
    assert started.returncode == 1
    assert "PGPOOL_PARAMS_LOG_LINE_PREFIX holds a line break" in started.stderr
    assert started.stdout == ""


def test_the_environment_wins_over_the_paths_of_the_image(container: Container) -> None:
    container.start(PGPOOL_PARAMS_PORT="5555", OTHER_PORT="1")
    conf = container.conf()
    assert conf["port"] == "'5555'"
    assert conf["pool_passwd"] == f"'{container.run_dir}/pool_passwd'"
    assert conf["unix_socket_directories"] == f"'{container.run_dir}'"
    assert "other_port" not in conf


def test_the_same_environment_makes_the_same_file(container: Container) -> None:
    environment = {f"PGPOOL_PARAMS_BACKEND_HOSTNAME{n}": f"host{n}" for n in range(20)}
    container.start(**environment)
    first = (container.run_dir / "pgpool.conf").read_text()
    container.start(**dict(reversed(environment.items())))
    assert (container.run_dir / "pgpool.conf").read_text() == first


def test_files_that_a_reload_reads_are_links_and_secrets_of_the_owner_are_copies(container: Container) -> None:
    for name in ("pool_passwd", "pcp.conf", "pool_hba.conf", "pgpoolkey", "pcppass"):
        (container.config / name).write_text(f"{name} 1")
        (container.config / name).chmod(0o640)
    container.start()
    for name in ("pcp.conf", "pool_hba.conf"):
        assert (container.run_dir / name).is_symlink()
    for name in ("pgpoolkey", "pcppass", "pool_passwd"):
        assert not (container.run_dir / name).is_symlink()
        assert mode(container.run_dir / name) == 0o600
        text = (container.run_dir / name).read_text()
        assert (text if name != "pool_passwd" else entries(text).strip()) == f"{name} 1"
    assert mode(container.run_dir / "pgpool.conf") == 0o600


def test_a_certificate_and_its_key_are_copies_of_the_owner_alone(container: Container) -> None:
    for name in ("tls.crt", "tls.key"):
        (container.tls / name).write_text(f"{name} 1")
        (container.tls / name).chmod(0o440)
    container.start()
    for name in ("tls.crt", "tls.key"):
        assert not (container.run_dir / name).is_symlink()
        assert mode(container.run_dir / name) == 0o600
        assert (container.run_dir / name).read_text() == f"{name} 1"
    (container.tls / "tls.key").chmod(0o640)
    (container.tls / "tls.key").write_text("tls.key 2")
    (container.tls / "tls.crt").unlink()
    container.start()
    assert (container.run_dir / "tls.key").read_text() == "tls.key 2"
    assert not (container.run_dir / "tls.crt").exists()


def test_missing_files_are_empty(container: Container) -> None:
    container.start()
    assert (container.run_dir / "pool_passwd").read_text() == ""
    assert not (container.run_dir / "pcppass").exists()


def test_a_whole_pgpool_conf_is_used_as_it_is(container: Container) -> None:
    (container.config / "pgpool.conf").write_text("port = 7777\n")
    container.start(PGPOOL_PARAMS_PORT="5555")
    assert (container.run_dir / "pgpool.conf").read_text() == "port = 7777\n"


def test_a_second_start_forgets_what_the_first_left(container: Container) -> None:
    (container.config / "pgpoolkey").write_text("the key")
    container.start(PGPOOL_PARAMS_MAX_POOL="2")
    for name in ("pgpool.pid", ".s.PGSQL.9999", "pgpool_status"):
        (container.run_dir / name).write_text("1")
    (container.config / "pgpoolkey").unlink()

    started = container.start()

    assert "-k" not in started.stdout
    assert "max_pool" not in container.conf()
    assert not list(container.run_dir.glob("pgpool.pid")) + list(container.run_dir.glob(".s.*"))


def test_no_writable_folder_is_one_sentence(container: Container) -> None:
    started = container.start(PGPOOL_RUN_DIR=str(container.run_dir / "nowhere"))
    assert started.returncode == 1
    assert "nowhere is not a writable folder: mount an emptyDir there" in started.stderr


def test_the_script_is_posix_shell() -> None:
    text = SCRIPT.read_text()
    assert text.startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", str(SCRIPT)], check=False).returncode == 0


FAKE_PCP = '#!/bin/sh\nprintf "%s\\n" "$@" > "$PGPOOL_RUN_DIR/reloaded"\n'


def test_params_conf_comes_behind_the_environment(container: Container) -> None:
    (container.config / "params.conf").write_text("backend_weight0 = '2'\n")

    container.start(PGPOOL_PARAMS_BACKEND_WEIGHT0="1")

    assert (container.run_dir / "pgpool.conf").read_text().splitlines()[-2:] == [
        "backend_weight0 = '1'",
        "backend_weight0 = '2'",
    ]


def test_reload_takes_up_the_files_of_the_version(container: Container) -> None:
    container.add_program("pcp_reload_config", FAKE_PCP)
    container.start(PGPOOL_PARAMS_NUM_INIT_CHILDREN="8")
    (container.config / "params.conf").write_text("backend_weight0 = '2'\n")
    (container.config / "version").write_text("abc")

    done = container.start("reload", "abc", PGPOOL_PARAMS_NUM_INIT_CHILDREN="8")

    assert done.returncode == 0, done.stderr
    assert container.conf()["backend_weight0"] == "'2'"
    assert container.conf()["num_init_children"] == "'8'"
    assert f"--host={container.run_dir}" in (container.run_dir / "reloaded").read_text()


def test_reload_waits_for_the_version(container: Container) -> None:
    container.add_program("pcp_reload_config", FAKE_PCP)
    container.add_program("sleep", f'#!/bin/sh\nprintf abc > "{container.config}/version"\n')
    (container.config / "version").write_text("older")

    assert container.start("reload", "abc").returncode == 0
    assert (container.run_dir / "reloaded").exists()


def test_reload_says_that_the_version_does_not_come(container: Container) -> None:
    container.add_program("sleep", "#!/bin/sh\n")

    done = container.start("reload", "abc")

    assert done.returncode == 1
    assert "are not those of version abc" in done.stderr


def test_reload_fails_where_pgpool_does_not_answer(container: Container) -> None:
    container.add_program("pcp_reload_config", "#!/bin/sh\nexit 1\n")
    (container.config / "version").write_text("abc")

    assert container.start("reload", "abc").returncode == 1


def test_a_list_of_patterns_is_read_once(container: Container) -> None:
    """As a reload adds it to what Pgpool-II has, each time once more."""
    container.add_program("pcp_reload_config", FAKE_PCP)
    ours = "primary_routing_query_pattern_list = '.*(a|b).*'\n"
    (container.config / "params.conf").write_text(ours + "backend_weight0 = '2'\n")
    (container.config / "version").write_text("abc")

    def reload() -> set[str]:
        done = container.start("reload", "abc")
        assert done.returncode == 0, done.stderr
        return {"primary_routing_query_pattern_list", "write_function_list", "backend_weight0"} & set(container.conf())

    container.start()
    assert container.conf()["primary_routing_query_pattern_list"] == "'.*(a|b).*'"
    assert [reload(), reload()] == [{"backend_weight0"}] * 2
    (container.config / "params.conf").write_text(ours + "write_function_list = 'f'\n")
    assert [reload(), reload()] == [{"write_function_list"}, set()]
    container.add_program("pcp_reload_config", "#!/bin/sh\nexit 1\n")
    (container.config / "params.conf").write_text(ours + "write_function_list = 'g'\n")
    assert container.start("reload", "abc").returncode == 1
    container.add_program("pcp_reload_config", FAKE_PCP)
    assert reload() == {"write_function_list"}
    container.start()
    assert container.conf()["primary_routing_query_pattern_list"] == "'.*(a|b).*'"


@pytest.mark.parametrize("new", ["a:1\nb:2\nc:3\n", "b:2\n", ""])
def test_who_has_pool_passwd_open_sees_its_new_content(container: Container, new: str) -> None:
    container.add_program("pcp_reload_config", FAKE_PCP)
    (container.config / "pool_passwd").write_text("a:1\nb:2\n")
    container.start()
    with (container.run_dir / "pool_passwd").open() as opened:
        assert entries(opened.read()) == "a:1\nb:2\n"
        (container.config / "pool_passwd").write_text(new)
        (container.config / "version").write_text("abc")
        assert container.start("reload", "abc").returncode == 0
        opened.seek(0)
        assert entries(opened.read()) == new


def test_a_process_that_does_not_open_pool_passwd_again_reads_it_again(container: Container) -> None:
    """As Pgpool-II does for each login: rewind(), and lines until that of the user. The C library has a buffer."""
    libc = ctypes.CDLL(None)
    libc.fopen.restype = libc.fgets.restype = ctypes.c_void_p
    libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    libc.fgets.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    libc.rewind.argtypes = libc.fclose.argtypes = [ctypes.c_void_p]
    container.add_program("pcp_reload_config", FAKE_PCP)
    (container.config / "pool_passwd").write_text("app:old\nother:1\n")
    container.start()
    opened = libc.fopen(str(container.run_dir / "pool_passwd").encode(), b"r")

    def password(user: bytes) -> bytes:
        line = ctypes.create_string_buffer(1024)
        libc.rewind(opened)
        while libc.fgets(line, 1024, opened):
            name, _, found = line.value.strip().partition(b":")
            if name == user:
                return found
        return b""

    assert password(b"app") == b"old"
    (container.config / "pool_passwd").write_text("app:new\nother:1\n")
    (container.config / "version").write_text("abc")
    assert container.start("reload", "abc").returncode == 0
    assert password(b"app") == b"new"
    libc.fclose(opened)
