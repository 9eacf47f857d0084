//! Records in a SQLite file, which `mlflow ui` opens.

use super::artifacts::{Target, write_local};
use super::sqlite_file::{SqliteFile, location};
use super::store::{Batch, Content, DatasetInput, Metric, NewRun, RunInfo, RunStatus, Store, now};
use crate::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A local store. Several processes may write at once; each waits for the others.
#[derive(Debug)]
pub(super) struct SqliteStore {
    uri: String,
    file: Mutex<SqliteFile>,
}

/// The columns of a run, as [`read_run`] takes them.
const RUN: &str = "SELECT run_uuid, name, status, start_time, end_time, artifact_uri FROM runs";

impl SqliteStore {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = SqliteFile::open(path)?;
        Ok(Self { uri: format!("sqlite:///{}", path.display()), file: Mutex::new(file) })
    }

    fn file(&self) -> MutexGuard<'_, SqliteFile> {
        // A panic between two statements ends their transaction.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes to a run that is there and not deleted.
    fn write_run(
        &self,
        run: &str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut file = self.file();
        let found = file.write(|connection| {
            let found = is_active(connection, run)?;
            if found {
                work(connection)?;
            }
            Ok(found)
        })?;
        if found { Ok(()) } else { Err(missing(&file.path, run)) }
    }
}

impl Store for SqliteStore {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn experiment(&self, name: &str) -> Result<String> {
        let find = |connection: &Connection| {
            let select = "SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = ?1 AND workspace = 'default'";
            let pair = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
            connection.query_row(select, [name], pair).optional()
        };
        let mut file = self.file();
        let artifacts = file.artifacts.clone();
        let found = match file.read(find)? {
            Some(found) => found,
            None => file.write(|connection| {
                // Another process may have created it since.
                if let Some(found) = find(connection)? {
                    return Ok(found);
                }
                let insert = "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) \
                              VALUES (?1, 'active', ?2, ?2)";
                connection.execute(insert, params![name, now()])?;
                let id = connection.last_insert_rowid();
                let update = "UPDATE experiments SET artifact_location = ?2 WHERE experiment_id = ?1";
                connection.execute(update, params![id, location(&artifacts, id)])?;
                Ok((id, "active".to_string()))
            })?,
        };
        match found {
            (id, stage) if stage == "active" => Ok(id.to_string()),
            _ => Err(deleted_experiment(name).file(&file.path)),
        }
    }

    fn create_run(&self, run: &NewRun<'_>) -> Result<RunInfo> {
        let id = format!("{:032x}", rand::random::<u128>());
        self.file().write(|connection| {
            let select = "SELECT artifact_location FROM experiments WHERE experiment_id = ?1";
            let root: String = connection.query_row(select, [run.experiment], |row| row.get(0))?;
            let insert = "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, \
                          start_time, source_version, lifecycle_stage, artifact_uri, experiment_id) \
                          VALUES (?1, ?2, 'UNKNOWN', '', '', ?3, 'RUNNING', ?4, '', 'active', ?5, ?6)";
            let artifacts = format!("{}/{id}/artifacts", root.trim_end_matches('/'));
            let values = params![id, run.name, run.user, run.start_time, artifacts, run.experiment];
            connection.execute(insert, values)?;
            set_tags(connection, &id, &run.tags)
        })?;
        self.get_run(&id)
    }

    fn get_run(&self, id: &str) -> Result<RunInfo> {
        let file = self.file();
        let found = file.read(|connection| {
            let select = format!("{RUN} WHERE run_uuid = ?1");
            let found = connection.query_row(&select, [id], read_run).optional()?;
            found.map(|run| with_data(connection, run)).transpose()
        })?;
        found.ok_or_else(|| missing(&file.path, id))
    }

    fn runs(&self, experiment: &str, tag: Option<(&str, &str)>) -> Result<Vec<RunInfo>> {
        self.file().read(|connection| {
            let select = format!(
                "{RUN} WHERE experiment_id = ?1 AND lifecycle_stage = 'active' AND (?2 IS NULL OR EXISTS \
                 (SELECT 1 FROM tags WHERE tags.run_uuid = runs.run_uuid AND tags.key = ?2 AND tags.value = ?3)) \
                 ORDER BY start_time, rowid"
            );
            let (key, value) = tag.unzip();
            let mut statement = connection.prepare(&select)?;
            let rows = statement.query_map(params![experiment, key, value], read_run)?;
            rows.map(|run| with_data(connection, run?)).collect()
        })
    }

    fn log_batch(&self, run: &str, batch: &Batch) -> Result<()> {
        let mut conflict = None;
        self.write_run(run, |connection| {
            for (name, value) in &batch.params {
                let select = "SELECT value FROM params WHERE run_uuid = ?1 AND key = ?2";
                let old = connection.query_row(select, [run, name], |row| row.get::<_, String>(0));
                match old.optional()? {
                    Some(old) if old != *value => {
                        conflict = Some(changed_param(name, &old, value));
                        return Ok(());
                    }
                    _ => {}
                }
            }
            let insert = "INSERT OR IGNORE INTO params (key, value, run_uuid) VALUES (?1, ?2, ?3)";
            let mut statement = connection.prepare(insert)?;
            for (name, value) in &batch.params {
                statement.execute([name, value, run])?;
            }
            set_tags(connection, run, &batch.tags)?;
            log_metrics(connection, run, &batch.metrics)
        })?;
        conflict.map_or(Ok(()), Err)
    }

    fn log_dataset(&self, run: &str, dataset: &DatasetInput) -> Result<()> {
        self.write_run(run, |connection| {
            let DatasetInput { name, digest, source, profile, context } = dataset;
            let random = || format!("{:032x}", rand::random::<u128>());
            let insert = "INSERT OR IGNORE INTO datasets \
                          (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, dataset_profile) \
                          SELECT ?1, experiment_id, ?2, ?3, 'code', ?4, ?5 FROM runs WHERE run_uuid = ?6";
            connection.execute(insert, params![random(), name, digest, source, profile, run])?;
            let select = "SELECT dataset_uuid FROM datasets JOIN runs USING (experiment_id) \
                          WHERE datasets.name = ?1 AND digest = ?2 AND run_uuid = ?3";
            let id: String = connection.query_row(select, [name, digest, run], |row| row.get(0))?;
            let input = random();
            let insert = "INSERT OR IGNORE INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) \
                          VALUES (?1, 'DATASET', ?2, 'RUN', ?3)";
            if connection.execute(insert, [&input, &id, run])? > 0 {
                let insert = "INSERT INTO input_tags (input_uuid, name, value) VALUES (?1, 'mlflow.data.context', ?2)";
                connection.execute(insert, [&input, context])?;
            }
            Ok(())
        })
    }

    fn history(&self, run: &str, metric: &str) -> Result<Vec<Metric>> {
        self.file().read(|connection| {
            let select = "SELECT key, value, timestamp, step, is_nan FROM metrics \
                          WHERE run_uuid = ?1 AND key = ?2 ORDER BY step, timestamp";
            let mut statement = connection.prepare(select)?;
            statement.query_map([run, metric], read_metric)?.collect()
        })
    }

    fn update_run(&self, run: &str, status: RunStatus, end_time: Option<i64>) -> Result<()> {
        self.write_run(run, |connection| {
            let update = "UPDATE runs SET status = ?2, end_time = ?3 WHERE run_uuid = ?1";
            connection.execute(update, params![run, status.name(), end_time]).map(|_| ())
        })
    }

    fn delete_run(&self, run: &str) -> Result<()> {
        self.write_run(run, |connection| {
            let update = "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ?2 WHERE run_uuid = ?1";
            connection.execute(update, params![run, now()]).map(|_| ())
        })
    }

    fn put_artifact(&self, artifact_uri: &str, path: &str, content: Content<'_>) -> Result<()> {
        match Target::parse(artifact_uri) {
            Target::Folder(folder) => write_local(&folder, path, content),
            _ => {
                let problem =
                    format!("the artifacts are at `{artifact_uri}`, which takes MLflow's server");
                Err(Error::new(ErrorKind::File, problem).help(format!(
                    "run `mlflow server --backend-store-uri {}` and set `MLFLOW_TRACKING_URI` to its address",
                    self.uri
                )))
            }
        }
    }
}

fn is_active(connection: &Connection, run: &str) -> rusqlite::Result<bool> {
    let select = "SELECT count(*) FROM runs WHERE run_uuid = ?1 AND lifecycle_stage = 'active'";
    connection.query_row(select, [run], |row| row.get(0)).map(|found: i64| found > 0)
}

fn set_tags(connection: &Connection, run: &str, tags: &[(String, String)]) -> rusqlite::Result<()> {
    let insert = "INSERT INTO tags (key, value, run_uuid) VALUES (?1, ?2, ?3) \
                  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value";
    let mut statement = connection.prepare(insert)?;
    for (name, value) in tags {
        statement.execute([name, value, run])?;
    }
    Ok(())
}

/// Adds values; the latest of a metric is the one with the highest step, time and value, as in MLflow.
fn log_metrics(connection: &Connection, run: &str, metrics: &[Metric]) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut all = connection.prepare(insert)?;
    let insert = "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                  ON CONFLICT (key, run_uuid) DO UPDATE \
                  SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan \
                  WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)";
    let mut latest = connection.prepare(insert)?;
    for Metric { name, value, timestamp, step } in metrics {
        let stored = if value.is_nan() { 0.0 } else { value.clamp(f64::MIN, f64::MAX) };
        all.execute(params![name, stored, timestamp, run, step, value.is_nan()])?;
        latest.execute(params![name, stored, timestamp, run, step, value.is_nan()])?;
    }
    Ok(())
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunInfo> {
    let status: Option<String> = row.get(2)?;
    Ok(RunInfo {
        id: row.get(0)?,
        name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        status: status.and_then(|name| RunStatus::parse(&name)).unwrap_or(RunStatus::Running),
        start_time: row.get::<_, Option<i64>>(3)?.unwrap_or_default(),
        end_time: row.get(4)?,
        artifact_uri: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        params: Vec::new(),
        metrics: Vec::new(),
        tags: Vec::new(),
    })
}

fn read_metric(row: &Row<'_>) -> rusqlite::Result<Metric> {
    let is_nan: bool = row.get(4)?;
    let value = if is_nan { f64::NAN } else { row.get(1)? };
    let timestamp = row.get::<_, Option<i64>>(2)?.unwrap_or_default();
    Ok(Metric { name: row.get(0)?, value, timestamp, step: row.get(3)? })
}

/// The run with its parameters, metrics and tags.
fn with_data(connection: &Connection, run: RunInfo) -> rusqlite::Result<RunInfo> {
    let pairs = |select: &str| -> rusqlite::Result<Vec<(String, String)>> {
        let mut statement = connection.prepare(select)?;
        let pair =
            |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default()));
        statement.query_map([&run.id], pair)?.collect()
    };
    let params = pairs("SELECT key, value FROM params WHERE run_uuid = ?1")?;
    let tags = pairs("SELECT key, value FROM tags WHERE run_uuid = ?1")?;
    let select =
        "SELECT key, value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid = ?1";
    let mut statement = connection.prepare(select)?;
    let metrics = statement.query_map([&run.id], read_metric)?.collect::<rusqlite::Result<_>>()?;
    Ok(RunInfo { params, tags, metrics, ..run }.sort())
}

fn missing(file: &Path, run: &str) -> Error {
    let problem = format!("expected the run `{run}`, found none, or a deleted one");
    Error::new(ErrorKind::File, problem).file(file).help("start a new run")
}

fn deleted_experiment(name: &str) -> Error {
    let problem = format!("the experiment `{name}` is deleted");
    Error::new(ErrorKind::Parameter, problem)
        .help("restore it with `mlflow experiments restore`, or choose another name")
}

fn changed_param(name: &str, old: &str, new: &str) -> Error {
    let problem = format!("the parameter `{name}` of the run is `{old}` and cannot become `{new}`");
    Error::new(ErrorKind::Parameter, problem).help("start another run for other parameters")
}
