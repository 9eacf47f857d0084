//! Practices 1B and 2 on points of interest: image, metadata and text branches, fused early or late.
//!
//! `cargo run --release --example poi_fusion -- --target category --seeds 5`; with `CUADERNO_REAL_DATA` set, on the real
//! files. `--weights FILE` gives EfficientNet-Lite0's weights and `--vectors FILE` word vectors. `--branches` lists them
//! with their weights in late fusion, such as `text:1,vectors:1,metadata:0.3,image:0.1`; `--similarity 1` takes the
//! classifier by the similarity of places instead. `--minority 0.05` decides categories of less than that share of the places
//! by whether a place has them. For the category the out-of-fold predictions of five folds are scored, for the engagement
//! the test part of a split; both keep the rows of an id together.
//! `--export DIR` writes the columns that the networks of a category read, and the folds, for `benches/poi_fusion.py`, which
//! trains the same networks in PyTorch.

mod arguments;
mod memory;

use arguments::Arguments;
use cuaderno::ErrorKind;
use cuaderno::metrics::{mean_interval, roc_auc_one_vs_rest};
use cuaderno::models::efficientnet_lite0;
use cuaderno::practices::poi::{self, Branch, Experiment, Recipe, Resampling, SimilarityConfig};
use cuaderno::prelude::*;
use cuaderno::train::minority_by_score;
use std::path::Path;
use std::time::Instant;

const KNOWN: [&str; 32] = [
    "similarity",
    "target",
    "seeds",
    "first-seed",
    "folds",
    "weights",
    "vectors",
    "pixels",
    "branches",
    "late",
    "width",
    "hidden",
    "dropout",
    "input-dropout",
    "kind",
    "rate",
    "decay",
    "decoupled",
    "epochs",
    "batch",
    "weighting",
    "focal",
    "image-scale",
    "text-scale",
    "vectors-scale",
    "ensemble",
    "classes",
    "metadata-width",
    "smote",
    "mixup",
    "minority",
    "export",
];

fn recipe(given: &Arguments) -> Result<Recipe> {
    if given.text("similarity").is_ok() {
        return Ok(Recipe::similarity("similarity", &SimilarityConfig::default()));
    }
    let text =
        |name: &str, default: &str| given.text(name).map_or(default.to_string(), String::from);
    let mut branches = Vec::new();
    for part in text("branches", "text:1,metadata:1").split(',') {
        let (name, weight) = part.split_once(':').unwrap_or((part, "1"));
        let branch = match name {
            "image" => Branch::Image,
            "metadata" => Branch::Metadata,
            "text" => Branch::Text,
            "vectors" => Branch::Vectors,
            _ => {
                let problem = format!("expected image, metadata, text or vectors, found `{name}`");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        };
        branches.push((branch, weight.parse().unwrap_or(1.0)));
    }
    let mut recipe = Recipe::new(text("branches", "default"), &[]);
    recipe.branches = branches;
    recipe.late = given.number("late", 0)? != 0;
    recipe.fusion = FusionConfig {
        width: given.number("width", 64)?,
        hidden: given.number("hidden", 0)?,
        dropout: given.number("dropout", 0.3)?,
        input_dropout: given.number("input-dropout", 0.2)?,
        kind: if text("kind", "concat") == "attention" {
            FusionKind::Attention
        } else {
            FusionKind::Concat
        },
        ..FusionConfig::default()
    };
    recipe.metadata_width = given.number("metadata-width", 32)?;
    recipe.scales = [
        given.number("image-scale", 1.0)?,
        given.number("text-scale", 1.0)?,
        given.number("vectors-scale", 1.0)?,
    ];
    recipe.train.batch_size = given.number("batch", 64)?;
    recipe.train.learning_rate = given.number("rate", 1e-3)?;
    recipe.train.optimizer = OptimizerConfig::Adam(AdamConfig {
        weight_decay: given.number("decay", 1e-2)?,
        decoupled: given.number("decoupled", 1)? != 0,
        ..AdamConfig::default()
    });
    recipe.train.loss.focal_gamma = given.number("focal", 0.0)?;
    recipe.epochs = given.number("epochs", 25)?;
    recipe.weighting = match text("weighting", "balanced").as_str() {
        "none" => None,
        "sqrt" => Some(ClassWeighting::SquareRoot),
        "effective" => Some(ClassWeighting::EffectiveNumber(0.99)),
        _ => Some(ClassWeighting::Balanced),
    };
    recipe.ensemble = given.number("ensemble", 1)?;
    let (smote, mixup) = (given.number("smote", 0.0)?, given.number("mixup", 0.0)?);
    if smote > 0.0 {
        recipe.resampling = Resampling::Smote(smote);
    } else if mixup > 0.0 {
        recipe.resampling = Resampling::Mixup(mixup);
    }
    Ok(recipe)
}

/// Writes the columns of each fold, `[rows, columns]` as little-endian floats, and a line that says what they are; with the
/// first fold also the settings of the network.
fn export(
    folder: &Path,
    experiment: &Experiment,
    recipe: &Recipe,
    labels: &[usize],
    fold: &Fold,
) -> Result<()> {
    let seed = recipe.train.seed;
    let failed = |error: std::io::Error| Error::io(folder, &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let (set, [metadata, text, image]) = experiment.dataset(recipe, &fold.train)?;
    let values = set.features().into_iter().flatten();
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    let name = format!("{seed}_{}", fold.number);
    std::fs::write(folder.join(format!("{name}.f32")), bytes).map_err(failed)?;
    let classes = experiment.classes().len();
    let weights = match recipe.weighting {
        Some(weighting) => set.subset(&fold.train)?.class_weights(weighting)?,
        None => vec![1.0; classes],
    };
    let network = &recipe.fusion;
    let OptimizerConfig::Adam(adam) = &recipe.train.optimizer else {
        return Err(Error::new(ErrorKind::Parameter, "expected Adam as the optimizer"));
    };
    let about = serde_json::json!({
        "seed": seed, "labels": labels, "classes": classes, "train": fold.train, "test": fold.test,
        "columns": {"metadata": metadata, "text": text, "image": image}, "class_weights": weights,
        "width": network.width, "hidden": network.hidden, "dropout": network.dropout,
        "input_dropout": network.input_dropout, "attention": network.kind == FusionKind::Attention,
        "learning_rate": recipe.train.learning_rate, "weight_decay": adam.weight_decay,
        "batch_size": recipe.train.batch_size, "epochs": recipe.epochs,
    });
    std::fs::write(folder.join(format!("{name}.json")), about.to_string()).map_err(failed)
}

fn main() -> Result<()> {
    let given = Arguments::read(&KNOWN)?;
    let recipe = recipe(&given)?;
    let start = Instant::now();
    let table = poi::read(&poi::locate()?)?;
    let engagement = given.text("target").is_ok_and(|target| target == "engagement");
    let target = poi::CategoryTarget::new(&table)?;
    let (table, labels, classes, ids, preprocessor) = if engagement {
        let values = poi::engagement(&table)?;
        let labels = poi::Target::fit(&values)?.labels(&values)?;
        let preprocessor = Preprocessor::new()
            .scale(&["locationLon", "locationLat", "xps"])
            .one_hot(&["tier", "xps"])
            .multi_hot("categories", 5)
            .multi_hot("tags", 20);
        let ids = table.texts("id")?;
        (table, labels, poi::CLASSES.map(String::from).to_vec(), ids, preprocessor)
    } else {
        let (table, preprocessor) = target.metadata()?;
        (table, target.main.clone(), target.classes.clone(), target.ids.clone(), preprocessor)
    };
    let names: Vec<&str> = classes.iter().map(String::as_str).collect();
    let mut experiment = Experiment::new(&table, &labels, &names, &preprocessor)?;
    if !engagement {
        experiment = experiment.with_listed_classes(&target.all)?;
    }
    let wants = |branch: Branch| recipe.branches.iter().any(|(one, _)| *one == branch);
    if wants(Branch::Image) {
        let pixels: u32 = given.number("pixels", 128)?;
        let mut network = efficientnet_lite0(1000, 0)?;
        Pretrained::file(given.text("weights")?).load_into(&mut network)?;
        // The weights expect (x − 127) / 128 of x from 0 to 255.
        let transform = Transform::normalized([127.0 / 255.0; 3], [128.0 / 255.0; 3]);
        let images = images::load_rgb(&poi::image_paths(&table)?, pixels, pixels)?;
        let features = poi::image_features(&network.backbone()?, &images, &transform)?;
        experiment = experiment.with_image_features(&features)?;
    }
    if wants(Branch::Vectors) {
        let vectors = poi::text_vectors(&poi::texts(&table)?, given.text("vectors")?)?;
        experiment = experiment.with_text_vectors(&vectors)?;
    }
    println!(
        "{} rows, {} classes, prepared in {:.1} s",
        labels.len(),
        classes.len(),
        start.elapsed().as_secs_f64()
    );
    let (first, seeds): (u64, u64) = (given.number("first-seed", 0)?, given.number("seeds", 1)?);
    let mut scores: Vec<[f64; 5]> = Vec::new();
    for seed in first..first + seeds {
        let start = Instant::now();
        let mut recipe = recipe.clone();
        recipe.train.seed = seed;
        let found = if engagement {
            let split = Split::stratified_by_group(&labels, &ids, [0.7, 0.15, 0.15], seed)?;
            let train = [split.train, split.validation].concat();
            experiment.run(&recipe, &train, &split.test, seed)?.0
        } else {
            let folds = KFold::new(given.number("folds", 5)?, seed)
                .allow_rare_classes()
                .stratified_by_group(&labels, &ids)?;
            if let Ok(folder) = given.text("export") {
                for fold in &folds {
                    export(Path::new(folder), &experiment, &recipe, &labels, fold)?;
                }
            }
            let result = experiment.cross_validate(&recipe, &folds)?;
            match given.number("minority", 0.0)? {
                0.0 => result,
                share => {
                    let similar = Recipe::similarity("similarity", &SimilarityConfig::default());
                    let all: Vec<&str> = target.all_classes.iter().map(String::as_str).collect();
                    let has =
                        experiment.cross_validate_labels(&similar, &target.all, &all, &folds)?;
                    minority_by_score(&result, &has, &folds, share)?
                }
            }
            .evaluation()?
        };
        let matrix = found.confusion()?;
        let row = [
            matrix.accuracy(),
            matrix.f1(Average::Weighted),
            matrix.occurring().f1(Average::Macro),
            matrix.balanced_accuracy(),
            roc_auc_one_vs_rest(&found.labels, &found.probabilities, classes.len())
                .unwrap_or(f64::NAN),
        ];
        let report = matrix.report();
        let fewest = report.classes.iter().map(|class| class.scores.f1).fold(1.0, f64::min);
        println!(
            "seed {seed}: accuracy {:.4}, weighted F1 {:.4}, macro F1 {:.4}, balanced {:.4}, AUC {:.4}, lowest F1 {fewest:.2}, {:.1} s",
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            start.elapsed().as_secs_f64()
        );
        if given.text("classes").is_ok() {
            println!("{report}");
        }
        scores.push(row);
    }
    println!("peak memory: {:.0} MiB", memory::peak());
    if scores.len() > 1 {
        for (place, name) in
            ["accuracy", "weighted F1", "macro F1", "balanced", "AUC"].iter().enumerate()
        {
            let values: Vec<f64> = scores.iter().map(|row| row[place]).collect();
            let (mean, deviation, [low, high]) = mean_interval(&values, 0.95)?;
            println!(
                "{name}: {mean:.4} ± {deviation:.4}, 95 % interval of the mean [{low:.4}, {high:.4}]"
            );
        }
    }
    Ok(())
}
