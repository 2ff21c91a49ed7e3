"""An exercise in a scratch book, with test programs that say what a test wants them to say."""
import json

import scratch

FOLDER = "01-2-twice"

README = "# 1.2 Two of each?\n\n*build · about 10 minutes (an estimate)*\n\nWhat.\n"
TABLE = f"| exercise | kind | minutes |\n| --- | --- | --- |\n| [1.2 Two of each?](../../exercises/{FOLDER}/README.md) ★ | build | 10 |\n"

# A test program that says what the file beside it says.
PROGRAM = r"""
    #!/bin/sh
    for option; do
      case $option in
        --verdicts=*) file=${option#*=} ;;
        --gtest_filter=*) test=${option#*=} ;;
      esac
    done
    grep "^${test-}" "$0.verdicts" >"$file" || true
    """


class PlantedExercise(scratch.ScratchBook):
    def setUp(self):
        super().setUp()
        self.write(f"solutions/{FOLDER}/twice.cpp", """
            int twice(int x) {
              return x + x;
            }
            """)
        self.write(f"solutions/{FOLDER}/README.md", "Why.\n")
        self.write(f"solutions/{FOLDER}/also-right/times.cpp", "int twice(int x) { return 2 * x; }\n")
        self.write(f"exercises/{FOLDER}/README.md", README)
        self.write("chapters/01-numbers/reference.md", TABLE)
        for level in (1, 2, 3):
            self.write(f"exercises/{FOLDER}/hints/{level}.md", "Think.\n")
        self.write(f"tests/exercises/{FOLDER}_test.cpp", """
            TEST(Twice, DoublesOne) {}
            TEST_F(Twice, DoublesTwo) {}
            """)
        self.stub = self.program("stub", "Twice.DoublesOne\ttodo\t1.2: write it", "Twice.DoublesTwo\ttodo\t1.2: write it")

    def program(self, name, *verdicts):
        self.write(f"build/{name}.verdicts", "".join(f"{line}\n" for line in verdicts))
        return str(self.write(f"build/{name}", PROGRAM, program=True))

    def mutant(self, name="plus-two", **changes):
        headers = {"file": f"solutions/{FOLDER}/twice.cpp", "test": "Twice.DoublesOne", "misconception": "m", "looks like": "l"}
        headers |= {key.replace("_", " "): value for key, value in changes.items() if key not in ("old", "new")}
        text = "".join(f"{key}: {value}\n" for key, value in headers.items() if value)
        old, new = changes.get("old", "  return x + x;\n"), changes.get("new", "  return x + 2;\n")
        path = self.root / f"tests/mutants/{FOLDER}/{name}.mutant"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}--- old\n{old}--- new\n{new}--- end\n")
        return path

    def description(self, kind="build", fails=("Twice.DoublesOne", "todo"), mutants=()):
        return self.write(f"build/{FOLDER}.json", json.dumps({
            "folder": FOLDER, "id": "01-2", "kind": kind, "program": self.stub, "sources": ["twice.cpp"], "given": [],
            "tests": [str(self.root / f"tests/exercises/{FOLDER}_test.cpp")], "stub_fails": list(fails), "mutants": list(mutants)}))

    def entry(self, mutant, *verdicts):
        """A mutant as a description has it; its program says these verdicts."""
        return {"mutant": str(mutant), "program": self.program(f"mutant.{mutant.stem}", *verdicts), "answers": ""}
