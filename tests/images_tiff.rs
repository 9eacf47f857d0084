//! TIFF files of the kinds that scanners, microscopes and GIS tools write. The expected values are what Pillow 13 gives for
//! the same bytes with `Image.open(file).convert("RGB")`.

use cuaderno::images::{OpenOptions, inspect, open_rgb, open_rgb_with};
use std::path::PathBuf;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-tiff-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// An uncompressed TIFF of one strip: width, height, bits of each sample, kind of color, further tags of 16 bits.
fn tiff(
    [width, height]: [u16; 2],
    bits: &[u16],
    color: u16,
    more: &[(u16, Vec<u16>)],
    pixels: &[u8],
    wide: bool,
) -> Vec<u8> {
    let mut tags: Vec<(u16, Vec<u16>)> = vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, bits.to_vec()),
        (259, vec![1]),
        (262, vec![color]),
        (277, vec![bits.len() as u16]),
        (278, vec![height]),
        (279, vec![pixels.len() as u16]),
    ];
    let (start, word, entry) = if wide { (16, 8, 20) } else { (8, 4, 12) };
    tags.push((273, vec![start as u16]));
    tags.extend(more.iter().cloned());
    tags.sort_by_key(|(tag, _)| *tag);
    let number = |value: usize, size: usize| value.to_le_bytes()[..size].to_vec();
    let directory = (start + pixels.len()).next_multiple_of(2);
    let counter = if wide { 8 } else { 2 };
    let mut far = directory + counter + entry * tags.len() + word;
    let mut file = if wide { b"II\x2B\0\x08\0\0\0".to_vec() } else { b"II*\0".to_vec() };
    file.extend(number(directory, word));
    file.extend(pixels);
    file.resize(directory, 0);
    file.extend(number(tags.len(), counter));
    let mut values = Vec::new();
    for (tag, list) in &tags {
        let bytes: Vec<u8> = list.iter().flat_map(|value| value.to_le_bytes()).collect();
        file.extend(
            [number(usize::from(*tag), 2), number(3, 2), number(list.len(), word)].concat(),
        );
        if bytes.len() <= word {
            file.extend(&bytes);
            file.resize(file.len() + word - bytes.len(), 0);
        } else {
            file.extend(number(far, word));
            far += bytes.len();
            values.extend(bytes);
        }
    }
    file.extend(number(0, word));
    file.extend(values);
    file
}

#[track_caller]
fn assert_read(name: &str, file: &[u8], mode: &str, pixels: &[[u8; 3]]) {
    let path = written(name, file);
    assert_eq!(open_rgb(&path).unwrap().into_raw(), pixels.concat(), "{name}");
    assert_eq!(inspect(&[path]).unwrap().texts("mode").unwrap(), [mode], "{name}");
}

fn grays(values: &[u8]) -> Vec<[u8; 3]> {
    values.iter().map(|value| [*value; 3]).collect()
}

#[test]
fn gray_of_few_bits() {
    let file = tiff([3, 2], &[4], 1, &[], &[0x0F, 0x80, 0x12, 0x30], false);
    assert_read("gray4.tif", &file, "L", &grays(&[0, 255, 136, 17, 34, 51]));
    let file = tiff([5, 1], &[2], 1, &[], &[0b0001_1011, 0b1100_0000], false);
    assert_read("gray2.tif", &file, "L", &grays(&[0, 85, 170, 255, 255]));
    // White is zero.
    let file = tiff([3, 1], &[4], 0, &[], &[0x0F, 0x80], false);
    assert_read("white.tif", &file, "L", &grays(&[255, 0, 119]));
}

#[test]
fn palettes_of_few_bits_and_in_big_tiff() {
    let colors = |count: usize| {
        let color = |index: usize| [[10, 20, 30], [200, 100, 0]][index % 2];
        (0..3).flat_map(|c| (0..count).map(move |i| color(i)[c] * 257)).collect::<Vec<u16>>()
    };
    let (a, b) = ([10, 20, 30], [200, 100, 0]);
    for wide in [false, true] {
        let map = |count| vec![(320, colors(count))];
        let file = tiff([3, 1], &[1], 3, &map(2), &[0b0110_0000], wide);
        assert_read("palette1.tif", &file, "P", &[a, b, b]);
        let file = tiff([3, 1], &[4], 3, &map(16), &[0x10, 0x30], wide);
        assert_read("palette4.tif", &file, "P", &[b, a, b]);
        let file = tiff([2, 1], &[8], 3, &map(256), &[7, 8], wide);
        assert_read("palette8.tif", &file, "P", &[b, a]);
    }
}

#[test]
fn opacity_beside_gray_and_multiplied_into_colors() {
    let file = tiff([2, 1], &[8, 8], 1, &[(338, vec![2])], &[50, 255, 90, 0], false);
    assert_read("la.tif", &file, "LA", &grays(&[50, 90]));
    let options = OpenOptions { background: Some([1, 2, 3]), ..OpenOptions::default() };
    let image = open_rgb_with(written("la.tif", &file), &options).unwrap();
    assert_eq!(image.into_raw(), [50, 50, 50, 1, 2, 3]);
    let pixels = [50, 20, 0, 100, 9, 8, 7, 255];
    let file = tiff([2, 1], &[8; 4], 2, &[(338, vec![1])], &pixels, false);
    assert_read("multiplied.tif", &file, "RGBA", &[[127, 51, 0], [9, 8, 7]]);
}

#[test]
fn numbers_that_are_no_bytes_are_clipped() {
    let floats: Vec<u8> =
        [-1.0_f32, 0.9, 77.7, 300.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let file = tiff([4, 1], &[32], 1, &[(339, vec![3])], &floats, false);
    assert_read("float.tif", &file, "F", &grays(&[0, 0, 77, 255]));
    let signed: Vec<u8> = [-200_i16, 3, 900].iter().flat_map(|v| v.to_le_bytes()).collect();
    let file = tiff([3, 1], &[16], 1, &[(339, vec![2])], &signed, false);
    assert_read("signed.tif", &file, "I", &grays(&[0, 3, 255]));
}

#[test]
fn luma_and_chroma_and_the_order_of_bits() {
    let pixels = [76, 85, 255, 29, 255, 107, 128, 128, 128];
    let file = tiff([3, 1], &[8; 3], 6, &[(530, vec![1, 1])], &pixels, false);
    assert_read("ycc.tif", &file, "YCbCr", &[[254, 0, 0], [0, 0, 254], [128, 128, 128]]);
    // The first pixel in the lowest bit.
    let file = tiff([4, 1], &[1], 1, &[(266, vec![2])], &[0b0000_0001], false);
    assert_read("fill.tif", &file, "1", &grays(&[255, 0, 0, 0]));
}

/// Pillow turns a TIFF when it loads it, and nothing else.
#[test]
fn a_tiff_is_turned_as_in_pillow() {
    let file = tiff([2, 1], &[8], 1, &[(274, vec![6])], &[10, 200], false);
    let path = written("turned.tif", &file);
    let image = open_rgb(&path).unwrap();
    assert_eq!((image.dimensions(), image.get_pixel(0, 0).0), ((1, 2), [10; 3]));
    assert_eq!(inspect(&[path]).unwrap().integers("orientation").unwrap(), [6]);
}

#[test]
fn a_cut_or_changed_file_is_an_error_or_other_pixels() {
    let map = (320, vec![500; 48]);
    let file = tiff([3, 1], &[4], 3, &[map], &[0x10, 0x30], true);
    for end in 0..file.len() {
        assert!(open_rgb(written("cut.tif", &file[..end])).is_err(), "{end}");
        let mut changed = file.clone();
        changed[end] ^= 0xFF;
        let _ = open_rgb(written("changed.tif", &changed));
    }
}
