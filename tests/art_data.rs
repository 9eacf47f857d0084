//! The sample of paintings, and the real ones where they are in place.

use cuaderno::practices::art::{self, SAMPLE_SEED};
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/art")
}

#[test]
fn the_sample_in_the_repository_is_what_the_seed_gives() {
    let folder = match std::env::var_os("CUADERNO_WRITE_SAMPLE") {
        Some(_) => repository(),
        None => std::env::temp_dir().join(format!("cuaderno-art-{}", std::process::id())),
    };
    let paths = art::generate(&folder, SAMPLE_SEED).unwrap();
    assert_eq!(
        std::fs::read(&paths.csv).unwrap(),
        std::fs::read(repository().join("artists.csv")).unwrap()
    );
    let mut size = 0;
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("images")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            bytes,
            std::fs::read(paths.images.join(path.file_name().unwrap())).unwrap(),
            "{path:?}"
        );
        size += bytes.len();
        count += 1;
    }
    assert_eq!(count, 734);
    assert!(size <= 4 << 20, "{size} bytes");
}

#[test]
fn every_painting_has_its_artist() {
    let folder = repository();
    let paths = art::ArtPaths {
        csv: folder.join("artists.csv"),
        images: folder.join("images"),
        real: false,
    };
    let artists = art::read(&paths).unwrap();
    let paintings = art::paintings(&paths, &artists).unwrap();
    let names = artists.texts("name").unwrap();
    let counts = artists.integers("paintings").unwrap();
    for (class, found) in paintings.classes.iter().zip(paintings.class_counts()) {
        let row = names.iter().position(|name| name == class).unwrap();
        assert_eq!(found as i64, counts[row], "{class}");
    }
    let top = paintings.largest_classes(5);
    assert_eq!(top.paths.len(), 160 + 128 + 104 + 84 + 68);
    assert_eq!(artists.integers("born").unwrap()[0], 1853);
    assert_eq!(artists.lists("genre").unwrap()[0].len(), 2);
}

#[test]
fn the_real_paintings_have_their_artists() {
    let real = std::env::var_os("CUADERNO_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = real.join("art");
    if !folder.join("artists.csv").is_file() {
        return eprintln!("skipped: the real paintings are not in {}", folder.display());
    }
    let paths = art::ArtPaths {
        csv: folder.join("artists.csv"),
        images: folder.join("images"),
        real: true,
    };
    let artists = art::read(&paths).unwrap();
    let paintings = art::paintings(&paths, &artists).unwrap();
    assert_eq!((paintings.paths.len(), paintings.classes.len()), (7506, 50));
    assert!(paintings.classes.contains(&"Albrecht Dürer".to_string()));
}
