//! Filters, groups, joins and changed columns. Expected values: pandas 3.1 (`groupby.agg`, `pivot_table`, `merge`, `cut`).

use cuaderno::table::{Aggregate, Column, Join, Table, Value};

fn places() -> Table {
    let price = vec![Some(3.0), Some(4.0), Some(5.5), None, Some(1.0), Some(9.0)];
    let city = vec![Some("Lima"), Some("Quito"), Some("Lima"), Some("Quito"), None, Some("Lima")];
    Table::from_columns(vec![
        ("city", city.into()),
        ("kind", vec!["a", "b", "b", "b", "a", "a"].into()),
        ("price", price.into()),
        ("n", vec![1_i64, 2, 3, 4, 5, 6].into()),
    ])
    .unwrap()
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-12 || a.is_nan() && b.is_nan(), "{found:?} {expected:?}");
    }
}

#[test]
fn groups_have_pandas_s_aggregates() {
    use Aggregate::*;
    let of_price = [Mean, Median, Std, Min, Max, Sum, Count].map(|aggregate| ("price", aggregate));
    let asked = [&of_price[..], &[("n", Sum), ("kind", Distinct)]].concat();
    let groups = places().group_by(&["city"], &asked).unwrap();
    assert_eq!(groups.texts("city").unwrap(), ["Lima", "Quito"]);
    assert_eq!(groups.integers("count").unwrap(), [3, 2]);
    near(&groups.numbers("price_mean").unwrap(), &[5.833333333333333, 4.0]);
    near(&groups.numbers("price_median").unwrap(), &[5.5, 4.0]);
    near(&groups.numbers("price_std").unwrap(), &[3.0138568866708537, f64::NAN]);
    near(&groups.numbers("price_min").unwrap(), &[3.0, 4.0]);
    near(&groups.numbers("price_max").unwrap(), &[9.0, 4.0]);
    near(&groups.numbers("price_sum").unwrap(), &[17.5, 4.0]);
    assert_eq!(groups.integers("price_count").unwrap(), [3, 1]);
    assert_eq!(groups.integers("n_sum").unwrap(), [10, 6]);
    assert_eq!(groups.integers("kind_distinct").unwrap(), [2, 1]);
    let error = places().group_by(&[], &[]).unwrap_err().to_string();
    assert!(error.contains("at least one column"), "{error}");
    let error = places().group_by(&["city"], &[("kind", Mean)]).unwrap_err().to_string();
    assert!(error.contains("`kind`") && error.contains("not a number"), "{error}");
}

#[test]
fn a_pivot_has_a_column_per_value() {
    let wide = places().pivot("city", "kind", "n", Aggregate::Sum).unwrap();
    assert_eq!(wide.columns(), ["city", "a", "b"]);
    near(&wide.numbers("a").unwrap(), &[7.0, f64::NAN]);
    assert_eq!(wide.integers("b").unwrap(), [3, 6]);
}

#[test]
fn joins_are_pandas_s_merges() {
    let table = |keys: Vec<&str>, x: Vec<i64>| {
        Table::from_columns(vec![("k", keys.into()), ("x", x.into())]).unwrap()
    };
    let left = table(vec!["a", "b", "c", "b"], vec![1, 2, 3, 4]);
    let right = table(vec!["b", "b", "d"], vec![10, 20, 30]);
    let inner = left.join(&right, &["k"], Join::Inner).unwrap();
    assert_eq!(inner.columns(), ["k", "x", "x_"]);
    assert_eq!(inner.integers("x").unwrap(), [2, 2, 4, 4]);
    assert_eq!(inner.integers("x_").unwrap(), [10, 20, 10, 20]);
    let outer = left.join(&right, &["k"], Join::Outer).unwrap();
    assert_eq!(outer.texts("k").unwrap(), ["a", "b", "b", "c", "b", "b", "d"]);
    assert_eq!((outer.rows(), outer.column("x").unwrap().nulls()), (7, 1));
    let kept = left.join(&right, &["k"], Join::Left).unwrap();
    assert_eq!((kept.rows(), kept.column("x_").unwrap().nulls()), (6, 2));
    let numbers = Table::from_columns(vec![("k", vec![1_i64].into())]).unwrap();
    let error = left.join(&numbers, &["k"], Join::Inner).unwrap_err().to_string();
    assert!(error.contains("text and integer"), "{error}");
}

#[test]
fn tables_stack_with_nulls_where_a_column_is_missing() {
    let a = Table::from_columns(vec![("x", vec![1_i64].into()), ("y", vec!["p"].into())]).unwrap();
    let b = Table::from_columns(vec![("x", vec![2.5].into())]).unwrap();
    let both = Table::concat(&[&a, &b]).unwrap();
    assert_eq!(both.numbers("x").unwrap(), [1.0, 2.5]);
    assert_eq!(both.get("y", 1).unwrap(), Value::Null);
    let c = Table::from_columns(vec![("x", vec!["text"].into())]).unwrap();
    let error = Table::concat(&[&a, &c]).unwrap_err().to_string();
    assert!(error.contains("`x`") && error.contains("integer and text"), "{error}");
}

#[test]
fn rows_are_chosen_and_columns_changed() {
    let table = places();
    assert_eq!(table.filter_equal("city", "Lima").unwrap().rows(), 3);
    assert_eq!(table.filter_between("price", 3.0, 5.5).unwrap().integers("n").unwrap(), [1, 2, 3]);
    assert!(
        table.filter(&[true]).unwrap_err().to_string().contains("6 values, one per row, found 1")
    );
    assert_eq!(table.unique("city").unwrap(), ["Lima", "Quito"]);
    let sample = table.sample(4, 1);
    assert_eq!(sample.integers("n").unwrap(), table.sample(4, 1).integers("n").unwrap());
    let mut seen = table.sample(99, 3).integers("n").unwrap();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
    let replaced = table.replace("kind", &[("a", "A")]).unwrap();
    assert_eq!(replaced.unique("kind").unwrap(), ["A", "b"]);
    let sorted = table.sort_by_columns(&[("kind", true), ("n", false)]).unwrap();
    assert_eq!(sorted.integers("n").unwrap(), [6, 5, 1, 4, 3, 2]);
    assert_eq!(table.fill_null_texts("city", "?").unwrap().unique("city").unwrap().len(), 3);
    assert!(table.rename("city", "kind").is_err());
    assert_eq!(table.rename("city", "town").unwrap().columns()[0], "town");
    let numbers = Column::from(vec![Some(0.0), Some(1.0), Some(5.0), Some(10.0), Some(11.0), None]);
    let bins = Table::from_columns(vec![("x", numbers)]).unwrap();
    let found = bins.cut("x", &[0.0, 1.0, 5.0, 10.0]).unwrap();
    assert_eq!(found, [Some(0), Some(0), Some(1), Some(2), None, None]);
    assert!(bins.cut("x", &[1.0, 1.0]).unwrap_err().to_string().contains("ascending"));
}

#[test]
fn amounts_are_read_whatever_their_marks() {
    let cases = [
        ("1,234", Some(1234.0)),
        ("3,5", Some(3.5)),
        ("1.234.567", Some(1234567.0)),
        ("(1,200.50)", Some(-1200.5)),
        ("€ 12", Some(12.0)),
        ("R$ 9,90", Some(9.9)),
        ("50%", Some(0.5)),
        ("", None),
        ("1e999", None),
        ("twelve", None),
        // Zero groups nothing, and marks at other places make no number of two.
        ("0,125", Some(0.125)),
        ("10 20", None),
        ("1,2,3", None),
        ("1.2.3", None),
        ("12 345,5", Some(12345.5)),
        ("1'234.5", Some(1234.5)),
        ("12,34,567", Some(1234567.0)),
        ("\u{2212}5 €", Some(-5.0)),
        ("-$1,200", Some(-1200.0)),
        ("-1.5e3", Some(-1500.0)),
        ("-1e3", Some(-1000.0)),
    ];
    let texts: Vec<&str> = cases.iter().map(|(text, _)| *text).collect();
    let table = Table::from_columns(vec![("x", texts.into())]).unwrap();
    let expected: Vec<Option<f64>> = cases.iter().map(|(_, number)| *number).collect();
    assert_eq!(table.numbers_or_null("x").unwrap(), expected);
}

#[test]
fn a_written_table_reads_back() {
    let path = std::env::temp_dir().join(format!("cuaderno-written-{}.csv", std::process::id()));
    let lists = vec![vec!["it's".to_string(), "a, \"b\"".to_string()], vec!["c\\d\ne".to_string()]];
    let table = Table::from_columns(vec![
        ("id", vec![Some(1_i64), None].into()),
        ("title", vec!["27\" monitor, black", "line\nbreak"].into()),
        ("share", vec![0.1, 1e-9].into()),
        ("tags", lists.clone().into()),
    ])
    .unwrap();
    table.write_csv(&path).unwrap();
    let read = Table::read_csv(&path).unwrap().parse_lists(&["tags"]).unwrap();
    for name in ["id", "title", "share", "tags"] {
        assert_eq!(read.column(name).unwrap(), table.column(name).unwrap(), "{name}");
    }
    let matrix = read.to_ndarray(&[]).unwrap();
    assert_eq!((matrix.dim(), matrix[(0, 0)]), ((2, 2), 1.0));
    // A file cannot be a folder.
    assert!(table.write_csv(path.join("all.csv")).is_err());
    std::fs::remove_file(&path).unwrap();
}

/// Texts that mean something to a reader: other separators, blank lines, starts of files of other kinds.
#[test]
fn a_written_table_reads_back_whatever_its_texts() {
    let path = std::env::temp_dir().join(format!("cuaderno-rewritten-{}.csv", std::process::id()));
    let one = |name, cells: Vec<Option<&str>>| Table::from_columns(vec![(name, cells.into())]);
    let two = |a, b, cells: [&str; 2]| {
        Table::from_columns(vec![(a, vec![cells[0]].into()), (b, vec![cells[1]].into())])
    };
    let tables = [
        one("t", vec![Some("  "), None, Some("x"), Some("\u{a0}")]),
        one("a;b", vec![Some("c;d")]),
        one("sep=:", vec![Some("c:d")]),
        one("{\"a\": 1}", vec![Some("b")]),
        one("<html>", vec![Some("b")]),
        one("version https://git-lfs", vec![Some("b")]),
        one("\u{feff}id", vec![Some("b")]),
        two("id", "which: a; b; c", ["x", "d; e; f"]),
        two("id", "a|b|c", ["x|y|z", "5\" pipe"]),
        two("id", "\t\"\t'\t", ["x", "a\tb\tc\td"]),
    ];
    for table in tables.map(Result::unwrap) {
        table.write_csv(&path).unwrap();
        let read = Table::read_csv(&path).unwrap();
        let names: Vec<&str> = table.columns().iter().map(|name| name.trim()).collect();
        assert_eq!(read.columns(), names);
        for (name, written) in read.columns().iter().zip(table.columns()) {
            assert_eq!(read.column(name).unwrap(), table.column(written).unwrap(), "{name}");
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// What pandas 3.1.1 reads of the file that its own `to_csv` writes of such a table: floats stay floats.
#[test]
fn written_floats_stay_floats() {
    let path = std::env::temp_dir().join(format!("cuaderno-floats-{}.csv", std::process::id()));
    let numbers = Column::from(vec![Some(2.0), Some(1e300), Some(-0.0), Some(1e-7), None]);
    let whole = Column::from(vec![Some(1e17), Some(3.0), None, Some(-4.0), Some(0.0)]);
    let table = Table::from_columns(vec![("a", numbers), ("b", whole)]).unwrap();
    table.write_csv(&path).unwrap();
    let read = Table::read_csv(&path).unwrap();
    for name in ["a", "b"] {
        assert_eq!(read.column(name).unwrap(), table.column(name).unwrap(), "{name}");
    }
    std::fs::remove_file(&path).unwrap();
}

/// `merge` of pandas 3.1.1: 1 and 1.0 are one key, and a key column without values matches nothing.
#[test]
fn keys_of_different_number_types_are_joined() {
    let ids = |column: Column| Table::from_columns(vec![("id", column)]).unwrap();
    let floats = Column::from(vec![Some(2.0), Some(2.5), None]);
    let right = ids(floats).with_column("x", vec!["p", "q", "r"].into()).unwrap();
    let left = ids(vec![1_i64, 2].into());
    let inner = left.join(&right, &["id"], Join::Inner).unwrap();
    assert_eq!(
        (inner.integers("id").unwrap(), inner.texts("x").unwrap()),
        (vec![2], vec!["p".into()])
    );
    let outer = left.join(&right, &["id"], Join::Outer).unwrap();
    assert_eq!(outer.numbers("id").unwrap()[..3], [1.0, 2.0, 2.5]);
    let nothing = ids(vec![None::<f64>, None].into());
    let texts = ids(vec!["a"].into());
    assert_eq!(nothing.join(&texts, &["id"], Join::Inner).unwrap().rows(), 0);
    assert_eq!(texts.join(&nothing, &["id"], Join::Outer).unwrap().rows(), 3);
}

/// pandas 3.1.1 gives -inf for the quarter of `[-inf, 1.5, inf, inf]`.
#[test]
fn a_quantile_between_minus_infinity_and_a_number() {
    let column = Column::from(vec![f64::NEG_INFINITY, 1.5, f64::INFINITY, f64::INFINITY]);
    let table = Table::from_columns(vec![("x", column)]).unwrap();
    assert_eq!(table.describe().numbers("x").unwrap()[4], f64::NEG_INFINITY);
}
