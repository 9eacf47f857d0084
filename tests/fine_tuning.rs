//! The learning rate finder, and fine-tuning in one line.

use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::models::{Fusion, FusionConfig, Hybrid, HybridConfig, squeezenet1_1};
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, Model, Sequential, Weights,
};
use cuaderno::table::FeatureMatrix;
use cuaderno::train::callbacks::Schedule;
use cuaderno::train::{
    Callback, FineTune, Learner, LearningRateFinder, OptimizerConfig, Silent, TrainConfig,
    TrainContext,
};
use cuaderno::{Error, ErrorKind, Result};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex};

/// Images whose brightness tells their class, in noise, with two columns of metadata.
fn images(count: usize, seed: u64, pixels: u32) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let size = 3 * (pixels * pixels) as usize;
    let mut values = Vec::new();
    for row in 0..count {
        values.extend((0..size).map(|_| random.gen_range(0..120u8) + 60 * (row % 3) as u8));
    }
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let augmentation = Augmentation { brightness: 0.2, ..Augmentation::default() };
    let names = ["x", "y"].map(String::from).to_vec();
    let columns = Array2::from_shape_fn((count, 2), |(i, j)| ((i * (2 + j)) % 7) as f32 / 7.0);
    Dataset::new(&labels, &["dark", "grey", "light"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(values, pixels, pixels).unwrap())
        .unwrap()
        .with_features(&FeatureMatrix { values: columns, names, unknown: Vec::new() })
        .unwrap()
        .with_transform(&Transform::default().augmented(augmentation))
}

fn network() -> Sequential {
    let mut init = Init::seed(5);
    Sequential::new()
        .named("conv", Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut init).unwrap())
        .named("norm", BatchNorm2d::new(4).unwrap())
        .named("relu", Layer::Relu)
        .named("second", Conv2d::new(Conv2dConfig::same(4, 4, 3), &mut init).unwrap())
        .named("pool", Layer::GlobalAveragePool2d)
        .named("dropout", Dropout::new(0.2).unwrap())
        .named("head", Linear::new(4, 3, &mut init).unwrap())
}

fn learner(config: &TrainConfig) -> Learner {
    Learner::new(network(), &images(40, 0, 8), &images(12, 1, 8), config).unwrap()
}

fn config() -> TrainConfig {
    TrainConfig { batch_size: 6, learning_rate: 0.02, ..TrainConfig::default() }
}

fn outcome(learner: &Learner) -> (Weights, Vec<Vec<u64>>) {
    let epochs = learner.history().epochs.iter().map(|epoch| {
        epoch.names().iter().map(|name| epoch.value(name).unwrap().to_bits()).collect()
    });
    (Weights::of(learner.model()), epochs.collect())
}

/// Ends a run with an error after some batches.
struct Fail(usize);

impl Callback for Fail {
    fn on_batch_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        self.0 =
            self.0.checked_sub(1).ok_or_else(|| Error::new(ErrorKind::Interrupted, "enough"))?;
        Ok(())
    }
}

#[test]
fn the_learning_rate_finder_leaves_no_trace() {
    for optimizer in [OptimizerConfig::adamw(0.1), OptimizerConfig::nesterov(0.9)] {
        let config = TrainConfig { optimizer, accumulate: 2, ..config() };
        let run = |find: bool| {
            let mut learner = learner(&config).with(Schedule::cosine(4.0));
            learner.fit_with(1, &mut Silent).unwrap();
            if find {
                let (before, rate) = (outcome(&learner), learner.learning_rate());
                let found = learner.find_learning_rate().unwrap();
                assert!(!found.rates.is_empty());
                assert!(outcome(&learner) == before);
                assert_eq!(learner.learning_rate(), rate);
            }
            learner.fit_with(2, &mut Silent).unwrap();
            outcome(&learner)
        };
        if !cfg!(feature = "cuda") {
            assert!(run(true) == run(false), "{:?}", config.optimizer);
        }
    }
}

#[test]
fn the_rate_rises_to_divergence_and_the_suggestion_trains() {
    let sgd = TrainConfig { optimizer: OptimizerConfig::sgd(0.9), ..config() };
    let mut learner = learner(&sgd);
    let settings = LearningRateFinder { start: 1e-5, end: 1e4, ..LearningRateFinder::default() };
    let found = learner.find_learning_rate_with(&settings).unwrap();
    assert!(found.diverged && found.rates.len() < 100, "{}", found.rates.len());
    assert!((found.rates[0] - 1e-5).abs() < 1e-12);
    let ratio = found.rates[1] / found.rates[0];
    assert!((ratio - 1e9f64.powf(0.01)).abs() < 1e-9, "{ratio}");
    assert_eq!(found.smoothed[0], found.losses[0]);
    assert!(found.figure().is_ok() && found.table().unwrap().rows() == found.rates.len());
    let (valley, steepest) = (found.valley().unwrap(), found.steepest().unwrap());
    assert!(valley > 1e-5 && steepest > 1e-5 && valley < 100.0, "{valley} {steepest}");
    assert_eq!(found.suggestion().unwrap(), valley);
    learner.set_learning_rate(valley).unwrap();
    let history = learner.fit_with(4, &mut Silent).unwrap();
    assert!(history.epochs[3].train_loss.is_finite());
}

#[test]
fn finder_settings_are_checked_and_errors_restore_the_learner() {
    let mut learner = learner(&config());
    let finder = LearningRateFinder::default();
    for (settings, says) in [
        (
            LearningRateFinder { start: 0.0, ..finder },
            "`start` must be finite and above 0, found 0",
        ),
        (LearningRateFinder { end: 1e-8, ..finder }, "`end` must be finite and above `start`"),
        (LearningRateFinder { steps: 3, ..finder }, "`steps` must be at least 10, found 3"),
        (LearningRateFinder { smoothing: 1.0, ..finder }, "`smoothing`"),
        (LearningRateFinder { stop_factor: f64::NAN, ..finder }, "`stop_factor`"),
    ] {
        let error = learner.find_learning_rate_with(&settings).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    for (_, parameter) in learner.parameters_mut() {
        parameter.update(&mut |values| values.fill(f32::NAN)).unwrap();
    }
    let error = learner.find_learning_rate().unwrap_err();
    assert!(error.to_string().contains("the loss is NaN in the first step"), "{error}");
    assert_eq!(learner.learning_rate(), 0.02);
}

/// Epoch and learning rate of a step, and the parameters that it trained.
type Step = (usize, f64, Vec<String>);

/// Notes every step.
struct Note(Arc<Mutex<Vec<Step>>>);

impl Callback for Note {
    fn on_batch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let trained = run.model.parameters().into_iter().filter(|(_, p)| p.is_trainable());
        let trained = trained.map(|(name, _)| name).collect();
        self.0.lock().unwrap().push((run.epoch, *run.learning_rate, trained));
        Ok(())
    }
}

#[test]
fn fine_tuning_trains_the_head_and_then_all_layers_in_one_cycle_each() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let mut learner = learner(&config()).with(Note(notes.clone()));
    let before = Weights::of(learner.model());
    let history = learner.fine_tune_with(2, &FineTune::default(), &mut Silent).unwrap();
    assert_eq!(history.epochs.len(), 3);
    let notes = notes.lock().unwrap();
    let of = |epoch: usize| notes.iter().filter(move |note| note.0 == epoch);
    assert!(of(1).all(|(_, _, trained)| *trained == ["head.weight", "head.bias"]));
    assert!(of(2).chain(of(3)).all(|(_, _, trained)| trained.len() == 8));
    let highest = |epochs: [usize; 2]| {
        let rates = notes.iter().filter(|note| epochs.contains(&note.0)).map(|note| note.1);
        rates.fold(0.0, f64::max)
    };
    assert!((highest([1, 1]) - 0.02).abs() < 2e-3, "{}", highest([1, 1]));
    assert!((highest([2, 3]) - 0.01).abs() < 1e-3, "{}", highest([2, 3]));
    assert_eq!(learner.learning_rate(), 0.02, "the settings' rate is back");
    // Adam's first steps are as long as the rate: the first layers hardly move.
    let moved = |name: &str| {
        let after = Weights::of(learner.model());
        let (a, b) = (before.get(name).unwrap(), after.get(name).unwrap());
        let far = a.values.iter().zip(&b.values).map(|(a, b)| (a - b).abs());
        far.fold(0.0, f32::max)
    };
    assert!(moved("conv.weight") > 0.0);
    assert!(moved("conv.weight") < 0.1 * moved("head.weight"), "{}", moved("conv.weight"));
}

#[test]
fn an_interrupted_or_resumed_fine_tuning_ends_as_a_whole_one() {
    if cfg!(feature = "cuda") {
        return; // A GPU's threads add in another order every time.
    }
    let settings = FineTune { groups: 2, gradual: true, ..FineTune::default() };
    let make = |batches: usize| {
        let mut learner = learner(&config()).with(Fail(batches));
        learner.fit_with(1, &mut Silent).map(|_| learner)
    };
    let mut whole = make(1000).unwrap();
    whole.fine_tune_with(3, &settings, &mut Silent).unwrap();
    let folder = std::env::temp_dir().join(format!("cuaderno-fine-tune-{}", std::process::id()));
    for batches in [9, 14, 20, 27, 33] {
        let mut first = make(batches).unwrap();
        first.save_into(&folder, Some(1)).unwrap();
        let error = first.fine_tune_with(3, &settings, &mut Silent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        let other = first.fine_tune_with(2, &settings, &mut Silent).unwrap_err();
        assert!(other.to_string().contains("a fine-tuning of 3 epochs"), "{other}");
        let mut second = learner(&config()).with(Fail(1000));
        assert!(second.resume(&folder).unwrap());
        second.fine_tune_with(3, &settings, &mut Silent).unwrap();
        assert!(outcome(&second) == outcome(&whole), "after {batches} batches");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn networks_of_the_zoo_hybrids_and_fusions_are_fine_tuned() {
    let (train, validation) = (images(12, 0, 32), images(6, 1, 32));
    let hybrid =
        HybridConfig { pixels: 32, filters: vec![4, 4], features: 2, ..Default::default() };
    let fusion =
        FusionConfig { pixels: 32, metadata: 2, classes: 3, width: 8, ..FusionConfig::default() };
    let branch = || {
        network().named_layers()[..5]
            .iter()
            .fold(Sequential::new(), |all, (n, l)| all.named(n, l.clone()))
    };
    let models: [Box<dyn Model>; 3] = [
        Box::new(squeezenet1_1(3, 0).unwrap()),
        Box::new(Hybrid::new(&hybrid, 0).unwrap()),
        Box::new(Fusion::new(Some(branch()), &fusion, 0).unwrap()),
    ];
    for model in models {
        let before = Weights::of(&*model);
        let mut learner = Learner::new(model, &train, &validation, &config()).unwrap();
        let history = learner.fine_tune_with(1, &FineTune::default(), &mut Silent).unwrap();
        assert_eq!(history.epochs.len(), 2);
        assert!(learner.model().parameters().iter().all(|(_, p)| p.is_trainable()));
        assert!(Weights::of(learner.model()) != before);
    }
    let columns = FusionConfig { metadata: 2, classes: 3, ..FusionConfig::default() };
    let blind = Fusion::new(None, &columns, 0).unwrap();
    let mut learner = Learner::new(blind, &train, &validation, &config()).unwrap();
    let error = learner.fine_tune_with(1, &FineTune::default(), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("no backbone to freeze"), "{error}");
    let head = Sequential::new().add(Linear::new(2, 3, &mut Init::seed(0)).unwrap());
    let values = images(12, 0, 8).features().unwrap().clone();
    let names = ["x", "y"].map(String::from).to_vec();
    let set = Dataset::new(train.labels(), &["dark", "grey", "light"])
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap();
    let mut learner = Learner::new(head, &set, &set, &config()).unwrap();
    let error = learner.fine_tune_with(1, &FineTune::default(), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("no layers before its head"), "{error}");
}
