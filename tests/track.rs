//! Experiment records: the local store as MLflow would write it, many writers at once, sweeps and trainings recorded once.
//!
//! `tests/reference/mlflow_opens.py` reads such a store with MLflow itself, and has runs sent to its server.

use cuaderno::prelude::*;
use cuaderno::sweep::Status;
use cuaderno::track::{Run, RunInfo, RunStatus};
use cuaderno::train::Silent;
use cuaderno::{Error, ErrorKind};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-track-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn uri(folder: &Path) -> String {
    format!("sqlite:///{}", folder.join("mlflow.db").display())
}

fn open(folder: &Path) -> Tracker {
    Tracker::open(&uri(folder), "titles").unwrap()
}

fn values(tracker: &Tracker, run: &str, metric: &str) -> Vec<(i64, f64)> {
    let history = tracker.history(run, metric).unwrap();
    history.iter().map(|metric| (metric.step, metric.value)).collect()
}

fn dataset() -> Dataset {
    let values =
        ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
    let names = vec!["a".to_string(), "b".to_string()];
    let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    let labels = [0, 1, 0, 1, 0, 1, 0, 1];
    Dataset::new(&labels, &["even", "odd"]).unwrap().with_features(&features).unwrap()
}

fn linear() -> Sequential {
    Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0)).unwrap())
}

#[test]
fn a_run_is_read_back_as_it_was_logged() {
    let folder = folder("read 100% back");
    let tracker = open(&folder);
    let run = tracker.start_run("a 'first' run").unwrap();
    let odd = "'; DROP TABLE runs; --\n\"ñ\" 損失 \u{0}";
    run.log_params([("learning rate", "0.001"), ("año/2.0:b-c_d", odd)]).unwrap();
    run.log_param("learning rate", 0.001).unwrap();
    run.set_tag("note", "first").unwrap();
    run.set_tag("note", odd).unwrap();
    run.log_metrics(1, &[("loss", 2.0), ("balanced accuracy", 0.25)]).unwrap();
    run.log_metric("loss", 1.5, 2).unwrap();
    run.log_text("notes/why it is.txt", "año").unwrap();
    std::fs::write(folder.join("50%.csv"), "a,b\n").unwrap();
    run.log_artifact(folder.join("50%.csv"), "tables").unwrap();
    let figure = plot::bars(&["a", "b"], &[1.0, 2.0]).unwrap();
    run.log_figure("figures/bars", &figure).unwrap();
    let model = linear();
    run.log_model("model", &model).unwrap();
    run.log_dataset(&dataset(), "even or odd", "training").unwrap();
    run.log_dataset(&dataset(), "even or odd", "training").unwrap();
    let id = run.id().to_string();
    run.finish().unwrap();

    let found = open(&folder).run(&id).unwrap();
    assert_eq!((found.name.as_str(), found.status), ("a 'first' run", RunStatus::Finished));
    assert!(found.end_time.unwrap() >= found.start_time && found.start_time > 1_700_000_000_000);
    let params = [("año/2.0:b-c_d", odd), ("learning rate", "0.001")];
    assert_eq!(found.params, params.map(|(name, value)| (name.to_string(), value.to_string())));
    assert_eq!(found.tag("note"), Some(odd));
    assert_eq!(found.tag("mlflow.runName"), Some("a 'first' run"));
    assert_eq!(found.metric("loss"), Some(1.5));
    assert_eq!(values(&tracker, &id, "loss"), [(1, 2.0), (2, 1.5)]);
    assert_eq!(values(&tracker, &id, "unknown"), []);

    // MLflow decodes `%25` in the path of artifacts.
    let artifacts = PathBuf::from(found.artifact_uri.replace("%25", "%"));
    assert!(artifacts.starts_with(folder.join("mlruns")));
    let read = |path: &str| std::fs::read(artifacts.join(path)).unwrap();
    assert_eq!(read("notes/why it is.txt"), "año".as_bytes());
    assert_eq!(read("tables/50%.csv"), b"a,b\n");
    assert!(read("figures/bars.png").starts_with(b"\x89PNG"));
    assert!(String::from_utf8(read("model/MLmodel")).unwrap().contains(&id));
    let weights = Weights::read(artifacts.join("model/model.safetensors")).unwrap();
    assert_eq!(weights.names(), Weights::of(&model).names());

    let database = Connection::open(folder.join("mlflow.db")).unwrap();
    let count = |table: &str| -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("datasets"), count("inputs"), count("input_tags")), (1, 1, 1));
    assert_eq!(count("experiments"), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn metrics_are_stored_as_mlflow_stores_them() {
    let folder = folder("metrics");
    let tracker = open(&folder);
    let run = tracker.start_run("run").unwrap();
    let cases = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -0.1];
    for (step, value) in cases.into_iter().enumerate() {
        run.log_metric("m", value, step).unwrap();
    }
    // A step that is reported late is not the latest.
    run.log_metric("m", 7.0, 1).unwrap();
    let database = Connection::open(folder.join("mlflow.db")).unwrap();
    let mut statement = database
        .prepare(
            "SELECT value, is_nan FROM metrics WHERE key = 'm' ORDER BY step, timestamp, value",
        )
        .unwrap();
    let rows: Vec<(f64, bool)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    // What `mlflow.log_metric` of MLflow 3.17 writes.
    let mut stored =
        vec![(0.0, true), (f64::MAX, false), (f64::MIN, false), (5e-324, false), (-0.1, false)];
    let late = rows.iter().position(|row| *row == (7.0, false)).unwrap();
    stored.insert(late, (7.0, false));
    assert_eq!(rows, stored);
    assert_eq!(tracker.run(run.id()).unwrap().metric("m"), Some(-0.1));
    assert!(values(&tracker, run.id(), "m")[0].1.is_nan());
    run.log_metric("m", f64::NAN, 9).unwrap();
    assert!(tracker.run(run.id()).unwrap().metric("m").unwrap().is_nan());
    run.finish().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn many_writers_wait_for_each_other() {
    let folder = folder("writers");
    // All create the file at once.
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let folder = &folder;
            scope.spawn(move || {
                let tracker = open(folder);
                let run = tracker.start_run(&format!("writer {writer}")).unwrap();
                for step in 0..20 {
                    run.log_metrics(step, &[("a", step as f64), ("b", 1.0)]).unwrap();
                }
                run.finish().unwrap();
            });
        }
    });
    let tracker = open(&folder);
    let runs = tracker.runs().unwrap();
    assert_eq!(runs.len(), 6);
    assert!(runs.iter().all(|run| values(&tracker, &run.id, "a").len() == 20));

    // Another program holds the file for a while.
    let other = Connection::open(folder.join("mlflow.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let late = std::thread::spawn({
        let tracker = tracker.clone();
        move || tracker.start_run("late").and_then(Run::finish)
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(!late.is_finished());
    other.execute_batch("COMMIT").unwrap();
    late.join().unwrap().unwrap();
    assert_eq!(tracker.runs().unwrap().len(), 7);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_mlflow_refuses_is_refused_before_anything_is_written() {
    let folder = folder("refused");
    let tracker = open(&folder);
    let run = tracker.start_run("run").unwrap();
    let message = |result: Result<()>| result.unwrap_err().to_string();
    let error = message(run.log_metrics(1, &[("loss", 1.0), ("F1 (macro)", 0.5)]));
    assert!(error.contains("name it `F1 _macro_`"), "{error}");
    assert!(message(run.log_param("", 1)).contains("must not be empty"));
    assert!(message(run.log_param("a", "x".repeat(6_001))).contains("at most 6000 characters"));
    assert!(message(run.set_tag("a", "x".repeat(8_001))).contains("at most 8000 characters"));
    assert!(message(run.log_text("../a.txt", "")).contains("relative path within the artifacts"));
    assert!(message(run.log_text("/a.txt", "")).contains("relative path within the artifacts"));
    assert!(message(run.log_artifact("no such file", "")).contains("there is no such file"));
    run.log_params([("a", 1)]).unwrap();
    let error = message(run.log_params([("b", 1), ("a", 2)]));
    assert!(error.contains("the parameter `a` of the run is `1` and cannot become `2`"), "{error}");
    let found = tracker.run(run.id()).unwrap();
    assert_eq!((found.params.len(), found.metrics.len()), (1, 0));
    assert!(tracker.start_run(" ").is_err() && tracker.start_run(&"x".repeat(251)).is_err());
    assert!(tracker.resume_run("0".repeat(32).as_str()).is_err());
    assert!(Tracker::open(&uri(&folder), " ").is_err());
    tracker.delete_run(run.id()).unwrap();
    let error = message(run.log_param("c", 1));
    assert!(error.contains("found none, or a deleted one"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_tables_of_others_are_refused_with_what_to_do() {
    let folder = folder("others");
    let database = folder.join("mlflow.db");
    let refused = || Tracker::open(&uri(&folder), "titles").unwrap_err();
    std::fs::write(
        &database,
        "this is a text, and quite a long one, so that it has a page's header".repeat(20),
    )
    .unwrap();
    assert!(refused().to_string().contains("expected a SQLite file"), "{}", refused());
    std::fs::remove_file(&database).unwrap();
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE mine (a INTEGER)").unwrap();
    assert!(refused().to_string().contains("found those of another program"), "{}", refused());
    std::fs::remove_file(&database).unwrap();
    drop(open(&folder));
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch("UPDATE alembic_version SET version_num = '97727af70f4d'").unwrap();
    let error = refused();
    assert_eq!(error.kind(), ErrorKind::File);
    for part in ["found revision `97727af70f4d`", "mlflow db upgrade sqlite:///", "mlflow server"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    assert!(refused().to_string().contains("the records cannot be written"), "{}", refused());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn runs_end_as_they_were_ended() {
    let folder = folder("ends");
    let tracker = open(&folder);
    let parent = tracker.start_run("parent").unwrap();
    let child = |name: &str| parent.start_child(name).unwrap();
    child("fail").fail(&Error::new(ErrorKind::Numeric, "the loss is NaN")).unwrap();
    child("kill").kill().unwrap();
    drop(child("drop"));
    let open: Run = child("open");
    let runs = tracker.runs().unwrap();
    let statuses: Vec<&str> = runs.iter().map(|run| run.status.name()).collect();
    assert_eq!(statuses, ["RUNNING", "FAILED", "KILLED", "FAILED", "RUNNING"]);
    assert_eq!(runs[1].tag("error"), Some("the loss is NaN"));
    assert!(runs[1..].iter().all(|run| run.tag("mlflow.parentRunId") == Some(parent.id())));
    let again = tracker.resume_run(&runs[1].id).unwrap();
    assert_eq!(tracker.run(again.id()).unwrap().end_time, None);
    again.finish().unwrap();
    open.finish().unwrap();
    parent.finish().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

fn sweep_runs() -> Vec<Settings> {
    let base = Settings::new("default").with("filters", 100).with("rate (log)", 1e-3);
    vec![
        base.clone(),
        base.renamed("150 filters").with("filters", 150),
        base.renamed("5").with("filters", 5),
    ]
}

/// The runs of the trials by name, and the run above them.
fn recorded(tracker: &Tracker) -> (RunInfo, Vec<RunInfo>) {
    let (below, above): (Vec<RunInfo>, Vec<RunInfo>) = tracker
        .runs()
        .unwrap()
        .into_iter()
        .partition(|run| run.tag("mlflow.parentRunId").is_some());
    assert_eq!(above.len(), 1);
    (above.into_iter().next().unwrap(), below)
}

#[test]
fn a_sweep_is_recorded_once_however_often_it_is_resumed() {
    let folder = folder("sweep");
    let tracker = open(&folder);
    // The first attempt: one trial fails, and the user interrupts the next.
    let sweep = Sweep::new(folder.join("runs")).maximize("score").track(&tracker);
    let stopped = sweep.run(&sweep_runs(), &mut |trial| {
        trial.report(1, &[("score", 0.5), ("F1 (macro)", 0.25)])?;
        std::fs::write(trial.folder().join("weights.txt"), "w").unwrap();
        trial.run().unwrap().log_dataset(&dataset(), "even or odd", "training")?;
        match trial.settings().name() {
            "150 filters" => Err(Error::new(ErrorKind::Numeric, "the loss is NaN")),
            "5" => Err(Error::new(ErrorKind::Interrupted, "stopped")),
            _ => {
                trial.result("score", 0.75);
                Ok(())
            }
        }
    });
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Interrupted);
    let (above, below) = recorded(&tracker);
    assert_eq!((above.name.as_str(), above.status), ("runs", RunStatus::Killed));
    let statuses: Vec<&str> = below.iter().map(|run| run.status.name()).collect();
    assert_eq!(statuses, ["FINISHED", "FAILED", "KILLED"]);
    assert_eq!(below[1].tag("error"), Some("the loss is NaN"));
    assert_eq!(below[0].param("filters"), Some("100"));
    assert_eq!(below[0].param("rate _log_"), Some("0.001"));
    assert_eq!(values(&tracker, &below[0].id, "score"), [(1, 0.5), (1, 0.75)]);
    assert_eq!(below[0].metric("score"), Some(0.75));
    assert_eq!(below[0].metric("F1 _macro_"), Some(0.25));
    assert!(Path::new(&below[0].artifact_uri).join("weights.txt").is_file());

    // Resumed: what failed and what was interrupted runs again, in place of the earlier runs.
    let done = sweep.run(&sweep_runs(), &mut |trial| trial.report(1, &[("score", 0.8)])).unwrap();
    assert!(done.runs().iter().all(|run| run.status == Status::Finished));
    let (again, after) = recorded(&tracker);
    assert_eq!((&again.id, again.status), (&above.id, RunStatus::Finished));
    assert_eq!(again.metric("score"), Some(0.8));
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|run| run.status == RunStatus::Finished));
    assert_eq!(after[0], below[0]);

    // Once more: nothing runs, nothing is added. Another store gets all from the folder, with the times of then.
    sweep.run(&sweep_runs(), &mut |_| panic!("all runs are finished")).unwrap();
    assert_eq!(recorded(&tracker).1, after);
    let other = Tracker::open(&uri(&folder.join("other")), "titles").unwrap();
    sweep.track(&other).record(&sweep_runs()).unwrap();
    let imported = recorded(&other).1;
    assert_eq!(imported.len(), 3);
    assert_eq!(imported[0].metrics, after[0].metrics.clone());
    assert_eq!(imported[0].start_time, after[0].start_time);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_training_is_one_run_however_often_it_is_resumed() {
    let folder = folder("training");
    let tracker = open(&folder);
    let config = TrainConfig { batch_size: 4, ..TrainConfig::default() };
    let learner = || {
        let logger =
            MlflowLogger::new(&tracker, "linear").config(&config).param("network", "linear");
        let set = dataset();
        Learner::new(linear(), &set, &set, &config).unwrap().with(logger.artifacts())
    };
    let mut first = learner();
    first.save_into(folder.join("checkpoint"), None).unwrap();
    first.fit_with(2, &mut Silent).unwrap();
    // An epoch is logged after the checkpoint from which the next process resumes.
    let kept = folder.join("kept");
    std::fs::create_dir(&kept).unwrap();
    for entry in std::fs::read_dir(folder.join("checkpoint")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, kept.join(path.file_name().unwrap())).unwrap();
    }
    first.fit_with(1, &mut Silent).unwrap();
    drop(first);

    let mut second = learner();
    assert!(second.resume(&kept).unwrap());
    second.fit_until_with(4, &mut Silent).unwrap();
    let runs = tracker.runs().unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].status, RunStatus::Finished);
    assert_eq!(
        (runs[0].param("batch_size"), runs[0].param("network")),
        (Some("4"), Some("linear"))
    );
    let losses: Vec<(i64, f64)> = (1..)
        .zip(&second.history().epochs)
        .map(|(step, epoch)| (step, epoch.validation_loss))
        .collect();
    assert_eq!(values(&tracker, &runs[0].id, "val_loss"), losses);
    assert!(Path::new(&runs[0].artifact_uri).join("curves.png").is_file());
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(feature = "fetch")]
#[test]
fn a_server_that_does_not_answer_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Tracker::open(&server, "titles").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(
        error.to_string().contains(&format!("the tracking server {server} does not answer")),
        "{error}"
    );
}
