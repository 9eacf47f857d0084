//! Cross-validation of networks that train image layers, in parallel folds and within rayon's own parallel loops.
#![cfg(not(feature = "cuda"))] // A GPU's threads add in another order every time.

use cuaderno::data::{Dataset, Fold, KFold};
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::nn::{Conv2d, Conv2dConfig, Init, Layer, Linear, Sequential};
use cuaderno::train::{CrossValidation, Evaluation, Learner, Silent, TrainConfig, cross_validate};
use cuaderno::{ErrorKind, Result};
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use std::sync::mpsc;
use std::time::Duration;

const COUNT: usize = 48;

/// Images whose brightness tells their class, in noise.
fn images() -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut pixels = Vec::new();
    for row in 0..COUNT {
        pixels.extend((0..192).map(|_| random.gen_range(0..120u8) + 60 * (row % 3) as u8));
    }
    let augmentation = Augmentation { horizontal_flip: 0.5, ..Augmentation::default() };
    Dataset::new(&labels(), &["dark", "grey", "light"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(pixels, 8, 8).unwrap())
        .unwrap()
        .with_transform(&Transform::default().augmented(augmentation))
}

fn labels() -> Vec<usize> {
    (0..COUNT).map(|row| row % 3).collect()
}

/// Trains every layer for two epochs, the images prepared beside the steps.
fn run(set: &Dataset, fold: &Fold) -> Result<Evaluation> {
    let mut init = Init::seed(5);
    let network = Sequential::new()
        .add(Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut init)?)
        .add(Layer::Relu)
        .add(Layer::GlobalAveragePool2d)
        .add(Linear::new(4, 3, &mut init)?);
    let (train, test) = (set.subset(&fold.train)?, set.subset(&fold.test)?);
    let config = TrainConfig { batch_size: 4, learning_rate: 0.02, ..TrainConfig::default() };
    let mut learner = Learner::new(network, &train, &test, &config)?;
    learner.fit_with(2, &mut Silent)?;
    learner.evaluate(&test)
}

/// Runs `work` on another thread and panics when it has not ended after two minutes.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(work());
    });
    match receiver.recv_timeout(Duration::from_secs(120)) {
        Ok(result) => result,
        Err(error) => panic!("{what} did not end: {error}"),
    }
}

#[test]
fn folds_that_train_image_layers_end_and_are_those_of_a_loop() {
    let found: Vec<CrossValidation> = in_time("the cross-validation", || {
        let (set, folds) = (images(), KFold::new(6, 1).stratified(&labels()).unwrap());
        (0..5).map(|_| cross_validate(&folds, &|fold| run(&set, fold)).unwrap()).collect()
    });
    let (set, folds) = (images(), KFold::new(6, 1).stratified(&labels()).unwrap());
    for result in &found {
        assert_eq!((result.rows.len(), result.folds.len()), (COUNT, 6));
        assert_eq!(result.probabilities, found[0].probabilities);
    }
    for fold in &folds {
        let alone = run(&set, fold).unwrap();
        for (row, expected) in fold.test.iter().zip(alone.probabilities.chunks_exact(3)) {
            assert_eq!(&found[0].probabilities[row * 3..][..3], expected);
        }
    }
}

#[test]
fn learners_and_cross_validations_end_within_loops_of_rayon() {
    in_time("the loop", || {
        let (set, folds) = (images(), KFold::new(4, 1).stratified(&labels()).unwrap());
        let both = || {
            let alone: Vec<f64> =
                folds.par_iter().map(|fold| run(&set, fold).unwrap().accuracy).collect();
            let nested = (0..3usize)
                .into_par_iter()
                .map(|_| cross_validate(&folds, &|fold| run(&set, fold)).unwrap().accuracy());
            (alone.len(), nested.collect::<Vec<_>>().len())
        };
        assert_eq!(both(), (4, 3));
    });
}

#[test]
fn an_error_of_a_fold_ends_the_cross_validation() {
    let folds = KFold::new(4, 1).stratified(&labels()).unwrap();
    let error = cross_validate(&folds, &|_| {
        Err(cuaderno::Error::new(ErrorKind::Parameter, "there is no such network"))
    });
    assert!(error.unwrap_err().to_string().contains("there is no such network"));
    assert!(cross_validate(&[], &|fold| run(&images(), fold)).is_err());
}
