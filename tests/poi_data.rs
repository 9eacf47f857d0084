//! The points of interest as a user meets them: found, read, cut into classes.

use cuaderno::practices::poi;
use cuaderno::table::Table;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-poi-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn sample() -> poi::PoiPaths {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/poi");
    poi::PoiPaths { csv: folder.join("poi_dataset.csv"), folder, real: false }
}

#[test]
fn the_sample_has_the_real_schema() {
    let table = poi::read(&sample()).unwrap();
    assert_eq!(
        table.columns(),
        [
            "id",
            "name",
            "shortDescription",
            "categories",
            "tier",
            "locationLon",
            "locationLat",
            "tags",
            "xps",
            "Visits",
            "Likes",
            "Dislikes",
            "Bookmarks",
            "main_image_path"
        ]
    );
    assert_eq!(table.rows(), poi::SAMPLE_ROWS);
    assert_eq!(table.duplicates(&["id"]).unwrap().rows(), 24);
    assert_eq!(table.null_counts().integers("nulls").unwrap(), [0; 14]);
    let empty = |name: &str| table.lists(name).unwrap().iter().filter(|l| l.is_empty()).count();
    assert!(empty("tags") > 5 && empty("categories") >= 1);
    assert!(table.lists("categories").unwrap().iter().all(|list| list.len() <= 4));
    let likes = table.correlation(&["Likes", "Bookmarks", "Dislikes", "Visits"]).unwrap();
    let likes = likes.numbers("Likes").unwrap();
    assert!(likes[1] > 0.95 && likes[2] < -0.4 && likes[3].abs() < 0.15, "{likes:?}");
    for path in poi::image_paths(&table).unwrap() {
        assert!(path.is_absolute() && path.is_file());
    }
}

#[test]
fn the_sample_is_small_and_its_images_are_sound() {
    let table = poi::read(&sample()).unwrap();
    let paths = poi::image_paths(&table.drop_duplicates(&["id"]).unwrap()).unwrap();
    let report = cuaderno::images::inspect(&paths).unwrap();
    assert_eq!(report.column("problem").unwrap().nulls(), paths.len());
    assert!(report.integers("width").unwrap().iter().all(|width| *width == 128));
    assert!(report.integers("height").unwrap().iter().all(|height| *height == 128));
    assert!(report.integers("bytes").unwrap().iter().sum::<i64>() < 2_500_000);
}

#[test]
fn the_committed_sample_is_what_the_generator_writes() {
    let target = folder("again");
    let made = poi::generate(&target, poi::SAMPLE_ROWS, poi::SAMPLE_SEED).unwrap();
    let read = |path: &Path| std::fs::read(path).unwrap();
    assert_eq!(read(&made.csv), read(&sample().csv));
    let table = Table::read_csv(&made.csv).unwrap();
    for path in table.texts("main_image_path").unwrap() {
        assert_eq!(read(&made.folder.join(&path)), read(&sample().folder.join(&path)), "{path}");
    }
    std::fs::remove_dir_all(&target).unwrap();
}

#[test]
fn another_seed_gives_other_places() {
    let target = folder("seed");
    let made = poi::generate(&target, 20, 7).unwrap();
    let table = poi::read(&made).unwrap();
    assert_eq!(table.rows(), 20);
    assert_ne!(
        table.texts("id").unwrap()[..20],
        Table::read_csv(sample().csv).unwrap().texts("id").unwrap()[..20]
    );
    std::fs::remove_dir_all(&target).unwrap();
    assert!(
        poi::generate(&target, 3, 7)
            .unwrap_err()
            .to_string()
            .contains("between 10 and 100,000, found 3")
    );
}

/// `pandas`: `((Likes*Bookmarks**2 - Dislikes) / Visits) * (1/tier)`, then `qcut(.., 3)`.
#[test]
fn engagement_is_that_of_the_report() {
    let table = Table::from_columns(vec![
        ("tier", vec![1_i64, 2, 4].into()),
        ("Visits", vec![10_009_i64, 10_010, 10_015].into()),
        ("Likes", vec![422_i64, 7743, 3154].into()),
        ("Dislikes", vec![3582_i64, 96, 874].into()),
        ("Bookmarks", vec![78_i64, 2786, 595].into()),
    ])
    .unwrap();
    let close = |found: Vec<f64>, expected: [f64; 3]| {
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        }
    };
    close(
        poi::first_engagement(&table).unwrap(),
        [256.15605954640824, 6003954.678521479, 111492.15936095857],
    );
    let engagement = poi::engagement(&table).unwrap();
    close(engagement.clone(), [256.15605954640824, 3001977.3392607393, 27873.039840239642]);
    let target = poi::Target::fit(&engagement).unwrap();
    assert_eq!(target.labels(&engagement).unwrap(), [0, 2, 1]);
    assert_eq!(poi::CLASSES, ["low", "medium", "high"]);
}

#[test]
fn classes_are_of_equal_size_and_can_be_fitted_on_train_alone() {
    let table = poi::read(&sample()).unwrap();
    let engagement = poi::engagement(&table).unwrap();
    let target = poi::Target::fit(&engagement).unwrap();
    let labels = target.labels(&engagement).unwrap();
    for class in 0..3 {
        let count = labels.iter().filter(|label| **label == class).count();
        assert!((133..=134).contains(&count), "{count}");
    }
    let train: Vec<usize> = (0..300).collect();
    let fitted = poi::Target::fit_on(&engagement, &train).unwrap();
    let mut changed = engagement.clone();
    changed[399] = 1e12;
    assert_eq!(fitted, poi::Target::fit_on(&changed, &train).unwrap());
    assert_eq!(fitted.labels(&changed).unwrap()[399], 2);
    assert!(poi::Target::fit_on(&engagement, &[400]).unwrap_err().to_string().contains("row 400"));
}

#[test]
fn bad_tables_name_row_and_column() {
    let target = folder("bad");
    let made = poi::generate(&target, 12, 1).unwrap();
    let text = std::fs::read_to_string(&made.csv).unwrap();
    let message = |changed: String| {
        std::fs::write(&made.csv, changed).unwrap();
        let read = poi::read(&made).and_then(|table| poi::engagement(&table));
        read.unwrap_err().to_string()
    };
    let path = "data_main/absent/main.jpg";
    let line = text.lines().nth(3).unwrap();
    let (start, _) = line.rsplit_once(',').unwrap();
    let error = message(text.replace(line, &format!("{start},{path}")));
    assert!(error.contains("poi_dataset.csv, row 4, column `main_image_path`"), "{error}");
    assert!(error.contains(path), "{error}");

    let fields: Vec<&str> = start.rsplitn(5, ',').collect();
    let visits = |value: &str| {
        let [bookmarks, dislikes, likes, _, before] = fields[..] else { panic!("{fields:?}") };
        let tail = line.rsplit(',').next().unwrap();
        text.replace(line, &format!("{before},{value},{likes},{dislikes},{bookmarks},{tail}"))
    };
    let error = message(visits("many"));
    assert!(error.contains("row 4, column `Visits`: `many` is not a number"), "{error}");
    let error = message(visits("0"));
    assert!(error.contains("row 4, column `Visits`: engagement is divided by it"), "{error}");
    let error = message(visits(""));
    assert!(error.contains("row 4, column `Visits`") && error.contains("no number"), "{error}");
    let error = message(text.replace("Bookmarks", "Bookmark"));
    assert!(error.contains("`Bookmarks`") && error.contains("did you mean `Bookmark`?"), "{error}");
    std::fs::remove_dir_all(&target).unwrap();
}

/// The course's own files, where they are.
#[test]
fn the_real_data_set_reads() {
    let data = std::env::var_os("CUADERNO_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("poi");
    let csv = folder.join("poi_dataset.csv");
    if !csv.is_file() {
        eprintln!("skipped: the real data is not in {}", data.display());
        return;
    }
    let table = poi::read(&poi::PoiPaths { csv, folder, real: true }).unwrap();
    assert_eq!(table.rows(), 1569);
    let target = poi::Target::fit(&poi::engagement(&table).unwrap()).unwrap();
    // pandas.qcut(.., 3, retbins=True)
    for (found, expected) in target.thresholds().iter().zip([724.211440, 83112.9904]) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    }
}
