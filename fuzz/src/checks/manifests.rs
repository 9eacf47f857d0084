//! The manifest of a download folder. No URL here leads anywhere: they are refused as private before any connection. A
//! run on a manifest settles all, and the next run resumes with the same.

use super::{folder, written};
use cuaderno::fetch::{FetchConfig, download};

const URLS: [&str; 3] =
    ["http://192.168.0.1/a.jpg", "http://10.0.0.1/b?c=\\t", "http://user:word@127.0.0.1/é"];

/// Checks `data`.
pub fn check(data: &[u8]) {
    let _ = written("a.jpg", b"abc");
    let manifest = written("downloads.tsv", data);
    let urls = URLS.map(str::to_string);
    let config = FetchConfig { parallel: 1, ..FetchConfig::default() };
    let first = match download(&urls, folder(), &config) {
        Ok(downloads) => downloads,
        Err(error) => {
            assert!(error.to_string().contains("downloads.tsv"), "{error}");
            // A file that is no manifest stays as it was.
            assert_eq!(std::fs::read(manifest).unwrap(), data);
            return;
        }
    };
    assert_eq!(first.items.len(), URLS.len());
    for file in first.items.iter().filter_map(|item| item.file.as_ref()) {
        assert_eq!(file.parent(), Some(folder().as_path()));
        assert!(file.is_file());
    }
    let again = download(&urls, folder(), &config).unwrap();
    assert_eq!(again.resumed(), URLS.len());
    for (first, again) in first.items.iter().zip(&again.items) {
        assert_eq!((first.outcome, &first.file), (again.outcome, &again.file));
        assert_eq!((&first.detail, first.bytes), (&again.detail, again.bytes));
    }
}
