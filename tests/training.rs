//! What `fit` means: calls add up, the best weights lie beside, callbacks see and change the run.

use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, Sequential, Weights,
};
use cuaderno::table::FeatureMatrix;
use cuaderno::train::callbacks::{
    CsvLogger, CutMix, EarlyStopping, Ema, MixUp, ModelCheckpoint, ProgressiveResizing,
    ReduceLROnPlateau, Schedule, TerminateOnNaN,
};
use cuaderno::train::{
    Callback, History, LastBatch, Learner, LossOptions, Monitor, OptimizerConfig, RmsPropConfig,
    SgdConfig, Silent, TrainConfig, TrainContext,
};
use cuaderno::{ErrorKind, Result};
use ndarray::Array2;
use rand::{Rng, SeedableRng};

const PIXELS: u32 = 8;

/// Images whose brightness tells their class, in noise.
fn images(count: usize, seed: u64) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let size = 3 * (PIXELS * PIXELS) as usize;
    let mut pixels = Vec::with_capacity(count * size);
    for row in 0..count {
        pixels.extend((0..size).map(|_| random.gen_range(0..120u8) + 60 * (row % 3) as u8));
    }
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let set = ImageSet::from_pixels(pixels, PIXELS, PIXELS).unwrap();
    let augmentation =
        Augmentation { brightness: 0.2, horizontal_flip: 0.5, ..Augmentation::default() };
    Dataset::new(&labels, &["dark", "grey", "light"])
        .unwrap()
        .with_images(&set)
        .unwrap()
        .with_transform(&Transform::default().augmented(augmentation))
}

fn network() -> Sequential {
    let mut init = Init::seed(5);
    Sequential::new()
        .named("conv", Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut init).unwrap())
        .named("norm", BatchNorm2d::new(4).unwrap())
        .named("relu", Layer::Relu)
        .named("pool", Layer::GlobalAveragePool2d)
        .named("dropout", Dropout::new(0.2).unwrap())
        .named("head", Linear::new(4, 3, &mut init).unwrap())
}

fn learner(config: &TrainConfig) -> Learner {
    Learner::new(network(), &images(25, 0), &images(9, 1), config).unwrap()
}

/// Everything about a run but the time it took.
fn outcome(learner: &Learner) -> (Weights, Vec<Vec<u64>>) {
    let epochs = learner.history().epochs.iter().map(|epoch| {
        epoch.names().iter().map(|name| epoch.value(name).unwrap().to_bits()).collect()
    });
    (Weights::of(learner.model()), epochs.collect())
}

/// Checks that `fit(4)` is `fit(2)` twice and `fit(1)` four times, to the last bit.
fn adds_up(what: &str, make: &dyn Fn() -> Learner) {
    if cfg!(feature = "cuda") {
        return; // A GPU's threads add in another order every time.
    }
    let run = |calls: &[usize]| {
        let mut learner = make();
        for epochs in calls {
            learner.fit_with(*epochs, &mut Silent).unwrap();
        }
        outcome(&learner)
    };
    let whole = run(&[4]);
    assert!(run(&[2, 2]) == whole, "{what}: fit(2) twice");
    assert!(run(&[1, 1, 1, 1]) == whole, "{what}: fit(1) four times");
}

fn config() -> TrainConfig {
    let metrics = ["f1_macro", "log_loss", "balanced_accuracy"].map(String::from).to_vec();
    TrainConfig { batch_size: 6, learning_rate: 0.02, metrics, ..TrainConfig::default() }
}

#[test]
fn calls_of_fit_add_up_with_every_optimizer() {
    for optimizer in [
        OptimizerConfig::adam(),
        OptimizerConfig::adamw(0.1),
        OptimizerConfig::sgd(0.0),
        OptimizerConfig::Sgd(SgdConfig { momentum: 0.9, weight_decay: 0.01, nesterov: false }),
        OptimizerConfig::nesterov(0.9),
        OptimizerConfig::rmsprop(),
        OptimizerConfig::RmsProp(RmsPropConfig { momentum: 0.5, ..Default::default() }),
    ] {
        let what = format!("{optimizer:?}");
        let config = TrainConfig { optimizer, ..config() };
        adds_up(&what, &|| learner(&config));
    }
}

#[test]
fn calls_of_fit_add_up_with_accumulation_clipping_and_thawing() {
    let config = TrainConfig {
        accumulate: 3,
        clip_norm: Some(0.05),
        batch_size: 4,
        unfreeze: vec![(3, "conv".to_string())],
        ..config()
    };
    adds_up("accumulation", &|| {
        let mut learner = learner(&config);
        learner.freeze("conv").unwrap();
        learner
    });
}

#[test]
fn calls_of_fit_add_up_with_every_callback() {
    let folder = std::env::temp_dir().join(format!("cuaderno-callbacks-{}", std::process::id()));
    type Make<'a> = &'a dyn Fn() -> Box<dyn Callback>;
    let make: [(&str, Make); 13] = [
        ("early stopping", &|| Box::new(EarlyStopping::new("val_loss", 1).restore_best_weights())),
        ("plateau", &|| Box::new(ReduceLROnPlateau::new("val_f1_macro").patience(1).factor(0.5))),
        ("step", &|| Box::new(Schedule::step(2, 0.1))),
        ("cosine", &|| Box::new(Schedule::cosine(4.0).warmup(1.0))),
        ("one cycle", &|| Box::new(Schedule::one_cycle(0.1, 4.0))),
        ("closure", &|| Box::new(Schedule::function(Box::new(|epoch| 0.01 / (1.0 + epoch))))),
        ("ema", &|| Box::new(Ema::new(0.9))),
        ("mixup", &|| Box::new(MixUp::new(0.4))),
        ("cutmix", &|| Box::new(CutMix::new(1.0))),
        ("resizing", &|| Box::new(ProgressiveResizing::new(&[(1, 4), (2, 6)], 4))),
        ("checkpoint", &|| Box::new(ModelCheckpoint::new(&folder, "val_loss").keep_last(2))),
        ("csv", &|| Box::new(CsvLogger::new(folder.join("log.csv")))),
        ("nan", &|| Box::new(TerminateOnNaN)),
    ];
    for (what, callback) in make {
        if what == "early stopping" {
            continue; // After a stop the next call goes on: see below.
        }
        adds_up(what, &|| {
            let mut learner = learner(&config());
            learner.add_callback(callback());
            learner
        });
    }
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let expected =
        ["best.safetensors", "epoch-0003.safetensors", "epoch-0004.safetensors", "log.csv"];
    assert_eq!(files, expected);
    let log = std::fs::read_to_string(folder.join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 5);
    let header = "epoch,loss,val_loss,accuracy,val_accuracy,learning_rate,f1_macro,val_f1_macro,";
    assert!(log.starts_with(header), "{log}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn training_continues_from_the_last_weights_and_the_best_are_restored_on_request() {
    let mut learner = learner(&TrainConfig { learning_rate: 0.3, ..config() });
    assert!(learner.best().is_none());
    let error = learner.restore_best().unwrap_err();
    assert!(error.to_string().contains("no best weights"), "{error}");
    let mut after = Vec::new();
    let mut best = 0;
    while best == after.len() && after.len() < 30 {
        learner.fit_with(1, &mut Silent).unwrap();
        after.push(Weights::of(learner.model()));
        best = learner.best_epoch().unwrap().epoch;
        assert_eq!(best, learner.history().best().unwrap().epoch);
    }
    assert_ne!(best, after.len(), "this rate is too high to improve all the time");
    assert!(Weights::of(learner.model()) == after[after.len() - 1]);
    assert!(Weights::of(learner.best().unwrap()) == after[best - 1]);
    learner.restore_best().unwrap();
    assert!(Weights::of(learner.model()) == after[best - 1]);
}

/// A value that the callbacks' monitored one is replaced by.
struct Collect(Vec<String>);

impl Monitor for Collect {
    fn start(&mut self, _: usize, _: usize) {}
    fn batch(&mut self, _: usize, _: f64, _: f64) {}
    fn epoch(&mut self, _: &History) {}
    fn finish(&mut self, _: &History) {}
    fn message(&mut self, text: &str) {
        self.0.push(text.to_string());
    }
}

#[test]
fn early_stopping_stops_says_so_and_restores_the_best_weights() {
    let make = |stopping: EarlyStopping| {
        learner(&TrainConfig { learning_rate: 0.3, ..config() }).with(stopping)
    };
    let mut learner = make(EarlyStopping::new("val_loss", 2).restore_best_weights());
    let mut messages = Collect(Vec::new());
    let history = learner.fit_with(50, &mut messages).unwrap();
    let (epochs, best) = (history.epochs.len(), history.best().unwrap().epoch);
    assert_eq!(epochs, best + 2);
    assert!(Weights::of(learner.model()) == Weights::of(learner.best().unwrap()));
    let said = messages.0.join("\n");
    assert!(said.contains(&format!("early stopping at epoch {epochs}")), "{said}");
    assert!(said.contains(&format!("restored the weights of epoch {best}")), "{said}");
    let more = learner.fit_with(1, &mut Silent).unwrap();
    assert_eq!(more.epochs.len(), epochs + 1, "another call goes on");

    let mut late = make(EarlyStopping::new("val_accuracy", 1).start_from_epoch(6));
    assert!(late.fit_with(50, &mut Silent).unwrap().epochs.len() > 6);
    let mut unknown = make(EarlyStopping::new("val_auc", 1));
    let error = unknown.fit_with(2, &mut Silent).unwrap_err();
    assert!(error.to_string().contains("there is no value `val_auc`"), "{error}");
    assert!(error.to_string().contains("val_f1_macro"), "{error}");
}

#[test]
fn a_callback_of_ones_own_changes_the_run() {
    struct Halve;
    impl Callback for Halve {
        fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
            *run.learning_rate *= 0.5;
            if run.epoch == 3 {
                run.stop("that is enough");
            }
            Ok(())
        }
    }
    let mut learner = learner(&config()).with(Halve);
    let mut messages = Collect(Vec::new());
    let history = learner.fit_with(10, &mut messages).unwrap();
    let rates: Vec<f64> = history.epochs.iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(rates, [0.02, 0.01, 0.005]);
    assert_eq!(messages.0, ["that is enough"]);
}

#[test]
fn an_infinite_loss_is_an_error_or_ends_the_run_and_names_the_layer() {
    let broken = || {
        let mut learner = learner(&config());
        for (name, parameter) in learner.parameters_mut() {
            if name == "norm.weight" {
                parameter.update(&mut |values| values[0] = f32::NAN).unwrap();
            }
        }
        learner
    };
    let error = broken().fit_with(1, &mut Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Numeric);
    assert!(error.to_string().contains("the loss is NaN in epoch 1, batch 1"), "{error}");
    let mut messages = Collect(Vec::new());
    broken().with(TerminateOnNaN).fit_with(1, &mut messages).unwrap();
    let says = "the loss is NaN in epoch 1, batch 1; the weights of `norm.weight` are not finite";
    assert_eq!(messages.0, [says]);
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    // Without batch normalization and dropout, which see the batches.
    let values = Array2::from_shape_fn((24, 5), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0);
    let names = (0..5).map(|i| format!("f{i}")).collect();
    let labels: Vec<usize> = (0..24).map(|i| i % 3).collect();
    let set = Dataset::new(&labels, &["a", "b", "c"])
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap();
    let train = |batch_size, accumulate| {
        let model = Sequential::new().add(Linear::new(5, 3, &mut Init::seed(1)).unwrap());
        let optimizer = OptimizerConfig::sgd(0.9);
        let config =
            TrainConfig { batch_size, accumulate, optimizer, learning_rate: 0.5, ..config() };
        let mut learner = Learner::new(model, &set, &set, &config).unwrap();
        learner.fit_with(5, &mut Silent).unwrap();
        learner.model().parameters()[0].1.values().into_owned()
    };
    for (a, b) in train(12, 1).iter().zip(train(4, 3)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn a_last_batch_of_one_does_not_break_batch_normalization() {
    // 25 examples in batches of 6 leave one, and of 1×1 pixels a channel would have a single value.
    let config = TrainConfig { last_batch: LastBatch::Merge, ..config() };
    learner(&config).fit_with(1, &mut Silent).unwrap();
}

#[test]
fn several_labels_values_and_ordered_classes_train_in_the_same_loop() {
    let values = Array2::from_shape_fn((60, 2), |(i, j)| ((i * (3 + j) % 17) as f32 - 8.0) / 8.0);
    let names = ["x", "y"].map(String::from).to_vec();
    let features = FeatureMatrix { values: values.clone(), names, unknown: Vec::new() };
    let fit = |set: Dataset, outputs: usize, loss: LossOptions, metrics: &[&str]| {
        let set = set.with_features(&features).unwrap();
        let model = Sequential::new().add(Linear::new(2, outputs, &mut Init::seed(2)).unwrap());
        let metrics = metrics.iter().map(ToString::to_string).collect();
        let config = TrainConfig { learning_rate: 0.1, batch_size: 10, loss, metrics, ..config() };
        let mut learner = Learner::new(model, &set, &set, &config).unwrap();
        let history = learner.fit_with(40, &mut Silent).unwrap();
        assert!(history.table().is_ok() && history.figure().is_ok());
        (history.epochs.last().unwrap().clone(), learner.evaluate(&set).unwrap())
    };
    let several: Vec<Vec<usize>> =
        values.rows().into_iter().map(|row| (0..2).filter(|j| row[*j] > 0.0).collect()).collect();
    let set = Dataset::multi_label(&several, &["right", "above"]).unwrap();
    let (last, evaluation) = fit(set, 2, LossOptions::binary_cross_entropy(), &[]);
    assert!(last.validation_accuracy > 0.9, "{last:?}");
    assert_eq!(evaluation.targets.len(), 120);

    let sums = Array2::from_shape_fn((60, 1), |(i, _)| 2.0 * values[(i, 0)] - values[(i, 1)] + 1.0);
    let set = Dataset::regression(&sums, &["sum"]).unwrap();
    let (last, evaluation) =
        fit(set, 1, LossOptions::mean_squared_error(), &["mean_absolute_error"]);
    assert!(last.validation_loss < 1e-2 && last.validation_accuracy.is_nan(), "{last:?}");
    assert!(last.value("val_mean_absolute_error").unwrap() < 0.1, "{last:?}");
    assert!((evaluation.probabilities[3] - sums[(3, 0)]).abs() < 0.3);

    let grades: Vec<usize> =
        sums.iter().map(|sum| [0.0, 1.0, 2.0].iter().filter(|cut| sum > cut).count()).collect();
    let set = Dataset::new(&grades, &["0", "1", "2", "3"]).unwrap();
    for (loss, outputs) in [(LossOptions::earth_mover(), 4), (LossOptions::cumulative_link(), 3)] {
        let (last, evaluation) = fit(set.clone(), outputs, loss, &["balanced_accuracy"]);
        let off: usize =
            evaluation.predictions.iter().zip(&grades).map(|(a, b)| a.abs_diff(*b)).sum();
        assert!((off as f64) < 20.0, "{off} {last:?}");
        let sums = evaluation.probabilities.chunks_exact(4).map(|row| row.iter().sum::<f32>());
        assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-5));
    }
}

#[test]
fn bad_input_is_refused_before_the_first_step() {
    let set = images(25, 0);
    let said = |config: &TrainConfig, train: &Dataset, validation: &Dataset| {
        Learner::new(network(), train, validation, config).unwrap_err().to_string()
    };
    let with = |change: &dyn Fn(&mut TrainConfig)| {
        let mut config = config();
        change(&mut config);
        said(&config, &set, &set)
    };
    for (message, says) in [
        (with(&|c| c.learning_rate = 0.0), "`learning_rate` must be finite and above 0, found 0"),
        (with(&|c| c.learning_rate = f64::NAN), "found NaN"),
        (with(&|c| c.batch_size = 0), "`batch_size` must be at least 1, found 0"),
        (with(&|c| c.batch_size = 26), "at most the 25 training examples, found 26"),
        (with(&|c| c.accumulate = 0), "`accumulate` must be at least 1"),
        (with(&|c| c.clip_norm = Some(-1.0)), "`clip_norm` must be finite and above 0"),
        (with(&|c| c.metrics = vec!["f1".into()]), "there is no metric `f1`"),
        (with(&|c| c.metrics = vec!["mean_squared_error".into()]), "does not fit the loss"),
        (with(&|c| c.monitor = "val_auc".into()), "no value `val_auc` to monitor"),
        (with(&|c| c.loss.label_smoothing = 1.5), "`label_smoothing` must lie from 0 to 1"),
        (with(&|c| c.loss.focal_gamma = -1.0), "`focal_gamma` must be finite and at least 0"),
        (with(&|c| c.loss.class_weights = Some(vec![1.0; 2])), "2 class weights for 3 classes"),
        (
            with(&|c| c.loss = LossOptions::cross_entropy().class_weights(&[1.0, f32::NAN, 1.0])),
            "the weight of class `grey` is NaN",
        ),
        (
            with(&|c| c.loss = LossOptions::mean_squared_error()),
            "the loss MeanSquaredError expects values",
        ),
        (with(&|c| c.param_groups = vec![("layer9".into(), 1.0)]), "`layer9`"),
        (said(&config(), &set.subset(&[]).unwrap(), &set), "the training set is empty"),
        (said(&config(), &set, &set.subset(&[]).unwrap()), "the validation set is empty"),
        (
            said(&config(), &set.subset(&[0, 3, 6, 9, 12, 15]).unwrap(), &set),
            "all 6 training examples are of one class, `dark`",
        ),
        (
            {
                let two = set.subset(&[0, 2, 3, 5, 6, 8]).unwrap();
                let weights = [1.0, f32::INFINITY, 1.0];
                let loss = LossOptions::cross_entropy().class_weights(&weights);
                said(&TrainConfig { loss, ..config() }, &two, &set)
            },
            "the weight of class `grey` is inf: the training set has no example of it",
        ),
    ] {
        assert!(message.contains(says), "`{says}` is not in: {message}");
    }
}
