#!/usr/bin/env python3
"""Set-up says what it installs and why, asks root for no more than it needs, and is silent when nothing is missing."""
import shutil

from house import ROOT, HouseTest, main

ALL = "g++ cmake ninja-build libboost-fiber-dev libboost-context-dev libfmt-dev cppzmq-dev libmsgpack-cxx-dev libxxhash-dev libcli11-dev "\
      "nlohmann-json3-dev libgtest-dev libgmock-dev"


class Setup(HouseTest):
    """The tree is a PATH: what the machine has.  Each planted program writes down how it was called."""

    def setUp(self):
        super().setUp()
        for program in ("bash", "env", "sed", "awk", "paste", "uniq", "mktemp", "rm", "tee", "tail", "cut", "stty", "true"):
            (self.tree / program).symlink_to(shutil.which(program))

    def machine(self, installed="", system="Linux", user=1000, apt=True, sudo=0, apt_status=0):
        lines = "".join(f"{package} ii \\n" for package in installed.split())
        self.plant({
            "uname": f"#!/bin/sh\necho {system}\n",
            "id": f"#!/bin/sh\necho {user}\n",
            "dpkg-query": f"#!/bin/sh\nprintf '{lines}'\nexit {0 if installed == ALL else 1}\n",
            "calls": "",
        })
        if apt:
            self.plant({"apt-get": f"#!/bin/sh\necho apt-get $* >>{self.tree}/calls\necho E: apt says no >&2\nexit {apt_status}\n"})
        if sudo is not None:
            self.plant({"sudo": f'#!/bin/sh\n[ {sudo} = 0 ] || exit {sudo}\n[ "$1" = -n ] && shift\nexec "$@"\n'})

    def setup_group(self, *groups, **environment):
        return self.run_tool(ROOT / "tools/setup", *groups, env={"PATH": str(self.tree), **environment})

    def calls(self):
        return (self.tree / "calls").read_text()

    def test_is_silent_when_nothing_is_missing(self):
        self.machine(installed=ALL)
        self.assertEqual(self.setup_group("build"), (0, ""))
        self.assertEqual(self.calls(), "")

    def test_names_what_is_missing_and_why_and_installs_only_that(self):
        self.machine(installed=ALL.replace("ninja-build ", ""))
        self.assert_says(self.setup_group("build"), 0, "ninja-build  runs the build", "Installed.")
        self.assertIn("install --no-install-recommends ninja-build\n", self.calls())
        self.assertNotIn("update", self.calls())

    def test_fetches_the_lists_when_apt_fails_and_shows_why_it_failed(self):
        self.machine(apt_status=100)
        self.assert_says(self.setup_group("python"), 1, "E: apt says no", "  apt-get install --no-install-recommends python3")
        self.assertIn(" update\n", self.calls())

    def test_root_needs_no_sudo(self):
        self.machine(user=0, sudo=None)
        self.assert_says(self.setup_group("python"), 0, "Installed")

    def test_without_sudo_it_says_what_to_run(self):
        self.machine(sudo=None)
        self.assert_says(self.setup_group("python"), 1, "As root, run:\n  apt-get install --no-install-recommends python3")
        self.assertEqual(self.calls(), "")

    def test_a_refusal_of_sudo_says_what_to_run(self):
        self.machine(sudo=1)
        self.assert_says(self.setup_group("python"), 1, "sudo refused", "  apt-get install --no-install-recommends python3")

    def test_without_apt_it_names_the_packages(self):
        self.machine(apt=False)
        self.assert_says(self.setup_group("build"), 1, ALL, "SETUP=no")
        self.assertEqual(self.setup_group("build", SETUP="no"), (0, ""))

    def test_elsewhere_than_on_linux_it_points_to_the_dev_container(self):
        self.machine(system="Darwin")
        self.assert_says(self.setup_group("build"), 1, "this is Darwin", ".devcontainer/")

    def test_refuses_a_group_it_does_not_know(self):
        self.machine()
        self.assert_says(self.setup_group("biuld"), 1, "no group 'biuld'; there are: build python docs go grpc lint fuzz")


if __name__ == "__main__":
    main()
