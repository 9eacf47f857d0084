//! Classifies image files with a saved classifier, as JSON lines.
//!
//! `cargo run --release --example classify -- --model FILE IMAGE…`

use cuaderno::models::Classifier;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut model, mut images) = (None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--model" => model = arguments.next(),
            _ => images.push(argument),
        }
    }
    let (Some(model), false) = (model, images.is_empty()) else {
        eprintln!("usage: classify --model FILE IMAGE…");
        std::process::exit(2);
    };
    let classifier = match Classifier::read(&model) {
        Ok(classifier) => classifier,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    };
    let mut failed = false;
    for image in images {
        let line = match classifier.classify_file(&image) {
            Ok(found) => serde_json::json!({
                "image": image, "class": found.class, "probability": found.probability
            }),
            Err(error) => {
                failed = true;
                serde_json::json!({ "image": image, "error": error.to_string() })
            }
        };
        println!("{line}");
    }
    if failed {
        std::process::exit(1);
    }
}
