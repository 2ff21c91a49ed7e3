#!/usr/bin/env python3
"""tools/check_seams: what reaches the machine past the seams is named, and what is not is left alone."""
import subprocess

from house import ROOT, HouseTest, main

SEAM = "#include <unistd.h>\nnamespace book { void tell(int fd) { (void)!write(fd, \"x\", 1); } }\n"
GOOD = "#include <string>\nint length(const std::string& text) { return static_cast<int>(text.size()); }\n"


class Seams(HouseTest):
    def check(self, *sources, seams="disk.cpp", program=None):
        """A library of these sources, {name: text}, with a seam."""
        self.plant({"disk.cpp": SEAM, **{name: text for name, text in sources}, **({"main.cpp": program} if program else {})})
        names = ["disk.cpp", *(name for name, _ in sources), *(["main.cpp"] if program else [])]
        for name in names:
            subprocess.run(["c++", "-std=c++20", "-c", name, "-o", f"{name}.o"], cwd=self.tree, check=True)
        library = [f"{name}.o" for name in names if name != "main.cpp"]
        subprocess.run(["ar", "rc", "liblow.a", *library], cwd=self.tree, check=True)
        return self.run_tool(ROOT / "tools/check_seams", "--seams", seams, "liblow.a", *(["main.cpp.o"] if program else []), cwd=self.tree)

    def test_lets_a_seam_touch_the_machine(self):
        self.assert_says(self.check(("good.cpp", GOOD)), 0, "1 objects reach the world through the seams alone")

    def test_names_what_others_touch(self):
        for text, symbol, instead in (
                ("#include <ctime>\nlong when() { return std::time(nullptr); }\n", "time", "now()"),
                ("#include <chrono>\nauto when() { return std::chrono::steady_clock::now(); }\n", "steady_clock::now", "now()"),
                ("#include <random>\nunsigned any() { return std::random_device{}(); }\n", "random_device", "World::random()"),
                ("#include <thread>\nvoid f() { std::thread([] {}).detach(); }\n", "std::thread", "go()"),
                ("#include <sys/socket.h>\nint f() { return ::socket(1, 1, 0); }\n", "socket", "World::transport()"),
                ("#include <unistd.h>\nvoid f() { usleep(1); }\n", "usleep", "sleep_for()"),
                ("#include <fstream>\nvoid f() { std::ofstream(\"x\") << 1; }\n", "basic_ofstream", "World::disk()")):
            result = self.check(("bad.cpp", text))

            self.assert_says(result, 1, "bad.cpp: needs ", symbol, instead)

    def test_names_a_way_around_through_a_seam(self):
        result = self.check(("bad.cpp", "namespace book { void tell(int); }\nvoid f() { book::tell(1); }\n"))

        self.assert_says(result, 1, "bad.cpp: needs book::tell(int)", "disk.cpp implements")

    def test_looks_at_programs_too(self):
        result = self.check(("good.cpp", GOOD), program="#include <cstdlib>\nint main() { return std::rand(); }\n")

        self.assert_says(result, 1, "main.cpp: needs rand")

    def test_a_seam_that_is_not_there_is_a_mistake(self):
        self.assert_says(self.check(("good.cpp", GOOD), seams="disk.cpp,network.cpp"), 1, "network.cpp: not in")


if __name__ == "__main__":
    main()
