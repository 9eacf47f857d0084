//! What a broken image says: file, what is wrong, what to do.

use cuaderno::images::{Augmentation, ImageSet, Transform, inspect, load_rgb, open_rgb};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-broken-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn written(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn encoded(format: image::ImageFormat) -> Vec<u8> {
    let image = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[track_caller]
fn assert_refused(path: PathBuf, parts: &[&str]) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    for error in [
        open_rgb(&path).unwrap_err().to_string(),
        load_rgb(std::slice::from_ref(&path), 8, 8).unwrap_err().to_string(),
        inspect(&[path]).unwrap().texts("problem").unwrap().remove(0),
    ] {
        assert!(error.contains(&name), "{name} is not in: {error}");
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
}

#[test]
fn a_image_that_is_not_there() {
    assert_refused(folder().join("absent.jpg"), &["no such file", "check the path"]);
}

#[test]
fn a_folder_in_the_place_of_an_image() {
    assert_refused(folder(), &["this is a folder"]);
}

#[test]
fn an_empty_image() {
    assert_refused(written("empty.jpg", b""), &["the file is empty", "leave its row out"]);
}

#[test]
fn a_truncated_image() {
    for (name, format) in
        [("cut.jpg", image::ImageFormat::Jpeg), ("cut.png", image::ImageFormat::Png)]
    {
        let whole = encoded(format);
        for share in [30, 50, 75, 95] {
            let path = written(&format!("{share}-{name}"), &whole[..whole.len() * share / 100]);
            assert_refused(path, &["put the original file there again"]);
        }
        let all_but_two = written(&format!("two-{name}"), &whole[..whole.len() - 2]);
        if format == image::ImageFormat::Jpeg {
            assert_refused(all_but_two, &["truncated"]);
        }
        assert!(open_rgb(written(&format!("whole-{name}"), &whole)).is_ok());
    }
}

#[test]
fn files_that_are_no_images() {
    assert_refused(written("page.jpg", b"<!DOCTYPE html><p>404"), &["this is a web page"]);
    assert_refused(written("text.png", b"hello there"), &["this is not an image"]);
    assert_refused(
        written("pointer.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0"),
        &["git lfs pull"],
    );
    assert_refused(written("moving.gif", b"GIF89a\x01\0\x01\0\0\0\0;"), &["the image is damaged"]);
}

/// A header that claims 60,000 × 60,000 pixels must not be believed.
#[test]
fn a_image_that_claims_to_be_huge() {
    let mut bytes = encoded(image::ImageFormat::Png);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut sum = 0xFFFF_FFFF_u32;
    for byte in &bytes[12..29] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!sum).to_be_bytes());
    let error = open_rgb(written("bomb.png", &bytes)).unwrap_err().to_string();
    assert!(error.contains("60000×60000") || error.contains("limit"), "{error}");
}

#[test]
fn several_broken_images_are_counted() {
    let paths = [
        written("sound.jpg", &encoded(image::ImageFormat::Jpeg)),
        written("first.jpg", b""),
        written("second.jpg", b"no"),
    ];
    let error = load_rgb(&paths, 8, 8).unwrap_err().to_string();
    assert!(error.contains("first.jpg") && error.contains("1 more of the 3"), "{error}");
    let report = inspect(&paths).unwrap();
    assert_eq!(report.column("problem").unwrap().nulls(), 1);
    assert_eq!(report.column("width").unwrap().nulls(), 2);
    assert_eq!(report.integers("bytes").unwrap()[1..], [0, 2]);
}

#[test]
fn parameters_outside_their_range() {
    let message = |result: cuaderno::Result<()>| result.unwrap_err().to_string();
    let set = ImageSet::from_pixels(vec![0; 12], 2, 2).unwrap();
    let plain = Transform::default();
    let mut out = vec![0.0; 12];
    assert!(message(set.fill_batch(&[1], &plain, 0, 0, &mut out)).contains("image 1"));
    assert!(message(set.fill_batch(&[0, 0], &plain, 0, 0, &mut out)).contains("need 24 numbers"));
    let zero = Transform::normalized([0.5; 3], [1.0, 0.0, 1.0]);
    assert!(message(set.fill_batch(&[0], &zero, 0, 0, &mut out)).contains("std above 0"));
    for augmentation in [
        Augmentation { rotation_range: 400.0, ..Default::default() },
        Augmentation { zoom_range: 1.0, ..Default::default() },
        Augmentation { horizontal_flip: f32::NAN, ..Default::default() },
    ] {
        let wild = Transform::default().augmented(augmentation);
        assert!(message(set.fill_batch(&[0], &wild, 0, 0, &mut out)).contains("must be from 0 to"));
    }
    assert!(load_rgb(&[], 0, 8).unwrap_err().to_string().contains("0×8"));
    assert!(ImageSet::from_pixels(vec![0; 11], 2, 2).is_err());
    assert!(inspect(&[]).is_err());
    assert_eq!(load_rgb(&[], 8, 8).unwrap().len(), 0);
}

/// Sound files with bytes changed, cut or added: an error or an image, never a panic.
#[test]
fn damaged_bytes_never_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut read, mut refused) = (0, 0);
    for case in 0..600 {
        let format = if case % 2 == 0 { image::ImageFormat::Jpeg } else { image::ImageFormat::Png };
        let mut bytes = encoded(format);
        for _ in 0..1 + random.next_u32() % 6 {
            let at = random.next_u32() as usize % bytes.len();
            bytes[at] = random.next_u32() as u8;
        }
        if random.next_u32().is_multiple_of(5) {
            bytes.truncate(random.next_u32() as usize % bytes.len());
        }
        match open_rgb(written(&format!("damaged-{}", case % 2), &bytes)) {
            Ok(image) => {
                read += 1;
                assert!(image.width() > 0);
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("damaged-"), "{error}");
            }
        }
    }
    assert!(read > 20 && refused > 20, "{read} {refused}");
}
