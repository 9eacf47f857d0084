//! Regular expressions on columns, and nulls filled. The expected values are what pandas 3.1.1 gives for the same texts.

use cuaderno::table::{Categorical, Column, DateTime, Table, Value};

const TITLES: [Option<&str>; 6] = [
    Some("Tv Led 32\" 2019"),
    Some("Cable 1/2\" X 3/4\""),
    None,
    Some("Niño Ñandú 15cm"),
    Some("sin"),
    Some("Funda (2020) y 1999"),
];

fn titles() -> Table {
    Table::from_columns(vec![("title", TITLES.to_vec().into())]).unwrap()
}

fn cells(table: &Table, name: &str) -> Vec<Option<String>> {
    let text = |value: Value<'_>| (value != Value::Null).then(|| value.to_string());
    table.column(name).unwrap().iter().map(text).collect()
}

#[track_caller]
fn assert_cells(table: &Table, name: &str, expected: &[Option<&str>]) {
    let found = cells(table, name);
    let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: cuaderno::Result<T>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn groups_of_the_first_match_become_columns() {
    let table = titles().extract("title", r#"(?P<n>\d+)\s?(?P<unit>cm|")?"#).unwrap();
    assert_eq!(table.columns(), ["title", "n", "unit"]);
    assert_cells(&table, "n", &[Some("32"), Some("1"), None, Some("15"), None, Some("2020")]);
    assert_cells(&table, "unit", &[Some("\""), None, None, Some("cm"), None, None]);
    let table = titles().extract("title", r"(\w+)\s(\w+)").unwrap();
    assert_eq!(table.columns(), ["title", "title_1", "title_2"]);
    assert_cells(
        &table,
        "title_2",
        &[Some("Led"), Some("1"), None, Some("Ñandú"), None, Some("1999")],
    );
    let table = titles().extract("title", r"(?<year>(?:19|20)\d{2})").unwrap();
    assert_eq!(table.numbers("year").unwrap()[5], 2020.0);
    let pairs = Table::from_columns(vec![("t", vec!["ab", "a", ""].into())]).unwrap();
    let table = pairs.extract("t", "(a)?(b)?").unwrap();
    assert_cells(&table, "t_1", &[Some("a"), Some("a"), None]);
    assert_cells(&table, "t_2", &[Some("b"), None, None]);
}

#[test]
fn all_matches_are_lists() {
    let lists = |pattern| match titles().extract_all("title", pattern).unwrap() {
        Column::List(lists) => lists,
        other => panic!("{other:?}"),
    };
    let some = |items: &[&str]| Some(items.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected =
        [some(&["32", "2019"]), some(&["1", "2", "3", "4"]), None, some(&["15"]), some(&[])];
    assert_eq!(lists(r"\d+")[..5], expected);
    assert_eq!(lists(r"(\d)\D*$")[..3], [some(&["9"]), some(&["4"]), None]);
}

#[test]
fn matches_are_tested_counted_and_replaced() {
    let table = titles();
    assert_eq!(
        table.contains_match("title", "(?i)ñ").unwrap(),
        [false, false, false, true, false, false]
    );
    assert_eq!(table.count_matches("title", r"\w+").unwrap(), [4, 6, 0, 3, 1, 4]);
    let longer = table.replace_matches("title", r"(\d+)\s?cm", "$1 centímetros").unwrap();
    assert_eq!(longer.texts("title").unwrap()[3], "Niño Ñandú 15 centímetros");
    let plain = table.replace_matches("title", r"[^\w\s]", "").unwrap();
    assert_cells(
        &plain,
        "title",
        &[
            Some("Tv Led 32 2019"),
            Some("Cable 12 X 34"),
            None,
            Some("Niño Ñandú 15cm"),
            Some("sin"),
            Some("Funda 2020 y 1999"),
        ],
    );
    let named = table.replace_matches("title", r"(?<n>\d+)cm", "${n}0mm $$").unwrap();
    assert_eq!(named.texts("title").unwrap()[3], "Niño Ñandú 150mm $");
}

#[test]
fn errors_name_the_pattern_and_what_to_do() {
    let table = titles();
    assert_refused(table.extract("title", r"(\d+"), &[r"`(\d+`", "unclosed group", "backslash"]);
    assert_refused(table.extract("title", r"\d+"), &[r"`\d+`", "found none", r"(?<year>\d+)"]);
    assert_refused(table.extract("titel", r"(\d)"), &["`titel`", "did you mean `title`?"]);
    assert_refused(table.contains_match("title", r"(?=x)"), &["look-around", "map_texts"]);
    assert_refused(table.count_matches("title", r"(a)\1"), &["backreference"]);
    assert_refused(table.extract_all("title", r"(a)(b)"), &["found 2", "(?:…)"]);
    assert_refused(table.extract("title", r"(?<title>\w)"), &["another column is called `title`"]);
    assert_refused(table.replace_matches("title", r"(\d)", r"\1a"), &["`$1`"]);
    assert_refused(table.replace_matches("title", r"(\d)", "$1a"), &["`1a`", "${1}a"]);
    assert_refused(table.replace_matches("title", r"(\d)", "$2"), &["`2`"]);
    let numbers = Table::from_columns(vec![("n", vec![1_i64].into())]).unwrap();
    assert_refused(numbers.extract("n", r"(\d)"), &["integer values", "to_text"]);
    assert!(numbers.to_text("n").unwrap().extract("n", r"(\d)").is_ok());
    // A pattern of exponential size is refused, not compiled.
    assert_refused(table.contains_match("title", r"(\w{500}){500}"), &["size"]);
}

#[test]
fn nulls_of_every_type_are_filled() {
    let date = DateTime::new(2024, 2, 29).unwrap();
    let table = Table::from_columns(vec![
        ("i", vec![Some(1_i64), None].into()),
        ("f", vec![None, Some(0.5)].into()),
        ("b", vec![Some(true), None].into()),
        ("t", vec![None, Some("x")].into()),
        ("d", vec![None, Some(date)].into()),
        ("l", vec![None, Some(vec!["a".to_string()])].into()),
        ("e", vec![None::<f64>, None].into()),
    ])
    .unwrap();
    let fill = |name: &str, value: Value<'_>| table.fill_null_values(name, value);
    assert_cells(&fill("i", Value::Integer(7)).unwrap(), "i", &[Some("1"), Some("7")]);
    assert_cells(&fill("i", Value::Float(0.5)).unwrap(), "i", &[Some("1"), Some("0.5")]);
    assert_cells(&fill("f", Value::Integer(3)).unwrap(), "f", &[Some("3"), Some("0.5")]);
    assert_cells(&fill("b", Value::Boolean(false)).unwrap(), "b", &[Some("true"), Some("false")]);
    assert_cells(&fill("t", Value::Text("none")).unwrap(), "t", &[Some("none"), Some("x")]);
    assert_cells(&fill("e", Value::Text("none")).unwrap(), "e", &[Some("none"), Some("none")]);
    let first = DateTime::new(2024, 1, 1).unwrap();
    assert_eq!(fill("d", Value::DateTime(first)).unwrap().column("d").unwrap().nulls(), 0);
    assert_cells(&fill("l", Value::List(&[])).unwrap(), "l", &[Some("[]"), Some("[a]")]);
    assert_cells(&fill("b", Value::Null).unwrap(), "b", &[Some("true"), None]);
    assert_refused(fill("d", Value::Text("2024")), &["of type date", "DateTime::parse"]);
    assert_refused(fill("b", Value::Integer(1)), &["column `b`", "boolean", "`1`"]);
    assert_refused(fill("t", Value::Integer(1)), &["text"]);
    let sizes = Table::from_columns(vec![("s", vec![Some("S"), None].into())]).unwrap();
    let sizes = sizes.with_categories("s", &["S", "M"]).unwrap();
    let filled = sizes.fill_null_values("s", Value::Text("M")).unwrap();
    let Column::Category(column) = filled.column("s").unwrap() else { panic!() };
    assert_eq!(Categorical::codes(column), [Some(0), Some(1)]);

    let column: Column = vec![None, Some("a"), None, Some("b"), None].into();
    let table = Table::from_columns(vec![("t", column)]).unwrap();
    let down = table.fill_nulls_forward("t").unwrap();
    assert_cells(&down, "t", &[None, Some("a"), Some("a"), Some("b"), Some("b")]);
}
