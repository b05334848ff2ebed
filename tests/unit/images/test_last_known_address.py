# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""getaddrinfo() as the image's Pgpool-II has it, in front of one that answers as the test says."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "images" / "pgpool" / "last_known_address.c"
# ANSWER is an address, or the number of an error. Addresses are looked up as ever.
DNS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real) (const char *, const char *, const struct addrinfo *, struct addrinfo **);
    const char *answer = getenv("ANSWER");

    *(void **) &real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints && hints->ai_flags & AI_NUMERICHOST)
        return real(name, service, hints, found);
    return *answer == '-' ? atoi(answer) : real(answer, service, hints, found);
}
"""
# It is asked once for each "name=answer", and says the addresses or the error.
CLIENT = """
import json, os, socket, sys
said = []
for each in sys.argv[1:]:
    name, _, os.environ["ANSWER"] = each.partition("=")
    try:
        said.append([found[4][:2] for found in socket.getaddrinfo(name, 5432, type=socket.SOCK_STREAM)])
    except socket.gaierror as problem:
        said.append(problem.errno)
print(json.dumps(said))
"""
ONE, OTHER, SIX = [["10.96.0.7", 5432]], [["10.96.0.8", 5432]], [["fd00:96::7", 5432]]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the Containerfile makes of it, and the DNS of these tests behind it."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed here; the build of the image compiles it")
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "dns.c").write_text(DNS, encoding="utf-8")
    made = {folder / "last_known_address.so": SOURCE, folder / "dns.so": folder / "dns.c"}
    for library, source in made.items():
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, source], check=True
        )
    return ":".join(map(str, made))


def answers(libraries: str, *asked: str) -> list:
    """Return what one process is told, question after question."""
    environment = {**os.environ, "LD_PRELOAD": libraries}
    command = [sys.executable, "-c", CLIENT, *asked]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("error", [socket.EAI_AGAIN, socket.EAI_FAIL])
def test_a_name_keeps_its_address_while_dns_has_no_answer(libraries: str, error: int) -> None:
    asked = ["a=10.96.0.7", f"a={error}", f"a={error}", "a=10.96.0.8", f"a={error}"]
    assert answers(libraries, *asked) == [ONE, ONE, ONE, OTHER, OTHER]
    assert answers(libraries, "a=fd00:96::7", f"a={error}") == [SIX, SIX]


def test_each_name_has_its_own_address(libraries: str) -> None:
    again = socket.EAI_AGAIN
    asked = ["a=10.96.0.7", "b=10.96.0.8", f"a={again}", f"b={again}", f"c={again}"]
    assert answers(libraries, *asked) == [ONE, OTHER, ONE, OTHER, again]


def test_a_name_that_is_not_there_is_not_found(libraries: str) -> None:
    """DNS says so of a Service that is gone."""
    asked = ["a=10.96.0.7", f"a={socket.EAI_NONAME}"]
    assert answers(libraries, *asked) == [ONE, socket.EAI_NONAME]


def test_more_names_than_it_knows_and_longer_ones_are_looked_up_as_ever(libraries: str) -> None:
    again = socket.EAI_AGAIN
    asked = [*(f"n{number}=10.96.0.7" for number in range(129)), f"n127={again}", f"n128={again}"]
    assert answers(libraries, *asked) == [*[ONE] * 130, again]
    long = ".".join(["x" * 60] * 5)
    assert answers(libraries, f"{long}=10.96.0.7", f"{long}={again}") == [ONE, again]
