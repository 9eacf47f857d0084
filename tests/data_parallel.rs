//! Training on a group of processes, here threads: the same run as on one process with the whole batch.
#![cfg(not(feature = "cuda"))] // A model on a GPU stays on its thread.

use cuaderno::cluster::{Collective, ThreadGroup};
use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::nn::{BatchNorm2d, Conv2d, Conv2dConfig, Init, Layer, Linear, Sequential, Weights};
use cuaderno::tensor::read;
use cuaderno::train::callbacks::{
    CsvLogger, EarlyStopping, Ema, ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN,
};
use cuaderno::train::{
    Batch, Callback, History, LastBatch, Learner, LossOptions, OptimizerConfig, Silent,
    TrainConfig, TrainContext,
};
use cuaderno::{Error, ErrorKind, Result};
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex};

/// Images whose brightness gives their class, in noise.
fn images(count: usize, seed: u64) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut pixels = Vec::new();
    for row in 0..count {
        pixels.extend((0..192).map(|_| random.gen_range(0..120u8) + 60 * (row % 3) as u8));
    }
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let augmentation =
        Augmentation { brightness: 0.2, horizontal_flip: 0.5, ..Augmentation::default() };
    Dataset::new(&labels, &["dark", "grey", "light"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(pixels, 8, 8).unwrap())
        .unwrap()
        .with_transform(&Transform::default().augmented(augmentation))
}

fn network(normalized: bool, seed: u64) -> Sequential {
    let mut init = Init::seed(seed);
    let conv = Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut init).unwrap();
    let mut network = Sequential::new().named("conv", conv);
    if normalized {
        network = network.named("norm", BatchNorm2d::new(4).unwrap());
    }
    network
        .named("relu", Layer::Relu)
        .named("pool", Layer::GlobalAveragePool2d)
        .named("head", Linear::new(4, 3, &mut init).unwrap())
}

fn config() -> TrainConfig {
    TrainConfig {
        batch_size: 6,
        learning_rate: 0.05,
        optimizer: OptimizerConfig::nesterov(0.9),
        metrics: vec!["f1_macro".into(), "balanced_accuracy".into()],
        ..TrainConfig::default()
    }
}

/// What `make` trains on each of `size` processes.
fn trained(
    size: usize,
    epochs: usize,
    make: &(dyn Fn() -> Learner + Sync),
) -> Vec<(History, Weights)> {
    let run = |group: Arc<dyn Collective>| {
        let mut learner = make().with_collective(group)?;
        let history = learner.fit_with(epochs, &mut Silent)?;
        Ok((history, Weights::of(learner.model())))
    };
    ThreadGroup::run(size, run).unwrap()
}

/// All values of a history but the time.
fn values(history: &History) -> Vec<f64> {
    let epochs = history.epochs.iter();
    let of = |name: String, epoch: &cuaderno::train::EpochRecord| epoch.value(&name).unwrap();
    epochs
        .flat_map(|epoch| epoch.names().into_iter().map(|name| of(name.to_string(), epoch)))
        .collect()
}

/// Checks that all processes have the same, and the first the curves of `expected`.
fn agree(what: &str, found: &[(History, Weights)], expected: &(History, Weights), most: f64) {
    let bits =
        |history: &History| values(history).iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    for (rank, (history, weights)) in found.iter().enumerate() {
        assert!(*weights == found[0].1, "{what}: the weights of process {rank}");
        assert_eq!(bits(history), bits(&found[0].0), "{what}: the history of process {rank}");
    }
    let (found, expected) = (values(&found[0].0), values(&expected.0));
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= most, "{what}: {found} instead of {expected}");
    }
}

#[test]
fn losses_are_those_of_one_process() {
    let weights: Vec<f32> = (0..25).map(|row| 0.5 + (row % 4) as f32).collect();
    let weighted = images(25, 0).with_weights(&weights).unwrap();
    let classes = LossOptions::cross_entropy().class_weights(&[1.0, 3.0, 0.5]);
    let cases: [(&str, Dataset, TrainConfig); 5] = [
        ("a ragged batch", images(25, 0), config()),
        ("weights", weighted, TrainConfig { loss: classes.label_smoothing(0.1), ..config() }),
        ("a batch of one", images(25, 0), TrainConfig { last_batch: LastBatch::Keep, ..config() }),
        (
            "accumulation and clipping",
            images(25, 0),
            TrainConfig { accumulate: 2, clip_norm: Some(0.1), ..config() },
        ),
        (
            "cumulative link",
            images(25, 0),
            TrainConfig { loss: LossOptions::cumulative_link(), ..config() },
        ),
    ];
    for (what, train, config) in cases {
        let ordered = what == "cumulative link";
        let make = || {
            let mut model = network(false, 5);
            if ordered {
                let head = Linear::new(4, 2, &mut Init::seed(6)).unwrap();
                model = network_without_head().named("head", head);
            }
            Learner::new(model, &train, &images(130, 1), &config).unwrap()
        };
        let alone = trained(1, 4, &make).remove(0);
        for size in [2, 3] {
            agree(&format!("{what}, {size}"), &trained(size, 4, &make), &alone, 2e-5);
        }
    }
}

fn network_without_head() -> Sequential {
    let conv = Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut Init::seed(5)).unwrap();
    Sequential::new().add(conv).add(Layer::Relu).add(Layer::GlobalAveragePool2d)
}

#[test]
fn the_weights_are_those_of_the_first_process_and_callbacks_do_the_same_in_all() {
    let folder = std::env::temp_dir().join(format!("cuaderno-parallel-{}", std::process::id()));
    let run = |group: Arc<dyn Collective>| {
        let rank = group.rank();
        let own = folder.join(rank.to_string());
        let (train, validation) = (images(24, 0), images(12, 1));
        // Other initial weights in each process, and decisions that follow from the history.
        let mut learner = Learner::new(network(true, rank as u64), &train, &validation, &config())?
            .with(EarlyStopping::new("val_loss", 1).restore_best_weights())
            .with(ReduceLROnPlateau::new("val_loss").patience(0).factor(0.5))
            .with(Ema::new(0.9))
            .with(ModelCheckpoint::new(&own, "val_loss"))
            .with(CsvLogger::new(own.join("log.csv")))
            .with_collective(group)?;
        learner.save_into(own.join("saved"), Some(2))?;
        let history = learner.fit_with(30, &mut Silent)?;
        Ok((history, Weights::of(learner.model())))
    };
    let found = ThreadGroup::run(2, run).unwrap();
    agree("callbacks", &found, &found[0], 0.0);
    assert!(found[0].0.epochs.len() < 30, "it has stopped early");
    let files = ["best.safetensors", "log.csv", "saved/checkpoint.safetensors"];
    for file in files {
        assert!(folder.join("0").join(file).exists(), "{file}");
        assert!(!folder.join("1").join(file).exists(), "{file} of the second process");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn running_averages_are_means_over_the_processes() {
    let (train, config) = (images(5, 0), TrainConfig { batch_size: 5, ..config() });
    let train = train.with_transform(&Transform::default());
    let model = || {
        Sequential::new()
            .named("norm", BatchNorm2d::new(3).unwrap())
            .named("pool", Layer::GlobalAveragePool2d)
            .named("head", Linear::new(3, 3, &mut Init::seed(0)).unwrap())
    };
    let make = || Learner::new(model(), &train, &train, &config).unwrap();
    let found = trained(2, 1, &make).remove(0).1;
    // Shares of two and three examples, in the order of the epoch: momentum 0.1, unbiased variances, as in PyTorch.
    let order = train.shuffled_batches(5, config.seed, 1).remove(0);
    let statistics = |rows: &[usize]| {
        let images = train.batch(rows, 0, 0).unwrap().0.images.unwrap();
        let all = read(&images).into_owned();
        let of = |channel: usize| {
            let planes = all.chunks_exact(64).skip(channel).step_by(3);
            let values: Vec<f64> = planes.flatten().map(|v| f64::from(*v)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            [mean, squares / (values.len() - 1) as f64]
        };
        [of(0), of(1), of(2)]
    };
    let (first, second) = (statistics(&order[..2]), statistics(&order[2..]));
    for (place, name) in ["norm.running_mean", "norm.running_var"].iter().enumerate() {
        let found = &found.get(name).unwrap().values;
        for channel in 0..3 {
            let mean = 0.4 * first[channel][place] + 0.6 * second[channel][place];
            let expected = 0.9 * place as f64 + 0.1 * mean;
            assert!((f64::from(found[channel]) - expected).abs() < 1e-5, "{name} {found:?}");
        }
    }
}

/// Counts the examples of each batch that a process computes.
#[derive(Clone)]
struct Count(Arc<Mutex<Vec<usize>>>);

impl Callback for Count {
    fn on_batch_begin(&mut self, _: &mut TrainContext<'_>, batch: &mut Batch) -> Result<()> {
        assert_eq!(batch.indices.len(), batch.targets.len());
        self.0.lock().unwrap().push(batch.indices.len());
        Ok(())
    }
}

#[test]
fn each_process_computes_its_share() {
    let shares = ThreadGroup::run(2, |group| {
        let (train, count) = (images(25, 0), Count(Arc::default()));
        let config = TrainConfig { last_batch: LastBatch::Merge, ..config() };
        let learner = Learner::new(network(true, 5), &train, &train, &config)?;
        learner.with(count.clone()).with_collective(group)?.fit_with(1, &mut Silent)?;
        Ok(count.0.lock().unwrap().clone())
    });
    assert_eq!(shares.unwrap(), [[3, 3, 3, 3], [3, 3, 3, 4]]);
}

/// Does something in one process at the end of an epoch.
struct InOne(usize, fn(&mut TrainContext<'_>) -> Result<()>);

impl Callback for InOne {
    fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        if self.0 == 1 && run.epoch == 2 { self.1(run) } else { Ok(()) }
    }
}

fn with_one(
    group: Arc<dyn Collective>,
    work: fn(&mut TrainContext<'_>) -> Result<()>,
) -> Result<usize> {
    let (train, rank) = (images(24, 0), group.rank());
    let learner = Learner::new(network(true, 5), &train, &train, &config())?;
    let mut learner = learner.with(InOne(rank, work)).with_collective(group)?;
    Ok(learner.fit_with(5, &mut Silent)?.epochs.len())
}

#[test]
fn what_stops_one_process_stops_all() {
    let stop = |group| {
        with_one(group, |run| {
            run.stop("enough");
            Ok(())
        })
    };
    assert_eq!(ThreadGroup::run(3, stop).unwrap(), [2, 2, 2]);
    let fail = |group| {
        with_one(group, |_| Err(Error::new(ErrorKind::File, "the disk of process 1 is full")))
    };
    let error = ThreadGroup::run(3, fail).unwrap_err();
    assert!(error.to_string().contains("the disk of process 1 is full"), "{error}");
}

#[test]
fn a_loss_that_is_not_finite_is_noticed_by_all() {
    let run = |group: Arc<dyn Collective>, handled: bool| {
        let train = images(24, 0);
        let config = TrainConfig { learning_rate: 1e30, ..config() };
        let mut learner = Learner::new(network(false, 5), &train, &train, &config)?;
        if handled {
            learner.add_callback(Box::new(TerminateOnNaN));
        }
        learner.with_collective(group)?.fit_with(3, &mut Silent)
    };
    let histories = ThreadGroup::run(2, |group| run(group, true)).unwrap();
    assert_eq!(histories[0].epochs.len(), histories[1].epochs.len());
    let kinds = ThreadGroup::run(2, |group| Ok(run(group, false).unwrap_err().kind())).unwrap();
    assert_eq!(kinds, [ErrorKind::Numeric; 2]);
}

#[test]
fn a_run_resumes_in_all_processes() {
    let folder =
        std::env::temp_dir().join(format!("cuaderno-parallel-resume-{}", std::process::id()));
    let (train, validation) = (images(25, 0), images(9, 1));
    let make = || Learner::new(network(true, 5), &train, &validation, &config()).unwrap();
    let whole = trained(2, 4, &make);
    let part = |group: Arc<dyn Collective>, epochs: usize| {
        let mut learner = make().with_collective(group)?;
        learner.resume(&folder)?;
        learner.save_into(&folder, None)?;
        let history = learner.fit_until_with(epochs, &mut Silent)?;
        Ok((history, Weights::of(learner.model())))
    };
    ThreadGroup::run(2, |group| part(group, 2)).unwrap();
    let resumed = ThreadGroup::run(2, |group| part(group, 4)).unwrap();
    agree("resumed", &resumed, &whole[0], 0.0);
    assert!(resumed[0].1 == whole[0].1);
    // A process that cannot read the folder would start over.
    let lost = ThreadGroup::run(2, |group| {
        let rank = group.rank();
        let mut learner = make().with_collective(group)?;
        learner.resume(if rank == 0 { folder.clone() } else { folder.join("lost") })?;
        learner.fit_until_with(5, &mut Silent)
    });
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(lost.unwrap_err().to_string().contains("epoch in every process"));
}

#[test]
fn wrong_groups_are_refused() {
    let train = images(24, 0);
    let small = ThreadGroup::run(7, |group| {
        Learner::new(network(false, 5), &train, &train, &config())?.with_collective(group).map(drop)
    });
    assert!(small.unwrap_err().to_string().contains("at least the 7 processes, found 6"));
    let other = ThreadGroup::run(2, |group| {
        let config = TrainConfig { learning_rate: 0.1 + group.rank() as f64, ..config() };
        let learner = Learner::new(network(false, 5), &train, &train, &config)?;
        learner.with_collective(group)?.fit_with(1, &mut Silent)
    });
    assert!(other.unwrap_err().to_string().contains("found others"));
}
