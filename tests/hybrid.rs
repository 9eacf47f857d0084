//! Images with metadata: any image branch beside the metadata.

use cuaderno::data::Dataset;
use cuaderno::images::ImageSet;
use cuaderno::models::{self, Hybrid, HybridConfig, Network, Pretrained, resnet18, small_cnn};
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Init, Inputs, Layer, Model, Pass, Sequential, Summary,
    Weights,
};
use cuaderno::table::FeatureMatrix;
use cuaderno::tensor::{plain, read, tensor};
use cuaderno::train::{Learner, Silent, TrainConfig};
use ndarray::Array2;
use rand::{Rng, SeedableRng};

const PIXELS: usize = 32;

fn config() -> HybridConfig {
    HybridConfig { pixels: PIXELS, features: 2, dropout: 0.0, ..HybridConfig::default() }
}

/// Layers with batch normalization that a user may have written.
fn own_branch() -> Sequential {
    let mut init = Init::seed(0);
    let convolution = Conv2d::new(Conv2dConfig::same(3, 6, 3).stride(2), &mut init).unwrap();
    Sequential::new()
        .named("conv", convolution)
        .named("norm", BatchNorm2d::new(6).unwrap())
        .named("relu", Layer::Relu)
        .named("pool", Layer::GlobalAveragePool2d)
}

fn batch(images: [usize; 4], features: usize) -> Inputs {
    let [n, c, h, w] = images;
    let values = |count: usize| (0..count).map(|i| (i as f32 * 0.37).sin()).collect();
    Inputs {
        images: Some(tensor(values(n * c * h * w), (n, c, h, w)).unwrap()),
        features: Some(tensor(values(n * features), (n, features)).unwrap()),
        ..Inputs::default()
    }
}

fn logits(model: &dyn Model) -> Vec<f32> {
    let inputs = batch([3, 3, PIXELS, PIXELS], 2);
    read(&plain(model.forward(&inputs, &Pass::inference()).unwrap())).into_owned()
}

/// Examples whose class is told half by the image's brightness, half by the metadata.
fn examples(count: usize, seed: u64) -> Dataset {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut features, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..count {
        let (light, warm) = (row % 2, row / 2 % 2);
        let pixel =
            |random: &mut rand_chacha::ChaCha8Rng| random.gen_range(0..100u8) + 120 * light as u8;
        pixels.extend((0..3 * PIXELS * PIXELS).map(|_| pixel(&mut random)));
        features.extend([warm as f32 * 2.0 - 1.0, random.gen_range(-1.0..1.0)]);
        labels.push(if light == 0 { 0 } else { 1 + warm });
    }
    let names = ["warm", "noise"].map(String::from).to_vec();
    let values = Array2::from_shape_vec((count, 2), features).unwrap();
    Dataset::new(&labels, &["dark", "light and cold", "light and warm"])
        .unwrap()
        .with_images(&ImageSet::from_pixels(pixels, PIXELS as u32, PIXELS as u32).unwrap())
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap()
}

#[test]
fn a_backbone_is_the_network_without_its_head() {
    for (name, features) in [
        ("resnet18", 512),
        ("densenet121", 1024),
        ("squeezenet1_1", 512),
        ("efficientnet_b0", 1280),
        ("efficientnet_lite0", 1280),
        ("nasnet_mobile", 1056),
    ] {
        let network = models::network(name, 3, 0).unwrap();
        let backbone = network.backbone().unwrap();
        let head = format!("{}.", network.head());
        let expected =
            network.parameters().into_iter().filter(|(name, _)| !name.starts_with(&head));
        let found = backbone.parameters();
        assert_eq!(found.len(), expected.clone().count(), "{name}");
        for ((a, found), (b, expected)) in found.into_iter().zip(expected) {
            assert!(a == b && found.values() == expected.values(), "{name}: {a}, {b}");
        }
        let inputs = batch([1, 3, 64, 64], 1);
        let pass = Pass::inference();
        let made = backbone.forward(inputs.images().unwrap(), &pass).unwrap();
        assert_eq!(made.shape(), [1, features], "{name}");
        let (_, last) = backbone.named_layers().last().unwrap();
        assert!(!matches!(last, Layer::Dropout(_)), "{name}");
    }
}

#[test]
fn the_head_on_the_backbones_features_makes_the_networks_logits() {
    let network = small_cnn(PIXELS, 3, 0).unwrap();
    let backbone = network.backbone().unwrap();
    let (_, Layer::Sequential(classifier)) = &network.layers().named_layers()[2] else {
        panic!("the classifier is a sequence")
    };
    let (name, Layer::Linear(head)) = &classifier.named_layers()[3] else { panic!() };
    assert_eq!(format!("classifier.{name}"), network.head());
    let (inputs, pass) = (batch([2, 3, PIXELS, PIXELS], 1), Pass::inference());
    let features = backbone.forward(inputs.images().unwrap(), &pass).unwrap().features().unwrap();
    let made = head.forward(features, false, &pass).unwrap();
    let expected = network.forward(&inputs, &pass).unwrap();
    let (made, expected) = (plain(made), plain(expected));
    for (made, expected) in read(&made).iter().zip(&*read(&expected)) {
        assert!((made - expected).abs() <= 1e-5 * (1.0 + expected.abs()), "{made} {expected}");
    }
}

#[test]
fn a_head_that_is_not_there_is_an_error() {
    let error = Network::new("mine", own_branch(), "fc", 64).backbone().unwrap_err().to_string();
    assert!(error.contains("`fc`") && error.contains("conv, norm, relu, pool"), "{error}");
}

#[test]
fn branches_of_all_kinds_train_with_metadata() {
    let (train, validation) = (examples(160, 0), examples(12, 1));
    let settings = TrainConfig { batch_size: 8, learning_rate: 2e-3, ..TrainConfig::default() };
    let small = small_cnn(PIXELS, 5, 0).unwrap();
    let resnet = resnet18(5, 0).unwrap();
    for (name, branch) in [
        ("own", own_branch()),
        ("small", small.backbone().unwrap()),
        ("resnet", resnet.backbone().unwrap()),
    ] {
        let model = Hybrid::with_branch(branch, &config(), 0).unwrap();
        let mut learner = Learner::new(model, &train, &validation, &settings).unwrap();
        let history = learner.fit_with(5, &mut Silent).unwrap();
        let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.train_loss).collect();
        assert!(losses[4] < 0.5 * losses[0], "{name}: {losses:?}");
        // The best epoch's: only who sees both the image and the metadata can be right on all.
        let accuracy = learner.evaluate(&validation).unwrap().accuracy;
        println!("{name}: {losses:?}, {accuracy}");
        assert!(accuracy > 0.9, "{name}: {accuracy}");
    }
}

#[test]
fn a_frozen_branch_stays_as_it_is_while_the_rest_learns() {
    let set = examples(16, 0);
    let mut model = Hybrid::with_branch(own_branch(), &config(), 0).unwrap();
    model.freeze("image").unwrap();
    let before = Weights::of(&model);
    assert!(before.get("image.norm.running_mean").is_some());
    let settings = TrainConfig { batch_size: 4, keep_best: false, ..TrainConfig::default() };
    let mut learner = Learner::new(model, &set, &set, &settings).unwrap();
    let moved = |learner: &Learner, part: &str| {
        let after = Weights::of(learner.model());
        let names = before.names().into_iter().filter(|name| name.starts_with(part));
        let moved: Vec<bool> = names.map(|name| before.get(name) != after.get(name)).collect();
        assert!(moved.iter().all(|m| *m == moved[0]), "{part}: {moved:?}");
        moved[0]
    };
    learner.fit_with(1, &mut Silent).unwrap();
    assert!(!moved(&learner, "image.") && moved(&learner, "metadata.") && moved(&learner, "head."));
    learner.unfreeze("image.norm").unwrap();
    learner.fit_with(1, &mut Silent).unwrap();
    assert!(moved(&learner, "image.norm.") && !moved(&learner, "image.conv."));
}

#[test]
fn what_is_frozen_in_a_network_is_frozen_in_the_branch() {
    let mut network = small_cnn(PIXELS, 3, 0).unwrap();
    network.freeze("features").unwrap();
    let model = Hybrid::with_branch(network.backbone().unwrap(), &config(), 0).unwrap();
    for (name, parameter) in model.parameters() {
        assert_eq!(parameter.is_trainable(), !name.starts_with("image.features."), "{name}");
    }
}

#[test]
fn weights_and_running_statistics_come_back_from_a_file() {
    let file =
        std::env::temp_dir().join(format!("cuaderno-hybrid-{}.safetensors", std::process::id()));
    let set = examples(12, 0);
    let hybrid = |seed| Hybrid::with_branch(own_branch(), &config(), seed).unwrap();
    let config = TrainConfig { batch_size: 8, ..TrainConfig::default() };
    let mut learner = Learner::new(hybrid(0), &set, &set, &config).unwrap();
    learner.fit_with(2, &mut Silent).unwrap();
    Weights::of(learner.model()).write(&file).unwrap();
    let mut other = hybrid(1);
    assert_ne!(logits(&other), logits(learner.model()));
    Weights::read(&file).unwrap().load_into(&mut other).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(logits(&other), logits(learner.model()));
    let mean = |model: &dyn Model| {
        Weights::of(model).get("image.norm.running_mean").unwrap().values.clone()
    };
    assert_eq!(mean(&other), mean(learner.model()));
    assert!(mean(&other).iter().all(|mean| *mean != 0.0));
}

#[test]
fn pretrained_weights_come_with_the_backbone() {
    let file =
        std::env::temp_dir().join(format!("cuaderno-branch-{}.safetensors", std::process::id()));
    let trained = resnet18(10, 7).unwrap();
    Weights::of(&trained).write(&file).unwrap();
    let mut network = resnet18(1, 0).unwrap();
    Pretrained::file(&file).load_backbone_into(&mut network, &["fc"]).unwrap();
    std::fs::remove_file(&file).unwrap();
    let model = Hybrid::with_branch(network.backbone().unwrap(), &config(), 0).unwrap();
    let (given, found) = (Weights::of(&trained), Weights::of(&model));
    let names = given.names().into_iter().filter(|name| !name.starts_with("fc."));
    assert_eq!(names.clone().count(), 100);
    for name in names {
        assert_eq!(found.get(&format!("image.{name}")), given.get(name), "{name}");
    }
}

#[test]
fn a_summary_lists_both_branches_and_the_head() {
    let network = resnet18(3, 0).unwrap();
    let model = Hybrid::with_branch(network.backbone().unwrap(), &config(), 0).unwrap();
    let summary = Summary::new(&model, &batch([1, 3, PIXELS, PIXELS], 2)).unwrap();
    let row = |name: &str| summary.rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!(row("image.layer4.1.conv2").output, [1, 512, 1, 1]);
    assert_eq!(row("image.flatten").output, [1, 512]);
    assert_eq!(row("metadata.2").output, [1, 32]);
    assert_eq!(row("head.3").output, [1, 3]);
    let listed: usize = summary.rows.iter().map(|row| row.parameters).sum();
    assert_eq!(listed, summary.total);
}

#[test]
fn branches_that_do_not_make_features_are_errors() {
    let message = |branch: Sequential, config: HybridConfig| {
        Hybrid::with_branch(branch, &config, 0).map(|_| ()).unwrap_err().to_string()
    };
    let mut maps = Sequential::new();
    for (name, layer) in &own_branch().named_layers()[..3] {
        maps = maps.named(name, layer.clone());
    }
    assert_eq!(
        message(maps, config()),
        "layer `image.relu`: the output of the image branch must be [batch, features], found [1, 6, 16, 16] for an image of \
         shape [1, 3, 32, 32]; add `Layer::GlobalAveragePool2d` or `Layer::Flatten` at its end, or take a network's `backbone()`"
    );
    assert!(message(Sequential::new(), config()).starts_with("layer `image`: "));
    assert_eq!(
        message(own_branch(), HybridConfig { channels: 1, ..config() }),
        "layer `image.conv`: expected 3 input channels, found 1"
    );
    let small = || small_cnn(64, 3, 0).unwrap().backbone().unwrap();
    assert_eq!(
        message(small(), config()),
        "layer `image.classifier.0`: expected 8192 input features, found 2048"
    );
    let zero = message(own_branch(), HybridConfig { features: 0, ..config() });
    assert!(zero.contains("must be at least 1"), "{zero}");

    // Afterwards the branch is open to all.
    let mut model = Hybrid::with_branch(own_branch(), &config(), 0).unwrap();
    model.image = Sequential::new();
    let inputs = batch([2, 3, PIXELS, PIXELS], 2);
    let error = model.forward(&inputs, &Pass::inference()).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.starts_with("layer `image`: expected [batch, features], found [2, 3, 32, 32]"),
        "{error}"
    );
}
