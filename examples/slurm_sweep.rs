//! A sweep and a cross-validation as job arrays on a Slurm cluster: the program submits itself, once per run and per fold.
//!
//! ```text
//! cargo run --release --example slurm_sweep -- --out DIR [--dry-run | --local] [--epochs N] [--pause MILLISECONDS]
//! ```
//!
//! `--dry-run` prints the batch scripts; `--local` runs everything in this process, with the same results. `--pause` waits
//! after each batch, so that there is time to watch.

use cuaderno::data::{Fold, KFold};
use cuaderno::prelude::*;
use cuaderno::table::FeatureMatrix;
use cuaderno::train::{cross_validate, cross_validate_on};
use cuaderno::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// Waits after each batch.
struct Pause(Duration);

impl Callback for Pause {
    fn on_batch_end(&mut self, _: &mut TrainContext<'_>) -> Result<()> {
        std::thread::sleep(self.0);
        Ok(())
    }
}

/// Two classes of points that a line separates, roughly.
fn points() -> Result<Dataset> {
    let coordinate = |row: usize, column: usize| ((row * (column + 3)) as f32 * 0.7).sin();
    let values = ndarray::Array2::from_shape_fn((120, 2), |(row, column)| coordinate(row, column));
    let side = |row: usize| {
        usize::from(coordinate(row, 0) > coordinate(row, 1) + coordinate(row, 9) * 0.3)
    };
    let labels: Vec<usize> = (0..120).map(side).collect();
    let names = vec!["x".to_string(), "y".to_string()];
    let features = FeatureMatrix { values, names, unknown: Vec::new() };
    Dataset::new(&labels, &["below", "above"])?.with_features(&features)
}

fn learner(train: &Dataset, test: &Dataset, rate: f64, pause: Duration) -> Result<Learner> {
    let mut init = Init::seed(0);
    let model = Sequential::new()
        .add(Linear::new(2, 8, &mut init)?)
        .add(Layer::Relu)
        .add(Dropout::new(0.1)?)
        .add(Linear::new(8, 2, &mut init)?);
    let config = TrainConfig { batch_size: 8, learning_rate: rate, ..TrainConfig::default() };
    Ok(Learner::new(model, train, test, &config)?.with(Pause(pause)))
}

fn argument<T: std::str::FromStr>(name: &str, default: Option<T>) -> Result<T> {
    let value = std::env::args().skip_while(|word| word != name).nth(1);
    let value = match &value {
        Some(value) => value.parse().ok(),
        None => default,
    };
    let problem = || Error::new(ErrorKind::Parameter, format!("`{name}` needs a value"));
    value.ok_or_else(problem)
}

fn main() -> Result<()> {
    let out: String = argument("--out", None)?;
    let out = Path::new(&out);
    let epochs = argument("--epochs", Some(6))?;
    let pause = Duration::from_millis(argument("--pause", Some(0))?);
    let given = |flag: &str| std::env::args().any(|word| word == flag);
    let (dry_run, local) = (given("--dry-run"), given("--local"));
    let slurm = Slurm::new()
        .time_limit("00:10:00")
        .cpus(1)
        .at_once(2)
        .grace(60)
        .poll(Duration::from_secs(1))
        .dry_run(dry_run);

    let set = points()?;
    let part = |rows: std::ops::Range<usize>| set.subset(&rows.collect::<Vec<_>>());
    let (train, test) = (part(0..80)?, part(80..120)?);
    let rates = [0.003, 0.01, 0.03, -1.0];
    let runs = rates.map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
    let sweep = Sweep::new(out.join("runs")).minimize("val_loss");
    let mut work = |trial: &mut Trial<'_>| -> Result<()> {
        // The last rate is refused: a run that fails is recorded, and the others go on.
        let mut learner = learner(&train, &test, trial.settings().float("rate")?, pause)?;
        trial.fit(&mut learner, epochs, Some(4))?;
        Weights::of(learner.model()).write(trial.folder().join("weights.safetensors"))
    };
    let results = if local {
        sweep.run(&runs, &mut work)?
    } else {
        sweep.run_on(&slurm, &runs, &mut work)?
    };

    let folds = KFold::new(3, 0).stratified(set.labels())?;
    let fold = |fold: &Fold, folder: &Path| -> Result<Evaluation> {
        let (train, test) = (set.subset(&fold.train)?, set.subset(&fold.test)?);
        let mut learner = learner(&train, &test, 0.03, Duration::ZERO)?;
        learner.resume(folder)?;
        learner.save_into(folder, None)?;
        learner.fit_until_with(epochs, &mut cuaderno::train::Silent)?;
        learner.evaluate(&test)
    };
    let folder = out.join("folds");
    let validated = if local {
        Some(cross_validate(&folds, &|one| {
            fold(one, &folder.join(format!("fold-{}", one.number)))
        })?)
    } else {
        cross_validate_on(&slurm, &folder, &folds, &fold)?
    };
    if dry_run {
        return Ok(());
    }
    for run in results.runs() {
        println!("{}: {} {:?}", run.settings.name(), run.status.name(), run.metric("val_loss"));
    }
    println!("best: {}", results.best()?.settings.name());
    println!("cross-validated accuracy: {}", validated.map_or(f64::NAN, |found| found.accuracy()));
    Ok(())
}
