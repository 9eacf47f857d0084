"""Reads what `examples/track.rs` records with MLflow itself: from a local store, one that MLflow has made, and its server.

    python mlflow_opens.py PROGRAM

PROGRAM is the built example; the Python is one in which `mlflow` is installed.
"""

import math
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model

EXPERIMENT = "points: below & above"
LARGEST = sys.float_info.max


def record(program, folder, uri):
    """Runs the program twice: the sweep is recorded once."""
    for _ in range(2):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        if uri:
            environment["MLFLOW_TRACKING_URI"] = uri
        subprocess.run([program, "--out", str(folder / "out")], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def history(client, run, metric):
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, metric)]


def check(client, where):
    """Two trainings and two runs of odd values, one sweep with three trials below it."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    named = {}
    for run in runs:
        named.setdefault(run.info.run_name, []).append(run)
    assert {name: len(found) for name, found in named.items()} == {
        "linear": 2, "odd values": 2, "sweep": 1, "rate 1e-2": 1, "rate 1e-1": 1, "rate 2e308": 1, "other": 1, "long": 1,
    }, named.keys()

    training = named["linear"][0]
    assert training.info.status == "FINISHED" and training.info.end_time >= training.info.start_time
    assert training.data.params["batch_size"] == "16" and training.data.params["learning_rate"] == "0.1"
    losses = history(client, training, "val_loss")
    assert [step for step, _ in losses] == [1, 2, 3, 4, 5]
    assert training.data.metrics["val_loss"] == losses[-1][1] < losses[0][1]
    with tempfile.TemporaryDirectory() as folder:
        model = client.download_artifacts(training.info.run_id, "model", folder)
        assert Model.load(model).flavors["cuaderno"]["weights"] == "model.safetensors"
        assert (pathlib.Path(model) / "model.safetensors").stat().st_size > 24
        figure = client.download_artifacts(training.info.run_id, "curves.png", folder)
        assert pathlib.Path(figure).read_bytes().startswith(b"\x89PNG")

    odd = named["odd values"][0]
    assert odd.data.params == {"año/2.0": "'; DROP TABLE runs; -- \"ñ\"\n損失"}
    assert odd.data.tags["kind"] == "odd" and odd.data.tags["mlflow.source.type"] == "LOCAL"
    values = [value for _, value in history(client, odd, "odd")]
    assert math.isnan(values[0]) and values[1:] == [LARGEST, -LARGEST, 0.1], values
    assert odd.data.metrics["odd"] == 0.1
    [given] = odd.inputs.dataset_inputs
    assert (given.dataset.name, given.tags[0].value) == ("points", "training") and len(given.dataset.digest) == 16
    assert [file.path for file in client.list_artifacts(odd.info.run_id, "notes")] == ["notes/why it is (50%).txt"]
    with tempfile.TemporaryDirectory() as folder:
        note = client.download_artifacts(odd.info.run_id, "notes/why it is (50%).txt", folder)
        assert pathlib.Path(note).read_text() == "año"

    [sweep] = named["sweep"]
    assert sweep.info.status == "FINISHED"
    trials = client.search_runs([experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{sweep.info.run_id}'")
    assert {run.info.run_name: run.info.status for run in trials} == {
        "rate 1e-2": "FINISHED", "rate 1e-1": "FINISHED", "rate 2e308": "FAILED",
    }
    [failed] = named["rate 2e308"]
    assert failed.data.tags["error"] == "the loss is NaN"
    [best] = named["rate 1e-1"]
    steps = history(client, best, "accuracy")
    assert [step for step, _ in steps] == list(range(1, 21)), len(steps)
    assert best.data.metrics["accuracy"] == steps[-1][1] and best.data.params == {"rate": "0.1"}
    assert [file.path for file in client.list_artifacts(best.info.run_id)] == ["weights.bin"]
    [long] = named["long"]
    assert history(client, long, "step") == [(step, step) for step in range(1, 2501)]
    print(f"MLflow {mlflow.__version__} reads {len(runs)} runs {where}")


class Server:
    """`mlflow server` on a free port of the loopback, or `mlflow ui`."""

    def __init__(self, folder, command, *options):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.uri = f"http://127.0.0.1:{port}"
        self.log = folder / f"{command}.log"
        program = [sys.executable, "-m", "mlflow", command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *options]
        self.process = subprocess.Popen(program, cwd=folder, stdout=self.log.open("w"), stderr=subprocess.STDOUT)

    def __enter__(self):
        for _ in range(120):
            try:
                assert urllib.request.urlopen(f"{self.uri}/health", timeout=2).read() == b"OK"
                return self.uri
            except (OSError, urllib.error.URLError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.5)
        raise SystemExit(f"the server does not answer:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def main():
    program = str(pathlib.Path(sys.argv[1]).absolute())
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        local = root / "local 100% mine"
        local.mkdir()
        record(program, local, "")
        client = MlflowClient(f"sqlite:///{local}/mlflow.db")
        check(client, "of a store that we made")

        # The tables are those that MLflow makes, and each writes to the other's.
        made = root / "made"
        made.mkdir()
        other = MlflowClient(f"sqlite:///{made}/mlflow.db")
        other.create_experiment("mine", artifact_location=str(made / "mlruns"))
        tables = [set(sqlite3.connect(folder / "mlflow.db").execute("SELECT type, name FROM sqlite_master")) for folder in (local, made)]
        assert tables[0] == tables[1], tables[0] ^ tables[1]
        record(program, made, "")
        check(other, "of a store that it made")
        run = client.create_run(client.get_experiment_by_name(EXPERIMENT).experiment_id, run_name="its own")
        client.log_metric(run.info.run_id, "m", 1.0)
        client.set_terminated(run.info.run_id)
        client.delete_run(run.info.run_id)
        client.create_experiment("its own")

        with Server(local, "ui", "--backend-store-uri", "sqlite:///mlflow.db") as uri:
            assert b"MLflow" in urllib.request.urlopen(uri).read()
            check(MlflowClient(uri), "by `mlflow ui`")

        remote = root / "remote"
        remote.mkdir()
        with Server(remote, "server", "--backend-store-uri", "sqlite:///server.db", "--artifacts-destination", "files") as uri:
            record(program, remote, uri)
            check(MlflowClient(uri), "that were sent to its server")


if __name__ == "__main__":
    main()
