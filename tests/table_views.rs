//! Reading, looking at and cutting a table, against pandas's numbers.

use cuaderno::notebook::Show;
use cuaderno::table::{Column, ColumnType, QuantileCut, Table, Value, quantile_cut};
use std::path::{Path, PathBuf};

const SMALL: &str = r#"id,name,tier,score,likes,open,tags
a,Prado,1,3.5,120,True,"['Arte', 'Museo']"
b,Retiro,2,-1.25,45,False,"['Jardín']"
c,"Puerta, de Alcalá",1,,300,True,[]
a,Prado,1,8.75,120,True,"['Arte', 'Museo']"
d,Templo,3,0.5,17,False,"['Historia', 'Arte']"
e,Atocha,2,2.25,88,True,"[""L'Art"", 'Museo']"
b,Retiro,4,-1.25,61,False,"['Jardín']"
"#;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-table-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn small() -> Table {
    let path = written(&format!("small-{:?}.csv", std::thread::current().id()), SMALL.as_bytes());
    Table::read_csv(path).unwrap().parse_lists(&["tags"]).unwrap()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1.0), "{found} {expected}");
    }
}

#[test]
fn each_column_takes_the_narrowest_type() {
    let table = small();
    let types: Vec<ColumnType> =
        table.columns().iter().map(|name| table.column(name).unwrap().column_type()).collect();
    use ColumnType::{Boolean, Float, Integer, List, Text};
    assert_eq!(types, [Text, Text, Integer, Float, Integer, Boolean, List]);
    assert_eq!(table.rows(), 7);
    assert_eq!(table.get("score", 2).unwrap(), Value::Null);
    assert_eq!(table.texts("name").unwrap()[2], "Puerta, de Alcalá");
    assert_eq!(table.lists("tags").unwrap()[5], ["L'Art", "Museo"]);
    assert!(table.numbers("score").unwrap()[2].is_nan());
    assert_eq!(table.integers("likes").unwrap(), [120, 45, 300, 120, 17, 88, 61]);
}

#[test]
fn missing_values_are_those_that_pandas_reads_as_missing() {
    let path = written(
        "nulls.csv",
        b"a,b,c\n1,x,true\nNA,NaN,\n,null,False\nn/a,None,TRUE\n-3,#N/A,false\n",
    );
    let table = Table::read_csv(path).unwrap();
    assert_eq!(
        table.column("a").unwrap(),
        &Column::Integer(vec![Some(1), None, None, None, Some(-3)])
    );
    assert_eq!(table.null_counts().integers("nulls").unwrap(), [3, 4, 1]);
    assert_eq!(table.column("c").unwrap().column_type(), ColumnType::Boolean);
    assert_eq!(table.drop_nulls(&["a"]).unwrap().rows(), 2);
    assert_eq!(table.fill_nulls("a", 9.0).unwrap().integers("a").unwrap(), [1, 9, 9, 9, -3]);
}

#[test]
fn identifiers_longer_than_64_bits_stay_text() {
    let path = written("long.csv", b"id,x\n123456789012345678901234,1e3\n5,inf\n");
    let table = Table::read_csv(path).unwrap();
    assert_eq!(table.texts("id").unwrap(), ["123456789012345678901234", "5"]);
    assert_eq!(table.numbers("x").unwrap(), [1000.0, f64::INFINITY]);
}

/// `pandas.DataFrame.describe` on the same file.
#[test]
fn describe_is_that_of_pandas() {
    let described = small().describe();
    assert_eq!(described.columns(), ["statistic", "tier", "score", "likes"]);
    assert_close(
        &described.numbers("tier").unwrap(),
        &[7.0, 2.0, 1.154700538379, 1.0, 1.0, 2.0, 2.5, 4.0],
    );
    assert_close(
        &described.numbers("score").unwrap(),
        &[6.0, 2.083333333333333, 3.773813279253, -1.25, -0.8125, 1.375, 3.1875, 8.75],
    );
    assert_close(
        &described.numbers("likes").unwrap(),
        &[7.0, 107.2857142857143, 93.101583025772, 17.0, 53.0, 88.0, 120.0, 300.0],
    );
}

/// `pandas.DataFrame.corr`, pairwise over the rows where both values are there.
#[test]
fn correlations_are_those_of_pandas() {
    let correlated = small().correlation(&["tier", "score", "likes"]).unwrap();
    assert_close(&correlated.numbers("tier").unwrap(), &[1.0, -0.740445523119, -0.621679703021]);
    assert_close(&correlated.numbers("score").unwrap(), &[-0.740445523119, 1.0, 0.768847748198]);
}

/// `pandas.DataFrame.duplicated`.
#[test]
fn duplicates_are_those_of_pandas() {
    let table = small();
    let marked = [false, false, false, true, false, false, true];
    assert_eq!(table.duplicated(&["id"]).unwrap(), marked);
    assert_eq!(table.duplicates(&["id"]).unwrap().texts("id").unwrap(), ["a", "b", "a", "b"]);
    assert_eq!(table.duplicates(&["id", "tier"]).unwrap().rows(), 2);
    assert_eq!(table.duplicates(&[]).unwrap().rows(), 0);
    assert_eq!(table.drop_duplicates(&["tags"]).unwrap().rows(), 5);
}

/// `pandas.Series.explode().value_counts()`.
#[test]
fn values_are_counted_also_inside_lists() {
    let table = small();
    let counts = table.value_counts("tags").unwrap();
    assert_eq!(counts.texts("tags").unwrap(), ["Arte", "Museo", "Jardín", "Historia", "L'Art"]);
    assert_eq!(counts.integers("count").unwrap(), [3, 3, 2, 1, 1]);
    let counts = table.value_counts("tier").unwrap();
    assert_eq!(counts.integers("tier").unwrap(), [1, 2, 3, 4]);
    assert_eq!(counts.numbers("share").unwrap()[0], 3.0 / 7.0);
}

/// `pandas.qcut`, labels and bins.
#[test]
fn quantile_cuts_are_those_of_pandas() {
    let likes = small().numbers("likes").unwrap();
    let cut = QuantileCut::fit(&likes, 3).unwrap();
    assert_close(cut.edges(), &[17.0, 61.0, 120.0, 300.0]);
    assert_eq!(cut.assign(&likes).unwrap(), [1, 0, 2, 1, 0, 1, 0]);
    let tied = [5.0, 1.0, 1.0, 1.0, 2.0, 3.0, 8.0, 8.0, 9.0, 10.0, 4.0, 4.0];
    assert_close(QuantileCut::fit(&tied, 4).unwrap().edges(), &[1.0, 1.75, 4.0, 8.0, 10.0]);
    assert_eq!(quantile_cut(&tied, 4).unwrap(), [2, 0, 0, 0, 1, 1, 2, 2, 3, 3, 1, 1]);
    let error = quantile_cut(&[1.0, 1.0, 1.0, 1.0, 2.0], 3).unwrap_err().to_string();
    assert!(error.contains("fewer classes"), "{error}");
    assert!(quantile_cut(&[1.0, f64::NAN, 2.0], 2).is_err());
}

#[test]
fn views_keep_the_lines_of_the_file() {
    let path = written("lines.csv", b"name,likes\n\n\"two\nlines\",1\r\n\r\nlast,many\r\n");
    let table = Table::read_csv(&path).unwrap();
    assert_eq!(table.texts("name").unwrap(), ["two\nlines", "last"]);
    let error = table.sort_by("name", true).unwrap().numbers("likes").unwrap_err().to_string();
    assert!(error.contains("row 6, column `likes`: `many` is not a number"), "{error}");
}

#[test]
fn columns_can_be_added_replaced_dropped_and_sorted() {
    let table = small().with_column("half", vec![0.5; 7].into()).unwrap();
    let table = table.with_column("tier", vec!["x"; 7].into()).unwrap();
    assert_eq!(table.columns().len(), 8);
    assert_eq!(table.texts("tier").unwrap()[0], "x");
    assert_eq!(table.drop(&["half", "id"]).unwrap().columns().len(), 6);
    assert_eq!(table.select(&["likes", "id"]).unwrap().columns(), ["likes", "id"]);
    let sorted = table.sort_by("score", false).unwrap();
    assert_eq!(sorted.get("score", 0).unwrap(), Value::Float(8.75));
    assert_eq!(sorted.get("score", 6).unwrap(), Value::Null);
    assert_eq!(table.tail(2).texts("id").unwrap(), ["e", "b"]);
    assert_eq!(table.head(99).rows(), 7);
}

#[test]
fn a_table_shows_as_html_and_as_aligned_text() {
    let table = small().with_column("html", vec!["<b>$x$ & \"y\"</b>"; 7].into()).unwrap();
    let bundle = table.bundle();
    let html = bundle.html.unwrap();
    assert!(html.contains("&lt;b&gt;&#36;x&#36; &amp; &quot;y&quot;"), "{html}");
    assert!(
        !html.contains("<b>") && html.contains("7 rows × 8 columns") && html.contains(">null<")
    );
    let lines: Vec<&str> = bundle.plain.lines().collect();
    assert!(lines[0].starts_with("id  name"), "{}", lines[0]);
    // Numbers stand under each other's last digit.
    let end =
        |line: &str, text: &str| line.find(text).map(|at| line[..at].chars().count() + text.len());
    assert_eq!(end(lines[2], "120"), end(lines[0], "likes"));
    assert_eq!(end(lines[3], "45"), end(lines[0], "likes"));
    assert_eq!(lines.last(), Some(&"7 rows × 8 columns"));
}

#[test]
fn a_long_table_shows_its_ends() {
    let numbers: Vec<i64> = (0..1000).collect();
    let plain = Table::from_columns(vec![("n", numbers.into())]).unwrap().bundle().plain;
    assert_eq!(plain.lines().count(), 2 + 11 + 1);
    assert!(plain.contains("\n  4\n  ⋮\n995\n"), "{plain}");
}

/// pandas on the course's own file.
#[test]
fn the_real_table_gives_the_numbers_of_pandas() {
    let data = std::env::var_os("CUADERNO_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = data.join("poi/poi_dataset.csv");
    if !path.is_file() {
        eprintln!("skipped: the real data is not in {}", data.display());
        return;
    }
    let table = Table::read_csv(path).unwrap().parse_lists(&["categories", "tags"]).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (1569, 14));
    assert_eq!(table.null_counts().integers("nulls").unwrap(), [0; 14]);
    assert_eq!(table.duplicates(&["id"]).unwrap().rows(), 100);
    let likes = table.describe().numbers("Likes").unwrap();
    assert_close(
        &likes,
        &[1569.0, 3623.908221797323, 4817.879374272541, 100.0, 464.0, 1434.0, 6840.0, 26425.0],
    );
    let longitude = table.describe().numbers("locationLon").unwrap();
    assert_close(&longitude[1..3], &[-1.132336988621, 22.733401393338]);
    let correlated = table.correlation(&["tier", "Likes", "Dislikes", "Bookmarks"]).unwrap();
    assert_close(
        &correlated.numbers("Likes").unwrap(),
        &[-0.151130288397, 1.0, -0.539694503095, 0.971832011979],
    );
    let categories = table.value_counts("categories").unwrap();
    assert_eq!(categories.rows(), 12);
    assert_eq!(categories.integers("count").unwrap()[..3], [1297, 1030, 660]);
    assert_eq!(table.value_counts("tags").unwrap().rows(), 2935);
}

/// Large files are read in parts; nothing may show where they were cut.
#[test]
fn a_large_file_reads_the_same_in_parts() {
    for (name, quote) in [("regular", "\"\""), ("stray", "")] {
        let mut text = String::from("n,title,share\n");
        for row in 0..60_000 {
            // In `stray`, quotes inside unquoted cells leave their number uneven.
            text += &match row % 7 {
                0 => format!("{row},\"line one\nline {quote}two{quote}, {row}\",0.5\r\n"),
                1 if quote.is_empty() => format!("{row},a 5\" pipe,1.5\n"),
                2 => format!("{row},,\n\n"),
                _ => format!("{row},plain title of some length {row},2.25\n"),
            };
        }
        let path = written(&format!("parts-{name}.csv"), text.as_bytes());
        let table = Table::read_csv(&path).unwrap();
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let whole = one.install(|| Table::read_csv(&path)).unwrap();
        let parted = four.install(|| Table::read_csv(&path)).unwrap();
        for other in [&whole, &parted] {
            assert_eq!(table.rows(), 60_000);
            assert_eq!(other.integers("n").unwrap(), (0..60_000).collect::<Vec<i64>>());
            assert_eq!(other.texts("title").unwrap(), table.texts("title").unwrap());
            assert_eq!(other.column("share").unwrap(), table.column("share").unwrap());
        }
        let line = text[..text.find("50000,").unwrap()].matches('\n').count() + 1;
        for other in [whole, parted] {
            let error = other.filter_rows(&[50_000]).unwrap().numbers("title").unwrap_err();
            assert!(error.to_string().contains(&format!("row {line},")), "{error} {line}");
        }
        std::fs::write(&path, text + "1,2,3,4\n").unwrap();
        let error = four.install(|| Table::read_csv(&path)).unwrap_err().to_string();
        assert!(error.contains("4 fields, but the header has 3"), "{error}");
    }
}
