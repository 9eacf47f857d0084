//! Data sets of one class, several classes or numbers per example.

use cuaderno::ErrorKind;
use cuaderno::data::{ClassWeighting, Dataset, LabelEncoder, Sampler, Targets};
use cuaderno::table::{Column, FeatureMatrix, Table};
use ndarray::{Array2, array};

#[test]
fn several_labels_per_example() {
    let labels = [vec![0, 2], vec![], vec![1, 1], vec![2]];
    let set = Dataset::multi_label(&labels, &["a", "b", "c"]).unwrap();
    let expected = array![[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    assert_eq!(set.targets(), &Targets::MultiLabel(expected));
    assert_eq!(set.class_counts(), [1, 1, 2]);
    assert_eq!(set.labels(), [0, 0, 1, 2]);
    let part = set.subset(&[3, 0]).unwrap();
    let expected = array![[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]];
    assert_eq!(part.targets(), &Targets::MultiLabel(expected));
}

#[test]
fn numeric_targets_and_weights_follow_a_subset() {
    let set = Dataset::regression(&array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &["x", "y"])
        .unwrap()
        .with_weights(&[1.0, 0.0, 2.5])
        .unwrap();
    assert_eq!((set.len(), set.outputs(), set.class_counts()), (3, 2, vec![]));
    let part = set.subset(&[2, 2, 0]).unwrap();
    assert_eq!(part.weights(), Some(&[2.5, 2.5, 1.0][..]));
    assert_eq!(part.targets(), &Targets::Values(array![[5.0, 6.0], [5.0, 6.0], [1.0, 2.0]]));
    assert_eq!(set.targets().select(&[3]).unwrap_err().kind(), ErrorKind::Parameter);
}

#[test]
fn classes_are_numbered_in_sorted_order() {
    let table = Table::from_columns(vec![
        ("kind", vec!["dog", "cat", "dog"].into()),
        ("tier", vec![10i64, 9, 10].into()),
        ("real", vec![1.5, 2.0, 2.0].into()),
        ("gap", Column::Integer(vec![Some(1), None, Some(2)])),
    ])
    .unwrap();
    let set = Dataset::from_column(&table, "kind").unwrap();
    assert_eq!((set.labels(), set.class_counts()), (&[1, 0, 1][..], vec![1, 2]));
    // scikit-learn sorts numbers by value: 9 before 10.
    assert_eq!(Dataset::from_column(&table, "tier").unwrap().classes(), ["9", "10"]);
    let message = |column| Dataset::from_column(&table, column).unwrap_err().to_string();
    assert!(message("real").contains("expected a column of text, whole numbers or booleans"));
    assert!(message("gap").contains("row 3, column `gap`: expected a label, found an empty cell"));
    let few = LabelEncoder::new(vec!["cat".to_string()]).unwrap();
    let error = few.transform(&table, "kind").unwrap_err().to_string();
    assert!(error.contains("row 2, column `kind`: `dog` is not one of the classes"), "{error}");
    assert!(LabelEncoder::new(vec!["a".to_string(), "a".to_string()]).is_err());
}

#[test]
fn bad_targets_are_refused() {
    let labels = [0, 2];
    let error = Dataset::new(&labels, &["a", "b"]).unwrap_err().to_string();
    assert!(error.contains("found 2 for example 1"), "{error}");
    assert!(Dataset::multi_label(&[vec![0], vec![3]], &["a", "b"]).is_err());
    let nan = Dataset::regression(&array![[1.0], [f32::NAN]], &["rating"]).unwrap_err();
    assert_eq!(nan.kind(), ErrorKind::Numeric);
    assert!(Dataset::regression(&array![[1.0]], &["a", "b"]).is_err());
    let set = Dataset::new(&[0, 1], &["a", "b"]).unwrap();
    assert_eq!(set.clone().with_weights(&[1.0]).unwrap_err().kind(), ErrorKind::Shape);
    assert!(set.clone().with_weights(&[1.0, -1.0]).is_err());
    assert!(set.clone().with_weights(&[0.0, 0.0]).is_err());
    assert!(set.with_weights(&[f32::INFINITY, 0.0]).is_err());
}

fn unbalanced() -> Dataset {
    let labels: Vec<usize> = (0..60).map(|row| [0, 0, 0, 0, 1, 1][row % 6]).collect();
    let labels: Vec<usize> = labels.into_iter().chain([2, 2, 2]).collect();
    let values = Array2::from_shape_fn((63, 2), |(row, column)| {
        (labels[row] * 10 + row % 7 + column) as f32
    });
    let features = FeatureMatrix { values, names: vec!["a".into(), "b".into()], unknown: vec![] };
    Dataset::new(&labels, &["a", "b", "c"]).unwrap().with_features(&features).unwrap()
}

#[test]
fn class_weights_as_scikit_learn() {
    // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=labels)
    let set = unbalanced();
    let weights = set.class_weights(ClassWeighting::Balanced).unwrap();
    assert_eq!(set.class_counts(), [40, 20, 3]);
    assert_eq!(weights, [0.525, 1.05, 7.0]);
    // The paper's own code: (1 - β) / (1 - β^n), normalized to sum to the number of classes; β = 0.9.
    let weights = set.class_weights(ClassWeighting::EffectiveNumber(0.9)).unwrap();
    for (found, expected) in weights.iter().zip([0.521_098, 0.584_452, 1.894_45]) {
        assert!((found - expected).abs() < 1e-5, "{weights:?}");
    }
    let empty = Dataset::new(&[0, 0], &["some", "none"]).unwrap();
    let error = empty.class_weights(ClassWeighting::Balanced).unwrap_err().to_string();
    assert!(error.contains("found none of `none`"), "{error}");
    assert!(set.class_weights(ClassWeighting::EffectiveNumber(1.0)).is_err());
}

#[test]
fn samplers_draw_in_proportion() {
    let set = unbalanced();
    let count = |set: &Dataset, epochs: u64| {
        let mut counts = [0usize; 3];
        for epoch in 0..epochs {
            for batch in set.shuffled_batches(10, 4, epoch) {
                batch.iter().for_each(|row| counts[set.labels()[*row]] += 1);
            }
        }
        counts
    };
    assert_eq!(count(&set, 3), [120, 60, 9]);
    let even = count(&set.clone().with_sampler(&Sampler::Balanced).unwrap(), 200);
    assert!(even.iter().all(|count| count.abs_diff(4200) < 250), "{even:?}");
    let weights = set.labels().iter().map(|label| [0.0, 1.0, 20.0 / 3.0][*label]).collect();
    let drawn = set.clone().with_sampler(&Sampler::Weighted(weights)).unwrap();
    let part = drawn.subset(&(0..63).rev().collect::<Vec<_>>()).unwrap();
    for set in [drawn, part] {
        let [none, some, same] = count(&set, 200);
        assert!(none == 0 && some.abs_diff(same) < 500, "{some} {same}");
    }
    assert!(set.clone().with_sampler(&Sampler::Weighted(vec![1.0])).is_err());
    assert!(set.with_sampler(&Sampler::Weighted(vec![0.0; 63])).is_err());
}

#[test]
fn resampling_changes_the_class_counts() {
    let set = unbalanced();
    assert_eq!(set.oversampled(1.0, 3).unwrap().class_counts(), [40, 40, 40]);
    assert_eq!(set.oversampled(0.25, 3).unwrap().class_counts(), [40, 20, 10]);
    assert_eq!(set.undersampled(5, 3).unwrap().class_counts(), [5, 5, 3]);
    let more = set.smote(2, 1.0, 3).unwrap();
    assert_eq!(more.class_counts(), [40, 40, 40]);
    let (before, after) = (set.features().unwrap(), more.features().unwrap());
    assert_eq!(before, after.slice(ndarray::s![..63, ..]));
    for row in 63..120 {
        let class = more.labels()[row];
        let values = after.row(row);
        // Both columns of an example move together, and stay within the class.
        assert!((values[1] - values[0] - 1.0).abs() < 1e-5);
        assert!((class * 10) as f32 <= values[0] && values[0] <= (class * 10 + 6) as f32);
    }
    assert!(set.smote(0, 1.0, 3).is_err() && set.oversampled(0.0, 3).is_err());
    assert!(set.undersampled(0, 3).is_err());
    let several = Dataset::multi_label(&[vec![0], vec![]], &["a"]).unwrap();
    assert!(several.oversampled(1.0, 0).is_err());
    assert!(Dataset::new(&[0], &["a"]).unwrap().smote(3, 1.0, 0).is_err());
}
