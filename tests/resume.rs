//! Runs that are interrupted or killed and end as if nothing had happened.
#![cfg(not(feature = "cuda"))] // A GPU's threads add in another order every time.

use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, Sequential, Weights,
};
use cuaderno::train::callbacks::{EarlyStopping, Ema, MixUp, ReduceLROnPlateau, Schedule};
use cuaderno::train::{Callback, Learner, OptimizerConfig, Silent, TrainConfig, TrainContext};
use cuaderno::{Error, ErrorKind, Result};
use rand::{Rng, SeedableRng};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const EPOCHS: usize = 5;

fn images(count: usize, seed: u64) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut pixels = Vec::new();
    for row in 0..count {
        pixels.extend((0..192).map(|_| random.gen_range(0..120u8) + 60 * (row % 3) as u8));
    }
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let augmentation = Augmentation { brightness: 0.2, ..Augmentation::default() };
    Dataset::new(&labels, &["dark", "grey", "light"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(pixels, 8, 8).unwrap())
        .unwrap()
        .with_transform(&Transform::default().augmented(augmentation))
}

fn network(channels: usize) -> Sequential {
    let mut init = Init::seed(5);
    Sequential::new()
        .add(Conv2d::new(Conv2dConfig::same(3, channels, 3), &mut init).unwrap())
        .add(BatchNorm2d::new(channels).unwrap())
        .add(Layer::Relu)
        .add(Layer::GlobalAveragePool2d)
        .add(Dropout::new(0.2).unwrap())
        .add(Linear::new(channels, 3, &mut init).unwrap())
}

fn config(optimizer: OptimizerConfig) -> TrainConfig {
    TrainConfig {
        batch_size: 6,
        learning_rate: 0.02,
        optimizer,
        metrics: vec!["f1_macro".into(), "log_loss".into()],
        accumulate: 2,
        clip_norm: Some(0.5),
        ..TrainConfig::default()
    }
}

/// A learner with callbacks that have states.
fn learner(optimizer: OptimizerConfig) -> Learner {
    Learner::new(network(4), &images(40, 0), &images(9, 1), &config(optimizer))
        .unwrap()
        .with(Schedule::cosine(4.0).warmup(1.0))
        .with(ReduceLROnPlateau::new("val_loss").patience(1))
        .with(EarlyStopping::new("val_loss", 3).restore_best_weights())
        .with(Ema::new(0.9))
        .with(MixUp::new(0.4))
}

fn outcome(learner: &Learner) -> (Weights, Option<Weights>, Vec<Vec<u64>>) {
    let epochs = learner.history().epochs.iter().map(|epoch| {
        epoch.names().iter().map(|name| epoch.value(name).unwrap().to_bits()).collect()
    });
    (Weights::of(learner.model()), learner.best().map(Weights::of), epochs.collect())
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Ends a run with an error after some batches.
struct Fail(usize);

impl Callback for Fail {
    fn name(&self) -> String {
        "Fail".to_string()
    }

    fn on_batch_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        if self.0 == 0 {
            return Err(Error::new(ErrorKind::Interrupted, "enough"));
        }
        self.0 -= 1;
        Ok(())
    }
}

#[test]
fn a_run_that_ends_anywhere_resumes_bit_for_bit() {
    for optimizer in
        [OptimizerConfig::adamw(0.1), OptimizerConfig::nesterov(0.9), OptimizerConfig::rmsprop()]
    {
        let folder = folder("resume");
        let mut whole = learner(optimizer.clone()).with(Fail(usize::MAX));
        whole.fit_until_with(EPOCHS, &mut Silent).unwrap();
        for batches in [0, 3, 7, 11, 17, 23, 30] {
            let _ = std::fs::remove_dir_all(&folder);
            let mut first = learner(optimizer.clone()).with(Fail(batches));
            first.save_into(&folder, Some(2)).unwrap();
            // Where early stopping has come first, the run has ended well.
            let _ = first.fit_until_with(EPOCHS, &mut Silent);
            let mut second = learner(optimizer.clone()).with(Fail(usize::MAX));
            assert_eq!(second.resume(&folder).unwrap(), batches >= 2, "{batches}");
            second.fit_until_with(EPOCHS, &mut Silent).unwrap();
            assert!(outcome(&second) == outcome(&whole), "{optimizer:?} after {batches} batches");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// The process that [`a_killed_run_resumes_bit_for_bit`] kills; by itself it does nothing.
#[test]
fn killed_run() {
    let Some(folder) = std::env::var_os("CUADERNO_TEST_RUN") else { return };
    let mut learner = learner(OptimizerConfig::adam());
    learner.resume(&folder).unwrap();
    learner.save_into(Path::new(&folder), Some(1)).unwrap();
    learner.fit_until_with(EPOCHS, &mut Silent).unwrap();
    Weights::of(learner.model()).write(Path::new(&folder).join("end.safetensors")).unwrap();
}

/// The weights at the end of a run. Those read from a file carry its name, so that they equal no others.
fn end(folder: &Path) -> Weights {
    let mut model = network(4);
    Weights::read(folder.join("end.safetensors")).unwrap().load_into(&mut model).unwrap();
    Weights::of(&model)
}

/// Kills a run `kills` times at random moments, by SIGKILL, and checks that it ends as the uninterrupted one. Runs that
/// end before they are killed are checked and started again.
fn kill_and_resume(kills: usize, seed: u64) {
    let mut whole = learner(OptimizerConfig::adam());
    whole.fit_until_with(EPOCHS, &mut Silent).unwrap();
    let expected = Weights::of(whole.model());
    let folder = folder(&format!("killed-{kills}"));
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed_run", "--nocapture"])
            .env("CUADERNO_TEST_RUN", &folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let (mut ended, mut resumed) = (0, 0);
    for killed in 1..=kills {
        std::fs::create_dir_all(&folder).unwrap();
        let mut run = start();
        std::thread::sleep(Duration::from_millis(random.gen_range(1..300)));
        run.kill().unwrap();
        run.wait().unwrap();
        if folder.join("end.safetensors").exists() {
            assert!(end(&folder) == expected, "after {killed} kills");
            std::fs::remove_dir_all(&folder).unwrap();
            ended += 1;
        } else if folder.join("checkpoint.safetensors").exists() {
            resumed += 1;
        }
    }
    std::fs::create_dir_all(&folder).unwrap();
    assert!(start().wait().unwrap().success());
    assert!(end(&folder) == expected);
    std::fs::remove_dir_all(&folder).unwrap();
    println!(
        "{kills} kills: {resumed} within a run that then went on, {} runs ended with the same bits",
        ended + 1
    );
}

#[test]
fn a_run_killed_at_100_random_moments_resumes_bit_for_bit() {
    kill_and_resume(100, 12);
}

#[test]
fn a_checkpoint_of_another_run_is_refused_with_what_differs() {
    let folder = folder("refused");
    let mut first = learner(OptimizerConfig::adam());
    first.save_into(&folder, None).unwrap();
    first.fit_with(1, &mut Silent).unwrap();
    let refused = |mut learner: Learner| learner.resume(&folder).unwrap_err().to_string();
    let with = |channels, examples, config: &TrainConfig| {
        Learner::new(network(channels), &images(examples, 0), &images(9, 1), config).unwrap()
    };
    let same = config(OptimizerConfig::adam());
    let said = refused(with(4, 40, &same));
    assert!(said.contains("callbacks"), "{said}");
    for (learner, says) in [
        (with(5, 40, &same), "network of"),
        (with(4, 39, &same), "training data of 40 examples"),
        (with(4, 40, &TrainConfig { seed: 3, ..same.clone() }), "seed 0 instead of 3"),
        (with(4, 40, &config(OptimizerConfig::sgd(0.9))), "optimizer Adam"),
    ] {
        let said = refused(learner);
        assert!(said.contains("the checkpoint is of another run"), "{said}");
        assert!(said.contains(says), "`{says}` is not in: {said}");
    }
    let file = folder.join("checkpoint.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&file, &bytes[..length]).unwrap();
        let said = refused(with(4, 40, &same));
        assert!(said.contains("not a whole checkpoint"), "{said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
