"""platform/check-layers against small trees, most of them deliberately bad."""
import pathlib
import subprocess
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent.parent / "check-layers"
TABLE = """
| Folder | What lives here | May use |
|---|---|---|
| `src/base/` | Result | nothing |
| `src/disk/` | files | base |
| `src/model/` | a model | base (text) |
| `src/agent/` | an agent | model |
| `src/kernel/` | everything | all above |
"""


def run(files, table=TABLE):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "ARCHITECTURE.md").write_text(table)
        (folder / "src").mkdir()
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        done = subprocess.run([CHECK, name], capture_output=True, text=True)
        return done.returncode, done.stderr


class CheckLayers(unittest.TestCase):
    good = {
        "src/base/result.h": "#pragma once\n#include <vector>\n",
        "src/model/model.h": '#pragma once\n#include "base/result.h"\n',
        "src/agent/agent.h": '#include "model/model.h"\n#include "base/result.h"\n',
        "src/kernel/kernel.cpp": '#include "agent/agent.h"\n',
    }

    def refused(self, change, message, **more):
        code, text = run({**self.good, **change}, **more)
        self.assertEqual(code, 1)
        self.assertIn(message, text)

    def test_a_tree_that_keeps_to_the_table_passes(self):
        self.assertEqual(run(self.good), (0, ""))

    def test_an_include_that_points_up_fails_and_is_named(self):
        self.refused({"src/base/bad.cpp": '\n#include "kernel/kernel.h"\n', "src/kernel/kernel.h": ""},
                     'src/base/bad.cpp:2: base may not use kernel ("kernel/kernel.h")')

    def test_a_neighbour_that_the_row_does_not_name_fails(self):
        self.refused({"src/model/bad.h": '#include "disk/file.h"\n', "src/disk/file.h": ""},
                     "src/model/bad.h:1: model may not use disk")

    def test_what_a_used_layer_uses_may_be_used(self):
        self.assertEqual(run({**self.good, "src/agent/more.h": '#  include "base/result.h" // why\n'})[0], 0)

    def test_a_missing_file_fails(self):
        self.refused({"src/base/bad.h": '#include "result.h"\n'}, 'no file "result.h"')

    def test_headers_in_a_circle_fail(self):
        self.refused({"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": '#include "base/a.h"\n'},
                     "headers in a circle: base/a.h -> base/b.h -> base/a.h")

    def test_a_target_that_links_upwards_fails(self):
        self.refused({"src/base/CMakeLists.txt": "daimon_layer(base USES kernel LINKS Foo::foo)\n"},
                     "src/base/CMakeLists.txt: base may not use kernel")

    def test_a_folder_that_the_table_lacks_fails(self):
        self.refused({"src/extra/x.h": ""}, "ARCHITECTURE.md has no layer extra")

    def test_a_table_that_points_up_fails(self):
        self.refused({}, "names kernel, not above it", table=TABLE.replace("| base |", "| base, kernel |"))


if __name__ == "__main__":
    unittest.main()
