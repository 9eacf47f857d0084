//! A frozen image branch beside metadata: what it makes of each image is made once.

use cuaderno::data::Dataset;
use cuaderno::images::{Augmentation, ImageSet, Transform};
use cuaderno::models::{Hybrid, HybridConfig};
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Init, Inputs, Layer, Linear, Model, Parameter, Pass,
    Residual, Sequential, StoredTensor, Weights,
};
use cuaderno::table::FeatureMatrix;
use cuaderno::tensor::{Tensor2, add};
use cuaderno::train::{FeatureCaching, History, Learner, Silent, TrainConfig};
use cuaderno::{Result, modules};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PIXELS: usize = 16;

/// Examples whose class is told half by the image's brightness, half by the metadata.
fn examples(count: usize, seed: u64) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut features, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..count {
        let (light, warm) = (row % 2, row / 2 % 2);
        pixels.extend(
            (0..3 * PIXELS * PIXELS).map(|_| random.gen_range(0..100u8) + 120 * light as u8),
        );
        features.extend([warm as f32 * 2.0 - 1.0, random.gen_range(-1.0..1.0)]);
        labels.push(light + 2 * warm);
    }
    let names = ["warm", "noise"].map(String::from).to_vec();
    let values = Array2::from_shape_vec((count, 2), features).unwrap();
    Dataset::new(&labels, &["dark", "light", "warm", "both"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(pixels, PIXELS as u32, PIXELS as u32).unwrap())
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap()
}

/// Two parts with normalization, and a pooling, so that some of it can thaw.
fn branch() -> Sequential {
    let mut init = Init::seed(4);
    let mut convolution =
        |inputs, outputs| Conv2d::new(Conv2dConfig::same(inputs, outputs, 3), &mut init).unwrap();
    let body = Sequential::new().add(convolution(4, 4)).add(BatchNorm2d::new(4).unwrap());
    let first =
        Sequential::new().add(convolution(3, 4)).add(BatchNorm2d::new(4).unwrap()).add(Layer::Relu);
    Sequential::new()
        .named("first", first)
        .named("second", Residual { body, relu: true, ..Residual::default() })
        .named("pool", Layer::GlobalAveragePool2d)
}

fn hybrid() -> Hybrid {
    let config =
        HybridConfig { pixels: PIXELS, features: 2, classes: 4, ..HybridConfig::default() };
    let mut model = Hybrid::with_branch(branch(), &config, 1).unwrap();
    // Running statistics that are not those of a network that has seen nothing.
    for (name, buffer) in model.buffers() {
        let value = if name.ends_with("mean") { 0.1 } else { 0.7 };
        buffer.set(vec![value; buffer.count()]).unwrap();
    }
    model.freeze("image").unwrap();
    model
}

fn config(feature_cache: FeatureCaching) -> TrainConfig {
    TrainConfig { batch_size: 7, keep_best: false, feature_cache, ..TrainConfig::default() }
}

fn learner(model: impl Model + 'static, set: &Dataset, config: &TrainConfig) -> Learner {
    Learner::new(model, set, &examples(8, 9), config).unwrap()
}

fn train(model: impl Model + 'static, set: &Dataset, config: &TrainConfig) -> Vec<f64> {
    losses(&learner(model, set, config).fit_with(3, &mut Silent).unwrap())
}

fn losses(history: &History) -> Vec<f64> {
    history.epochs.iter().flat_map(|e| [e.train_loss, e.validation_loss]).collect()
}

#[track_caller]
fn assert_close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()), "{a} {b}");
    }
}

/// That two runs are the same: to the last digit, but for a GPU, whose threads add in another order every time.
#[track_caller]
fn assert_same(a: &[f64], b: &[f64]) {
    if cfg!(feature = "cuda") { assert_close(a, b) } else { assert_eq!(a, b) }
}

/// A network that a user may have written, which counts the images that it is given.
#[derive(Clone, Debug)]
struct Own {
    /// How many features of an image there are.
    image: Sequential,
    beside: Linear,
    on_images: Linear,
    seen: Arc<AtomicUsize>,
}

impl Own {
    fn new(seen: &Arc<AtomicUsize>) -> Self {
        let mut init = Init::seed(3);
        let mut own = Self {
            image: branch(),
            beside: Linear::new(2, 4, &mut init).unwrap(),
            on_images: Linear::new(4, 4, &mut init).unwrap(),
            seen: seen.clone(),
        };
        own.freeze("image").unwrap();
        own
    }
}

impl Model for Own {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        if let Some(images) = &inputs.images {
            self.seen.fetch_add(dfdx::shapes::HasShape::shape(images).0, Ordering::Relaxed);
        }
        let image = pass.enter("image", || self.image.forward_inputs(inputs, pass)?.features())?;
        let image = self.on_images.forward(image, false, pass)?;
        add(image, self.beside.forward(inputs.features()?, false, pass)?)
    }

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        Some(("image", &self.image))
    }

    modules!(image, beside, on_images);
}

#[test]
fn cached_features_train_as_recomputed_ones() {
    let set = examples(24, 0);
    let recomputed = train(hybrid(), &set, &config(FeatureCaching::Off));
    let kept = train(hybrid(), &set, &config(FeatureCaching::Auto));
    assert_close(&kept, &recomputed);
    assert!(kept[4] < kept[0], "{kept:?}");
}

#[test]
fn a_network_of_ones_own_gets_no_images_once_their_features_are_kept() {
    let set = examples(20, 0);
    let run = |mode| {
        let seen = Arc::new(AtomicUsize::new(0));
        let losses = train(Own::new(&seen), &set, &config(mode));
        (losses, seen.load(Ordering::Relaxed))
    };
    let (recomputed, seen_recomputed) = run(FeatureCaching::Off);
    let (kept, seen_kept) = run(FeatureCaching::Auto);
    assert_close(&kept, &recomputed);
    assert_eq!((seen_recomputed, seen_kept), (3 * (20 + 8), 0));
}

#[test]
fn features_that_take_too_much_memory_are_recomputed() {
    let folder = std::env::temp_dir().join(format!("cuaderno-large-{}", std::process::id()));
    let augmentation = Augmentation { brightness: 0.4, ..Augmentation::default() };
    let set = examples(20, 0);
    let augmented = set.clone().with_transform(&Transform::default().augmented(augmentation));
    let run = |set: &Dataset, mode, cache_memory| {
        let seen = Arc::new(AtomicUsize::new(0));
        let cache_folder = Some(folder.clone());
        let config = TrainConfig { cache_memory, cache_folder, ..config(mode) };
        let losses = train(Own::new(&seen), set, &config);
        (losses, seen.load(Ordering::Relaxed), files(&folder).len())
    };
    std::fs::create_dir_all(&folder).unwrap();
    // An image has four features of four bytes; there are 20 to train and 8 to validate.
    let (recomputed, seen, written) = run(&set, FeatureCaching::Auto, 8 * 16 - 1);
    assert_eq!((seen, written), (3 * (20 + 8), 0));
    let (partly, seen, written) = run(&set, FeatureCaching::Auto, 20 * 16 - 1);
    assert_eq!((seen, written), (3 * 20, 1));
    let (kept, seen, written) = run(&set, FeatureCaching::Auto, 20 * 16);
    assert_eq!((seen, written), (0, 2));
    assert_close(&partly, &recomputed);
    assert_close(&kept, &recomputed);
    // What was written where there was more memory is not read where there is less.
    assert_eq!(run(&set, FeatureCaching::Auto, 20 * 16 - 1).1, 3 * 20);
    // All views together count.
    assert_eq!(run(&augmented, FeatureCaching::Views(2), 2 * 20 * 16 - 1).1, 3 * 20);
    assert_eq!(run(&augmented, FeatureCaching::Views(2), 2 * 20 * 16).1, 0);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_thaws_and_what_others_change_is_noticed() {
    let set = examples(24, 0);
    let run = |mode| {
        let mut learner = learner(hybrid(), &set, &config(mode));
        let fit = |learner: &mut Learner| learner.fit_with(2, &mut Silent).unwrap();
        fit(&mut learner);
        learner.unfreeze("image.second").unwrap();
        fit(&mut learner);
        learner.freeze("image.second").unwrap();
        fit(&mut learner);
        let parameters = learner.parameters_mut().into_iter();
        for (_, parameter) in parameters.filter(|(name, _)| name == "image.first.0.weight") {
            parameter.update(&mut |values| values.iter_mut().for_each(|v| *v = -*v)).unwrap();
        }
        fit(&mut learner);
        for (name, buffer) in learner.model().buffers() {
            if name == "image.second.1.running_mean" {
                buffer.set(vec![-0.5; 4]).unwrap();
            }
        }
        losses(&fit(&mut learner))
    };
    assert_close(&run(FeatureCaching::Auto), &run(FeatureCaching::Off));
}

#[test]
fn augmentation_is_honoured() {
    let augmentation =
        Augmentation { brightness: 0.4, horizontal_flip: 0.5, ..Augmentation::default() };
    let set = examples(20, 0).with_transform(&Transform::default().augmented(augmentation));
    let recomputed = train(hybrid(), &set, &config(FeatureCaching::Off));
    assert_same(&train(hybrid(), &set, &config(FeatureCaching::Auto))[..1], &recomputed[..1]);
    // Of four views, epochs 1, 2 and 3 see those that they would see without; of two, the views 1, 0 and 1.
    assert_close(&train(hybrid(), &set, &config(FeatureCaching::Views(4))), &recomputed);
    let two = train(hybrid(), &set, &config(FeatureCaching::Views(2)));
    assert_close(&two[..2], &recomputed[..2]);
    assert!((two[2] - recomputed[2]).abs() > 1e-6 && (two[4] - recomputed[4]).abs() > 1e-6);
}

#[test]
fn without_images_a_network_begins_with_the_metadata() {
    let table = |count: usize, shift: f32| {
        let value = |(row, column): (usize, usize)| ((row * 5 + column) as f32 * 0.7 + shift).sin();
        let names = (0..5).map(|column| format!("c{column}")).collect();
        let values = Array2::from_shape_fn((count, 5), value);
        let labels: Vec<usize> =
            values.rows().into_iter().map(|r| usize::from(r[0] > 0.0)).collect();
        Dataset::new(&labels, &["below", "above"])
            .unwrap()
            .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
            .unwrap()
    };
    let run = |mode| {
        let mut init = Init::seed(2);
        let mut model = Sequential::new()
            .add(Linear::new(5, 6, &mut init).unwrap())
            .add(Layer::Relu)
            .add(Linear::new(6, 2, &mut init).unwrap());
        model.freeze("0").unwrap();
        let config = TrainConfig { learning_rate: 1e-2, ..config(mode) };
        let mut learner = Learner::new(model, &table(20, 0.0), &table(8, 1.0), &config).unwrap();
        losses(&learner.fit_with(3, &mut Silent).unwrap())
    };
    let kept = run(FeatureCaching::Auto);
    assert_close(&kept, &run(FeatureCaching::Off));
    assert!(kept[4] < kept[0], "{kept:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_folder_serves_the_next_learner_whatever_the_metadata() {
    let folder = std::env::temp_dir().join(format!("cuaderno-branch-{}", std::process::id()));
    let set = examples(24, 0);
    let config = TrainConfig { cache_folder: Some(folder.clone()), ..config(FeatureCaching::Auto) };
    let first = train(hybrid(), &set, &config);
    assert_eq!(files(&folder).len(), 2, "training and validation");
    assert_same(&train(hybrid(), &set, &config), &first);

    let values = Array2::from_elem((24, 2), 0.25);
    let names = ["warm", "noise"].map(String::from).to_vec();
    let other = FeatureMatrix { values, names, unknown: Vec::new() };
    assert_ne!(train(hybrid(), &set.clone().with_features(&other).unwrap(), &config), first);
    assert_eq!(files(&folder).len(), 2);

    // That the files are what is trained on shows when they hold something else.
    for file in files(&folder) {
        let stored = Weights::read(&file).unwrap();
        let StoredTensor { shape, values } = stored.get("features").unwrap().clone();
        assert_eq!(shape[1..], [4]);
        let mut zeros = Weights::default();
        let values = vec![0.0; values.len()];
        zeros.insert("features", StoredTensor { shape, values }).unwrap();
        zeros.write(&file).unwrap();
    }
    assert_ne!(train(hybrid(), &set, &config), first);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_beginning_that_asks_for_the_images_is_told_how_to_begin() {
    /// Names its beginning, but does not run it as one.
    #[derive(Clone, Debug)]
    struct Forgetful(Own);
    impl Model for Forgetful {
        fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
            self.0.image.forward(inputs.images()?, pass)?.features()
        }
        fn backbone(&self) -> Option<(&str, &Sequential)> {
            self.0.backbone()
        }
        fn parameters(&self) -> Vec<(String, &Parameter)> {
            self.0.parameters()
        }
        fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
            self.0.parameters_mut()
        }
        fn boxed_clone(&self) -> Box<dyn Model> {
            Box::new(self.clone())
        }
    }
    let model = Forgetful(Own::new(&Arc::default()));
    let mut learner = learner(model, &examples(8, 0), &config(FeatureCaching::Auto));
    let error = learner.fit_with(1, &mut Silent).unwrap_err().to_string();
    assert!(error.contains("`Sequential::forward_inputs`"), "{error}");
}

#[test]
fn errors_of_the_frozen_part_name_the_branch() {
    let mut model = hybrid();
    model.image = Sequential::new()
        .named("conv", Conv2d::new(Conv2dConfig::same(5, 2, 3), &mut Init::seed(0)).unwrap());
    model.freeze("image").unwrap();
    let mut learner = learner(model, &examples(8, 0), &config(FeatureCaching::Auto));
    let error = learner.fit_with(1, &mut Silent).unwrap_err().to_string();
    assert!(error.starts_with("layer `image.conv`: "), "{error}");
}
