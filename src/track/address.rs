//! Where the records go.

use crate::{Error, ErrorKind, Result};
use std::path::PathBuf;

/// The store that an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// An MLflow server, without a slash at the end.
    Server(String),
    /// A SQLite file.
    Sqlite(PathBuf),
}

/// The address where `MLFLOW_TRACKING_URI` is not set, as MLflow's own.
pub(super) const DEFAULT: &str = "sqlite:///mlflow.db";

impl Address {
    /// Reads an address as MLflow writes it.
    pub(super) fn parse(uri: &str) -> Result<Self> {
        let uri = uri.trim();
        if uri.starts_with("http://") || uri.starts_with("https://") {
            let server = uri.trim_end_matches('/');
            let host = server.split("://").nth(1).unwrap_or_default();
            let host = host.split('/').next().unwrap_or_default();
            if host.contains('@') {
                let problem = "the address of the tracking server must not hold a user name";
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("set `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`"));
            }
            if !host.is_empty() && !server.contains(['?', '#', ' ']) {
                return Ok(Self::Server(server.to_string()));
            }
        }
        let file = uri.strip_prefix("sqlite:///").filter(|file| !file.is_empty());
        match file {
            Some(file) if !file.contains('?') && file != ":memory:" => {
                Ok(Self::Sqlite(PathBuf::from(file)))
            }
            _ => {
                let problem = format!(
                    "expected the address of a tracking store, such as `http://localhost:5000` or `{DEFAULT}`, found `{uri}`"
                );
                let help = match uri {
                    "databricks" => "run `mlflow server` beside it",
                    _ => {
                        "folders such as `mlruns` and other databases need `mlflow server` in front of them"
                    }
                };
                Err(Error::new(ErrorKind::Parameter, problem).help(help))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_mlflow_reads_them() {
        let server = |address: &str| Address::Server(address.to_string());
        assert_eq!(Address::parse("http://host:5000/").unwrap(), server("http://host:5000"));
        assert_eq!(Address::parse(" https://host/a/b ").unwrap(), server("https://host/a/b"));
        let file = |file: &str| Address::Sqlite(PathBuf::from(file));
        assert_eq!(Address::parse("sqlite:///mlflow.db").unwrap(), file("mlflow.db"));
        assert_eq!(Address::parse("sqlite:////tmp/a b.db").unwrap(), file("/tmp/a b.db"));
        for bad in
            ["", "mlruns", "file:///tmp/mlruns", "sqlite://", "sqlite:///", "http://", "databricks"]
        {
            let error = Address::parse(bad).unwrap_err().to_string();
            assert!(error.contains("expected the address of a tracking store"), "{error}");
        }
        let error = Address::parse("http://me:secret@host").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
