//! Changes of the bytes of an image, in Pillow's arithmetic: `ImageEnhance` and `ImageOps`.

/// `ImageEnhance.Brightness(image).enhance(factor)`.
pub(super) fn brighten(pixels: &mut [u8], factor: f32) {
    map(pixels, &[std::array::from_fn(|byte| blend(0, byte as u8, factor)); 3]);
}

/// `ImageEnhance.Color(image).enhance(factor)`.
pub(super) fn saturate(pixels: &mut [u8], factor: f32) {
    for pixel in pixels.chunks_exact_mut(3) {
        let gray = gray(pixel);
        pixel.iter_mut().for_each(|value| *value = blend(gray, *value, factor));
    }
}

/// `ImageEnhance.Contrast(image).enhance(factor)`.
pub(super) fn contrast(pixels: &mut [u8], factor: f32) {
    let sum: u64 = pixels.chunks_exact(3).map(|pixel| u64::from(gray(pixel))).sum();
    let mean = (sum as f64 / (pixels.len() / 3).max(1) as f64 + 0.5) as u8;
    map(pixels, &[std::array::from_fn(|byte| blend(mean, byte as u8, factor)); 3]);
}

/// `ImageEnhance.Sharpness(image).enhance(factor)`.
pub(super) fn sharpen(
    pixels: &mut [u8],
    [width, height]: [usize; 2],
    factor: f32,
    spare: &mut Vec<u8>,
) {
    spare.clear();
    spare.extend_from_slice(pixels);
    let line = width * 3;
    // The border is left as it is.
    for y in 1..height.saturating_sub(1) {
        let [above, here, below] = [y - 1, y, y + 1].map(|y| &spare[y * line..(y + 1) * line]);
        let row = &mut pixels[y * line..(y + 1) * line];
        for at in 3..line.saturating_sub(3) {
            let sum =
                |row: &[u8]| u32::from(row[at - 3]) + u32::from(row[at]) + u32::from(row[at + 3]);
            let sum = sum(above) + sum(here) + sum(below) + 4 * u32::from(here[at]);
            let smooth = ((2 * sum + 13) / 26) as u8;
            row[at] = blend(smooth, row[at], factor);
        }
    }
}

/// `ImageOps.posterize(image, bits)`.
pub(super) fn posterize(pixels: &mut [u8], bits: u8) {
    let mask = 0xFF_u8.checked_shl(8 - u32::from(bits.min(8))).unwrap_or(0);
    pixels.iter_mut().for_each(|value| *value &= mask);
}

/// `ImageOps.solarize(image, threshold)`.
pub(super) fn solarize(pixels: &mut [u8], threshold: f32) {
    for value in pixels {
        if f32::from(*value) >= threshold {
            *value = 255 - *value;
        }
    }
}

/// `ImageOps.autocontrast(image)`.
pub(super) fn auto_contrast(pixels: &mut [u8]) {
    let table = |counts: &[usize; 256]| {
        let low = counts.iter().position(|count| *count > 0).unwrap_or(0);
        let high = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        if high <= low {
            return std::array::from_fn(|byte| byte as u8);
        }
        let scale = 255.0 / (high - low) as f64;
        let offset = -(low as f64) * scale;
        std::array::from_fn(|byte| (byte as f64 * scale + offset) as u8)
    };
    let tables = histograms(pixels).each_ref().map(table);
    map(pixels, &tables);
}

/// `ImageOps.equalize(image)`.
pub(super) fn equalize(pixels: &mut [u8]) {
    let table = |counts: &[usize; 256]| {
        let last = counts.iter().rev().find(|count| **count > 0).copied().unwrap_or(0);
        let step = (counts.iter().sum::<usize>() - last) / 255;
        if step == 0 {
            return std::array::from_fn(|byte| byte as u8);
        }
        let mut sum = step / 2;
        std::array::from_fn(|byte| {
            let level = (sum / step).min(255) as u8;
            sum += counts[byte];
            level
        })
    };
    let tables = histograms(pixels).each_ref().map(table);
    map(pixels, &tables);
}

/// Pillow's `Image.blend`: from `a` at 0 to `b` at 1, and beyond; fractions are cut off.
fn blend(a: u8, b: u8, factor: f32) -> u8 {
    (f32::from(a) + factor * (f32::from(b) - f32::from(a))) as u8
}

/// Pillow's `convert("L")`.
fn gray(pixel: &[u8]) -> u8 {
    let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) as u8
}

fn histograms(pixels: &[u8]) -> [[usize; 256]; 3] {
    let mut counts = [[0; 256]; 3];
    for pixel in pixels.chunks_exact(3) {
        for (counts, value) in counts.iter_mut().zip(pixel) {
            counts[usize::from(*value)] += 1;
        }
    }
    counts
}

fn map(pixels: &mut [u8], tables: &[[u8; 256]; 3]) {
    for pixel in pixels.chunks_exact_mut(3) {
        for (value, table) in pixel.iter_mut().zip(tables) {
            *value = table[usize::from(*value)];
        }
    }
}
