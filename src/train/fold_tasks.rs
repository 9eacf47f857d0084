//! A cross-validation as a job array.

use super::cross_validation::{CrossValidation, check_fold};
use super::evaluation::Evaluation;
use crate::cluster::{Slurm, Task, end_task, task};
use crate::data::Fold;
use crate::hash::Hash;
use crate::notebook::Progress;
use crate::{Error, ErrorKind, Result, files};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Trains and evaluates once per fold, as [`cross_validate`](super::cross_validate), each fold as a task of a Slurm job array
/// whose results lie in `folder`. Folds that are there already do not run again. `run` also gets a folder of the fold, for a
/// checkpoint from which it resumes ([`Learner::resume`](super::Learner::resume)). The job starts this program again for each
/// task: there, this call does one fold and **ends the process**.
///
/// In a [dry run](Slurm::dry_run), prints the script and returns `None`.
///
/// ```no_run
/// use cuaderno::data::KFold;
/// use cuaderno::prelude::*;
/// use cuaderno::train::{Evaluation, cross_validate_on};
/// # fn main() -> Result<()> {
/// let labels = [0, 1, 0, 1, 0, 1];
/// let folds = KFold::new(3, 0).stratified(&labels)?;
/// let slurm = Slurm::new().time_limit("00:30:00");
/// let result = cross_validate_on(&slurm, "folds", &folds, &|fold, _folder| {
///     let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
///     Evaluation::from_probabilities(&labels, &[0.2, 0.8].repeat(labels.len()), &["no", "yes"])
/// })?;
/// # let _ = result;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`cross_validate`](super::cross_validate) and [`Slurm::submit`]; [`ErrorKind::Cluster`] when the task of a fold ends
/// without a result.
pub fn cross_validate_on(
    slurm: &Slurm,
    folder: impl AsRef<Path>,
    folds: &[Fold],
    run: &dyn Fn(&Fold, &Path) -> Result<Evaluation>,
) -> Result<Option<CrossValidation>> {
    let folder = folder.as_ref();
    if folds.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "expected at least one fold, found none"));
    }
    let role = task(folder)?;
    if let Task::Number(number) = role {
        end_task(run_fold(folder, folds, number, run));
    }
    let done = |place: &usize| load(folder, *place, &folds[*place]).map(|found| found.is_some());
    let left = || -> Result<Vec<usize>> {
        let mut left = Vec::new();
        for place in 0..folds.len() {
            if !done(&place)? {
                left.push(place);
            }
        }
        Ok(left)
    };
    let mut progress = Progress::new("folds", folds.len());
    let mut shown = 0;
    let mut show = || -> Result<()> {
        let finished = folds.len() - left()?.len();
        progress.step(finished.saturating_sub(shown));
        shown = shown.max(finished);
        Ok(())
    };
    let start = Instant::now();
    // A task of a later array finds the folds done.
    let submitted = match role {
        Task::Other => Some(String::new()),
        _ => slurm.run_array(folder, &left, &mut show)?,
    };
    let Some(job) = submitted else { return Ok(None) };
    let mut found = Vec::new();
    for (place, fold) in folds.iter().enumerate() {
        let Some(one) = load(folder, place, fold)? else {
            let log = folder.join("slurm").join(format!("{job}_{place}.log"));
            let problem = format!("the task of fold {place} ended without a result");
            return Err(Error::new(ErrorKind::Cluster, problem)
                .file(log)
                .help("read its log, then call again: only this fold runs again"));
        };
        found.push(one);
    }
    CrossValidation::of(folds, found, start.elapsed().as_secs_f64()).map(Some)
}

/// What a task does.
fn run_fold(
    folder: &Path,
    folds: &[Fold],
    number: usize,
    run: &dyn Fn(&Fold, &Path) -> Result<Evaluation>,
) -> Result<()> {
    let Some(fold) = folds.get(number) else {
        let problem = format!("expected a fold below {}, found {number}", folds.len());
        return Err(Error::new(ErrorKind::Parameter, problem));
    };
    let own = folder.join(format!("fold-{number}"));
    std::fs::create_dir_all(&own).map_err(|error| Error::io(&own, &error))?;
    let start = Instant::now();
    let found = run(fold, &own)?;
    check_fold(fold, &found)?;
    let record = json!({
        "fold": fingerprint(fold),
        "seconds": start.elapsed().as_secs_f64(),
        "loss": number_json(found.loss),
        "accuracy": number_json(found.accuracy),
        "labels": found.labels,
        "predictions": found.predictions,
        "probabilities": found.probabilities,
        "targets": found.targets,
        "classes": found.classes,
    });
    files::replace(&result_file(folder, number), |part| std::fs::write(part, record.to_string()))
}

fn result_file(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("fold-{number}")).join("evaluation.json")
}

/// JSON has no NaN.
fn number_json(value: f64) -> Value {
    if value.is_nan() { Value::Null } else { value.into() }
}

/// A text that differs for other rows.
fn fingerprint(fold: &Fold) -> String {
    let mut hash = Hash::default();
    for rows in [&fold.train, &fold.test] {
        hash.add_word(rows.len() as u64);
        rows.iter().for_each(|row| hash.add_word(*row as u64));
    }
    format!("{:016x}", hash.0)
}

/// The evaluation of a fold and its seconds; `None` where there is none, or it is of other rows.
fn load(folder: &Path, number: usize, fold: &Fold) -> Result<Option<(Evaluation, f64)>> {
    let file = result_file(folder, number);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(&file, &error)),
    };
    let damaged = || {
        Error::new(ErrorKind::File, "expected the evaluation of a fold, found something else")
            .file(&file)
            .help("delete the file; the fold will run again")
    };
    let record: Value = serde_json::from_str(&text).map_err(|_| damaged())?;
    if record["fold"] != fingerprint(fold) {
        return Ok(None);
    }
    let numbers = |name: &str| -> Option<Vec<usize>> {
        let values = record[name].as_array()?.iter();
        values.map(|value| usize::try_from(value.as_u64()?).ok()).collect()
    };
    let floats = |name: &str| -> Option<Vec<f32>> {
        record[name].as_array()?.iter().map(|value| Some(value.as_f64()? as f32)).collect()
    };
    let texts = |name: &str| -> Option<Vec<String>> {
        record[name].as_array()?.iter().map(|value| Some(value.as_str()?.to_string())).collect()
    };
    let read = || {
        Some(Evaluation {
            loss: record["loss"].as_f64().unwrap_or(f64::NAN),
            accuracy: record["accuracy"].as_f64().unwrap_or(f64::NAN),
            labels: numbers("labels")?,
            predictions: numbers("predictions")?,
            probabilities: floats("probabilities")?,
            targets: floats("targets")?,
            classes: texts("classes")?,
        })
    };
    let found = read().ok_or_else(damaged)?;
    check_fold(fold, &found)?;
    Ok(Some((found, record["seconds"].as_f64().unwrap_or(f64::NAN))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_comes_back_from_its_file() {
        let name = format!("cuaderno-fold-tasks-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let fold = Fold { repeat: 0, number: 1, train: vec![0, 1], test: vec![2, 3] };
        let probabilities = [0.1, 0.9, 1.0 / 3.0, 2.0 / 3.0];
        let made = Evaluation::from_probabilities(&[1, 0], &probabilities, &["no", "yes"]).unwrap();
        assert!(load(&folder, 0, &fold).unwrap().is_none());
        run_fold(&folder, std::slice::from_ref(&fold), 0, &|_, _| Ok(made.clone())).unwrap();
        assert_eq!(load(&folder, 0, &fold).unwrap().unwrap().0, made);
        // Other rows are another fold.
        let other = Fold { test: vec![2, 4], ..fold.clone() };
        assert!(load(&folder, 0, &other).unwrap().is_none());
        std::fs::write(result_file(&folder, 0), "{").unwrap();
        assert!(load(&folder, 0, &fold).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
