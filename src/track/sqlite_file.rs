//! The SQLite file of a local store: opened, or created with MLflow's tables.

use super::store::now;
use crate::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Tables of a new store, and their revision.
const SCHEMA: &str = include_str!("schema.sql");
const REVISION: &str = "dc11669786a5";
/// The MLflow that has this revision.
const MLFLOW: &str = "3.17";

/// How long a process waits for others that write to the file.
const BUSY: Duration = Duration::from_secs(30);

/// An open file, and the folder for the artifacts of its experiments.
#[derive(Debug)]
pub(super) struct SqliteFile {
    pub connection: Connection,
    pub path: PathBuf,
    pub artifacts: PathBuf,
}

impl SqliteFile {
    /// Opens the file, and creates it where there is none. Artifacts of new experiments go to `mlruns` beside it.
    pub fn open(path: &Path) -> Result<Self> {
        let absolute = std::path::absolute(path).map_err(|error| Error::io(path, &error))?;
        let folder = absolute.parent().unwrap_or(&absolute);
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
        let artifacts = folder.join("mlruns");
        let fail = |error| failure(path, &error);
        let connection = Connection::open(&absolute).map_err(fail)?;
        connection.busy_timeout(BUSY).map_err(fail)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(fail)?;
        let mut file = Self { connection, path: path.to_path_buf(), artifacts };
        match file.revision()? {
            Some(revision) => file.check(&revision)?,
            None => file.create()?,
        }
        Ok(file)
    }

    /// The revision of the tables; `None` where there are none.
    fn revision(&self) -> Result<Option<String>> {
        let fail = |error| failure(&self.path, &error);
        let tables = "SELECT count(*), total(name = 'alembic_version') FROM sqlite_master WHERE type = 'table'";
        let (tables, versions): (i64, f64) = self
            .connection
            .query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(fail)?;
        match (tables, versions) {
            (0, _) => Ok(None),
            (_, 0.0) => {
                let problem = "expected the tables of MLflow, found those of another program";
                Err(Error::new(ErrorKind::File, problem)
                    .file(&self.path)
                    .help("choose another file in `MLFLOW_TRACKING_URI`"))
            }
            _ => {
                let found = self
                    .connection
                    .query_row("SELECT version_num FROM alembic_version", [], |row| row.get(0))
                    .optional();
                Ok(Some(found.map_err(fail)?.unwrap_or_default()))
            }
        }
    }

    fn check(&self, revision: &str) -> Result<()> {
        if revision == REVISION {
            return Ok(());
        }
        let problem = format!(
            "expected tables of revision `{REVISION}` (MLflow {MLFLOW}), found revision `{revision}`"
        );
        let path = self.path.display();
        Err(Error::new(ErrorKind::File, problem).file(&self.path).help(format!(
            "if they are older, run `mlflow db upgrade sqlite:///{path}` with MLflow {MLFLOW}; if they are newer, run \
             `mlflow server --backend-store-uri sqlite:///{path}` and set `MLFLOW_TRACKING_URI=http://localhost:5000`"
        )))
    }

    /// Creates the tables, unless another process has just done so.
    fn create(&mut self) -> Result<()> {
        let path = self.path.clone();
        let fail = |error| failure(&path, &error);
        // The first statement of the transaction takes the lock for writing.
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
        let created = match self.revision() {
            Ok(None) => self.fill().map_err(fail),
            Ok(Some(revision)) => self.check(&revision),
            Err(error) => Err(error),
        };
        let end = if created.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.connection.execute_batch(end).map_err(fail);
        created.and(ended)
    }

    /// The tables, and the experiment 0 that each store has.
    fn fill(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(SCHEMA)?;
        let time = now();
        let insert = "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time) \
                      VALUES (0, 'Default', ?1, 'active', ?2, ?2)";
        self.connection.execute(insert, params![location(&self.artifacts, 0), time])?;
        Ok(())
    }

    /// Runs statements as one transaction, which waits for other writers.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let fail = |error| failure(&self.path, &error);
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior).map_err(fail)?;
        let value = work(&transaction).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(value)
    }

    /// Reads, all from the same state of the file.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let fail = |error| failure(&self.path, &error);
        let transaction = self.connection.unchecked_transaction().map_err(fail)?;
        work(&transaction).map_err(fail)
    }
}

/// Where the artifacts of an experiment go, as MLflow writes local paths: percent signs are encoded.
pub(super) fn location(artifacts: &Path, experiment: i64) -> String {
    artifacts.join(experiment.to_string()).display().to_string().replace('%', "%25")
}

/// What SQLite reports, with what to do.
fn failure(path: &Path, error: &rusqlite::Error) -> Error {
    let (problem, help) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            format!("another process has kept the records locked for {} s", BUSY.as_secs()),
            "end that process, or set `MLFLOW_TRACKING_URI` to a server or to a file of this run alone",
        ),
        Some(ErrorCode::NotADatabase) => (
            "expected a SQLite file, found something else".to_string(),
            "choose another file in `MLFLOW_TRACKING_URI`",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            format!("the SQLite file is damaged: {error}"),
            "restore a copy, or choose another file in `MLFLOW_TRACKING_URI`",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => (
            format!("the records cannot be written: {error}"),
            "set `MLFLOW_TRACKING_URI` to a file in a folder that you may write to",
        ),
        Some(ErrorCode::DiskFull) => ("the disk is full".to_string(), "free some space"),
        _ => (
            format!("the records cannot be read or written: {error}"),
            "check the file with `mlflow ui`",
        ),
    };
    Error::new(ErrorKind::File, problem).file(path).help(help)
}
