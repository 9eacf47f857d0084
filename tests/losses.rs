//! Losses with weights of classes and examples, and RMSprop, against PyTorch's numbers, which
//! `tests/reference/losses.py` computed; and weights of examples in training.

mod reference;

use cuaderno::data::Dataset;
use cuaderno::nn::{Init, Linear, Sequential, Weights};
use cuaderno::table::FeatureMatrix;
use cuaderno::tensor::{
    Gradients, LossOptions, OptimizerState, Plain, Tape, Tensor0, Tensor2, backward, fast,
    portable, read, tensor,
};
use cuaderno::train::callbacks::MixUp;
use cuaderno::train::{Learner, OptimizerConfig, RmsPropConfig, Silent, TrainConfig};
use cuaderno::{ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{SumTo, TryMul};
use ndarray::Array2;
use reference::{Reference, gradient, on};

const FILE: &[u8] = include_bytes!("reference/losses.safetensors");

type ByLabel = fn(Tensor2, &[usize], &LossOptions) -> Result<Tensor0>;
type ByValue = fn(Tensor2, &[f32], &LossOptions) -> Result<Tensor0>;

/// The loss and its gradient under every combination of weights.
fn check(
    reference: &Reference,
    name: &str,
    options: &LossOptions,
    loss: &dyn Fn(Tensor2, &LossOptions) -> Result<Tensor0>,
) {
    for weights in ["none", "classes", "examples", "both"] {
        let mut options = options.clone();
        if ["classes", "both"].contains(&weights) {
            options.class_weights = Some(reference.values("all/class_weights"));
        }
        if ["examples", "both"].contains(&weights) {
            options.example_weights = Some(reference.values("all/example_weights"));
        }
        let x = reference.rank2(&format!("{name}/x"));
        let (value, tape) = loss(on(&x), &options).unwrap().split_tape();
        reference.check(&format!("{name}/{weights}/loss"), &read(&value), 1e-5);
        let gradients = backward(value.put_tape(tape)).unwrap();
        reference.check(&format!("{name}/{weights}/dx"), &gradient(&gradients, &x), 1e-5);
    }
}

#[test]
fn losses_over_labels_are_those_of_torch() {
    let reference = Reference::read(FILE);
    let labels = reference.integers("all/labels");
    for (name, options, forms) in [
        (
            "cross_entropy",
            LossOptions::cross_entropy(),
            [fast::cross_entropy as ByLabel, portable::cross_entropy],
        ),
        (
            "smoothed",
            LossOptions::cross_entropy().label_smoothing(0.15),
            [fast::cross_entropy, portable::cross_entropy],
        ),
        ("focal_half", LossOptions::focal(0.5), [fast::cross_entropy, portable::cross_entropy]),
        ("focal_two", LossOptions::focal(2.0), [fast::cross_entropy, portable::cross_entropy]),
        ("earth_mover", LossOptions::earth_mover(), [fast::earth_mover, portable::earth_mover]),
        (
            "cumulative_link",
            LossOptions::cumulative_link(),
            [fast::cumulative_link, portable::cumulative_link],
        ),
    ] {
        for form in forms {
            check(&reference, name, &options, &|x, options| form(x, &labels, options));
        }
    }
}

#[test]
fn losses_over_values_are_those_of_torch() {
    let reference = Reference::read(FILE);
    let (several, values) = (reference.values("all/several"), reference.values("all/values"));
    for (name, options, targets, forms) in [
        (
            "binary",
            LossOptions::binary_cross_entropy(),
            &several,
            [fast::binary_cross_entropy as ByValue, portable::binary_cross_entropy],
        ),
        (
            "binary_smoothed",
            LossOptions::binary_cross_entropy().label_smoothing(0.1),
            &several,
            [fast::binary_cross_entropy, portable::binary_cross_entropy],
        ),
        (
            "squared",
            LossOptions::mean_squared_error(),
            &values,
            [fast::squared_error, portable::squared_error],
        ),
    ] {
        for form in forms {
            check(&reference, name, &options, &|x, options| form(x, targets, options));
        }
    }
}

type Descent = fn(
    &mut Plain<(usize,)>,
    &mut Gradients,
    &mut OptimizerState,
    &OptimizerConfig,
    f32,
) -> Result<()>;

#[test]
fn rmsprop_takes_the_steps_of_torch() {
    let reference = Reference::read(FILE);
    let (start, given) = (reference.values("rmsprop/start"), reference.values("rmsprop/gradients"));
    let momentum = |momentum| RmsPropConfig { momentum, ..RmsPropConfig::default() };
    let decay = RmsPropConfig { alpha: 0.9, epsilon: 1e-3, weight_decay: 0.05, ..momentum(0.5) };
    for (name, config) in [("plain", momentum(0.0)), ("momentum", momentum(0.8)), ("decay", decay)]
    {
        for form in [fast::optimizer_step as Descent, portable::optimizer_step] {
            let mut t = tensor(start.clone(), (7,)).unwrap();
            let (mut state, mut moved) = (OptimizerState::default(), Vec::new());
            for gradient in given.chunks_exact(7) {
                let gradient = tensor(gradient.to_vec(), (7,)).unwrap().put_tape(Tape::off());
                let mut gradients = backward(on(&t).try_mul(gradient).unwrap().sum()).unwrap();
                let config = OptimizerConfig::RmsProp(config.clone());
                form(&mut t, &mut gradients, &mut state, &config, 0.02).unwrap();
                moved.extend(read(&t).into_owned());
            }
            reference.check(&format!("rmsprop/{name}"), &moved, 1e-5);
        }
    }
}

#[test]
fn weights_that_do_not_fit_are_refused_and_zeros_have_no_loss() {
    let x = tensor(vec![0.3, -0.2, 0.1, 0.4], (2, 2)).unwrap();
    for form in [fast::cross_entropy as ByLabel, portable::cross_entropy] {
        let said = |weights: &[f32]| {
            let options = LossOptions::cross_entropy().example_weights(weights);
            form(on(&x), &[0, 1], &options).unwrap_err()
        };
        assert_eq!(said(&[1.0]).kind(), ErrorKind::Shape);
        assert!(said(&[1.0]).to_string().contains("1 example weights for a batch of 2"));
        assert!(said(&[1.0, -1.0]).to_string().contains("the weight of example 1 is -1"));
        let options = LossOptions::cross_entropy().example_weights(&[0.0, 0.0]);
        let (value, tape) = form(on(&x), &[0, 1], &options).unwrap().split_tape();
        assert_eq!(read(&value)[0], 0.0);
        let gradients = backward(value.put_tape(tape)).unwrap();
        assert!(gradient(&gradients, &x).iter().all(|slope| *slope == 0.0));
    }
}

const ROWS: usize = 24;

fn features() -> FeatureMatrix {
    let values = Array2::from_shape_fn((ROWS, 5), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0);
    let names = (0..5).map(|i| format!("f{i}")).collect();
    FeatureMatrix { values, names, unknown: Vec::new() }
}

fn set() -> Dataset {
    let labels: Vec<usize> = (0..ROWS).map(|i| usize::from(i * 5 % 7 > 2)).collect();
    Dataset::new(&labels, &["a", "b"]).unwrap().with_features(&features()).unwrap()
}

fn learner(train: &Dataset, validation: &Dataset, config: &TrainConfig) -> Learner {
    let model = Sequential::new().add(Linear::new(5, 2, &mut Init::seed(1)).unwrap());
    Learner::new(model, train, validation, config).unwrap()
}

fn config(batch_size: usize, accumulate: usize) -> TrainConfig {
    let optimizer = OptimizerConfig::sgd(0.9);
    TrainConfig { batch_size, accumulate, optimizer, learning_rate: 0.5, ..TrainConfig::default() }
}

fn weights(learner: &Learner) -> Vec<f32> {
    learner.model().parameters().iter().flat_map(|(_, p)| p.values().into_owned()).collect()
}

fn close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
}

#[test]
fn an_example_of_weight_two_is_an_example_twice_and_one_of_zero_is_none() {
    let set = set();
    let counts = (0..ROWS).map(|i| i % 3).collect::<Vec<_>>();
    let repeated: Vec<usize> = (0..ROWS).flat_map(|i| vec![i; counts[i]]).collect();
    let repeated = set.subset(&repeated).unwrap();
    let weighted: Vec<f32> = counts.iter().map(|count| *count as f32).collect();
    let weighted = set.with_weights(&weighted).unwrap();
    let fit = |set: &Dataset| {
        let mut learner = learner(set, set, &config(set.len(), 1));
        let history = learner.fit_with(8, &mut Silent).unwrap();
        let last = history.epochs.last().unwrap().clone();
        (weights(&learner), last.train_loss as f32, last.validation_loss as f32)
    };
    let (a, b) = (fit(&repeated), fit(&weighted));
    close(&a.0, &b.0);
    close(&[a.1, a.2], &[b.1, b.2]);
}

#[test]
fn accumulated_and_recorded_losses_are_weighted_by_the_batches_weights() {
    let given: Vec<f32> = (0..ROWS).map(|i| if i < 8 { 0.0 } else { (i % 5) as f32 }).collect();
    let set = set().with_weights(&given).unwrap();
    let fit = |batch_size, accumulate| {
        let mut learner = learner(&set, &set, &config(batch_size, accumulate));
        let history = learner.fit_with(3, &mut Silent).unwrap();
        (weights(&learner), history.epochs[0].train_loss as f32)
    };
    let (whole, parts) = (fit(24, 1), fit(3, 8));
    close(&whole.0, &parts.0);
    close(&[whole.1], &[parts.1]);
}

#[test]
fn equal_weights_change_nothing_and_checkpoints_and_mixup_keep_weights() {
    let plain = set();
    let ones = plain.clone().with_weights(&[1.0; ROWS]).unwrap();
    let fit = |set: &Dataset| {
        let mut learner = learner(set, &plain, &config(5, 2)).with(MixUp::new(0.4));
        learner.fit_with(3, &mut Silent).unwrap();
        Weights::of(learner.model())
    };
    assert!(fit(&plain) == fit(&ones));

    let given: Vec<f32> = (0..ROWS).map(|i| (i % 4) as f32).collect();
    let weighted = plain.clone().with_weights(&given).unwrap();
    assert!(fit(&plain) != fit(&weighted));
    let folder = std::env::temp_dir().join(format!("cuaderno-weights-{}", std::process::id()));
    let mut first = learner(&weighted, &plain, &config(5, 2));
    first.save_into(&folder, None).unwrap();
    first.fit_with(2, &mut Silent).unwrap();
    first.fit_with(2, &mut Silent).unwrap();
    let mut whole = learner(&weighted, &plain, &config(5, 2));
    whole.fit_with(2, &mut Silent).unwrap();
    let mut second = learner(&weighted, &plain, &config(5, 2));
    whole.save(&folder).unwrap();
    assert!(second.resume(&folder).unwrap());
    second.fit_with(2, &mut Silent).unwrap();
    assert!(Weights::of(second.model()) == Weights::of(first.model()));
    let error = learner(&plain, &plain, &config(5, 2)).resume(&folder).unwrap_err();
    assert!(error.to_string().contains("training data"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn weights_of_a_batch_do_not_belong_into_the_settings() {
    let set = set();
    let model = || Sequential::new().add(Linear::new(5, 2, &mut Init::seed(1)).unwrap());
    let loss = LossOptions::cross_entropy().example_weights(&[1.0; ROWS]);
    let error =
        Learner::new(model(), &set, &set, &TrainConfig { loss, ..config(6, 1) }).unwrap_err();
    assert!(error.to_string().contains("`Dataset::with_weights`"), "{error}");
    let mut given = [1.0; ROWS];
    given[3] = 0.0;
    let zero = set.clone().with_weights(&given).unwrap().subset(&[3]).unwrap();
    let error = Learner::new(model(), &set, &zero, &config(6, 1)).unwrap_err();
    assert!(error.to_string().contains("validation example of a weight above 0"), "{error}");
}
