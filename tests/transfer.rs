//! Transfer learning: frozen parts, kept features, rates by part, gradual unfreezing.

use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::models::{Network, resnet18};
use cuaderno::nn::{Model, Weights};
use cuaderno::train::{FeatureCaching, History, Learner, Silent, TrainConfig};
use rand::{Rng, SeedableRng};

const PIXELS: u32 = 40;

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
    Dataset::new(&labels, &["dark", "grey", "light"]).unwrap().with_images(&set).unwrap()
}

fn frozen() -> Network {
    let mut network = resnet18(3, 1).unwrap();
    network.freeze("").unwrap();
    network.unfreeze("fc").unwrap();
    network
}

fn train(model: Network, set: &Dataset, config: &TrainConfig, epochs: usize) -> (History, Learner) {
    let mut learner = Learner::new(model, set, &images(6, 9), config).unwrap();
    let history = learner.fit_with(epochs, &mut Silent).unwrap();
    (history, learner)
}

fn config(feature_cache: FeatureCaching) -> TrainConfig {
    TrainConfig { batch_size: 5, keep_best: false, feature_cache, ..TrainConfig::default() }
}

fn losses(history: &History) -> Vec<f64> {
    history.epochs.iter().flat_map(|e| [e.train_loss, e.validation_loss]).collect()
}

fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-4 * (1.0 + b.abs()), "{a} {b}");
    }
}

/// That two runs are the same: to the last digit, but for a GPU, whose threads add in another order every time.
#[track_caller]
fn assert_same(a: &[f64], b: &[f64]) {
    if cfg!(feature = "cuda") { close(a, b) } else { assert_eq!(a, b) }
}

#[test]
fn cached_features_train_as_recomputed_ones() {
    let set = images(18, 0);
    let (recomputed, _) = train(frozen(), &set, &config(FeatureCaching::Off), 3);
    let (kept, _) = train(frozen(), &set, &config(FeatureCaching::Auto), 3);
    close(&losses(&kept), &losses(&recomputed));
    assert!(kept.epochs[2].train_loss < kept.epochs[0].train_loss, "{:?}", losses(&kept));
}

#[test]
fn augmentation_is_honoured() {
    let augmentation =
        Augmentation { brightness: 0.3, horizontal_flip: 0.5, ..Augmentation::default() };
    let set = images(15, 0).with_transform(&Transform::default().augmented(augmentation));
    let (recomputed, _) = train(frozen(), &set, &config(FeatureCaching::Off), 3);
    let (auto, _) = train(frozen(), &set, &config(FeatureCaching::Auto), 3);
    assert_same(&losses(&auto), &losses(&recomputed));
    // Epochs 1, 2 and 3 see views 1, 0 and 1: the first is the same as without.
    let (views, _) = train(frozen(), &set, &config(FeatureCaching::Views(2)), 3);
    close(&losses(&views)[..2], &losses(&recomputed)[..2]);
    assert!((losses(&views)[4] - losses(&recomputed)[4]).abs() > 1e-6);
}

#[test]
fn features_are_kept_on_disk_by_weights_images_and_transform() {
    let folder = std::env::temp_dir().join(format!("cuaderno-features-{}", std::process::id()));
    let files = || std::fs::read_dir(&folder).map_or(0, |files| files.count());
    let set = images(12, 0);
    let config = TrainConfig { cache_folder: Some(folder.clone()), ..config(FeatureCaching::Auto) };
    let (first, _) = train(frozen(), &set, &config, 2);
    assert_eq!(files(), 2, "training and validation");
    let (second, _) = train(frozen(), &set, &config, 2);
    assert_same(&losses(&second), &losses(&first));
    assert_eq!(files(), 2);
    let mut other = frozen();
    other.parameters_mut()[0].1.update(&mut |values| values[0] += 0.5).unwrap();
    train(other, &set, &config, 1);
    assert_eq!(files(), 4);
    train(frozen(), &images(12, 5), &config, 1);
    assert_eq!(files(), 5, "the same validation images");
    train(frozen(), &set.clone().with_transform(&Transform::imagenet()), &config, 1);
    assert_eq!(files(), 6);
    // A truncated file is written again.
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    let (third, _) = train(frozen(), &set, &config, 2);
    assert_same(&losses(&third), &losses(&first));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn parts_thaw_when_they_are_asked_to_and_learn_at_their_own_rate() {
    let set = images(9, 0);
    let before = Weights::of(&frozen());
    let config = TrainConfig {
        unfreeze: vec![(2, "layer4".to_string()), (2, "layer1".to_string())],
        param_groups: vec![("layer1".to_string(), 0.0), ("layer4".to_string(), 0.1)],
        ..config(FeatureCaching::Auto)
    };
    let mut learner = Learner::new(frozen(), &set, &images(6, 9), &config).unwrap();
    let moved = |learner: &Learner, name: &str| {
        let after = Weights::of(learner.model());
        before.get(name).unwrap() != after.get(name).unwrap()
    };
    learner.fit_with(1, &mut Silent).unwrap();
    assert!(moved(&learner, "fc.weight") && !moved(&learner, "layer4.0.conv1.weight"));
    assert!(!moved(&learner, "bn1.running_mean"), "a frozen normalization keeps its statistics");
    learner.fit_with(1, &mut Silent).unwrap();
    assert!(moved(&learner, "layer4.0.conv1.weight") && !moved(&learner, "layer1.0.conv1.weight"));
    assert!(
        moved(&learner, "layer1.0.bn1.running_mean") && !moved(&learner, "layer2.0.conv1.weight")
    );

    let wrong = TrainConfig { unfreeze: vec![(1, "layer9".to_string())], ..config };
    let error = Learner::new(frozen(), &set, &set, &wrong).unwrap_err();
    assert!(error.to_string().contains("`layer9`"), "{error}");
}

#[test]
fn the_best_epochs_weights_come_back_but_not_what_was_frozen_then() {
    let config = TrainConfig {
        keep_best: true,
        // At this rate validation gets worse once more than the head is trained.
        learning_rate: 0.5,
        unfreeze: vec![(2, "layer4".to_string())],
        ..config(FeatureCaching::Auto)
    };
    let (history, mut learner) = train(frozen(), &images(12, 0), &config, 2);
    assert_eq!(history.best().unwrap().epoch, 1, "{:?}", losses(&history));
    let name = "layer4.0.conv1.weight";
    let last = Weights::of(learner.model()).get(name).unwrap().clone();
    assert_ne!(last, *Weights::of(&frozen()).get(name).unwrap(), "training goes on from the last");
    assert_eq!(Weights::of(learner.best().unwrap()).get(name), Weights::of(&frozen()).get(name));
    learner.restore_best().unwrap();
    let parameters = learner.model().parameters();
    let (_, parameter) = parameters.iter().find(|(found, _)| found == name).unwrap();
    assert!(parameter.is_trainable());
    assert_eq!(*parameter.values(), Weights::of(&frozen()).get(name).unwrap().values);
}
