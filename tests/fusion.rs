//! Fusion of branches: shapes, attention weights, what is trained, and bad settings.

use cuaderno::ErrorKind;
use cuaderno::data::{ClassWeighting, Dataset, KFold};
use cuaderno::models::{Fusion, FusionConfig, FusionKind, small_cnn};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::practices::poi::{self, Branch, Experiment, Recipe, Resampling, SimilarityConfig};
use cuaderno::tensor::{plain, read, tensor};

fn inputs(rows: usize, columns: usize) -> Inputs {
    let images: Vec<f32> = (0..rows * 3 * 16 * 16).map(|i| (i as f32 * 0.37).sin()).collect();
    let features: Vec<f32> = (0..rows * columns).map(|i| (i as f32 * 0.73).cos()).collect();
    Inputs {
        images: Some(tensor(images, (rows, 3, 16, 16)).unwrap()),
        features: Some(tensor(features, (rows, columns)).unwrap()),
        ..Inputs::default()
    }
}

fn config(kind: FusionKind) -> FusionConfig {
    FusionConfig {
        pixels: 16,
        metadata: 3,
        text: 7,
        width: 8,
        classes: 5,
        kind,
        ..FusionConfig::default()
    }
}

#[test]
fn both_kinds_return_logits_and_every_branch_counts() {
    let image = small_cnn(16, 5, 1).unwrap().backbone().unwrap();
    for kind in [FusionKind::Concat, FusionKind::Attention] {
        let model = Fusion::new(Some(image.clone()), &config(kind), 3).unwrap();
        let logits = |inputs: &Inputs| {
            read(&plain(model.forward(inputs, &Pass::inference()).unwrap())).into_owned()
        };
        let all = logits(&inputs(2, 10));
        assert_eq!(all.len(), 10);
        for change in [0usize, 5] {
            let mut other = inputs(2, 10);
            let mut features = read(other.features.as_ref().unwrap()).into_owned();
            features[change] += 1.0;
            other.features = Some(tensor(features, (2, 10)).unwrap());
            let found = logits(&other);
            assert!(found[..5] != all[..5], "column {change} does not reach the logits");
            assert_eq!(found[5..], all[5..]);
        }
        let weights = model.attention(&inputs(2, 10)).unwrap();
        assert_eq!(weights.dim(), (2, 3));
        assert!(weights.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-5));
        let names: Vec<String> = model.parameters().into_iter().map(|(name, _)| name).collect();
        assert!(names.iter().any(|name| name.starts_with("text.")));
        assert_eq!(
            names.iter().any(|name| name.starts_with("score.")),
            kind == FusionKind::Attention
        );
    }
}

#[test]
fn bad_settings_are_refused() {
    let kind = |config: FusionConfig| Fusion::new(None, &config, 0).unwrap_err().kind();
    let none = FusionConfig { metadata: 0, ..FusionConfig::default() };
    assert_eq!(kind(none.clone()), ErrorKind::Parameter);
    assert_eq!(kind(FusionConfig { classes: 0, ..FusionConfig::default() }), ErrorKind::Parameter);
    assert_eq!(
        kind(FusionConfig { dropout: 1.0, ..FusionConfig::default() }),
        ErrorKind::Parameter
    );
    let narrow = FusionConfig { width: 0, kind: FusionKind::Attention, ..FusionConfig::default() };
    assert_eq!(kind(narrow), ErrorKind::Parameter);
    let model = Fusion::new(None, &config(FusionKind::Concat), 0).unwrap();
    let error = model.forward(&inputs(2, 9), &Pass::inference()).map(|_| ()).unwrap_err();
    assert!(
        error.to_string().contains("expected 10 columns of metadata and text, found 9"),
        "{error}"
    );
}

#[test]
fn mixup_adds_examples_between_others() {
    let values = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
    let features =
        cuaderno::table::FeatureMatrix { values, names: vec!["x".into()], unknown: vec![] };
    let set = Dataset::new(&[0, 0, 1, 1], &["a", "b"]).unwrap().with_features(&features).unwrap();
    let mixed = set.mixup(50.0, 0.4, 3).unwrap();
    assert_eq!(mixed.len(), 204);
    let values = mixed.features().unwrap();
    assert!(values.iter().all(|value| (0.0..=3.0).contains(value)));
    // The class is that of the nearer example more often than not.
    let right = (4..204).filter(|row| (values[(*row, 0)] > 1.5) == (mixed.labels()[*row] == 1));
    assert!(right.count() > 150);
    assert!(set.mixup(-1.0, 0.4, 0).is_err() && set.mixup(1.0, 0.0, 0).is_err());
}

/// The sample has all twelve categories in first place, with a tail, and each can be told from the text and the metadata.
#[test]
fn the_sample_has_a_tail_with_signal() {
    let table = poi::read(&poi::locate().unwrap()).unwrap();
    let target = poi::CategoryTarget::new(&table).unwrap();
    assert_eq!(target.classes.len(), 12);
    let counts = target.counts();
    assert!(counts[0] > 60 && counts[11] < 12 && counts[11] >= 2, "{counts:?}");
    let (rows, preprocessor) = target.metadata().unwrap();
    let experiment = Experiment::new(&rows, &target.main, &target.names(), &preprocessor).unwrap();
    let mut recipe = Recipe::new("test", &[Branch::Metadata, Branch::Text]);
    recipe.fusion.width = 32;
    recipe.scales = [4.0; 3];
    recipe.train.learning_rate = 3e-3;
    recipe.weighting = Some(ClassWeighting::SquareRoot);
    let folds = KFold::new(3, 0).allow_rare_classes();
    let folds = folds.stratified_by_group(&target.main, &target.ids).unwrap();
    let found = experiment.cross_validate(&recipe, &folds).unwrap();
    assert_eq!(found.rows.len(), target.main.len());
    // Always the largest class would be right in a fifth of the rows.
    assert!(found.accuracy() > 0.4, "{}", found.accuracy());
    let again = experiment.cross_validate(&recipe, &folds).unwrap();
    assert_eq!(found.probabilities, again.probabilities);
    let missing = Recipe { branches: vec![(Branch::Image, 1.0)], ..recipe.clone() };
    let error = experiment.cross_validate(&missing, &folds).unwrap_err().to_string();
    assert!(error.contains("expects image features"), "{error}");
    // A classifier by similarity on the same folds.
    let experiment = experiment.with_listed_classes(&target.all).unwrap();
    let similar = Recipe::similarity("similar places", &SimilarityConfig::default());
    let found = experiment.cross_validate(&similar, &folds).unwrap();
    assert!(found.accuracy() > 0.4, "{}", found.accuracy());
    assert_eq!(experiment.parameters(&similar, &folds[0].train).unwrap() % 12, 0);
    assert!(experiment.clone().with_listed_classes(&target.all[1..]).is_err());
    let mixed = Recipe { resampling: Resampling::Mixup(1.0), epochs: 2, ..recipe };
    assert!(experiment.cross_validate(&mixed, &folds).is_ok());
}
