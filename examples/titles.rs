//! Product titles from a CSV of titles and categories: the text CNN against TF-IDF and a linear SVM, over several seeds.
//!
//! ```text
//! cargo run --release --example titles -- --csv TITLES.csv [--vectors FILE] [--category COLUMN] [--seeds 3] [--epochs 15] [--out DIR]
//! ```
//!
//! Near-duplicate titles stay in one part of the split. One JSON object a line goes to standard output; with `--out`, the
//! split of each seed goes to `split-<seed>.csv`, so that others can be measured on the same titles.

use cuaderno::practices::titles;
use cuaderno::prelude::*;
use cuaderno::train::Silent;

mod arguments;

fn main() -> Result<()> {
    let names =
        ["csv", "vectors", "category", "seeds", "epochs", "learning-rate", "dropout", "out"];
    let arguments = arguments::Arguments::read(&names)?;
    let table = Table::read_csv(arguments.text("csv")?)?;
    let table = table.with_column(
        "category",
        table.column(arguments.text("category").unwrap_or("category"))?.clone(),
    )?;
    let table = titles::frequent(&table, 20)?;
    let tokenizer = Tokenizer::spanish();
    let corpus = Corpus::from_table(&table, "title", &tokenizer)?;
    let labels = Dataset::from_column(&table, "category")?;
    let classes = labels.classes().len();
    let groups: Vec<String> = corpus.near_duplicates().iter().map(usize::to_string).collect();
    for seed in 0..arguments.number("seeds", 3u64)? {
        let split = Split::stratified_by_group(labels.labels(), &groups, [0.7, 0.1, 0.2], seed)?;
        if let Ok(out) = arguments.text("out") {
            let mut part = vec!["test"; table.rows()];
            split.train.iter().for_each(|row| part[*row] = "train");
            split.validation.iter().for_each(|row| part[*row] = "validation");
            write_split(out.as_ref(), seed, &table, &corpus, &part)?;
        }
        let truth: Vec<usize> = split.test.iter().map(|row| labels.labels()[*row]).collect();
        let report = |model: &str, predicted: &[usize]| -> Result<()> {
            println!(
                "{{\"seed\": {seed}, \"model\": \"{model}\", \"classes\": {classes}, \"train\": {}, \"test\": {}, \"balanced_accuracy\": {:.4}, \"accuracy\": {:.4}}}",
                split.train.len(),
                truth.len(),
                metrics::balanced_accuracy(&truth, predicted, classes)?,
                metrics::accuracy(&truth, predicted)?
            );
            Ok(())
        };
        let terms = TfIdf::fit(&corpus, &split.train, &TfIdfConfig::default())?;
        let (known, asked) =
            (terms.transform(&corpus, &split.train)?, terms.transform(&corpus, &split.test)?);
        let of_train: Vec<usize> = split.train.iter().map(|row| labels.labels()[*row]).collect();
        for balanced in [false, true] {
            let config = LinearConfig { balanced, ..LinearConfig::default() };
            let svm = LinearClassifier::fit(&known, &of_train, classes, &config)?;
            let name = if balanced { "linear SVM, balanced" } else { "linear SVM" };
            report(name, &svm.predict(&asked)?)?;
        }

        let config = VocabularyConfig { min_count: 1, max_size: None };
        let vocabulary = Vocabulary::fit(&corpus, &split.train, &config)?;
        let all = labels.clone().with_tokens(&corpus.encode(&vocabulary, 20)?)?;
        let sizes = TextCnnConfig {
            words: vocabulary.len(),
            dimensions: 128,
            windows: vec![1, 2, 3],
            filters: 200,
            dropout: arguments.number("dropout", 0.5)?,
            classes,
        };
        let mut model = match arguments.text("vectors") {
            Err(_) => TextCnn::new(&sizes, seed)?,
            Ok(file) => {
                let vectors = WordVectors::read(file, &vocabulary)?;
                TextCnn::with_vectors(vectors.matrix(&vocabulary, seed), &sizes, seed)?
            }
        };
        model.unfreeze("embedding")?;
        let config = TrainConfig {
            batch_size: 64,
            learning_rate: arguments.number("learning-rate", 2e-3)?,
            seed,
            keep_best: false,
            ..TrainConfig::default()
        };
        let (train, validation, test) =
            (all.subset(&split.train)?, all.subset(&split.validation)?, all.subset(&split.test)?);
        let mut learner = Learner::new(model, &train, &validation, &config)?;
        let mut best: Option<(f64, Vec<usize>, usize)> = None;
        for epoch in 1..=arguments.number("epochs", 15usize)? {
            learner.fit_with(1, &mut Silent)?;
            let seen = learner.evaluate(&validation)?;
            let score = metrics::balanced_accuracy(&seen.labels, &seen.predictions, classes)?;
            // The epoch is chosen on the validation titles; the test titles are looked at for it alone.
            if best.as_ref().is_none_or(|(known, _, _)| score > *known) {
                best = Some((score, learner.evaluate(&test)?.predictions, epoch));
            }
        }
        if let Some((_, predicted, epoch)) = best {
            report(&format!("text CNN, epoch {epoch}"), &predicted)?;
        }
    }
    Ok(())
}

/// The titles as the tokenizer cut them, their categories and the part each is in.
fn write_split(
    out: &std::path::Path,
    seed: u64,
    table: &Table,
    corpus: &Corpus,
    part: &[&str],
) -> Result<()> {
    std::fs::create_dir_all(out).map_err(|error| Error::io(out, &error))?;
    let file = out.join(format!("split-{seed}.csv"));
    let mut text = String::from("words,category,part\n");
    let categories = table.texts("category")?;
    for (row, (category, part)) in categories.iter().zip(part).enumerate() {
        let words = corpus.words(row).join(" ");
        text += &format!(
            "\"{}\",\"{}\",{part}\n",
            words.replace('"', "\"\""),
            category.replace('"', "\"\"")
        );
    }
    std::fs::write(&file, text).map_err(|error| Error::io(&file, &error))
}
