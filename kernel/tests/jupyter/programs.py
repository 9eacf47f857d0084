"""papermill with parameters, and nbconvert, on a notebook that `cuaderno new` writes.

    python programs.py PATH/TO/cuaderno

Needs papermill, nbconvert and the wheel; the library is prepared on the first run.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

exe = Path(sys.argv[1]).resolve()
folder = Path(tempfile.mkdtemp(prefix="cuaderno-programs-"))
data = folder / "jupyter"
env = {**os.environ, "JUPYTER_DATA_DIR": str(data)}


def run(*command):
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    print(" ".join(map(str, command)), "->", done.returncode)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


run(exe, "install")
run(exe, "new", "first")
notebook = json.loads((folder / "first.ipynb").read_text())
notebook["cells"].append({
    "cell_type": "code", "id": "shown", "metadata": {}, "execution_count": None, "outputs": [],
    "source": ["println!(\"{points} {speed}\");"],
})
(folder / "first.ipynb").write_text(json.dumps(notebook))

run(sys.executable, "-m", "papermill", "first.ipynb", "out.ipynb", "-p", "points", "20", "-p", "speed", "1")
cells = json.loads((folder / "out.ipynb").read_text())["cells"]
injected = next(cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", []))
assert "let points = 20;" in "".join(injected["source"]), injected
text = "".join(output.get("text", "") if isinstance(output.get("text"), str) else "".join(output.get("text", []))
               for output in cells[-1]["outputs"])
assert text == "20 1\n", text
figure = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
assert figure and figure[0]["metadata"]["image/png"]["alt"], figure

said = run(sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "first.ipynb")
assert "lternative text is missing" not in said, said
print("papermill and nbconvert: ok")
