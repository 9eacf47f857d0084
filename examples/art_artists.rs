//! Practice 4 on whole data: who painted it? One network, trained from scratch or fine-tuned, judged on a test part.
//!
//! `cargo run --release --example art_artists -- --network efficientnet_lite0 --artists 50`; with `CUADERNO_REAL_DATA`
//! set, on the real paintings. `--network` is one of the zoo, `simple_network` or `small_cnn`; `--weights FILE` starts
//! from pretrained weights: the head learns first on the frozen backbone, then all layers, the backbone at 0.3 times the
//! head's rate. `--save FILE` writes the classifier that `examples/classify.rs` reads.

mod arguments;

use arguments::Arguments;
use cuaderno::models::{Classifier, Network, network, simple_network, small_cnn};
use cuaderno::practices::art;
use cuaderno::prelude::*;

const KNOWN: [&str; 11] = [
    "network",
    "weights",
    "artists",
    "pixels",
    "head-epochs",
    "epochs",
    "rate",
    "batch",
    "smoothing",
    "seed",
    "save",
];

fn main() -> Result<()> {
    let given = Arguments::read(&KNOWN)?;
    let pixels: u32 = given.number("pixels", 224)?;
    let seed: u64 = given.number("seed", 0)?;
    let paths = art::locate()?;
    let paintings = art::paintings(&paths, &art::read(&paths)?)?;
    let chosen = paintings.largest_classes(given.number("artists", 10)?);
    let images = images::load_rgb(&chosen.paths, pixels, pixels)?;
    let groups: Vec<String> =
        images::near_duplicates(&images, 4)?.iter().map(usize::to_string).collect();
    let split = Split::stratified_by_group(&chosen.labels, &groups, [0.75, 0.10, 0.15], seed)?;
    let transform = match given.text("weights") {
        Ok(_) => Transform::normalized([127.0 / 255.0; 3], [128.0 / 255.0; 3]),
        Err(_) => {
            let (mean, std) = images.channel_statistics(&split.train)?;
            Transform::normalized(mean, std)
        }
    };
    let all = Dataset::new(&chosen.labels, &chosen.class_names())?
        .with_images(&images)?
        .with_transform(&transform);
    println!("{} paintings of {} artists, {paths}", all.len(), chosen.classes.len());

    let (trained, seconds) = train(&given, &all, &split, &transform, pixels as usize, seed)?;
    let size: usize =
        trained.parameters().iter().map(|(_, p)| p.shape().iter().product::<usize>()).sum();
    println!("{} million parameters, {seconds:.1} s per epoch of all layers", size as f64 / 1e6);
    let test = all.subset(&split.test)?;
    let mirrored = Augmentation { horizontal_flip: 1.0, ..Augmentation::default() };
    let mirrored = test.clone().with_transform(&transform.clone().augmented(mirrored));
    let plain = Evaluation::new(&trained, &test, &LossOptions::default())?;
    let other = Evaluation::new(&trained, &mirrored, &LossOptions::default())?;
    print("test", &plain)?;
    print("test, mean with mirror image", &mean(&plain, &other)?)?;
    similar_by_same_artist(&trained, &all, &images, &chosen.labels, &split)?;
    if let Ok(file) = given.text("save") {
        let size = [pixels, pixels];
        let names = chosen.class_names();
        Classifier::new(&trained, &names, &transform, size, ResizeMode::Squeeze)?.write(file)?;
        println!("saved as {file}");
    }
    Ok(())
}

/// The network with the weights of its best epoch, and the seconds that an epoch of all layers took.
fn train(
    given: &Arguments,
    all: &Dataset,
    split: &Split,
    transform: &Transform,
    pixels: usize,
    seed: u64,
) -> Result<(Network, f64)> {
    let classes = all.classes().len();
    let mut network = match given.text("network").unwrap_or("efficientnet_lite0") {
        "simple_network" => simple_network(pixels, 100, classes, seed)?,
        "small_cnn" => small_cnn(pixels, classes, seed)?,
        name => network(name, classes, seed)?,
    };
    let augmentation = Augmentation {
        rotation_range: 6.0,
        width_shift_range: 0.08,
        height_shift_range: 0.08,
        zoom_range: 0.1,
        horizontal_flip: 0.5,
        ..Augmentation::default()
    };
    let still = all.subset(&split.train)?;
    let moved = still.clone().with_transform(&transform.clone().augmented(augmentation));
    let validation = all.subset(&split.validation)?;
    let head = network.head().to_string();
    let mut rate: f64 = given.number("rate", 1.5e-3)?;
    let loss =
        LossOptions { label_smoothing: given.number("smoothing", 0.1)?, ..LossOptions::default() };
    let config = TrainConfig {
        seed,
        batch_size: given.number("batch", 32)?,
        learning_rate: rate,
        optimizer: OptimizerConfig::adamw(0.01),
        loss,
        monitor: "val_accuracy".into(),
        ..TrainConfig::default()
    };
    let mut groups = Vec::new();
    if let Ok(file) = given.text("weights") {
        Pretrained::file(file).load_backbone_into(&mut network, &[&head])?;
        network.freeze("")?;
        network.unfreeze(&head)?;
        let mut learner = Learner::new(network.clone(), &still, &validation, &config)?;
        learner.fit(given.number("head-epochs", 12)?)?;
        learner.restore_best()?;
        Weights::of(learner.model()).load_into(&mut network)?;
        network.unfreeze("")?;
        groups = vec![(String::new(), 0.3), (head, 1.0)];
        rate *= 0.6;
    }
    let epochs: usize = given.number("epochs", 6)?;
    let config = TrainConfig { learning_rate: rate, param_groups: groups, ..config };
    let mut learner = Learner::new(network.clone(), &moved, &validation, &config)?
        .with(Schedule::one_cycle(rate, epochs as f64));
    let history: History = learner.fit(epochs)?;
    learner.restore_best()?;
    Weights::of(learner.model()).load_into(&mut network)?;
    Ok((network, history.seconds_per_epoch()))
}

/// The mean of two answers to the same examples.
fn mean(a: &Evaluation, b: &Evaluation) -> Result<Evaluation> {
    let mut mean = a.clone();
    for (value, other) in mean.probabilities.iter_mut().zip(&b.probabilities) {
        *value = (*value + other) / 2.0;
    }
    mean.predictions = mean
        .probabilities
        .chunks(a.classes.len())
        .map(|row| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0))
        .collect();
    mean.accuracy = metrics::accuracy(&mean.labels, &mean.predictions)?;
    Ok(mean)
}

fn print(what: &str, result: &Evaluation) -> Result<()> {
    let confusion = result.confusion()?;
    println!(
        "{what}: accuracy {:.3}, balanced accuracy {:.3}, macro F1 {:.3}",
        confusion.accuracy(),
        confusion.balanced_accuracy(),
        confusion.f1(metrics::Average::Macro)
    );
    Ok(())
}

/// How often the nearest paintings of a test painting are by the same artist, by features and by colors.
fn similar_by_same_artist(
    network: &Network,
    all: &Dataset,
    images: &ImageSet,
    labels: &[usize],
    split: &Split,
) -> Result<()> {
    let features = similar::embeddings(&network.backbone()?, all)?;
    let colors = similar::color_histograms(images, 6)?;
    for (name, embeddings) in [("trained features", features), ("color histogram", colors)] {
        let index = similar::Index::new(&embeddings)?;
        let table = index.precision_at(labels, &split.test, &[1, 5, 10])?;
        let found = table.numbers("precision")?;
        println!(
            "{name}: precision at 1 {:.3}, at 5 {:.3}, at 10 {:.3}",
            found[0], found[1], found[2]
        );
    }
    Ok(())
}
