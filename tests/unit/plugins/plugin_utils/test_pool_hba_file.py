# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pool_hba.conf against a reader that behaves as that of Pgpool-II."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import hba
from hypothesis import given
from hypothesis import strategies as st

HEADING = "# TYPE  DATABASE  USER  ADDRESS  METHOD  OPTIONS\n"
SECRET = "hunter2-S3cret"
RULE = MappingProxyType({"type": "host", "address": "10.0.0.0/8", "method": "md5"})
LOCAL = MappingProxyType({"type": "local", "method": "trust"})

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=20)
awkward_names = st.text(st.sampled_from("a \",'#@+%all"), min_size=1, max_size=8)


def read_fields(line: str) -> list[list[str]]:
    """The fields of a line, each a list of words, as Pgpool-II's next_token() and next_field_expand() find them."""
    fields: list[list[str]] = []
    word, position, goes_on = "", 0, False
    while position < len(line):
        if line[position] in " \t\r,":
            position += 1
            continue
        if line[position] == "#":
            break
        word, in_quote, was_quote = "", False, False
        while position < len(line) and (in_quote or line[position] not in " \t\r,#"):
            char = line[position]
            if char != '"' or was_quote:
                word += char
            was_quote = not was_quote if in_quote and char == '"' else False
            in_quote = in_quote != (char == '"')
            position += 1
        if goes_on:
            fields[-1].append(word)
        else:
            fields.append([word])
        goes_on = line[position : position + 1] == ","
    return fields


def refused(*rules: object) -> str:
    """The message with which the rules are refused."""
    with pytest.raises(InputError) as caught:
        hba(rules)
    return str(caught.value)


class TestRules:
    def test_make_aligned_columns(self) -> None:
        rules = [
            LOCAL,
            {"type": "host", "user": "app", "address": "127.0.0.1/32", "method": "trust"},
            "# a comment",
            "",
            "hostssl all all all cert",
            {
                "type": "hostssl",
                "database": ["shop", "sameuser"],
                "user": ["app", "my app"],
                "address": "10.0.0.0/8",
                "method": "scram-sha-256",
            },
            {
                "type": "hostnossl",
                "address": ".example.org",
                "method": "ldap",
                "options": {"ldapserver": "ldap.example.org", "ldaptls": True, "ldapprefix": "cn=a, o=b"},
            },
            {"type": "host", "address": "::/0", "method": "reject"},
        ]
        assert hba(rules) == (
            "# TYPE     DATABASE       USER          ADDRESS       METHOD         OPTIONS\n"
            "local      all            all                         trust\n"
            "host       all            app           127.0.0.1/32  trust\n"
            "# a comment\n"
            "\n"
            "hostssl all all all cert\n"
            'hostssl    shop,sameuser  app,"my app"  10.0.0.0/8    scram-sha-256\n'
            "hostnossl  all            all           .example.org  ldap           "
            'ldapserver=ldap.example.org ldaptls=1 "ldapprefix=cn=a, o=b"\n'
            "host       all            all           ::/0          reject\n"
        )

    def test_in_texts_alone_keep_the_plain_heading(self) -> None:
        assert hba(["local all all trust"]) == HEADING + "local all all trust\n"

    @pytest.mark.parametrize(
        "address", ["all", "samehost", "samenet", "10.1.2.3/8", "fd00::/8", "db.example.org", ".example.org", "db-1_a"]
    )
    def test_take_addresses(self, address: str) -> None:
        fields = read_fields(hba([{**RULE, "address": address}]).splitlines()[1])
        assert fields == [["host"], ["all"], ["all"], [address], ["md5"]]

    @pytest.mark.parametrize(
        ("address", "method"),
        [("127.0.0.1/32", "trust"), ("127.1.2.3/8", "trust"), ("::1/128", "trust"), ("0.0.0.0/0", "reject")],
    )
    def test_may_trust_the_loopback_interface(self, address: str, method: str) -> None:
        assert f"{address}  {method}\n" in hba([{**RULE, "address": address, "method": method}])

    @given(
        databases=st.lists(names, min_size=1, max_size=3), users=st.lists(names | awkward_names, min_size=1, max_size=3)
    )
    def test_are_read_with_the_names_they_were_given(self, databases: list[str], users: list[str]) -> None:
        try:
            text = hba([{**RULE, "database": databases, "user": users}])
        except InputError as exc:
            assert "knows no groups" in str(exc)
            assert any(name.startswith("+") or name in {"samerole", "samegroup"} for name in databases + users)
        else:
            assert read_fields(text.split("\n")[1]) == [["host"], databases, users, ["10.0.0.0/8"], ["md5"]]

    def test_may_be_as_long_as_pgpool_reads(self) -> None:
        line = f"local {'d' * 255} all trust #".ljust(8189, "x")
        assert hba([line]) == f"{HEADING}{line}\n"
        assert f"  {'u' * 255}  " in hba([{**RULE, "user": "u" * 255}])
        assert "takes more than the 8189 bytes" in refused(line + "x")

    def test_quote_a_keyword_that_is_a_name_there(self) -> None:
        assert 'all       "sameuser"  10' in hba([{**RULE, "user": "sameuser"}])
        assert 'sameuser  "@file"  10' in hba([{**RULE, "database": "sameuser", "user": "@file"}])

    @pytest.mark.parametrize(
        "line",
        [
            "local all all trust",
            "  host\tall,postgres  app, bi 10.0.0.0/8 md5 # why",
            'host "my db" "a""b","#x" 10.0.0.0/8 scram-sha-256',
            "host all @users all md5",
            "host all not\u00a0blank all md5",
            "host all all all pam pamservice=pgpool pam_use_hostname=1",
            'host all all all ldap ldapserver="ldap.example.org" "ldapprefix=cn=a, o=b"',
        ],
    )
    def test_in_texts_are_kept(self, line: str) -> None:
        assert hba([line]) == f"{HEADING}{line}\n"


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"type": "hostgssenc"}, "type is 'hostgssenc'; local, host, hostssl, hostnossl are known"),
            ({"type": None}, "type is None"),
            ({"method": "ident"}, "method is 'ident'; scram-sha-256, md5"),
            ({"method": None}, "method is None"),
            ({"method": "password"}, "lets in, without a check, whoever has no entry in pool_passwd (CVE-2025-46801)"),
            ({"method": "trust"}, "method 'trust' for 10.0.0.0/8 is refused"),
            ({"method": "trust", "address": "all"}, "method 'trust' for all is refused"),
            ({"method": "trust", "address": "samehost"}, "method 'trust' for samehost is refused"),
            ({"method": "trust", "address": "localhost"}, "method 'trust' for localhost is refused"),
            ({"method": "trust", "address": "127.0.0.0/7"}, "method 'trust' for 127.0.0.0/7 is refused"),
            ({"method": "trust", "address": "::/0"}, "method 'trust' for ::/0 is refused"),
            ({"address": None}, "the address is missing"),
            ({"address": ""}, "the address is missing"),
            ({"address": 10}, "the address is missing"),
            ({"address": "10.0.0.1"}, "10.0.0.1 lacks the length of its prefix; 10.0.0.1/32 is right"),
            ({"address": "fd00::1"}, "fd00::1 lacks the length of its prefix; fd00::1/128 is right"),
            ({"address": "10.0.0.0/33"}, "'10.0.0.0/33' is neither a network"),
            ({"address": "10.0.0.300"}, "'10.0.0.300' is neither a network"),
            ({"address": "a b"}, "'a b' is neither a network"),
            ({"type": "local"}, "type local has no address"),
            ({"databse": "a"}, "unknown databse; known are type, database"),
            ({"database": "a,b"}, "database is 'a,b'; write several names as a list"),
            ({"database": []}, "database is []; a name or a list of names is right"),
            ({"database": [1]}, "database is [1]; a name or a list of names is right"),
            ({"user": None}, "user is None; a name or a list of names is right"),
            ({"user": ""}, "user is empty, or holds a line break or a NUL"),
            ({"user": "a\n"}, "user is empty, or holds a line break or a NUL"),
            ({"user": "ä" * 128}, "user takes more than the 255 bytes"),
            ({"user": "+admins"}, "Pgpool-II knows no groups, so +admins matches nobody"),
            ({"database": "samerole"}, "Pgpool-II knows no groups, so samerole matches nobody"),
            ({"user": [f"{number:0>200}" for number in range(41)]}, "takes more than the 8189 bytes"),
            ({"options": "pamservice=x"}, "options is of type str; a dict"),
            ({"options": {"pamservice": "x"}}, "method md5 has no option pamservice"),
            ({"method": "pam", "options": {"ldapserver": "x"}}, "method pam has no option ldapserver"),
            (
                {"method": "ldap", "options": {"ldapbasedn": "o=b", "ldapbindpasswd": SECRET + "\n"}},
                "an option is empty, or holds a line",
            ),
        ],
    )
    def test_of_dicts(self, change: dict, reason: str) -> None:
        message = refused(LOCAL, {**RULE, **change})
        assert message.startswith("rule 2 of pool_hba")
        assert reason in message
        assert SECRET not in message

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("host all all", "ends before its method"),
            ("host all all 10.0.0.0/8", "ends before its method"),
            ("local all all # trust", "ends before its method"),
            ("host all all 10.0.0.0 255.0.0.0 md5", "method is '255.0.0.0'"),
            ("host all all 10.0.0.1 md5", "10.0.0.1 lacks the length of its prefix"),
            ("hosts all all all md5", "type is 'hosts'"),
            ("host,local all all all md5", "host,local stands where one word is right"),
            ("host all all 10.0.0.0/8,all md5", "10.0.0.0/8,all stands where one word is right"),
            ("host all all all md5,trust", "md5,trust stands where one word is right"),
            ("host all all all password", "CVE-2025-46801"),
            ('host all all all "password"', "CVE-2025-46801"),
            ("host all all 0.0.0.0/0 trust", "method 'trust' for 0.0.0.0/0 is refused"),
            ("host all +admins all md5", "knows no groups"),
            ("host samerole all all md5", "knows no groups"),
            ("host all all all md5 clientcert=1", "method md5 has no option clientcert"),
            ("host all all all ldap ldapbasedn=o=b ldaptls", "an option of method ldap has no '='"),
            ("host all all all ldap ldapbasedn=o=b ldapbindpasswd hunter2", "an option of method ldap has no '='"),
            ("host all all all pam pamservice", "an option of method pam has no '='"),
            ('host "all all all md5', "a double quote without its counterpart"),
            (f"host {'n' * 256} all all md5", "a word of more than the 255 bytes"),
            (f"local all all trust # {'x' * 8170}", "takes more than the 8189 bytes"),
            ("local all all trust\n", "a text of one line"),
            (5, "a text of one line"),
            (None, "a text of one line"),
        ],
    )
    def test_of_texts(self, line: object, reason: str) -> None:
        message = refused(LOCAL, line)
        assert message.startswith("rule 2 of pool_hba")
        assert reason in message

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({}, "method ldap needs one of ldapbasedn, ldapurl, ldapprefix, ldapsuffix"),
            ({"ldapserver": "a", "ldapbinddn": "cn=a"}, "method ldap needs one of"),
            ({"ldapprefix": "cn=", "ldapbasedn": "o=b"}, "ldapbasedn cannot go with ldapprefix"),
            ({"ldapsuffix": ",o=b", "ldapbindpasswd": SECRET}, "ldapbindpasswd cannot go with ldapsuffix"),
            ({"ldapsuffix": ",o=b", "ldapurl": "ldap://a/o=b"}, "ldapurl cannot go with ldapsuffix"),
            ({"ldapbasedn": "o", "ldapsearchattribute": "a", "ldapsearchfilter": "(a=b)"}, "ldapsearchattribute"),
            ({"ldapurl": "ldap://a/o=b?uid", "ldapsearchfilter": "(a=b)"}, "ldapsearchattribute cannot"),
            ({"ldapurl": "ldap://a/o=b?uid?sub?(a=b)"}, "ldapsearchattribute cannot"),
            ({"ldapurl": "ldapi://a/o=b"}, "ldapurl has to begin with ldap:// or ldaps://"),
            ({"ldapbasedn": "o=b", "ldapport": "ldaps"}, "ldapport is 'ldaps'; a whole number from 1 to 65535"),
            ({"ldapbasedn": "o=b", "ldapport": 0}, "ldapport is '0'; a whole number from 1 to 65535"),
        ],
    )
    def test_of_ldap_in_dicts_and_texts(self, options: dict, reason: str) -> None:
        """Pgpool-II takes none of the rules where one of them is so."""
        text = " ".join(f'"{name}={value}"' for name, value in options.items())
        for rule in ({**RULE, "method": "ldap", "options": options}, f"host all all all ldap {text}"):
            message = refused(rule)
            assert reason in message
            assert SECRET not in message

    @pytest.mark.parametrize(
        "options",
        [
            {"ldapprefix": "cn=", "ldapsuffix": ",o=b", "ldapserver": "a", "ldapport": 636, "ldapscheme": "ldaps"},
            {"ldapbasedn": "o=b", "ldapbinddn": "cn=a", "ldapbindpasswd": SECRET, "ldapsearchattribute": "uid"},
            {"ldapurl": "LDAPS://a:636/o=b?uid?sub", "backend_use_passwd": True},
            {"ldapurl": "ldap://a/o=b", "ldapsearchfilter": "(uid=$username)"},
        ],
    )
    def test_not_of_what_ldap_takes(self, options: dict) -> None:
        assert "ldap" in hba([{**RULE, "method": "ldap", "options": options}])

    @pytest.mark.parametrize("rules", [[], ["# nothing"], [""]])
    def test_of_a_file_without_rules(self, rules: list) -> None:
        assert refused(*rules) == "pool_hba has no rules, so nobody could log in"
