//! Records on an MLflow server, by its REST interface (2.0).

use super::artifacts::{Target, write_local};
use super::http::{Client, Refusal};
use super::store::{Batch, Content, DatasetInput, Metric, NewRun, RunInfo, RunStatus, Store};
use crate::{Error, ErrorKind, Result, notebook};
use serde_json::{Value, json};

/// Most metrics, parameters and tags, and bytes, of one request.
const METRICS: usize = 1_000;
const PARAMETERS: usize = 100;
const TAGS: usize = 100;
const BYTES: usize = 900_000;
/// Runs and values asked for at once.
const PAGE: usize = 1_000;

/// A server.
#[derive(Debug)]
pub(super) struct RestStore {
    client: Client,
}

impl RestStore {
    pub fn new(server: &str) -> Result<Self> {
        Ok(Self { client: Client::new(server) })
    }

    fn find_experiment(&self, name: &str) -> Result<Option<String>> {
        match self.client.get("experiments/get-by-name", &[("experiment_name", name)]) {
            Ok(found) => {
                let experiment = &found["experiment"];
                if experiment["lifecycle_stage"] == "deleted" {
                    let problem = format!("the experiment `{name}` is deleted");
                    return Err(Error::new(ErrorKind::Parameter, problem).help(
                        "restore it with `mlflow experiments restore`, or choose another name",
                    ));
                }
                Ok(Some(self.text(experiment, "experiment_id")?))
            }
            Err(Refusal { code, .. }) if code == "RESOURCE_DOES_NOT_EXIST" => Ok(None),
            Err(refusal) => Err(refusal.error),
        }
    }

    /// A text of an answer.
    fn text(&self, value: &Value, name: &str) -> Result<String> {
        value[name].as_str().map(str::to_string).ok_or_else(|| {
            let server = self.client.server();
            let problem = format!("expected `{name}` in the answer of {server}, found none");
            Error::new(ErrorKind::Network, problem)
                .help("set `MLFLOW_TRACKING_URI` to the address of an MLflow server")
        })
    }

    fn read_run(&self, run: &Value) -> Result<RunInfo> {
        let (info, data) = (&run["info"], &run["data"]);
        let pairs = |value: &Value| -> Vec<(String, String)> {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            items(value).map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect()
        };
        let status = info["status"].as_str().and_then(RunStatus::parse);
        let found = RunInfo {
            id: self.text(info, "run_id")?,
            name: info["run_name"].as_str().unwrap_or_default().to_string(),
            status: status.unwrap_or(RunStatus::Running),
            start_time: integer(&info["start_time"]).unwrap_or_default(),
            end_time: integer(&info["end_time"]).filter(|time| *time > 0),
            artifact_uri: info["artifact_uri"].as_str().unwrap_or_default().to_string(),
            params: pairs(&data["params"]),
            metrics: items(&data["metrics"]).map(read_metric).collect(),
            tags: pairs(&data["tags"]),
        };
        Ok(found.sort())
    }

    fn log(&self, run: &str, kind: &str, part: &[Value]) -> Result<()> {
        let mut body = json!({ "run_id": run });
        body[kind] = part.into();
        self.client.post("runs/log-batch", &body, true).map_err(Refusal::into_error)?;
        Ok(())
    }
}

impl Store for RestStore {
    fn uri(&self) -> &str {
        self.client.server()
    }

    fn experiment(&self, name: &str) -> Result<String> {
        if let Some(found) = self.find_experiment(name)? {
            return Ok(found);
        }
        match self.client.post("experiments/create", &json!({ "name": name }), true) {
            Ok(created) => self.text(&created, "experiment_id"),
            // Another process has created it since.
            Err(Refusal { code, error }) if code == "RESOURCE_ALREADY_EXISTS" => {
                self.find_experiment(name)?.ok_or(error)
            }
            Err(refusal) => Err(refusal.error),
        }
    }

    fn create_run(&self, run: &NewRun<'_>) -> Result<RunInfo> {
        let NewRun { experiment, name, user, start_time, tags } = run;
        let body = json!({
            "experiment_id": experiment, "run_name": name, "user_id": user, "start_time": start_time,
            "tags": tags.iter().map(pair).collect::<Vec<_>>(),
        });
        let created = self.client.post("runs/create", &body, false).map_err(Refusal::into_error)?;
        self.read_run(&created["run"])
    }

    fn get_run(&self, id: &str) -> Result<RunInfo> {
        let found = self.client.get("runs/get", &[("run_id", id)]).map_err(Refusal::into_error)?;
        if found["run"]["info"]["lifecycle_stage"] == "deleted" {
            let problem = format!("expected the run `{id}`, found a deleted one");
            return Err(Error::new(ErrorKind::Network, problem).help("start a new run"));
        }
        self.read_run(&found["run"])
    }

    fn runs(&self, experiment: &str, tag: Option<(&str, &str)>) -> Result<Vec<RunInfo>> {
        // The server's filters have no parameters: only a value that cannot be taken for anything else is put in.
        let plain =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let filter = match tag {
            Some((key, value)) if plain(key) && plain(value) => format!("tags.`{key}` = '{value}'"),
            _ => String::new(),
        };
        let mut body = json!({
            "experiment_ids": [experiment], "filter": filter, "max_results": PAGE,
            "order_by": ["attributes.start_time ASC"], "run_view_type": "ACTIVE_ONLY",
        });
        let mut runs = Vec::new();
        loop {
            notebook::check()?;
            let found =
                self.client.post("runs/search", &body, true).map_err(Refusal::into_error)?;
            for run in items(&found["runs"]) {
                runs.push(self.read_run(run)?);
            }
            match found["next_page_token"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => body["page_token"] = token.into(),
                None => break,
            }
        }
        runs.retain(|run| tag.is_none_or(|(key, value)| run.tag(key) == Some(value)));
        Ok(runs)
    }

    fn log_batch(&self, run: &str, batch: &Batch) -> Result<()> {
        let pairs = |all: &[(String, String)]| all.iter().map(pair).collect::<Vec<_>>();
        let metrics: Vec<Value> = batch.metrics.iter().map(metric).collect();
        let all = [
            ("params", pairs(&batch.params), PARAMETERS),
            ("tags", pairs(&batch.tags), TAGS),
            ("metrics", metrics, METRICS),
        ];
        for (kind, values, most) in &all {
            for part in parts(values, *most) {
                self.log(run, kind, part)?;
            }
        }
        Ok(())
    }

    fn log_dataset(&self, run: &str, dataset: &DatasetInput) -> Result<()> {
        let DatasetInput { name, digest, source, profile, context } = dataset;
        let body = json!({
            "run_id": run,
            "datasets": [{
                "tags": [{ "key": "mlflow.data.context", "value": context }],
                "dataset": {
                    "name": name, "digest": digest, "source_type": "code", "source": source, "profile": profile,
                },
            }],
        });
        self.client.post("runs/log-inputs", &body, true).map_err(Refusal::into_error)?;
        Ok(())
    }

    fn history(&self, run: &str, metric: &str) -> Result<Vec<Metric>> {
        let (mut all, mut token) = (Vec::new(), String::new());
        let page = PAGE.to_string();
        loop {
            notebook::check()?;
            let mut query = vec![("run_id", run), ("metric_key", metric), ("max_results", &page)];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let found =
                self.client.get("metrics/get-history", &query).map_err(Refusal::into_error)?;
            all.extend(items(&found["metrics"]).map(read_metric));
            match found["next_page_token"].as_str().filter(|token| !token.is_empty()) {
                Some(next) => token = next.to_string(),
                None => break,
            }
        }
        all.sort_by_key(|metric| (metric.step, metric.timestamp));
        Ok(all)
    }

    fn update_run(&self, run: &str, status: RunStatus, end_time: Option<i64>) -> Result<()> {
        let mut body = json!({ "run_id": run, "status": status.name() });
        if let Some(time) = end_time {
            body["end_time"] = time.into();
        }
        self.client.post("runs/update", &body, true).map_err(Refusal::into_error)?;
        Ok(())
    }

    fn delete_run(&self, run: &str) -> Result<()> {
        self.client
            .post("runs/delete", &json!({ "run_id": run }), true)
            .map_err(Refusal::into_error)?;
        Ok(())
    }

    fn put_artifact(&self, artifact_uri: &str, path: &str, content: Content<'_>) -> Result<()> {
        match Target::parse(artifact_uri) {
            Target::Proxy(server, root) => {
                self.client.put(server.as_deref(), &format!("{root}/{path}"), content)
            }
            // A server without a proxy gives its own folder, for clients on its machine.
            Target::Folder(folder) => write_local(&folder, path, content),
            Target::Other => {
                let problem =
                    format!("the artifacts go to `{artifact_uri}` past the tracking server");
                Err(Error::new(ErrorKind::Network, problem)
                    .help("start the server with `--serve-artifacts`, so that it passes them on"))
            }
        }
    }
}

fn pair((name, value): &(String, String)) -> Value {
    json!({ "key": name, "value": value })
}

/// A metric; JSON has no NaN and no infinity, which are texts.
fn metric(metric: &Metric) -> Value {
    let value = match metric.value {
        value if value.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value => value.into(),
    };
    let value: Value = value;
    json!({ "key": metric.name, "value": value, "timestamp": metric.timestamp, "step": metric.step })
}

fn read_metric(metric: &Value) -> Metric {
    let value = match &metric["value"] {
        Value::String(text) => match text.as_str() {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            text => text.parse().unwrap_or(f64::NAN),
        },
        // A server leaves out a 0.
        Value::Null => 0.0,
        value => value.as_f64().unwrap_or(f64::NAN),
    };
    Metric {
        name: metric["key"].as_str().unwrap_or_default().to_string(),
        value,
        timestamp: integer(&metric["timestamp"]).unwrap_or_default(),
        step: integer(&metric["step"]).unwrap_or_default(),
    }
}

/// A whole number, which may be a text.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Consecutive parts of at most so many values and [`BYTES`], each of at least one value.
fn parts(values: &[Value], most: usize) -> Vec<&[Value]> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, value) in values.iter().enumerate() {
        let length = value.to_string().len();
        if place > start && (place - start == most || bytes + length > BYTES) {
            parts.push(&values[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += length;
    }
    if start < values.len() {
        parts.push(&values[start..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stay_below_the_limits() {
        let values: Vec<Value> = (0..2_500).map(Value::from).collect();
        let lengths: Vec<usize> = parts(&values, METRICS).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [1_000, 1_000, 500]);
        let long: Vec<Value> = (0..5).map(|_| "x".repeat(400_000).into()).collect();
        let lengths: Vec<usize> = parts(&long, PARAMETERS).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [2, 2, 1]);
        assert!(parts(&[], TAGS).is_empty());
    }

    #[test]
    fn numbers_that_json_lacks_come_back() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2, 0.0] {
            let written = Metric { name: "m".to_string(), value, timestamp: 1, step: 2 };
            assert_eq!(read_metric(&metric(&written)), written);
        }
        let nan = Metric { name: "m".to_string(), value: f64::NAN, timestamp: 1, step: 2 };
        assert!(read_metric(&metric(&nan)).value.is_nan());
    }
}
