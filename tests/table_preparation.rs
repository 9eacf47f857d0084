//! Preparation fitted on training rows and saved. Expected values: scikit-learn 1.9 (`RobustScaler`, `StandardScaler` of
//! `log1p`, `SimpleImputer`), or by hand where it says so.

use cuaderno::table::{FittedPreprocessor, Impute, Preprocessor, Table, TargetEncoder};

fn table() -> Table {
    Table::from_columns(vec![
        ("x", vec![1.0, 2.0, 4.0, 8.0, 100.0].into()),
        ("gap", vec![Some(1.0), None, Some(3.0), None, Some(8.0)].into()),
        ("city", vec!["Lima", "Quito", "Lima", "Lima", "Cusco"].into()),
        ("kind", vec![Some("a"), None, Some("b"), Some("b"), None].into()),
        ("tags", vec![vec!["p".to_string()], vec![], vec!["q".into()], vec![], vec![]].into()),
    ])
    .unwrap()
}

fn near(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((f64::from(*a) - b).abs() < 1e-6, "{found:?} {expected:?}");
    }
}

#[test]
fn scales_are_those_of_scikit_learn() {
    let all = [0, 1, 2, 3, 4];
    let robust = Preprocessor::new().robust(&["x"]).fit(&table(), &all).unwrap();
    let found = robust.transform(&table(), &all).unwrap().to_vec();
    near(&found, &[-0.5, -0.3333333333333333, 0.0, 0.6666666666666666, 16.0]);
    let log = Preprocessor::new().log(&["x"]).fit(&table(), &all).unwrap();
    let features = log.transform(&table(), &all).unwrap();
    assert_eq!(features.names, ["log_x"]);
    let expected = [
        -0.9769413342751084,
        -0.6834269756242353,
        -0.3136426160237796,
        0.1118534933140869,
        1.8621574326090364,
    ];
    near(&features.to_vec(), &expected);
    let bins = Preprocessor::new().bins(&["x"], 2).fit(&table(), &all).unwrap();
    near(&bins.transform(&table(), &all).unwrap().to_vec(), &[0.0, 0.0, 0.0, 1.0, 1.0]);
    let error = Preprocessor::new().log(&["y"]).fit(&negative(), &[0, 1]).unwrap_err().to_string();
    assert!(error.contains("`y`") && error.contains("above -1") && error.contains("-3"), "{error}");
}

fn negative() -> Table {
    Table::from_columns(vec![("y", vec![1.0, -3.0].into())]).unwrap()
}

#[test]
fn nulls_are_imputed_from_the_training_rows() {
    let plan = Preprocessor::new()
        .min_max(&["gap"])
        .one_hot(&["kind"])
        .impute(&["gap"], Impute::Median)
        .impute(&["kind"], Impute::MostFrequent);
    let fitted = plan.fit(&table(), &[0, 1, 2]).unwrap();
    let features = fitted.transform(&table(), &[1, 4]).unwrap();
    // Median of 1 and 3 is 2; `a` and `b` occur once each, and `a` comes first.
    assert_eq!(features.names, ["gap", "kind_a", "kind_b"]);
    near(&features.to_vec(), &[0.5, 1.0, 0.0, 3.5, 1.0, 0.0]);
    let nothing = Preprocessor::new().min_max(&["gap"]).impute(&["gap"], Impute::Mean);
    let error = nothing.fit(&table(), &[1, 3]).unwrap_err().to_string();
    assert!(error.contains("`gap`") && error.contains("every training row is null"), "{error}");
    let constant = Preprocessor::new().min_max(&["gap"]).impute(&["gap"], Impute::Number(0.0));
    assert!(constant.fit(&table(), &[0, 1, 3]).is_ok());
}

#[test]
fn everything_fitted_is_saved_and_loaded() {
    let all = [0, 1, 2, 3, 4];
    let plan = Preprocessor::new()
        .impute(&["gap"], Impute::Mean)
        .scale(&["x"])
        .robust(&["gap"])
        .log(&["x"])
        .bins(&["x"], 2)
        .one_hot(&["city"])
        .ordinal(&["city"])
        .frequency(&["city"])
        .multi_hot("tags", 1)
        .text_length(&["city"])
        .hash_text("city", 4);
    let fitted = plan.fit(&table(), &[0, 1, 2, 3]).unwrap();
    let path = std::env::temp_dir().join(format!("cuaderno-prep-{}.json", std::process::id()));
    fitted.save(&path).unwrap();
    let loaded = FittedPreprocessor::load(&path).unwrap();
    assert_eq!(loaded.names(), fitted.names());
    let (a, b) =
        (loaded.transform(&table(), &all).unwrap(), fitted.transform(&table(), &all).unwrap());
    assert_eq!(a, b);
    // Three of four training rows are Lima, one is Quito; Cusco was not among them.
    let column = a.names.iter().position(|name| name == "city_frequency").unwrap();
    near(&a.values.column(column).to_vec(), &[0.75, 0.25, 0.75, 0.75, 0.0]);
    assert!(a.unknown.contains(&("city".to_string(), 1)));
    std::fs::write(&path, "{}").unwrap();
    let error = FittedPreprocessor::load(&path).unwrap_err().to_string();
    assert!(error.contains("expected a saved preprocessor"), "{error}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_training_row_never_sees_its_own_target() {
    let target = [1.0, 0.0, 0.0, 1.0, 1.0];
    let rows = [0, 1, 2, 3];
    let encoder = TargetEncoder::fit(&table(), &["city"], &rows, &target, 1.0).unwrap();
    // By hand: mean 0.5; Lima (2 + 0.5) / (3 + 1), Quito (0 + 0.5) / (1 + 1), Cusco is unknown.
    let found = encoder.transform(&table(), &[0, 1, 4]).unwrap();
    near(&found.to_vec(), &[0.625, 0.25, 0.5]);
    assert_eq!(found.unknown, [("city".to_string(), 1)]);
    // With a fold per row and no smoothing, a Lima row has the mean of the other two.
    let (_, inside) =
        TargetEncoder::fit_transform(&table(), &["city"], &rows, &target, 0.0, 7).unwrap();
    let own = inside.to_vec();
    near(&[own[0], own[2], own[3]], &[0.5, 1.0, 0.5]);
    let error =
        TargetEncoder::fit(&table(), &["city"], &rows, &[1.0], 1.0).unwrap_err().to_string();
    assert!(error.contains("each of the 5 rows, found 1"), "{error}");
}
