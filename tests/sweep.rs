//! Sweeps: resumed, with runs that fail or are given up, and searches that find what is best.

use cuaderno::prelude::*;
use cuaderno::sweep::Status;
use cuaderno::{Error, ErrorKind};
use std::path::PathBuf;

fn folder(name: &str) -> PathBuf {
    let name = format!("cuaderno-sweep-{}-{name}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn runs() -> Vec<Settings> {
    let base = Settings::new("default").with("filters", 100).with("epochs", 3);
    vec![
        base.clone(),
        base.renamed("150 filters").with("filters", 150),
        base.renamed("5 epochs").with("epochs", 5),
    ]
}

#[test]
fn what_is_finished_is_not_run_again_and_a_failure_is_passed_over() {
    let folder = folder("resume");
    let sweep = Sweep::new(&folder).maximize("score");
    let mut called = Vec::new();
    let first = sweep.run(&runs(), &mut |trial| {
        called.push(trial.settings().name().to_string());
        trial.report(1, &[("score", 0.5), ("loss", f64::NAN)])?;
        match trial.settings().name() {
            "150 filters" => Err(Error::new(ErrorKind::Numeric, "the loss is NaN")),
            "5 epochs" => panic!("index out of bounds"),
            _ => {
                trial.result("score", 0.75);
                Ok(())
            }
        }
    });
    let first = first.unwrap();
    assert_eq!(called, ["default", "150 filters", "5 epochs"]);
    let statuses: Vec<Status> = first.runs().iter().map(|run| run.status).collect();
    assert_eq!(statuses, [Status::Finished, Status::Failed, Status::Failed]);
    assert_eq!(first.runs()[1].error.as_deref(), Some("the loss is NaN"));
    assert_eq!(first.runs()[2].error.as_deref(), Some("panic: index out of bounds"));

    // Another process: only what failed runs, and the first run is as it was.
    called.clear();
    let sweep = Sweep::new(&folder).maximize("score");
    let second = sweep.run(&runs(), &mut |trial| {
        called.push(trial.settings().name().to_string());
        trial.report(1, &[("score", 0.8)])
    });
    let second = second.unwrap();
    assert_eq!(called, ["150 filters", "5 epochs"]);
    assert_eq!(second.runs()[0].metric("score"), Some(0.75));
    assert_eq!(second.runs()[0].series("score"), [(1, 0.5)]);
    assert!(second.runs()[0].series("loss")[0].1.is_nan());
    assert_eq!(second.best().unwrap().metric("score"), Some(0.8));
    let effects = second.effects().unwrap();
    assert_eq!(effects.texts("values").unwrap(), ["100 → 150", "3 → 5"]);
    assert_eq!(effects.numbers("change").unwrap(), [0.05, 0.05]);
    assert_eq!(second.table().unwrap().columns()[..3], ["run", "filters", "epochs"]);

    // A record that is damaged is not taken for a finished run.
    std::fs::write(second.runs()[0].folder.join("run.json"), "{\"name\":").unwrap();
    let error = sweep.results(&runs()).unwrap_err().to_string();
    assert!(error.contains("expected the record of a run"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_interrupted_sweep_goes_on_with_the_run_that_was_interrupted() {
    let folder = folder("interrupt");
    let sweep = Sweep::new(&folder);
    let stop = sweep.run(&runs(), &mut |trial| {
        trial.report(1, &[("loss", 1.0)])?;
        if trial.settings().name() == "150 filters" {
            return Err(Error::new(ErrorKind::Interrupted, "stopped"));
        }
        Ok(())
    });
    assert_eq!(stop.unwrap_err().kind(), ErrorKind::Interrupted);
    let mut called = Vec::new();
    let results = sweep.run(&runs(), &mut |trial| {
        called.push(trial.settings().name().to_string());
        trial.report(1, &[("loss", 0.5)])
    });
    assert_eq!(called, ["150 filters", "5 epochs"]);
    // The metrics of the attempt that was cut off are gone.
    assert_eq!(results.unwrap().runs()[1].series("loss"), [(1, 0.5)]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn tasks_of_an_array_run_one_each_and_are_gathered() {
    let folder = folder("array");
    let sweep = Sweep::new(&folder).maximize("score");
    for index in [2, 0, 1] {
        let run = sweep.run_index(&runs(), index, &mut |trial| {
            trial.result("score", trial.settings().float("epochs")?);
            Ok(())
        });
        assert_eq!(run.unwrap().status, Status::Finished);
    }
    let gathered = sweep.results(&runs()).unwrap();
    assert_eq!(gathered.best().unwrap().settings.name(), "5 epochs");
    assert!(sweep.run_index(&runs(), 3, &mut |_| Ok(())).is_err());
    let failing = Settings::new("fails").with("x", 1);
    let run = sweep
        .run_index(&[failing], 0, &mut |_| Err(Error::new(ErrorKind::Numeric, "the loss is NaN")));
    assert!(run.unwrap_err().to_string().contains("run `fails` failed: the loss is NaN"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// Ends the training in the middle of its third epoch, as the flag of an interrupt does.
struct Stop(bool);

impl Callback for Stop {
    fn on_batch_begin(&mut self, run: &mut TrainContext<'_>, _: &mut Batch) -> Result<()> {
        match (self.0, run.epoch, run.batch) {
            (true, 3, 2) => Err(Error::new(ErrorKind::Interrupted, "stopped")),
            _ => Ok(()),
        }
    }
}

fn learner(rate: f64, stop: bool) -> Learner {
    let cell = |(row, column): (usize, usize)| ((row * (column + 3)) as f32 * 0.7).sin();
    let names = vec!["a".to_string(), "b".to_string()];
    let values = ndarray::Array2::from_shape_fn((24, 2), cell);
    let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    let labels: Vec<usize> =
        (0..24).map(|row| usize::from(cell((row, 0)) > cell((row, 1)))).collect();
    let set = Dataset::new(&labels, &["below", "above"]).unwrap().with_features(&features).unwrap();
    let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0)).unwrap());
    let config = TrainConfig { batch_size: 8, learning_rate: rate, ..TrainConfig::default() };
    Learner::new(model, &set, &set, &config).unwrap().with(Stop(stop))
}

#[test]
fn a_run_that_is_interrupted_within_an_epoch_ends_with_the_same_bits() {
    let folder = folder("fit");
    let run = [Settings::new("rate 0.1").with("rate", 0.1)];
    let fit = |name: &str, stop: bool| {
        let sweep = Sweep::new(folder.join(name)).minimize("val_loss");
        let mut weights = Vec::new();
        let results = sweep.run(&run, &mut |trial| {
            let mut learner = learner(trial.settings().float("rate")?, stop);
            trial.fit(&mut learner, 5, None)?;
            weights = learner.model().parameters()[0].1.values().into_owned();
            Ok(())
        });
        results.map(|results| (results.runs()[0].history.clone(), weights))
    };
    let whole = fit("whole", false).unwrap();
    assert_eq!(fit("parts", true).unwrap_err().kind(), ErrorKind::Interrupted);
    let parts = fit("parts", false).unwrap();
    assert_eq!(parts, whole);
    assert_eq!(whole.0.iter().filter(|(_, name, _)| name == "val_loss").count(), 5);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_run_that_is_trained_is_given_up_between_two_epochs() {
    let folder = folder("fit-pruning");
    let rates = [0.1, 0.2, 1e-6];
    let runs = rates.map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
    let sweep =
        Sweep::new(&folder).minimize("val_loss").pruning(Pruning::Median { runs: 2, from: 2 });
    let results = sweep.run(&runs, &mut |trial| {
        trial.fit(&mut learner(trial.settings().float("rate")?, false), 4, None).map(|_| ())
    });
    let results = results.unwrap();
    assert_eq!(results.runs()[2].status, Status::Pruned);
    assert_eq!(results.runs()[2].series("val_loss").len(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_dry_run_prints_a_script_for_what_is_left_and_runs_nothing() {
    let folder = folder("dry-run");
    let sweep = Sweep::new(&folder).minimize("loss");
    sweep.run_index(&runs(), 1, &mut |_| Ok(())).unwrap();
    let slurm = Slurm::new().time_limit("30").at_once(2).dry_run(true);
    let results = sweep.run_on(&slurm, &runs(), &mut |_| panic!("nothing runs")).unwrap();
    let statuses: Vec<Status> = results.runs().iter().map(|run| run.status).collect();
    assert_eq!(statuses, [Status::Waiting, Status::Finished, Status::Waiting]);
    assert!(!folder.join("slurm").exists());
    let script = slurm.script(&folder, &[0, 2]).unwrap();
    for line in ["#SBATCH --array=0,2%2", "#SBATCH --time=30", "#SBATCH --signal=B:USR1@120"] {
        assert!(script.contains(&format!("{line}\n")), "{script}");
    }
    let message = |slurm: Slurm, folder: &str| slurm.script(folder, &[0]).unwrap_err().to_string();
    assert!(message(Slurm::new().option("--a\n--b"), "runs").contains("must be one line"));
    assert!(message(Slurm::new(), "50%").contains("must not have `%`"));
    assert!(slurm.script(&folder, &[]).unwrap_err().to_string().contains("at least one task"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn runs_below_the_median_are_given_up() {
    let folder = folder("pruning");
    let space = Space::new().choices("quality", &[5, 6, 7, 1, 9]);
    let sweep = Sweep::new(&folder).maximize("score").pruning(Pruning::Median { runs: 3, from: 2 });
    let mut steps = Vec::new();
    let results = sweep.search(&space, Search::Grid, &mut |trial| {
        let quality = trial.settings().float("quality")?;
        let mut done = 0;
        let outcome = (1..=4).try_for_each(|step| {
            done = step;
            trial.report(step, &[("score", quality * step as f64)])
        });
        steps.push(done);
        outcome
    });
    let results = results.unwrap();
    assert_eq!(steps, [4, 4, 4, 2, 4]);
    let statuses: Vec<Status> = results.runs().iter().map(|run| run.status).collect();
    assert_eq!(statuses[3], Status::Pruned);
    assert_eq!(results.best().unwrap().settings.integer("quality").unwrap(), 9);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_search_is_resumed_with_the_draws_it_made() {
    let space = Space::new()
        .log_uniform("rate", 1e-5, 1.0)
        .integers("layers", 1, 9)
        .choices("optimizer", &["sgd", "adam"])
        .fixed("seed", 1);
    for (name, how) in [
        ("random", Search::Random { runs: 14, seed: 3 }),
        ("tpe", Search::Tpe { runs: 14, seed: 3 }),
    ] {
        let folder = folder(name);
        let sweep = Sweep::new(&folder);
        let results = sweep.search(&space, how, &mut |trial| {
            let layers = trial.settings().float("layers")?;
            trial.result("loss", (layers - 4.0).abs() + trial.settings().float("rate")?);
            Ok(())
        });
        // Rates are kept to the last digit, or another run would be taken for a new one.
        let again = sweep.search(&space, how, &mut |_| panic!("all runs are finished")).unwrap();
        assert!(again.runs().iter().all(|run| run.status == Status::Finished));
        assert_eq!(again.best().unwrap(), results.unwrap().best().unwrap());
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn what_cannot_be_run_is_refused() {
    let folder = folder("refused");
    let sweep = Sweep::new(&folder);
    let twice = [Settings::new("a").with("x", 1), Settings::new("b").with("x", 1)];
    let error = sweep.run(&twice, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("the runs `a` and `b` have the same settings"), "{error}");
    let message = |space: Space| space.random(3, 0).unwrap_err().to_string();
    assert!(message(Space::new().choices::<i64>("x", &[])).contains("`x` has no choices"));
    assert!(message(Space::new().uniform("x", 1.0, 0.0)).contains("from 1 to 0 is empty"));
    assert!(message(Space::new().log_uniform("x", 0.0, 1.0)).contains("must be above 0"));
    assert!(message(Space::new().choices("x", &[1, 2])).contains("expected 3 different runs"));
    let range = Space::new().uniform("x", 0.0, 1.0).grid().unwrap_err().to_string();
    assert!(range.contains("which no grid can fill"), "{range}");
    let settings = Settings::new("a").with("x", 1.5);
    assert!(settings.integer("x").unwrap_err().to_string().contains("found `1.5`"));
    assert!(
        settings.float("y").unwrap_err().to_string().contains("expected the setting `y`, found x")
    );
    assert!(sweep.results(&[settings]).unwrap().best().is_err());
}
