//! Figures of results.

use super::data::{CATEGORIES, PAINTERS, confusions, curve, images, scores};
use cuaderno::Result;
use cuaderno::plot::{self, Estimate, Figure, Group, Language, Metric, Normalize, Run, Scored};

/// All of them.
pub const ALL: &[super::Entry] = &[
    ("curves", curves),
    ("runs", runs),
    ("learning_rate", learning_rate),
    ("learning_rate_finder", learning_rate_finder),
    ("confusion_matrix", confusion_matrix),
    ("confusion_matrix_by", confusion_matrix_by),
    ("most_confused", most_confused),
    ("roc", roc),
    ("precision_recall", precision_recall),
    ("calibration", calibration),
    ("estimates", estimates),
    ("class_scores", class_scores),
    ("cross_validation", cross_validation),
    ("parallel_coordinates", parallel_coordinates),
    ("prediction_grid", prediction_grid),
    ("image_rows", image_rows),
    ("similar_images", similar_images),
];

fn curves() -> Result<Figure> {
    let figure = plot::curves(&[
        Metric::lower("Pérdida", &curve(1, 20, 1.12, 0.5), &curve(2, 20, 1.1, 0.7)),
        Metric::higher("Exactitud", &curve(3, 20, 0.37, 0.75), &curve(4, 20, 0.33, 0.69)),
    ])?;
    Ok(figure.title("Modelo A").language(Language::Spanish))
}

fn runs() -> Result<Figure> {
    let rates: Vec<f64> = (0..30).map(|i| if i < 20 { 1e-2 } else { 2e-4 }).collect();
    let cosine: Vec<f64> = (0..30).map(|i| 5e-3 * (1.0 + (f64::from(i) / 9.6).cos())).collect();
    let figure = plot::runs(
        "validation loss",
        &[
            Run::lower("step decay", &curve(1, 30, 1.1, 0.62)).learning_rates(&rates),
            Run::lower("cosine", &curve(2, 30, 1.1, 0.55)).learning_rates(&cosine),
            Run::lower("no pretraining", &curve(3, 24, 1.15, 0.8)),
        ],
    )?;
    Ok(figure.title("Three runs"))
}

fn learning_rate() -> Result<Figure> {
    let rates: Vec<f64> = (0..20).map(|i| 10_f64.powi(-2 - i / 8)).collect();
    Ok(plot::learning_rate(&rates)?.title("Learning rate"))
}

fn learning_rate_finder() -> Result<Figure> {
    let rates: Vec<f64> = (0..90).map(|i| 1e-7 * 10_f64.powf(f64::from(i) * 0.08)).collect();
    let loss = |rate: &f64| 0.8 + 1.6 / (1.0 + rate / 2e-3) + 3.0 * (rate - 0.2).max(0.0);
    let losses: Vec<f64> = rates.iter().map(loss).collect();
    let figure = plot::learning_rate_finder(&rates, &losses, Some(6e-5), Some(2e-3))?;
    Ok(figure.title("Learning rate finder"))
}

fn confusion_matrix() -> Result<Figure> {
    Ok(plot::confusion_matrix(&CATEGORIES, &confusions(8))?.title("Confusion matrix"))
}

fn confusion_matrix_by() -> Result<Figure> {
    let figure = plot::confusion_matrix_by(&CATEGORIES[..5], &confusions(5), Normalize::Columns)?;
    Ok(figure.title("Matriz de confusión por clase predicha").language(Language::Spanish))
}

fn most_confused() -> Result<Figure> {
    let classes: Vec<String> = (1..=632).map(|i| format!("CATEGORY {i}")).collect();
    Ok(plot::most_confused(&classes, &confusions(632), 10)?.title("The most confused of 632"))
}

fn roc() -> Result<Figure> {
    let one = |name: &str, seed, skill| {
        let (truth, scores) = scores(seed, 400, skill);
        Scored::new(name, &truth, &scores)
    };
    let classes = [one("low", 1, 0.8), one("medium", 2, 0.4), one("high", 3, 1.2)];
    Ok(plot::roc(&classes)?.title("ROC, one against the rest"))
}

fn precision_recall() -> Result<Figure> {
    let (truth, scores) = scores(4, 600, 0.8);
    Ok(plot::precision_recall(&[Scored::new("Model B", &truth, &scores)])?
        .title("Precision and recall"))
}

fn calibration() -> Result<Figure> {
    let (truth, scores) = scores(5, 900, 0.7);
    Ok(plot::calibration(&[Scored::new("Model B", &truth, &scores)])?.title("Calibration"))
}

fn estimates() -> Result<Figure> {
    let ours = [
        Estimate::with_interval("Model A: small hybrid CNN", 0.692, 0.661, 0.722),
        Estimate::with_interval("Model B: ResNet-18", 0.731, 0.702, 0.758),
        Estimate::with_interval("Model B, more data", 0.744, 0.715, 0.771),
    ];
    let published = Estimate::new("published", 0.674);
    Ok(plot::estimates(&ours, Some(published))?.title("Test accuracy, 95 % intervals"))
}

fn class_scores() -> Result<Figure> {
    let one = |i: usize| {
        let f1 = 0.24 + 0.03 * i as f64;
        let half = 0.02 + 0.01 * (8 - i) as f64;
        Estimate::with_interval(CATEGORIES[i], f1, f1 - half, f1 + half)
    };
    let classes: Vec<Estimate> = (0..8).map(one).collect();
    let figure = plot::estimates(&classes, Some(Estimate::new("media ponderada", 0.36)))?;
    Ok(figure.title("F1 por clase").x_label("F1").language(Language::Spanish))
}

fn cross_validation() -> Result<Figure> {
    let measures = [
        Group::new("accuracy", &[0.71, 0.68, 0.73, 0.70, 0.72]),
        Group::new("balanced accuracy", &[0.64, 0.61, 0.69, 0.62, 0.66]),
        Group::new("F1 (macro)", &[0.62, 0.58, 0.66, 0.61, 0.63]),
    ];
    Ok(plot::cross_validation(&measures)?.title("5 folds"))
}

fn parallel_coordinates() -> Result<Figure> {
    let axes = [
        Group::new("epochs", &[3.0, 3.0, 2.0, 5.0, 10.0, 10.0, 10.0, 3.0]),
        Group::new("filters", &[100.0, 150.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0]),
        Group::new("learning rate", &[1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 5e-3]),
        Group::new("batch", &[128.0, 128.0, 128.0, 128.0, 128.0, 128.0, 256.0, 256.0]),
        Group::new("balanced acc.", &[0.452, 0.43, 0.417, 0.492, 0.531, 0.59, 0.58, 0.55]),
    ];
    Ok(plot::parallel_coordinates(&axes)?.title("Eight experiments"))
}

fn prediction_grid() -> Result<Figure> {
    let truth = ["low", "high", "medium", "low", "low", "high", "medium", "high"];
    let predicted = ["low", "high", "high", "low", "medium", "high", "medium", "low"];
    let confidence = [0.91, 0.77, 0.52, 0.83, 0.61, 0.95, 0.49, 0.58];
    let figure = plot::prediction_grid(&images(8), &truth, &predicted, &confidence)?;
    Ok(figure.title("Predictions"))
}

fn image_rows() -> Result<Figure> {
    let images = images(12);
    let rows: Vec<Vec<_>> = images.chunks(4).map(<[_]>::to_vec).collect();
    let columns = ["original", "rotated", "zoomed", "flipped"];
    Ok(plot::image_rows(&rows, &columns, &PAINTERS[..3])?.title("Augmentation"))
}

fn similar_images() -> Result<Figure> {
    let images = images(6);
    let similarities = [0.94, 0.91, 0.86, 0.85, 0.81];
    let names = &PAINTERS[1..6];
    Ok(plot::similar_images(&images[0], PAINTERS[0], &images[1..], names, &similarities)?
        .title("The most similar paintings"))
}
