//! The image sentiment data as a user meets them: sample and real CSV, downloads, folders.

use cuaderno::data::Split;
use cuaderno::practices::sentiment::{self, CLASSES, SentimentPaths};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("cuaderno-sentiment-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn in_folder(folder: PathBuf, real: bool) -> SentimentPaths {
    let oasis = Some(folder.join("oasis.csv")).filter(|file| file.is_file());
    SentimentPaths { csv: folder.join("image-Sentiment-polarity-DFE.csv"), folder, oasis, real }
}

fn sample() -> SentimentPaths {
    in_folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sentiment"), false)
}

/// The real files, if they are there.
fn real() -> Option<SentimentPaths> {
    let root = std::env::var_os("CUADERNO_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let paths = in_folder(root.join("sentiment"), true);
    if !paths.csv.is_file() {
        println!("skipped: there is no {}", paths.csv.display());
        return None;
    }
    Some(paths)
}

fn counts(labels: &[usize]) -> Vec<usize> {
    (0..5).map(|class| labels.iter().filter(|label| **label == class).count()).collect()
}

#[test]
fn the_sample_is_what_the_generator_writes() {
    let folder = folder("generated");
    let paths =
        sentiment::generate(&folder, sentiment::SAMPLE_ROWS, sentiment::SAMPLE_SEED).unwrap();
    let sample = sample();
    assert_eq!(std::fs::read(&paths.csv).unwrap(), std::fs::read(&sample.csv).unwrap());
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder.join("images")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&folder), names(&sample.folder));
    let mut total = std::fs::metadata(&sample.csv).unwrap().len();
    for name in names(&folder) {
        let bytes = std::fs::read(folder.join("images").join(&name)).unwrap();
        assert_eq!(bytes, std::fs::read(sample.folder.join("images").join(&name)).unwrap());
        total += bytes.len() as u64;
    }
    assert!(total <= 2_500_000, "{total}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_sample_has_what_real_data_have() {
    let table = sentiment::read(&sample()).unwrap();
    let labels = sentiment::labels(&table).unwrap();
    assert!(counts(&labels).iter().all(|count| *count >= 60), "{:?}", counts(&labels));
    let quality = sentiment::quality(&table).unwrap();
    let rows = quality.integers("rows").unwrap();
    assert!(rows[0] > 10 && rows[1] == 0, "gold rows: {quality}");
    assert!(rows[3] >= 8 && (2..rows[3]).contains(&rows[4]), "repeated URLs: {quality}");
    assert!(rows[5] > 60 && rows[6] > 10, "near-duplicates: {quality}");
}

/// Counts by pandas 3: `value_counts()`, `duplicated()`, and gold labels split at line ends.
#[test]
fn the_real_csv_loads_as_pandas_counts_it() {
    let Some(paths) = real() else { return };
    let table = sentiment::read(&paths).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (15_613, 10));
    let labels = sentiment::labels(&table).unwrap();
    assert_eq!(counts(&labels), [283, 2119, 4227, 8551, 433]);
    let confidence = sentiment::confidences(&table).unwrap();
    let mean = confidence.iter().sum::<f64>() / confidence.len() as f64;
    assert!((mean - 0.762976).abs() < 5e-7, "{mean}");
    let quality = sentiment::quality(&table).unwrap();
    println!("{quality}");
    assert_eq!(quality.integers("rows").unwrap()[..5], [613, 1, 0, 0, 0]);
}

#[test]
fn the_photographs_of_oasis_load() {
    let Some(paths) = real() else { return };
    let images = sentiment::oasis(&paths).unwrap();
    assert_eq!(counts(&images.labels), [70, 127, 197, 244, 169]);
    let themes: std::collections::HashSet<&String> = images.groups.iter().collect();
    assert_eq!(themes.len(), 231);
    let split =
        Split::stratified_by_group(&images.labels, &images.groups, [0.8, 0.15, 0.05], 0).unwrap();
    assert!(split.test.len() >= 36, "{}", split.test.len());
}

#[cfg(feature = "fetch")]
#[test]
fn the_sample_is_downloaded_from_the_notebooks_own_server() {
    use cuaderno::fetch::{self, FetchConfig, Outcome};
    use std::time::Duration;
    let folder = folder("downloads");
    let (paths, table) = (sample(), sentiment::read(&sample()).unwrap());
    let server = sentiment::serve(&paths).unwrap();
    let urls = server.urls(&table.texts("imageurl").unwrap());
    let config = FetchConfig {
        attempts: 2,
        first_byte_timeout: Duration::from_secs(1),
        private_hosts: vec![server.host()],
        ..FetchConfig::default()
    };
    let downloads = fetch::download(&urls, &folder, &config).unwrap();
    println!("{}", downloads.summary().unwrap());
    let expected = [
        (Outcome::Ok, 720),
        (Outcome::NotFound, 20),
        (Outcome::NotAnImage, 5),
        (Outcome::Timeout, 4),
    ];
    for (outcome, least) in expected {
        assert!(downloads.count(outcome) >= least, "{outcome} {}", downloads.count(outcome));
    }
    // The placeholder of lost images is the content that most URLs share.
    let shared = downloads.repeated_contents().unwrap();
    assert!(shared.integers("urls").unwrap()[0] >= 5, "{shared}");
    let rows = downloads.rows_shared_by_at_most(3);
    let files: Vec<PathBuf> =
        rows.iter().map(|row| downloads.items[*row].file.clone().unwrap()).collect();
    let images = sentiment::of_rows(&table, &rows, &files).unwrap();

    // Rows of one photograph are one group, and few others are.
    let urls = table.texts("imageurl").unwrap();
    let photos =
        sentiment::photo_ids(&images.rows.iter().map(|row| urls[*row].clone()).collect::<Vec<_>>());
    let distinct = |texts: &[String]| texts.iter().collect::<std::collections::HashSet<_>>().len();
    assert!(distinct(&images.groups) <= distinct(&photos));
    assert!(
        distinct(&images.groups) + 25 >= distinct(&photos),
        "{} {}",
        distinct(&images.groups),
        distinct(&photos)
    );

    // Repeated URLs are one image, or none where their labels contradict each other.
    let distinct_files: std::collections::HashSet<&PathBuf> = images.files.iter().collect();
    assert_eq!(distinct_files.len(), images.files.len());
    assert!(images.files.len() + 6 <= files.len(), "{} {}", images.files.len(), files.len());

    // Folders for each part and class, as many files as rows; a second arrangement replaces the first.
    let split =
        Split::stratified_by_group(&images.labels, &images.groups, [0.8, 0.15, 0.05], 1).unwrap();
    for _ in 0..2 {
        let table = sentiment::arrange(folder.join("split"), &images, &split).unwrap();
        let total: i64 = ["train", "validation", "test"]
            .iter()
            .map(|part| table.integers(part).unwrap().iter().sum::<i64>())
            .sum();
        assert_eq!(total as usize, images.files.len());
    }
    let class = CLASSES[4].to_lowercase().replace(' ', "_");
    let kept = folder.join("split/train").join(format!("4_{class}"));
    assert!(std::fs::read_dir(&kept).unwrap().count() > 50, "{}", kept.display());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn mistakes_in_a_csv_are_placed() {
    let folder = folder("mistakes");
    std::fs::create_dir_all(&folder).unwrap();
    let text = std::fs::read_to_string(sample().csv).unwrap();
    let write = |from: &str, to: &str| {
        std::fs::write(folder.join("image-Sentiment-polarity-DFE.csv"), text.replacen(from, to, 1))
            .unwrap();
        sentiment::read(&in_folder(folder.clone(), false)).unwrap_err().to_string()
    };
    let error = write(",Positive,", ",Great,");
    assert!(
        error.contains("`Great` is not a label of the scale") && error.contains(", row "),
        "{error}"
    );
    let error = write("imageurl", "url");
    assert!(error.contains("imageurl"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
