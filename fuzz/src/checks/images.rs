//! An image file of any format, through its decoder; the last byte selects the options.

use super::written;
use cuaderno::images::{
    LoadOptions, OpenOptions, ResizeMode, inspect, load_rgb_with, open_rgb_with,
};

const PIXELS: u64 = 1 << 20;

/// Checks `data`.
pub fn check(data: &[u8]) {
    let Some((selector, bytes)) = data.split_last() else { return };
    let path = written("image.jpg", bytes);
    let open = OpenOptions {
        apply_orientation: selector & 1 == 1,
        background: (selector & 2 == 2).then_some([9, 90, 200]),
        max_pixels: PIXELS,
    };
    let image = match open_rgb_with(&path, &open) {
        Ok(image) => image,
        Err(error) => {
            assert!(error.to_string().contains("image.jpg"), "{error}");
            return;
        }
    };
    let pixels = u64::from(image.width()) * u64::from(image.height());
    assert!((1..=PIXELS).contains(&pixels));
    assert_eq!(image.as_raw().len() as u64, 3 * pixels);
    let resize = if selector & 4 == 4 { ResizeMode::Crop } else { ResizeMode::Pad([255; 3]) };
    let set = load_rgb_with(
        std::slice::from_ref(&path),
        8,
        6,
        &LoadOptions { resize, open, ..LoadOptions::default() },
    )
    .unwrap();
    assert_eq!((set.len(), set.pixels(0).unwrap().len()), (1, 8 * 6 * 3));
    // Without orientation and limit, the same file.
    let report = inspect(&[path]).unwrap();
    assert_eq!(report.column("problem").unwrap().nulls(), 1);
    let size = |name: &str| report.numbers(name).unwrap()[0];
    assert_eq!(size("width") * size("height"), pixels as f64);
}
