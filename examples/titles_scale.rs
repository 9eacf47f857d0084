//! The challenge's size on this machine: rows generated, read, indexed and trained on, with times and memory.
//!
//! ```text
//! cargo run --release --example titles_scale -- [--rows 1000000] [--categories 632] [--epochs 1] [--folder DIR] \
//!     [--filters 100] [--batch 128] [--learning-rate 0.001] [--trained 1]
//! cargo run --release --example titles_scale -- --sweep 1
//! ```
//!
//! One JSON object a line. A folder that already holds the rows is used as it is. `--trained 1` trains the word vectors too,
//! `--sweep 1` runs practice 3's eight experiments one after the other. `benches/titles_scale.py` is an epoch in PyTorch.

use cuaderno::practices::titles;
use cuaderno::prelude::*;
use cuaderno::train::Silent;
use std::time::Instant;

mod arguments;
mod memory;

fn report(name: &str, value: f64, unit: &str) {
    println!("{{\"name\": \"{name}\", \"value\": {value:.3}, \"unit\": \"{unit}\"}}");
}

/// Seconds of processor time that this process has used, all threads together.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// How one network is trained.
struct Experiment {
    epochs: usize,
    filters: usize,
    batch_size: usize,
    learning_rate: f64,
    trained: bool,
}

/// Practice 3's eight experiments.
fn experiments() -> Vec<Experiment> {
    let default = |epochs| Experiment {
        epochs,
        filters: 100,
        batch_size: 128,
        learning_rate: 1e-3,
        trained: false,
    };
    vec![
        default(3),
        Experiment { filters: 150, ..default(3) },
        default(2),
        default(5),
        default(10),
        Experiment { trained: true, ..default(10) },
        Experiment { trained: true, batch_size: 256, ..default(10) },
        Experiment { trained: true, batch_size: 256, learning_rate: 5e-3, ..default(3) },
    ]
}

/// Trains a network and reports its epochs and its score on the validation titles.
fn run(
    experiment: &Experiment,
    vectors: &ndarray::Array2<f32>,
    train: &Dataset,
    validation: &Dataset,
) -> Result<()> {
    let classes = train.classes().len();
    let sizes = TextCnnConfig { classes, filters: experiment.filters, ..TextCnnConfig::default() };
    let mut model = TextCnn::with_vectors(vectors.clone(), &sizes, 0)?;
    if experiment.trained {
        model.unfreeze("embedding")?;
    }
    let config = TrainConfig {
        batch_size: experiment.batch_size,
        learning_rate: experiment.learning_rate,
        keep_best: false,
        ..TrainConfig::default()
    };
    let mut learner = Learner::new(model, train, validation, &config)?;
    for epoch in 1..=experiment.epochs {
        let (start, used) = (Instant::now(), processor_seconds());
        learner.fit_with(1, &mut Silent)?;
        let seconds = start.elapsed().as_secs_f64();
        report(&format!("epoch_{epoch}"), seconds, "s");
        report(&format!("epoch_{epoch}_processor"), processor_seconds() - used, "s");
        report(&format!("epoch_{epoch}_titles"), train.len() as f64 / seconds, "titles/s");
    }
    let seen = learner.evaluate(validation)?;
    let balanced = metrics::balanced_accuracy(&seen.labels, &seen.predictions, classes)?;
    report("balanced_accuracy", balanced, "");
    report("peak_memory", memory::peak(), "MiB");
    Ok(())
}

fn main() -> Result<()> {
    let known = [
        "rows",
        "categories",
        "epochs",
        "folder",
        "filters",
        "batch",
        "learning-rate",
        "trained",
        "sweep",
    ];
    let arguments = arguments::Arguments::read(&known)?;
    let rows = arguments.number("rows", 1_000_000usize)?;
    let categories = arguments.number("categories", 632usize)?;
    let experiments = if arguments.number("sweep", 0)? != 0 {
        experiments()
    } else {
        vec![Experiment {
            epochs: arguments.number("epochs", 1)?,
            filters: arguments.number("filters", 100)?,
            batch_size: arguments.number("batch", 128)?,
            learning_rate: arguments.number("learning-rate", 1e-3)?,
            trained: arguments.number("trained", 0)? != 0,
        }]
    };
    let default = std::env::temp_dir().join("cuaderno-titles-scale").display().to_string();
    let folder = std::path::PathBuf::from(arguments.text("folder").unwrap_or(&default));

    let start = Instant::now();
    if !folder.join("titles.csv").is_file() {
        titles::generate(&folder, rows, categories, 2019)?;
        report("generate", start.elapsed().as_secs_f64(), "s");
    }
    let paths = titles::TitlePaths {
        csv: folder.join("titles.csv"),
        test: None,
        vectors: Some(folder.join("vectors.txt.gz")),
        real: false,
    };
    let start = Instant::now();
    let table = titles::frequent(&titles::of_language(&titles::read(&paths)?, "spanish")?, 20)?;
    report("read_and_filter", start.elapsed().as_secs_f64(), "s");
    let start = Instant::now();
    let corpus = Corpus::from_table(&table, "title", &Tokenizer::spanish())?;
    let labels = Dataset::from_column(&table, "category")?;
    let split = Split::random(table.rows(), [0.8, 0.1, 0.1], 0)?;
    let vocabulary = Vocabulary::fit(&corpus, &split.train, &VocabularyConfig::default())?;
    report("classes", labels.classes().len() as f64, "");
    let all = labels.with_tokens(&corpus.encode(&vocabulary, 16)?)?;
    report("index_and_split", start.elapsed().as_secs_f64(), "s");
    report("words", vocabulary.len() as f64, "");
    let vectors = WordVectors::read(folder.join("vectors.txt.gz"), &vocabulary)?;
    let vectors = vectors.matrix(&vocabulary, 0);
    let (train, validation) = (all.subset(&split.train)?, all.subset(&split.validation)?);
    drop((table, corpus, all));
    let start = Instant::now();
    for (number, experiment) in experiments.iter().enumerate() {
        report("experiment", (number + 1) as f64, "");
        run(experiment, &vectors, &train, &validation)?;
        report("since_the_first", start.elapsed().as_secs_f64(), "s");
    }
    Ok(())
}
