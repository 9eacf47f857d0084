//! Experiment records: a training and a sweep of which one trial fails, in the store at `MLFLOW_TRACKING_URI`, else in
//! `mlflow.db` in the working folder. `mlflow ui` in that folder opens it.
//!
//! ```text
//! cargo run --release --example track -- --out DIR
//! ```
//!
//! The sweep's folder is `DIR/sweep`: a second run of the program goes on with it.

use cuaderno::prelude::*;
use cuaderno::table::FeatureMatrix;
use cuaderno::train::Silent;
use cuaderno::{Error, ErrorKind};
use std::path::Path;

mod arguments;

/// Two classes of points that a line separates.
fn points() -> Result<Dataset> {
    let coordinate = |row: usize, column: usize| ((row * (column + 3)) as f32 * 0.7).sin();
    let values = ndarray::Array2::from_shape_fn((64, 2), |(row, column)| coordinate(row, column));
    let side = |row: usize| usize::from(coordinate(row, 0) > coordinate(row, 1));
    let labels: Vec<usize> = (0..64).map(side).collect();
    let names = vec!["x".to_string(), "y".to_string()];
    let features = FeatureMatrix { values, names, unknown: Vec::new() };
    Dataset::new(&labels, &["below", "above"])?.with_features(&features)
}

fn main() -> Result<()> {
    let arguments = arguments::Arguments::read(&["out"])?;
    let out = Path::new(arguments.text("out")?);
    let tracker = Tracker::new("points: below & above")?;
    let set = points()?;
    let (train, test) =
        (set.subset(&(0..48).collect::<Vec<_>>())?, set.subset(&(48..64).collect::<Vec<_>>())?);

    let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
    let config = TrainConfig { batch_size: 16, learning_rate: 0.1, ..TrainConfig::default() };
    let logger = MlflowLogger::new(&tracker, "linear").config(&config).artifacts();
    Learner::new(model, &train, &test, &config)?.with(logger).fit_with(5, &mut Silent)?;

    let run = tracker.start_run("odd values")?;
    run.log_param("año/2.0", "'; DROP TABLE runs; -- \"ñ\"\n損失")?;
    for (step, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1].into_iter().enumerate() {
        run.log_metric("odd", value, step)?;
    }
    run.log_text("notes/why it is (50%).txt", "año")?;
    run.log_dataset(&train, "points", "training")?;
    run.set_tag("kind", "odd")?;
    run.finish()?;

    let runs = [0.01, 0.1, f64::MAX]
        .map(|rate| Settings::new(format!("rate {rate:.0e}")).with("rate", rate));
    let sweep = Sweep::new(out.join("sweep")).maximize("accuracy").track(&tracker);
    let results = sweep.run(&runs, &mut |trial| {
        let rate = trial.settings().float("rate")?;
        if rate > 1.0 {
            return Err(Error::new(ErrorKind::Numeric, "the loss is NaN"));
        }
        for step in 1..=20 {
            trial.report(step, &[("accuracy", rate + step as f64 * 0.01)])?;
        }
        std::fs::write(trial.folder().join("weights.bin"), [0, 1, 2])
            .map_err(|error| Error::io("weights.bin", &error))
    })?;

    // A sweep of another machine, such as the tasks of a cluster: run without records, recorded from its folder.
    let long = [Settings::new("long").with("steps", 2_500)];
    let other = Sweep::new(out.join("other")).maximize("step");
    other.run(&long, &mut |trial| {
        (1..=2_500).try_for_each(|step| trial.report(step, &[("step", step as f64)]))
    })?;
    other.track(&tracker).record(&long)?;

    println!("{} runs in {}", tracker.runs()?.len(), tracker.uri());
    println!("best: {}", results.best()?.settings.name());
    Ok(())
}
