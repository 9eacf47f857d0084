//! Texts in a data set, and a network that learns to tell them apart.

use cuaderno::data::Dataset;
use cuaderno::models::{TextCnn, TextCnnConfig, small_cnn};
use cuaderno::nn::{Model, Pass};
use cuaderno::table::{FeatureMatrix, Table};
use cuaderno::text::{Corpus, TokenFile, Tokenizer, Vocabulary, VocabularyConfig};
use cuaderno::train::{Learner, Silent, TrainConfig};
use ndarray::Array2;
use rand::{Rng, SeedableRng};

const LENGTH: usize = 9;
const WORDS: u32 = 40;

/// Texts of random words. Those of the second class have the words 7 and 8 side by side somewhere, those of the first
/// have both too, but apart: only the order tells.
fn texts(count: usize, seed: u64) -> (Array2<u32>, Vec<usize>) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut tokens = Array2::zeros((count, LENGTH));
    let labels: Vec<usize> = (0..count).map(|row| row % 2).collect();
    for (mut row, label) in tokens.rows_mut().into_iter().zip(&labels) {
        row.iter_mut().for_each(|word| *word = random.gen_range(10..WORDS));
        let at = random.gen_range(0..LENGTH - 3);
        row[at] = 7;
        row[if *label == 1 { at + 1 } else { at + 3 }] = 8;
    }
    (tokens, labels)
}

fn set(count: usize, seed: u64) -> Dataset {
    let (tokens, labels) = texts(count, seed);
    Dataset::new(&labels, &["apart", "together"]).unwrap().with_tokens(&tokens).unwrap()
}

fn network() -> TextCnn {
    let sizes = TextCnnConfig {
        words: WORDS as usize,
        dimensions: 12,
        filters: 16,
        classes: 2,
        ..TextCnnConfig::default()
    };
    TextCnn::new(&sizes, 0).unwrap()
}

#[test]
fn a_text_network_learns_the_order_of_words() {
    let settings = TrainConfig { learning_rate: 1e-2, ..TrainConfig::default() };
    let mut learner = Learner::new(network(), &set(400, 0), &set(100, 1), &settings).unwrap();
    let before = learner.evaluate(&set(200, 2)).unwrap().accuracy;
    learner.fit_with(8, &mut Silent).unwrap();
    let after = learner.evaluate(&set(200, 2)).unwrap().accuracy;
    println!("{before} {after}");
    assert!(before < 0.7 && after > 0.95, "{before} {after}");
}

#[test]
fn texts_stay_with_their_examples() {
    let (tokens, labels) = texts(30, 3);
    let ids: Vec<f32> = (0..30).map(|row| row as f32).collect();
    let values = Array2::from_shape_vec((30, 1), ids).unwrap();
    let features = FeatureMatrix { values, names: vec!["id".to_string()], unknown: Vec::new() };
    let all = set(30, 3).with_features(&features).unwrap();
    let part = all.subset(&[17, 4, 4, 29]).unwrap();
    let check = |set: &Dataset, indices: &[usize]| {
        let (inputs, found) = set.batch(indices, 0, 0).unwrap();
        assert!(inputs.images.is_none());
        assert_eq!(inputs.tokens().unwrap().dim(), (indices.len(), LENGTH));
        let ids = inputs.features.unwrap();
        let ids = cuaderno::tensor::read(&ids).iter().map(|id| *id as usize).collect::<Vec<_>>();
        for (row, id) in ids.iter().enumerate() {
            assert_eq!(inputs.tokens.as_ref().unwrap().row(row), tokens.row(*id));
            assert_eq!(found[row], labels[*id]);
        }
        ids
    };
    assert_eq!(check(&part, &[0, 1, 2, 3]), [17, 4, 4, 29]);
    assert_eq!(check(&part.subset(&[3, 0]).unwrap(), &[1, 0]), [17, 29]);
    for indices in all.shuffled_batches(8, 5, 2) {
        assert_eq!(check(&all, &indices), indices);
    }
    let item = part.item(1).unwrap();
    assert_eq!((item.tokens.as_ref().unwrap().view(), item.label), (tokens.row(4), labels[4]));
    assert_eq!(item.to_string(), "metadata [1], text [9], label 0");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (tokens, labels) = texts(6, 0);
    let names = ["apart", "together"];
    let five = Dataset::new(&labels[..5], &names).unwrap();
    let message = |result: cuaderno::Result<Dataset>| result.map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        message(five.clone().with_tokens(&tokens)),
        "expected 5 texts, one per example, found 6"
    );
    let nothing = Array2::zeros((5, 0));
    assert!(message(five.clone().with_tokens(&nothing)).contains("at least 1 token, found 0"));

    // A network that wants what the data set has not.
    let refused = |model: &dyn Model, set: &Dataset| {
        let (inputs, _) = set.batch(&[0, 1], 0, 0).unwrap();
        model.forward(&inputs, &Pass::inference()).map(|_| ()).unwrap_err().to_string()
    };
    let error = refused(&network(), &five);
    assert!(error.contains("expects texts, but the data set has none"), "{error}");
    let error = refused(&small_cnn(16, 2, 0).unwrap(), &set(6, 0));
    assert!(error.contains("expects images, but the data set has none"), "{error}");
    let error = refused(
        &network(),
        &five.with_tokens(&(&tokens.slice(ndarray::s![..5, ..]) + WORDS)).unwrap(),
    );
    assert!(error.starts_with("layer `embedding`: "), "{error}");
}

/// A network learns from tokens in a file as from those in memory, bit for bit.
#[test]
fn training_from_a_token_file_is_training_from_memory() {
    let folder =
        std::env::temp_dir().join(format!("cuaderno-token-training-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let csv = folder.join("titles.csv");
    let rows: String = (0..120)
        .map(|row| match row % 3 {
            0 => format!("funda gel {row},CASES\n"),
            1 => format!("cable usb {row},CABLES\n"),
            _ => format!("té verde {row},TEAS\n"),
        })
        .collect();
    std::fs::write(&csv, format!("title,category\n{rows}")).unwrap();
    let scan = Table::scan_csv(&csv).unwrap().batch_bytes(300);
    let labels = scan.clone().select(&["category"]).collect().unwrap();
    let (train, check): (Vec<usize>, Vec<usize>) = (0..120).partition(|row| row % 5 > 0);
    let (tokenizer, config) = (Tokenizer::spanish(), VocabularyConfig::default());
    let vocabulary = Vocabulary::from_scan(&scan, "title", &tokenizer, &train, &config).unwrap();
    let file = folder.join("titles.tokens");
    let file = TokenFile::write(file, &scan, "title", &tokenizer, &vocabulary, 6).unwrap();
    let corpus = Corpus::from_scan(&scan, "title", &tokenizer).unwrap();
    let set = Dataset::from_column(&labels, "category").unwrap();
    let in_memory = set.clone().with_tokens(&corpus.encode(&vocabulary, 6).unwrap()).unwrap();
    let in_file = set.with_token_file(&file).unwrap();
    let history = |set: &Dataset| {
        let sizes = TextCnnConfig {
            words: vocabulary.len(),
            dimensions: 8,
            filters: 4,
            classes: 3,
            ..TextCnnConfig::default()
        };
        let model = TextCnn::new(&sizes, 0).unwrap();
        let (train, check) = (set.subset(&train).unwrap(), set.subset(&check).unwrap());
        let config = TrainConfig { batch_size: 16, learning_rate: 0.01, ..TrainConfig::default() };
        let mut learner = Learner::new(model, &train, &check, &config).unwrap();
        let history = learner.fit_with(5, &mut Silent).unwrap();
        history
            .epochs
            .iter()
            .map(|epoch| (epoch.train_loss, epoch.validation_loss))
            .collect::<Vec<_>>()
    };
    let losses = history(&in_file);
    assert_eq!(losses, history(&in_memory));
    assert!(losses[4].1 < 0.5 * losses[0].1, "{losses:?}");
    assert_eq!(in_file.item(7).unwrap().tokens, in_memory.item(7).unwrap().tokens);
    std::fs::remove_dir_all(folder).unwrap();
}
