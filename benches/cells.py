"""Times the cells of a notebook in the kernel, each sent when the one before has ended.

    python cells.py PATH/TO/cuaderno [NOTEBOOK] [--plain] [--pause SECONDS]

The notebook is practice 1's where none is given. With --plain, the kernel is evcxr_jupyter alone, which the same executable holds. --pause waits after the first cell, as
someone does who reads. Needs jupyter_client.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "01_poi_engagement.ipynb"
# Names in cells that do heavy work, as in kernel/tests/ready.rs.
HEAVY = (":dep", "poi::read(", "load_rgb(", "Learner::new(", ".fit(epochs)", ".evaluate(")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOK)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--pause", type=float, default=0)
    args = parser.parse_args()
    start = ["--control_file"] if args.plain else ["kernel", "--connection-file"]
    argv = [str(Path(args.command).resolve()), *start, "{connection_file}"]

    class Manager(KernelManager):
        kernel_spec = KernelSpec(argv=argv, display_name="", language="rust", interrupt_mode="message")

    cells = [
        "".join(cell["source"]).replace("let epochs: usize = 10", "let epochs: usize = 1")
        for cell in json.loads(args.notebook.read_text())["cells"]
        if cell["cell_type"] == "code"
    ]
    begin = time.time()
    manager = Manager()
    manager.start_kernel(cwd=str(args.notebook.resolve().parent))
    client = manager.client()
    client.start_channels()
    light = []
    try:
        client.wait_for_ready(timeout=60)
        for number, code in enumerate(cells, 1):
            sent = time.time()
            reply = client.execute_interactive(code, timeout=1800, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply["content"]
            seconds = time.time() - sent
            heavy = any(name in code for name in HEAVY)
            print(f"{number:3} {seconds:7.2f} s  {'heavy' if heavy else code.strip().splitlines()[0][:70]}", flush=True)
            if number == 1:
                print(f"    {time.time() - begin:7.2f} s from the start of the kernel")
                time.sleep(args.pause)
            if not heavy:
                light.append(seconds)
    finally:
        client.shutdown()
        manager.shutdown_kernel()
    light.sort()
    print(f"light cells: median {statistics.median(light):.2f} s, slowest {light[-1]:.2f} and {light[-2]:.2f} s")


if __name__ == "__main__":
    main()
