"""Python's ThreadPoolExecutor with urllib against the server of `benches/downloads.rs`.

    python benches/downloads.py target/release/deps/downloads-…   # the bench's program, which has the server
"""
import concurrent.futures
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

IMAGES, PARALLEL = 4000, 32
folder = tempfile.mkdtemp(prefix="cuaderno-bench-downloads-")
port_file = os.path.join(folder, "port")
server = subprocess.Popen([sys.argv[1], "--serve", port_file])
while not os.path.exists(port_file):
    time.sleep(0.01)
host = open(port_file).read()


def fetch(job):
    url, path = job
    with urllib.request.urlopen(url, timeout=20) as response:
        data = response.read()
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.rename(path + ".part", path)
    return len(data)


rates = []
for run in range(5):
    images = os.path.join(folder, str(run))
    os.mkdir(images)
    jobs = [(f"http://{host}/image/{i}.jpg", os.path.join(images, f"{i}.jpg")) for i in range(IMAGES)]
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        total = sum(pool.map(fetch, jobs))
    rates.append(IMAGES / (time.perf_counter() - start))
    assert total == IMAGES * 20_000, total
    shutil.rmtree(images)
server.kill()
server.wait()
shutil.rmtree(folder)
print(json.dumps({"name": "downloads_per_second", "value": round(statistics.median(rates), 1), "unit": "files/s"}))
