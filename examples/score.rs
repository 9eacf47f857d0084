//! Scores a file of predictions: `cargo run --release --example score -- FILE.csv`.
//!
//! The file has the columns `truth` and `prediction` (class names) and, where there are scores, one column
//! `score_<class>` per class. Prints one JSON object with scikit-learn's names; the classes are in sorted order. What
//! is undefined, such as ROC-AUC where a class does not occur, is `null`; metrics of scores are left out where there are
//! no score columns.

use cuaderno::metrics::{
    Average, ConfusionMatrix, KappaWeights, average_precision_one_vs_rest, brier_score, log_loss,
    roc_auc_one_vs_rest,
};
use cuaderno::table::{Column, Table};
use cuaderno::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

const SCORE: &str = "score_";

fn main() -> Result<()> {
    let Some(path) = std::env::args().nth(1) else {
        return Err(Error::new(ErrorKind::Parameter, "expected a CSV file, found no argument")
            .help("run `score FILE.csv`"));
    };
    let table = Table::read_csv(&path)?;
    let (truth, predicted) = (names(&table, "truth")?, names(&table, "prediction")?);
    let scored = table.columns().iter().filter_map(|column| column.strip_prefix(SCORE));
    let scored: BTreeSet<String> = scored.map(String::from).collect();
    let mut classes: BTreeSet<String> = truth.iter().chain(&predicted).cloned().collect();
    if !scored.is_empty() {
        if let Some(class) = classes.iter().find(|class| !scored.contains(*class)) {
            let problem = format!("expected the column `{SCORE}{class}`, found none");
            return Err(Error::new(ErrorKind::Table, problem)
                .file(&path)
                .help("write one score column for each class, or none at all"));
        }
        classes.clone_from(&scored);
    }
    let mut classes: Vec<String> = classes.into_iter().collect();
    // Whole numbers sort by value, as pandas reads them.
    let values: Option<Vec<i64>> = classes.iter().map(|name| name.parse().ok()).collect();
    if values.is_some() {
        classes.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    let number = |name: &String| classes.iter().position(|class| class == name).unwrap_or_default();
    let truth: Vec<usize> = truth.iter().map(number).collect();
    let predicted: Vec<usize> = predicted.iter().map(number).collect();

    // scikit-learn averages over the classes that occur.
    let matrix = ConfusionMatrix::new(&truth, &predicted, &classes)?.occurring();
    let mut lines: Vec<(&str, Option<f64>)> = vec![
        ("accuracy_score", Some(matrix.accuracy())),
        ("balanced_accuracy_score", Some(matrix.balanced_accuracy())),
        ("f1_macro", Some(matrix.f1(Average::Macro))),
        ("f1_weighted", Some(matrix.f1(Average::Weighted))),
        ("precision_macro", Some(matrix.precision(Average::Macro))),
        ("recall_macro", Some(matrix.recall(Average::Macro))),
        ("cohen_kappa_score", matrix.cohen_kappa(KappaWeights::None).ok()),
        ("cohen_kappa_quadratic", matrix.cohen_kappa(KappaWeights::Quadratic).ok()),
        ("matthews_corrcoef", Some(matrix.matthews_correlation())),
    ];
    if !scored.is_empty() {
        let columns: Vec<Vec<f64>> = classes
            .iter()
            .map(|class| table.numbers(&format!("{SCORE}{class}")))
            .collect::<Result<_>>()?;
        let row = |row: usize| columns.iter().map(move |column| column[row]);
        let scores: Vec<f64> = (0..truth.len()).flat_map(row).collect();
        let count = classes.len();
        lines.extend([
            ("log_loss", Some(log_loss(&truth, &scores, count)?)),
            ("roc_auc_ovr_macro", defined(roc_auc_one_vs_rest(&truth, &scores, count))?),
            (
                "average_precision_macro",
                defined(average_precision_one_vs_rest(&truth, &scores, count))?,
            ),
            ("brier_score_multiclass", Some(brier_score(&truth, &scores, count)?)),
        ]);
    }
    let text = |(name, value): &(&str, Option<f64>)| match value {
        Some(value) => format!("  \"{name}\": {value}"),
        None => format!("  \"{name}\": null"),
    };
    println!("{{\n{}\n}}", lines.iter().map(text).collect::<Vec<_>>().join(",\n"));
    Ok(())
}

/// `None` where a class is missing, so that the metric is undefined.
fn defined(value: Result<f64>) -> Result<Option<f64>> {
    match value {
        Err(error) if error.kind() == ErrorKind::Parameter => Ok(None),
        value => value.map(Some),
    }
}

/// Class names as they stand in the file.
fn names(table: &Table, column: &str) -> Result<Vec<String>> {
    let values = table.column(column)?;
    if matches!(values, Column::List(_)) {
        let problem = "expected class names, found lists";
        return Err(Error::new(ErrorKind::Table, problem).column(column));
    }
    let missing = values.iter().position(|value| value.to_string().is_empty());
    match missing {
        Some(row) => {
            Err(Error::new(ErrorKind::Table, "expected a class name, found an empty cell")
                .row(row + 2)
                .column(column))
        }
        None => Ok(values.iter().map(|value| value.to_string()).collect()),
    }
}
