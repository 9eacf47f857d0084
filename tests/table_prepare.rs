//! Scalers and encoders, against scikit-learn's numbers.

use cuaderno::table::{
    MinMaxScaler, MultiHotEncoder, OneHotEncoder, OrdinalEncoder, Preprocessor, StandardScaler,
    Table,
};

const TRAIN: [usize; 5] = [0, 1, 2, 3, 4];
const ALL: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];

fn table() -> Table {
    let list = |items: &[&str]| items.iter().map(|item| item.to_string()).collect::<Vec<String>>();
    Table::from_columns(vec![
        (
            "name",
            vec!["Prado", "Retiro", "Puerta, de Alcalá", "Prado", "Templo", "Atocha", "Retiro"]
                .into(),
        ),
        ("tier", vec![1_i64, 2, 1, 1, 3, 2, 4].into()),
        ("likes", vec![120_i64, 45, 300, 120, 17, 88, 61].into()),
        ("constant", vec![0.1; 7].into()),
        (
            "tags",
            vec![
                list(&["Arte", "Museo"]),
                list(&["Jardín"]),
                list(&[]),
                list(&["Arte", "Museo"]),
                list(&["Historia", "Arte"]),
                list(&["L'Art", "Museo"]),
                list(&["Jardín"]),
            ]
            .into(),
        ),
    ])
    .unwrap()
}

#[track_caller]
fn assert_rows(found: &cuaderno::table::FeatureMatrix, expected: &[&[f32]]) {
    assert_eq!(found.rows(), expected.len());
    for (row, expected) in expected.iter().enumerate() {
        let found = found.row(row);
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(*expected) {
            assert!((a - b).abs() < 1e-6, "row {row}: {found:?} {expected:?}");
        }
    }
}

/// scikit-learn's `StandardScaler`, fitted on the first five rows.
#[test]
fn standard_scaling_is_that_of_scikit_learn() {
    let table = table();
    let scaler = StandardScaler::fit(&table, &["tier", "likes"], &TRAIN).unwrap();
    assert!((scaler.means()[1] - 120.4).abs() < 1e-12);
    assert!((scaler.deviations()[1] - 98.6237294).abs() < 1e-6);
    let scaled = scaler.transform(&table, &ALL).unwrap();
    assert_rows(
        &scaled,
        &[
            &[-0.75, -0.004055819],
            &[0.5, -0.764_521_9],
            &[-0.75, 1.8210628],
            &[-0.75, -0.004055819],
            &[1.75, -1.0484292],
            &[0.5, -0.32852134],
            &[3.0, -0.60228913],
        ],
    );
}

/// scikit-learn's `MinMaxScaler`, fitted on the first five rows.
#[test]
fn min_max_scaling_is_that_of_scikit_learn() {
    let table = table();
    let scaled = MinMaxScaler::fit(&table, &["tier", "likes"], &TRAIN)
        .and_then(|scaler| scaler.transform(&table, &[1, 2, 6]))
        .unwrap();
    assert_rows(&scaled, &[&[0.5, 0.09893993], &[0.0, 1.0], &[1.5, 0.15547703]]);
}

#[test]
fn a_constant_column_is_not_divided_by_zero() {
    let table = table();
    let standard = StandardScaler::fit(&table, &["constant"], &TRAIN).unwrap();
    let min_max = MinMaxScaler::fit(&table, &["constant"], &TRAIN).unwrap();
    for scaled in [standard.transform(&table, &ALL), min_max.transform(&table, &ALL)] {
        assert!(scaled.unwrap().to_vec().iter().all(|value| value.abs() < 1e-6));
    }
}

/// scikit-learn's `OneHotEncoder(handle_unknown="ignore")`.
#[test]
fn one_hot_encoding_is_that_of_scikit_learn() {
    let table = table();
    let encoder = OneHotEncoder::fit(&table, &["name", "tier"], &TRAIN).unwrap();
    let encoded = encoder.transform(&table, &[0, 1, 5, 6]).unwrap();
    assert_eq!(
        encoded.names,
        [
            "name_Prado",
            "name_Puerta, de Alcalá",
            "name_Retiro",
            "name_Templo",
            "tier_1",
            "tier_2",
            "tier_3"
        ]
    );
    assert_rows(
        &encoded,
        &[
            &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
            &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        ],
    );
    assert_eq!(encoded.unknown, [("name".to_string(), 1), ("tier".to_string(), 1)]);
}

/// scikit-learn's `OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)`.
#[test]
fn ordinal_encoding_is_that_of_scikit_learn() {
    let table = table();
    let encoder = OrdinalEncoder::fit(&table, &["name", "tier"], &TRAIN).unwrap();
    let encoded = encoder.transform(&table, &[1, 2, 4, 5, 6]).unwrap();
    assert_rows(&encoded, &[&[2.0, 1.0], &[1.0, 0.0], &[3.0, 2.0], &[-1.0, 1.0], &[2.0, -1.0]]);
    assert_eq!(encoder.categories()[1], ["1", "2", "3"]);
}

/// scikit-learn's `MultiLabelBinarizer`, and a smallest count on top of it.
#[test]
fn multi_hot_encoding_is_that_of_scikit_learn() {
    let table = table();
    let encoded = MultiHotEncoder::fit(&table, "tags", &TRAIN, 1)
        .and_then(|encoder| encoder.transform(&table, &TRAIN))
        .unwrap();
    assert_eq!(encoded.names, ["tags_Arte", "tags_Historia", "tags_Jardín", "tags_Museo"]);
    assert_rows(
        &encoded,
        &[
            &[1.0, 0.0, 0.0, 1.0],
            &[0.0, 0.0, 1.0, 0.0],
            &[0.0, 0.0, 0.0, 0.0],
            &[1.0, 0.0, 0.0, 1.0],
            &[1.0, 1.0, 0.0, 0.0],
        ],
    );
    let encoder = MultiHotEncoder::fit(&table, "tags", &TRAIN, 2).unwrap();
    let encoded = encoder.transform(&table, &ALL).unwrap();
    assert_eq!(encoded.names, ["tags_Arte", "tags_Museo"]);
    // `L'Art` was never seen; `Jardín` was, only too rarely for a feature.
    assert_eq!(encoded.unknown, [("tags".to_string(), 1)]);
}

#[test]
fn a_preprocessor_learns_from_the_training_rows_only() {
    let table = table();
    let plan = Preprocessor::new().scale(&["likes"]).multi_hot("tags", 2).one_hot(&["tier"]);
    let fitted = plan.fit(&table, &TRAIN).unwrap();
    assert_eq!(fitted.names(), ["likes", "tags_Arte", "tags_Museo", "tier_1", "tier_2", "tier_3"]);
    let changed =
        table.with_column("likes", vec![120_i64, 45, 300, 120, 17, 9999, -5].into()).unwrap();
    let again = plan.fit(&changed, &TRAIN).unwrap();
    assert_eq!(
        fitted.transform(&table, &TRAIN).unwrap(),
        again.transform(&changed, &TRAIN).unwrap()
    );
    let features = fitted.transform(&table, &[6, 0]).unwrap();
    assert_eq!(features.row(1)[1..], [1.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(features.table().columns(), features.names);
}

#[test]
fn what_cannot_be_prepared_says_so() {
    let table =
        table().with_column("gap", vec![Some(1.0), None, Some(2.0), None, None, None, None].into());
    let table = table.unwrap();
    let message =
        |plan: Preprocessor, rows: &[usize]| plan.fit(&table, rows).unwrap_err().to_string();
    let error = message(Preprocessor::new().scale(&["gap"]), &[0, 1]);
    assert!(error.contains("row 1, column `gap`: the cell is empty"), "{error}");
    let error = message(Preprocessor::new().scale(&["name"]), &[0]);
    assert!(error.contains("`Prado` is not a number"), "{error}");
    let error = message(Preprocessor::new().one_hot(&["tags"]), &[0]);
    assert!(error.contains("`tags`") && error.contains("multi_hot"), "{error}");
    let error = message(Preprocessor::new().multi_hot("name", 1), &[0]);
    assert!(error.contains("`name`") && error.contains("one_hot"), "{error}");
    let error = message(Preprocessor::new().scale(&["likes"]), &[]);
    assert!(error.contains("no rows to learn from"), "{error}");
    let error = message(Preprocessor::new().scale(&["likes"]), &[7]);
    assert!(error.contains("row index 7"), "{error}");
    assert!(message(Preprocessor::new(), &[0]).contains("no feature"), "nothing asked for");
}
