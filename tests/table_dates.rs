//! Columns of dates and of categories. Expected values: pandas 3.1 (`Timestamp`, `to_datetime`, `CategoricalDtype`).

use cuaderno::data::LabelEncoder;
use cuaderno::table::{
    Aggregate, Column, ColumnType, CsvOptions, DatePart, DateTime, Join, OneHotEncoder, Table,
    Value,
};

#[test]
fn iso_texts_are_pandas_s_timestamps() {
    // Text, how it is shown, day of the week, day of the year, seconds since 1970.
    let cases = [
        ("2024-02-29T18:30:05.25Z", "2024-02-29 18:30:05.250000", 3, 60, 1709231405.25),
        ("2024-02-29 18:30", "2024-02-29 18:30:00", 3, 60, 1709231400.0),
        ("1969-12-31", "1969-12-31", 2, 365, -86400.0),
        ("2000-03-01T00:00:00+02:00", "2000-02-29 22:00:00", 1, 60, 951861600.0),
        ("1900-01-01", "1900-01-01", 0, 1, -2208988800.0),
        ("2024-12-30", "2024-12-30", 0, 365, 1735516800.0),
        ("2023-02-28 23:59:59.999999", "2023-02-28 23:59:59.999999", 1, 59, 1677628799.999999),
        ("1582-10-15", "1582-10-15", 4, 288, -12219292800.0),
        ("9999-12-31", "9999-12-31", 4, 365, 253402214400.0),
    ];
    for (text, shown, weekday, day_of_year, timestamp) in cases {
        let date = DateTime::parse(text).unwrap();
        assert_eq!(date.to_string(), shown, "{text}");
        assert_eq!((date.weekday(), date.day_of_year()), (weekday, day_of_year), "{text}");
        assert_eq!(date.timestamp(), timestamp, "{text}");
    }
    for text in [
        "",
        "2024",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "0000-01-01",
        "2024-01-01T24:00",
        "2024-01-01 10:61",
        "2024-01-01 10:00:00x",
        "2024-01-01T10:00+25:00",
        "24-01-01",
        "2024-1/2",
        "29/02/2024",
        "ñ024-01-01",
        "2024-01-01 10:00 +é",
    ] {
        assert!(DateTime::parse(text).is_err(), "{text}");
    }
    assert!(DateTime::new(2024, 2, 29).unwrap() < DateTime::new(2024, 3, 1).unwrap());
    let (march, christmas) =
        (DateTime::new(2024, 3, 1).unwrap(), DateTime::new(2024, 12, 25).unwrap());
    assert_eq!(christmas.days_since(march), 299.0);
    assert!(DateTime::new(2023, 2, 29).is_err());
}

#[test]
fn formats_are_those_of_strftime() {
    for (text, format, shown) in [
        ("29/02/2024", "%d/%m/%Y", "2024-02-29"),
        ("Feb 29 2024 06:30 PM", "%b %d %Y %I:%M %p", "2024-02-29 18:30:00"),
        ("1 March 99", "%d %B %y", "1999-03-01"),
        ("01-Jan-68", "%d-%b-%y", "2068-01-01"),
        ("20240229T183005.123456+0530", "%Y%m%dT%H%M%S.%f%z", "2024-02-29 13:00:05.123456"),
        ("12:05 AM 3/4/2021", "%I:%M %p %d/%m/%Y", "2021-04-03 00:05:00"),
    ] {
        assert_eq!(DateTime::parse_with(text, format).unwrap().to_string(), shown, "{text}");
    }
    let error = DateTime::parse_with("2024", "%Q").unwrap_err().to_string();
    assert!(error.contains("found `%Q`"), "{error}");
    let error = DateTime::parse_with("2024", "%").unwrap_err().to_string();
    assert!(error.contains("found `%`"), "{error}");
    let error = DateTime::parse_with("2024-02-30", "%Y-%m-%d").unwrap_err().to_string();
    assert!(error.contains("a date of the format `%Y-%m-%d`, found `2024-02-30`"), "{error}");
}

fn sales() -> Table {
    let days = vec![Some("2024-02-29"), None, Some("2023-12-31 12:00"), Some("NaT")];
    Table::from_columns(vec![("day", days.into()), ("n", vec![1_i64, 2, 3, 4].into())]).unwrap()
}

#[test]
fn date_columns_are_parsed_taken_apart_sorted_and_grouped() {
    let table = sales().parse_dates(&["day"]).unwrap();
    assert_eq!(table.column("day").unwrap().column_type(), ColumnType::DateTime);
    assert_eq!(table.column("day").unwrap().nulls(), 2);
    let part = |part| match table.date_part("day", part).unwrap() {
        Column::Integer(values) => [values[0], values[2]].map(Option::unwrap),
        other => panic!("{other:?}"),
    };
    assert_eq!(part(DatePart::Year), [2024, 2023]);
    assert_eq!(part(DatePart::Quarter), [1, 4]);
    assert_eq!(part(DatePart::Month), [2, 12]);
    assert_eq!(part(DatePart::Day), [29, 31]);
    assert_eq!(part(DatePart::Weekday), [3, 6]);
    assert_eq!(part(DatePart::DayOfYear), [60, 365]);
    assert_eq!(part(DatePart::Hour), [0, 12]);
    assert_eq!(table.sort_by("day", true).unwrap().integers("n").unwrap(), [3, 1, 2, 4]);
    let twice = Table::concat(&[&table, &table]).unwrap();
    let groups = twice.group_by(&["day"], &[("n", Aggregate::Sum)]).unwrap();
    assert_eq!(groups.texts("day").unwrap(), ["2023-12-31 12:00:00", "2024-02-29"]);
    assert_eq!(groups.integers("n_sum").unwrap(), [6, 2]);
    let other = table.rename("n", "m").unwrap();
    assert_eq!(table.join(&other, &["day"], Join::Inner).unwrap().integers("m").unwrap(), [1, 3]);
    let from = DateTime::new(2024, 1, 1).unwrap();
    let mask =
        table.mask("day", &|day| matches!(day, Value::DateTime(day) if day >= from)).unwrap();
    assert_eq!(mask, [true, false, false, false]);
    // Parsed again, it stays as it is.
    assert_eq!(
        table.parse_dates(&["day"]).unwrap().dates("day").unwrap(),
        table.dates("day").unwrap()
    );
}

#[test]
fn texts_that_are_no_dates_are_errors_or_nulls() {
    let days = vec!["2024-02-29", "yesterday", "2024-02-30"];
    let table = Table::from_columns(vec![("day", days.into())]).unwrap();
    let error = table.parse_dates(&["day"]).unwrap_err().to_string();
    assert!(error.contains("`day`") && error.contains("found `yesterday`"), "{error}");
    let dates = table.dates_or_null("day", "").unwrap();
    assert_eq!(dates, [Some(DateTime::new(2024, 2, 29).unwrap()), None, None]);
    assert_eq!(table.dates_or_null("day", "%Y-%m-%d").unwrap(), dates);
    let error = table.parse_dates_with("day", "%d.%m.%Y").unwrap_err().to_string();
    assert!(error.contains("a date of the format `%d.%m.%Y`, found `2024-02-29`"), "{error}");
    let error = table.parse_dates_with("day", "%K").unwrap_err().to_string();
    assert!(error.contains("found `%K`"), "{error}");
    let error = table.date_part("day", DatePart::Year).unwrap_err().to_string();
    assert!(error.contains("text values") && error.contains("parse_dates"), "{error}");
    let years = Table::from_columns(vec![("year", vec![1999_i64, 2024].into())]).unwrap();
    let years = years.parse_dates_with("year", "%Y").unwrap();
    assert_eq!(years.texts("year").unwrap(), ["1999-01-01", "2024-01-01"]);
    let error = years.numbers("year").unwrap_err().to_string();
    assert!(error.contains("`1999-01-01` is a date") && error.contains("date_part"), "{error}");
}

#[test]
fn a_csv_column_is_read_as_dates_or_categories() {
    let name = format!("cuaderno-table-dates-{}.csv", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, "day,size\n2024-02-29,M\n,S\nNaT,M\n").unwrap();
    let options = CsvOptions::new()
        .column_type("day", ColumnType::DateTime)
        .column_type("size", ColumnType::Category);
    let table = Table::read_csv_with(&path, &options).unwrap();
    let date = DateTime::new(2024, 2, 29).unwrap();
    assert_eq!(table.dates("day").unwrap(), [Some(date), None, None]);
    assert_eq!(table.column("size").unwrap().column_type(), ColumnType::Category);
    assert_eq!(table.texts("size").unwrap(), ["M", "S", "M"]);
    std::fs::write(&path, "day,size\n2024-02-29,M\nsoon,S\n").unwrap();
    let error = Table::read_csv_with(&path, &options).unwrap_err().to_string();
    assert!(error.contains("row 3") && error.contains("`soon` does not fit"), "{error}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn categories_keep_their_order() {
    let sizes = vec![Some("M"), Some("S"), None, Some("L"), Some("S")];
    let table =
        Table::from_columns(vec![("size", sizes.into()), ("n", vec![1_i64, 2, 3, 4, 5].into())])
            .unwrap();
    let table = table.with_categories("size", &["S", "M", "L"]).unwrap();
    let Column::Category(column) = table.column("size").unwrap() else { panic!("{table:?}") };
    assert_eq!(column.codes(), [Some(1), Some(0), None, Some(2), Some(0)]);
    assert_eq!(column.categories(), ["S", "M", "L"]);
    assert_eq!(
        table.sort_by("size", true).unwrap().texts("size").unwrap(),
        ["S", "S", "M", "L", ""]
    );
    let groups = table.group_by(&["size"], &[("n", Aggregate::Sum)]).unwrap();
    assert_eq!(groups.texts("size").unwrap(), ["S", "M", "L"]);
    assert_eq!(groups.integers("n_sum").unwrap(), [7, 1, 4]);
    let known = table.drop_nulls(&["size"]).unwrap();
    let encoder = LabelEncoder::fit(&known, "size").unwrap();
    assert_eq!(encoder.classes(), ["S", "M", "L"]);
    assert_eq!(encoder.transform(&known, "size").unwrap(), [1, 0, 2, 0]);
    let rows = [0, 1, 2, 3];
    let one_hot = OneHotEncoder::fit(&known, &["size"], &rows).unwrap();
    assert_eq!(
        one_hot.transform(&known, &rows).unwrap().table().columns(),
        ["size_S", "size_M", "size_L"]
    );
    let filled = table.fill_null_texts("size", "L").unwrap();
    assert_eq!(filled.column("size").unwrap().column_type(), ColumnType::Category);
    assert_eq!(filled.texts("size").unwrap()[2], "L");
}

#[test]
fn categories_become_text_where_they_differ() {
    let table = |words: Vec<&str>| Table::from_columns(vec![("w", words.into())]).unwrap();
    let (a, b) = (table(vec!["Quito", "Lima", "Quito"]), table(vec!["Bogotá"]));
    let (a, b) = (a.to_categories("w").unwrap(), b.to_categories("w").unwrap());
    let Column::Category(column) = a.column("w").unwrap() else { panic!() };
    assert_eq!(column.categories(), ["Lima", "Quito"]);
    let kind = |table: Table| table.column("w").unwrap().column_type();
    assert_eq!(kind(Table::concat(&[&a, &a.tail(1)]).unwrap()), ColumnType::Category);
    assert_eq!(kind(Table::concat(&[&a, &b]).unwrap()), ColumnType::Text);
    assert_eq!(kind(Table::concat(&[&a, &table(vec!["x"])]).unwrap()), ColumnType::Text);
    let both = a.join(&table(vec!["Lima", "Cusco"]), &["w"], Join::Outer).unwrap();
    assert_eq!(both.texts("w").unwrap(), ["Quito", "Lima", "Quito", "Cusco"]);
    let error = b.with_categories("w", &["Lima", "Quito"]).unwrap_err().to_string();
    assert!(error.contains("`Bogotá` is none of the categories Lima, Quito"), "{error}");
    let error = b.with_categories("w", &["Lima", "Lima"]).unwrap_err().to_string();
    assert!(error.contains("found `Lima` twice"), "{error}");
    let error = a.contains("w", "L").unwrap_err().to_string();
    assert!(error.contains("category values") && error.contains("to_text"), "{error}");
    let text = a.to_text("w").unwrap();
    assert_eq!(text.contains("w", "L").unwrap(), [false, true, false]);
}

/// pandas 3.1.1's `to_datetime`; the Spanish names are those of Python's `%b` and `%B` under `es_ES`.
#[test]
fn further_forms_of_dates() {
    let iso = |text: &str| DateTime::parse(text).map(|date| date.to_string()).ok();
    assert_eq!(iso("20240229").as_deref(), Some("2024-02-29"));
    assert_eq!(iso("20240229T183005").as_deref(), Some("2024-02-29 18:30:05"));
    assert_eq!(iso("20240229T1830").as_deref(), Some("2024-02-29 18:30:00"));
    assert_eq!(iso("2024-02").as_deref(), Some("2024-02-01"));
    assert_eq!(iso("2024-02-29 18:30 UTC").as_deref(), Some("2024-02-29 18:30:00"));
    assert_eq!(iso("2024-02-29T18:30:05,25").as_deref(), Some("2024-02-29 18:30:05.250000"));
    for text in ["20240230", "2024-13", "2024", "202402", "2024022", "2024-02-29T1830", "2024/02"] {
        assert_eq!(iso(text), None, "{text}");
    }
    let by = |text: &str, format: &str| {
        DateTime::parse_with(text, format).map(|date| date.to_string()).ok()
    };
    assert_eq!(
        by("Wed Aug 27 13:08:45 +0000 2008", "%a %b %d %H:%M:%S %z %Y").as_deref(),
        Some("2008-08-27 13:08:45")
    );
    assert_eq!(by("060 2024", "%j %Y").as_deref(), Some("2024-02-29"));
    assert_eq!(by("366 2024", "%j %Y").as_deref(), Some("2024-12-31"));
    assert_eq!(by("366 2023", "%j %Y"), None);
    assert_eq!(
        by("jueves, 29 de febrero de 2024", "%A, %d de %B de %Y").as_deref(),
        Some("2024-02-29")
    );
    assert_eq!(by("sáb 05-ENE-24", "%a %d-%b-%y").as_deref(), Some("2024-01-05"));
    assert_eq!(by("1 sept 2024", "%d %b %Y").as_deref(), Some("2024-09-01"));
    assert_eq!(by("Xyz 1 Feb 2024", "%a %d %b %Y"), None);
    assert_eq!(by("1 febre 2024", "%d %b %Y"), None);
    // A column of numbers such as 20240229 holds dates, too.
    let table = Table::from_columns(vec![("day", vec![20240229_i64, 20240301].into())]).unwrap();
    let table = table.parse_dates(&["day"]).unwrap();
    assert_eq!(table.texts("day").unwrap(), ["2024-02-29", "2024-03-01"]);
}
