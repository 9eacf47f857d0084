"""Runs Jupyter's own kernel tests (jupyter_kernel_test) on the kernel.

    python conformance.py PATH/TO/cuaderno [--plain]

With --plain, the kernel under test is evcxr_jupyter alone, for comparison. Nothing may fail; the summary names
what is skipped, and why it does not apply.
"""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLAIN = "--plain" in sys.argv
COMMAND = str(Path(sys.argv[1]).resolve())
NAME = "under-test"


def install(folder):
    """A kernelspec of the kernel under test, where jupyter_client looks for it."""
    start = ["--control_file"] if PLAIN else ["kernel", "--connection-file"]
    spec = {
        "argv": [COMMAND, *start, "{connection_file}"],
        "display_name": NAME,
        "language": "rust",
        "interrupt_mode": "message",
    }
    path = Path(folder, "kernels", NAME)
    path.mkdir(parents=True)
    path.joinpath("kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = folder


import jupyter_kernel_test as jkt  # noqa: E402


class Kernel(jkt.KernelTests):
    kernel_name = NAME
    # evcxr_jupyter calls the language by its capital.
    language_name = "Rust" if PLAIN else "rust"
    file_extension = ".rs"

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("trouble");'
    completion_samples = [{"text": "let v: Vec<i32> = Vec::with_cap"}]
    complete_code_samples = ["1 + 1", "fn f() {\n    1\n}", "let x = 1;", ":help", "// only a comment"]
    incomplete_code_samples = ["fn f() {", "let x =", "vec![1,", "r#\"text", "/* open"]
    invalid_code_samples = ["fn f() }", "let ]"]
    code_generate_error = "let a: u8 = \"text\";"
    code_execute_result = [
        {"code": "1 + 1", "result": "2"},
        {"code": "\"tex\".to_string() + \"t\"", "result": '"text"'},
        {"code": "[1, 2, 3]", "result": "[1, 2, 3]"},
    ]
    code_display_data = [
        {
            "code": 'println!("EVCXR_BEGIN_CONTENT text/html\\n<b>hello</b>\\nEVCXR_END_CONTENT");\n'
            'println!("after");',
            "mime": "text/html",
        }
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "1 ? 1*"
    code_inspect_sample = "Vec::<u8>::with_capacity"
    code_clear_output = "cuaderno::notebook::clear_output(true);"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tests give each cell 15 seconds; the first one of a session may have the library to read.
        code = "1" if PLAIN else f':dep cuaderno = {{ path = "{ROOT}" }}\nuse cuaderno;'
        reply = cls.kc.execute_interactive(code, timeout=900, output_hook=lambda message: None)
        assert reply["content"]["status"] == "ok", reply["content"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        install(folder)
        unittest.main(argv=[sys.argv[0]], verbosity=2)
