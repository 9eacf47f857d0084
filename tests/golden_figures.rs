//! Every figure of the gallery beside the image that was looked at and kept in `tests/golden`: the two have the same structure
//! (SSIM, Wang et al., 2004), so that neither a lost label nor a mark elsewhere goes unseen, and a rounded pixel does.
//!
//! `GOLDEN=write cargo test --test golden_figures` keeps today's images after a wanted change. Look at them before they are
//! committed.

use cuaderno::Result;
use cuaderno::plot::{self, Figure, file_stem};
use image::GrayImage;
use std::path::PathBuf;

#[path = "../examples/gallery/data.rs"]
mod data;
#[path = "../examples/gallery/explore.rs"]
mod explore;
#[path = "../examples/gallery/results.rs"]
mod results;

type Entry = (&'static str, fn() -> Result<Figure>);

/// Pixels of the images to the CSS pixel.
const SCALE: f64 = 0.5;
/// Side of the windows that are compared, and the distance from one to the next.
const WINDOW: u32 = 8;
const STEP: u32 = 4;
/// The least similarity of the worst window.
const LEAST: f64 = 0.8;

fn gray(figure: &Figure) -> GrayImage {
    image::load_from_memory(&figure.png(SCALE).unwrap()).unwrap().to_luma8()
}

/// The least structural similarity over all windows, and the window's place.
fn least_similarity(a: &GrayImage, b: &GrayImage) -> (f64, [u32; 2]) {
    assert_eq!(a.dimensions(), b.dimensions(), "the figure has another size");
    let (width, height) = a.dimensions();
    let (c1, c2) = ((0.01f64 * 255.0).powi(2), (0.03f64 * 255.0).powi(2));
    let mut least = (1.0, [0, 0]);
    for y in (0..=height - WINDOW).step_by(STEP as usize) {
        for x in (0..=width - WINDOW).step_by(STEP as usize) {
            let [mut sa, mut sb, mut saa, mut sbb, mut sab] = [0.0f64; 5];
            for (i, j) in (0..WINDOW).flat_map(|i| (0..WINDOW).map(move |j| (i, j))) {
                let p = f64::from(a.get_pixel(x + i, y + j)[0]);
                let q = f64::from(b.get_pixel(x + i, y + j)[0]);
                sa += p;
                sb += q;
                saa += p * p;
                sbb += q * q;
                sab += p * q;
            }
            let n = f64::from(WINDOW * WINDOW);
            let (ma, mb) = (sa / n, sb / n);
            let (va, vb, cov) = (saa / n - ma * ma, sbb / n - mb * mb, sab / n - ma * mb);
            let similarity = (2.0 * ma * mb + c1) * (2.0 * cov + c2)
                / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            if similarity < least.0 {
                least = (similarity, [x, y]);
            }
        }
    }
    least
}

#[test]
fn figures_look_as_they_did() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let drawn = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    std::fs::create_dir_all(&drawn).unwrap();
    let mut known: Vec<String> = std::fs::read_dir(&golden)
        .map(|files| files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    let mut wrong = Vec::new();
    for &(name, make) in explore::ALL.iter().chain(results::ALL) {
        let file = format!("{}.png", file_stem(name));
        let image = gray(&make().unwrap());
        if std::env::var_os("GOLDEN").is_some_and(|what| what == "write") {
            std::fs::create_dir_all(&golden).unwrap();
            image.save(golden.join(&file)).unwrap();
            continue;
        }
        let Some(place) = known.iter().position(|one| *one == file) else {
            wrong.push(format!("{name}: no {file} in tests/golden"));
            continue;
        };
        known.swap_remove(place);
        let kept = image::open(golden.join(&file)).unwrap().to_luma8();
        let (similarity, [x, y]) = if kept.dimensions() == image.dimensions() {
            least_similarity(&kept, &image)
        } else {
            (0.0, [0, 0])
        };
        if similarity < LEAST {
            image.save(drawn.join(&file)).unwrap();
            wrong.push(format!("{name}: similarity {similarity:.2} at ({x}, {y}), see {file}"));
        }
    }
    if std::env::var_os("GOLDEN").is_none() {
        wrong.extend(known.iter().map(|file| format!("{file}: no figure makes it")));
    }
    assert!(wrong.is_empty(), "{}\ndrawn into {}", wrong.join("\n"), drawn.display());
}

#[test]
fn what_a_reader_would_see_is_noticed() {
    let bars = |values: [f64; 4], title: &str| {
        plot::bars(&["Goya", "Klee", "Dalí", "Miró"], &values).unwrap().title(title)
    };
    let plain = gray(&bars([4.0, 3.0, 2.0, 1.0], "Paintings"));
    let least = |other: Figure| least_similarity(&plain, &gray(&other)).0;
    assert_eq!(least(bars([4.0, 3.0, 2.0, 1.0], "Paintings")), 1.0);
    assert!(least(bars([4.0, 3.0, 2.1, 1.0], "Paintings")) < LEAST, "a bar of another height");
    assert!(least(bars([4.0, 3.0, 2.0, 1.0], "Paintimgs")) < LEAST, "a letter");
    assert!(least(bars([4.0, 3.0, 2.0, 1.0], "Paintings").y_label("works")) < LEAST, "a label");
    let mut shifted = plain.clone();
    let (width, height) = plain.dimensions();
    for (x, y) in (1..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        shifted.put_pixel(x, y, *plain.get_pixel(x - 1, y));
    }
    assert!(least_similarity(&plain, &shifted).0 < LEAST, "a shift by a pixel");
    // One gray level more or less, as rounding gives, is no difference.
    let mut rounded = plain.clone();
    for (i, pixel) in rounded.pixels_mut().enumerate() {
        pixel[0] = pixel[0].saturating_add_signed([1, 0, -1][i % 3]);
    }
    assert!(least_similarity(&plain, &rounded).0 > 0.9, "{:?}", least_similarity(&plain, &rounded));
}
