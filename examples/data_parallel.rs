//! One network trained by several processes on generated images: `mpirun -n 2 data_parallel`, or `srun --mpi=pmix -n 2
//! data_parallel` in a Slurm job; `data_parallel` alone is one process.
//!
//! Prints a line of JSON per epoch. `--epochs N`, `--examples N`, `--pixels N` and `--batch N` (of all processes together) set the
//! sizes, `--norm` adds batch normalization, and `--fail RANK` makes a process fail in the second epoch.
//!
//! Built with `cargo build --release --features mpi --example data_parallel`; set `RAYON_NUM_THREADS` to the cores of each process.

use cuaderno::cluster::{Collective, Mpi};
use cuaderno::prelude::*;
use cuaderno::train::Monitor;
use cuaderno::{Error, ErrorKind};
use rand::{Rng, SeedableRng};
use std::sync::Arc;

struct Arguments {
    epochs: usize,
    examples: usize,
    pixels: usize,
    batch: usize,
    norm: bool,
    fail: Option<usize>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut found =
            Self { epochs: 4, examples: 500, pixels: 32, batch: 32, norm: false, fail: None };
        let mut words = std::env::args().skip(1);
        while let Some(name) = words.next() {
            if name == "--norm" {
                found.norm = true;
                continue;
            }
            let value = words.next().and_then(|value| value.parse().ok());
            match (name.as_str(), value) {
                ("--epochs", Some(epochs)) => found.epochs = epochs,
                ("--examples", Some(examples)) => found.examples = examples,
                ("--pixels", Some(pixels)) => found.pixels = pixels,
                ("--batch", Some(batch)) => found.batch = batch,
                ("--fail", rank) => found.fail = rank,
                _ => {
                    let problem = format!("expected a number after a known option, found `{name}`");
                    let help = "usage: data_parallel [--epochs N] [--examples N] [--pixels N] [--batch N] [--norm] [--fail RANK]";
                    return Err(Error::new(ErrorKind::Parameter, problem).help(help));
                }
            }
        }
        Ok(found)
    }
}

/// Stripes of three widths, in noise.
fn stripes(examples: usize, pixels: usize, seed: u64) -> Result<Dataset> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::with_capacity(examples * pixels * pixels * 3);
    let labels: Vec<usize> = (0..examples).map(|example| example % 3).collect();
    for label in &labels {
        let (width, start) = (label + 1, random.gen_range(0..8));
        for place in 0..pixels * pixels * 3 {
            let light = ((place / 3 % pixels + start) / width).is_multiple_of(2);
            values.push(random.gen_range(0..170u8) + if light { 80 } else { 0 });
        }
    }
    let side = u32::try_from(pixels).unwrap_or(u32::MAX);
    let images = ImageSet::from_pixels(values, side, side)?;
    Ok(Dataset::new(&labels, &["narrow", "middle", "wide"])?
        .with_images(&images)?
        .with_transform(&Transform::imagenet()))
}

fn network(norm: bool) -> Result<Sequential> {
    let mut init = Init::seed(0);
    let mut layers = Sequential::new();
    for (inputs, outputs) in [(3, 32), (32, 64), (64, 128)] {
        layers = layers.add(Conv2d::new(Conv2dConfig::same(inputs, outputs, 3), &mut init)?);
        if norm {
            layers = layers.add(BatchNorm2d::new(outputs)?);
        }
        layers = layers.add(Layer::Relu).add(MaxPool2d::new(2));
    }
    Ok(layers.add(Layer::GlobalAveragePool2d).add(Linear::new(128, 3, &mut init)?))
}

/// Prints each epoch as a line of JSON.
struct Lines {
    processes: usize,
}

impl Monitor for Lines {
    fn start(&mut self, _: usize, _: usize) {}

    fn batch(&mut self, _: usize, _: f64, _: f64) {}

    fn epoch(&mut self, history: &History) {
        let Some(last) = history.epochs.last() else { return };
        println!(
            "{{\"epoch\": {}, \"processes\": {}, \"train_loss\": {}, \"validation_loss\": {}, \"validation_accuracy\": {:.4}, \"seconds\": {:.3}}}",
            last.epoch,
            self.processes,
            last.train_loss,
            last.validation_loss,
            last.validation_accuracy,
            last.seconds
        );
    }

    fn finish(&mut self, _: &History) {}
}

/// Fails in the second epoch, in one process.
struct Failure {
    here: bool,
}

impl Callback for Failure {
    fn on_batch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        if run.epoch < 2 || !self.here {
            return Ok(());
        }
        Err(Error::new(ErrorKind::File, "a failure that was requested by `--fail`"))
    }
}

fn train(arguments: &Arguments, group: Arc<dyn Collective>) -> Result<()> {
    let train = stripes(arguments.examples, arguments.pixels, 1)?;
    let validation = stripes(arguments.examples.div_ceil(5), arguments.pixels, 2)?;
    let config = TrainConfig {
        batch_size: arguments.batch,
        optimizer: OptimizerConfig::nesterov(0.9),
        learning_rate: 0.01,
        ..TrainConfig::default()
    };
    let mut learner = Learner::new(network(arguments.norm)?, &train, &validation, &config)?;
    if let Some(rank) = arguments.fail {
        learner.add_callback(Box::new(Failure { here: rank == group.rank() }));
    }
    let mut lines = Lines { processes: group.size() };
    learner.with_collective(group)?.fit_with(arguments.epochs, &mut lines)?;
    Ok(())
}

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    Mpi::run(|group| train(&arguments, group))
}
