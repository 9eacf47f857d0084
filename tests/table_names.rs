//! Results never take the names of the data's columns. Values: pandas 3.1 on the same numbers.

use cuaderno::data::Split;
use cuaderno::table::{Column, Table};

fn bikes() -> Table {
    Table::from_columns(vec![
        ("share", vec![0.5, 0.25, 0.5, 1.0, 0.25, 0.5].into()),
        ("column", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0].into()),
        ("count", vec![16_i64, 40, 16, 32, 40, 16].into()),
    ])
    .unwrap()
}

#[test]
fn counts_are_counts_whatever_the_column_is_called() {
    let counts = bikes().value_counts("count").unwrap();
    assert_eq!(counts.columns(), ["count_", "count", "share"]);
    assert_eq!(counts.integers("count_").unwrap(), [16, 40, 32]);
    assert_eq!(counts.integers("count").unwrap(), [3, 2, 1]);
    let shares = bikes().value_counts("share").unwrap();
    assert_eq!(shares.numbers("share_").unwrap(), [0.5, 0.25, 1.0]);
    assert_eq!(shares.numbers("share").unwrap()[0], 0.5);
    assert_eq!(shares.integers("count").unwrap(), [3, 2, 1]);
}

#[test]
fn labels_stay_beside_columns_of_their_name() {
    let correlation = bikes().correlation(&["share", "column", "count"]).unwrap();
    assert_eq!(correlation.texts("column_").unwrap(), ["share", "column", "count"]);
    assert_eq!(correlation.numbers("column").unwrap()[1], 1.0);
    let numbers = Column::from(vec![1.0, 2.0, 4.0]);
    let table = Table::from_columns(vec![("statistic", numbers)]).unwrap();
    let described = table.describe();
    assert_eq!(described.texts("statistic_").unwrap()[0], "count");
    assert_eq!(described.numbers("statistic").unwrap()[0], 3.0);
    let split = Split { train: vec![0, 1], validation: vec![2], test: vec![3] };
    let summary = split.summary(&[0, 1, 0, 1], &["rows", "part"]).unwrap();
    assert_eq!(summary.columns(), ["part_", "rows_", "rows", "part"]);
    assert_eq!(summary.integers("rows_").unwrap(), [2, 1, 1]);
}

/// `Series([1, 2, 3, inf]).describe()`: mean inf, std nan, 25 % 1.75, 50 % 2.5, 75 % inf, max inf.
#[test]
fn infinities_are_described_as_in_pandas() {
    let values = Column::from(vec![1.0, 2.0, 3.0, f64::INFINITY]);
    let described = Table::from_columns(vec![("x", values)]).unwrap().describe();
    let found = described.numbers("x").unwrap();
    assert_eq!(found[..2], [4.0, f64::INFINITY]);
    assert!(found[2].is_nan());
    assert_eq!(found[3..], [1.0, 1.75, 2.5, f64::INFINITY, f64::INFINITY]);
}

#[test]
fn a_column_of_empty_lists_is_a_column_of_lists() {
    let path = std::env::temp_dir().join(format!("cuaderno-empty-{}.csv", std::process::id()));
    std::fs::write(&path, "id,tags\n0,\n1,\n").unwrap();
    let table = Table::read_csv(&path).unwrap().parse_lists(&["tags"]).unwrap();
    assert_eq!(table.lists("tags").unwrap(), [Vec::<String>::new(), Vec::new()]);
    assert_eq!(table.column("tags").unwrap().nulls(), 2);
    std::fs::remove_file(&path).unwrap();
}
