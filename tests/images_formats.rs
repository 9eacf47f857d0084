//! Files as people have them: formats by content, orientation tags, transparency, what follows an image's end.

use cuaderno::images::{
    LoadOptions, OpenOptions, ResizeMode, Rgb, RgbImage, inspect, load_rgb_with, load_sound_rgb,
    open_rgb, open_rgb_with,
};
use image::ImageFormat;
use std::path::PathBuf;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-formats-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Left half red, right half blue.
fn flag() -> RgbImage {
    RgbImage::from_fn(32, 16, |x, _| if x < 16 { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) })
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    flag().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn the_content_decides_and_not_the_name() {
    for (format, name, mode) in [
        (ImageFormat::Jpeg, "JPEG", "RGB"),
        (ImageFormat::Png, "PNG", "RGB"),
        (ImageFormat::WebP, "WEBP", "RGB"),
        (ImageFormat::Gif, "GIF", "P"),
        (ImageFormat::Bmp, "BMP", "RGB"),
        (ImageFormat::Tiff, "TIFF", "RGB"),
    ] {
        let path = written(&format!("{name}-named.jpg"), &encoded(format));
        let image = open_rgb(&path).unwrap();
        for (x, expected) in [(2, [200, 0, 0]), (29, [0, 0, 200])] {
            for (found, expected) in image.get_pixel(x, 8).0.iter().zip(expected) {
                assert!(found.abs_diff(expected) <= 6, "{name}: {image:?}");
            }
        }
        let report = inspect(&[path]).unwrap();
        assert_eq!(report.texts("format").unwrap(), [name]);
        assert_eq!(report.texts("mode").unwrap(), [mode]);
        assert_eq!(report.integers("orientation").unwrap(), [1]);
    }
}

/// The JPEG with an EXIF segment whose only tag is the orientation.
fn oriented(orientation: u8) -> Vec<u8> {
    let jpeg = encoded(ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn orientation_is_reported_and_applied_when_asked_for() {
    let path = written("sideways.jpg", &oriented(6));
    assert_eq!(inspect(std::slice::from_ref(&path)).unwrap().integers("orientation").unwrap(), [6]);
    assert_eq!(open_rgb(&path).unwrap().dimensions(), (32, 16));
    let options = OpenOptions { apply_orientation: true, ..OpenOptions::default() };
    let upright = open_rgb_with(&path, &options).unwrap();
    // Turned by 90 degrees clockwise: what was left is above.
    assert_eq!(upright.dimensions(), (16, 32));
    assert!(upright.get_pixel(8, 2).0[0] > 150 && upright.get_pixel(8, 29).0[2] > 150);
}

#[test]
fn transparency_lies_on_a_background_when_there_is_one() {
    let clear = image::RgbaImage::from_pixel(4, 4, image::Rgba([10, 20, 30, 0]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let path = written("clear.png", bytes.get_ref());
    assert_eq!(open_rgb(&path).unwrap().get_pixel(0, 0).0, [10, 20, 30]);
    let options = OpenOptions { background: Some([255; 3]), ..OpenOptions::default() };
    assert_eq!(open_rgb_with(&path, &options).unwrap().get_pixel(0, 0).0, [255; 3]);
}

#[test]
fn a_film_behind_the_image_does_no_harm() {
    let plain = written("plain.jpg", &encoded(ImageFormat::Jpeg));
    let film = [&encoded(ImageFormat::Jpeg)[..], &[0, 0xFF, 0xDA, 0, 9, 7, 7, 0xFF, 0xDA]].concat();
    let motion = written("motion.jpg", &film);
    assert_eq!(open_rgb(motion).unwrap(), open_rgb(plain).unwrap());
}

#[test]
fn limits_are_kept_and_can_be_raised() {
    let path = written("large.png", &encoded(ImageFormat::Png));
    let options = OpenOptions { max_pixels: 500, ..OpenOptions::default() };
    let error = open_rgb_with(path, &options).unwrap_err().to_string();
    assert!(error.contains("32×16 pixels, more than the limit of 500"), "{error}");
}

#[test]
fn broken_files_are_refused_or_listed() {
    let sound = written("sound.png", &encoded(ImageFormat::Png));
    let broken = written("broken.png", b"no image");
    let paths = [broken.clone(), sound.clone(), broken, sound];
    let options = LoadOptions::default();
    assert!(
        load_rgb_with(&paths, 8, 8, &options).unwrap_err().to_string().contains("1 more of the 4")
    );
    let loaded = load_sound_rgb(&paths, 32, 16, &options).unwrap();
    assert_eq!((loaded.images.len(), loaded.rows), (2, vec![1, 3]));
    assert_eq!(loaded.images.image(1).unwrap(), flag());
    assert_eq!(loaded.problems.rows(), 2);
    assert!(load_sound_rgb(&paths[..1], 8, 8, &options).is_err());
    let fit = LoadOptions { resize: ResizeMode::Fit, ..options };
    assert!(load_rgb_with(&paths[1..2], 8, 8, &fit).is_err());
}

/// Pillow 13's BigTIFF of two pixels, (200, 100, 50) and (1, 2, 3).
const BIG_TIFF: &str = "\
    49492b000800000010000000000000000a0000000000000000010400010000000000000002000000000000000101\
    04000100000000000000010000000000000002010300030000000000000008000800080000000301030001000000\
    0000000001000000000000000601030001000000000000000200000000000000110104000100000000000000e800\
    00000000000015010300010000000000000003000000000000001601040001000000000000000100000000000000\
    17010400010000000000000006000000000000001c01030001000000000000000100000000000000000000000000\
    0000c86432010203";

#[test]
fn big_tiff_and_a_png_without_its_end_are_read() {
    let big: Vec<u8> = (0..BIG_TIFF.len() / 2)
        .map(|at| u8::from_str_radix(&BIG_TIFF[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let image = open_rgb(written("big.tiff", &big)).unwrap();
    assert_eq!(image.into_raw(), [200, 100, 50, 1, 2, 3]);
    let png = encoded(ImageFormat::Png);
    for cut in [1, 5, 12] {
        let path = written("end.png", &png[..png.len() - cut]);
        assert_eq!(open_rgb(path).unwrap(), flag(), "{cut}");
    }
    let path = written("pixels.png", &png[..png.len() - 30]);
    assert!(open_rgb(path).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn bmp_of_a_gray_palette_and_gray_of_16_bits_with_alpha_are_named_as_in_pillow() {
    let mode =
        |name: &str, bytes: &[u8]| inspect(&[written(name, bytes)]).unwrap().texts("mode").unwrap();
    let mut bmp = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(flag()).to_luma8().write_to(&mut bmp, ImageFormat::Bmp).unwrap();
    let mut bmp = bmp.into_inner();
    assert_eq!(mode("gray.bmp", &bmp), ["L"]);
    let header = u32::from_le_bytes([bmp[14], bmp[15], bmp[16], bmp[17]]) as usize;
    bmp[14 + header + 4 * 7] = 99;
    assert_eq!(mode("palette.bmp", &bmp), ["P"]);
    let mut png = std::io::Cursor::new(Vec::new());
    let gray = image::ImageBuffer::from_pixel(3, 2, image::LumaA([4000_u16, 65535]));
    image::DynamicImage::ImageLumaA16(gray).write_to(&mut png, ImageFormat::Png).unwrap();
    assert_eq!(mode("gray16.png", &png.into_inner()), ["RGBA"]);
}

#[test]
fn no_pixels_other_formats_and_unsupported_variants_are_told_apart() {
    let message =
        |name: &str, bytes: &[u8]| open_rgb(written(name, bytes)).unwrap_err().to_string();
    let mut gif = encoded(ImageFormat::Gif);
    gif[6..10].fill(0);
    assert!(message("zero.gif", &gif).contains("no pixels, its size is 0×0"));
    let heic = message("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0");
    assert!(heic.contains("phone.jpg: HEIC images are not supported; convert it"), "{heic}");
    assert!(message("a.jpg", &[0; 4096]).contains("nothing but zeros"));
    assert!(message("b.jpg", b"\xFF\xD8").contains("truncated"));
    // A TIFF whose compression (34925, LZMA) is not known is sound: the message does not tell to replace it.
    let mut tiff = encoded(ImageFormat::Tiff);
    let at = tiff.windows(4).position(|tag| tag == [3, 1, 3, 0]).unwrap();
    tiff[at + 8..at + 10].copy_from_slice(&34925_u16.to_le_bytes());
    let message = message("lzma.tiff", &tiff);
    assert!(message.contains("convert it to PNG") && !message.contains("damaged"), "{message}");
}

/// Pillow 13 reads the file, of either byte order, as these pixels, and its mode is P.
#[test]
fn a_tiff_of_a_palette_is_read_in_its_colors() {
    for little in [true, false] {
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let map_start = 8 + 2 + 10 * 12 + 4;
        let pixels_start = map_start + 768 * 2;
        let shorts =
            |tag, value| [short(tag), short(3), [0; 2], [0; 2], short(value), [0; 2]].concat();
        let longs = |tag: u16, kind, count: u32, value: u32| {
            [&short(tag)[..], &short(kind), &long(count), &long(value)].concat()
        };
        let one = |entry: Vec<u8>| {
            let mut entry = entry;
            entry[4..8].copy_from_slice(&long(1));
            entry
        };
        let mut file = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        file.extend(long(8));
        file.extend(short(10));
        for entry in [
            one(shorts(256, 3)),
            one(shorts(257, 2)),
            one(shorts(258, 8)),
            one(shorts(259, 1)),
            one(shorts(262, 3)),
            longs(273, 4, 1, pixels_start),
            one(shorts(277, 1)),
            one(shorts(278, 2)),
            longs(279, 4, 1, 6),
            longs(320, 3, 768, map_start),
        ] {
            file.extend(entry);
        }
        file.extend(long(0));
        let colors = [[10, 20, 30], [40, 50, 60], [200, 100, 0]];
        for channel in 0..3 {
            for color in 0..256 {
                file.extend(short(colors.get(color).map_or(0, |color| color[channel]) * 256));
            }
        }
        file.extend([0, 1, 2, 2, 1, 0]);
        let path = written("palette.tiff", &file);
        let expected = [10, 20, 30, 40, 50, 60, 200, 100, 0, 200, 100, 0, 40, 50, 60, 10, 20, 30];
        assert_eq!(open_rgb(&path).unwrap().into_raw(), expected);
        let report = inspect(&[path]).unwrap();
        assert_eq!(report.texts("mode").unwrap(), ["P"]);
        assert_eq!(report.integers("channels").unwrap(), [1]);
        // Cut anywhere, it is refused and not misread.
        for end in (0..file.len()).step_by(7) {
            let cut = open_rgb(written("cut.tiff", &file[..end]));
            assert!(cut.is_err(), "{end}");
        }
    }
}

/// libjpeg follows JFIF, which knows YCbCr alone, whatever Adobe's marker says; Pillow 13 reads the file as without it.
#[test]
fn a_jpeg_with_jfif_and_adobe_markers_that_differ() {
    let plain = encoded(ImageFormat::Jpeg);
    let adobe = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";
    let marked = [&plain[..20], adobe, &plain[20..]].concat();
    let [plain, marked] = [("p.jpg", plain), ("a.jpg", marked)]
        .map(|(name, bytes)| open_rgb(written(name, &bytes)).unwrap());
    assert_eq!(plain, marked);
}

/// Pillow 13's `ImageOps.exif_transpose` turns both files.
#[test]
fn an_orientation_of_another_number_type_or_in_xmp() {
    let mut long = oriented(6);
    let at = long.windows(4).position(|tag| tag == [1, 0x12, 0, 3]).unwrap();
    long[at + 3] = 4;
    long[at + 8..at + 12].copy_from_slice(&[0, 0, 0, 6]);
    let plain = encoded(ImageFormat::Jpeg);
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
    let length = (xmp.len() as u16 + 2).to_be_bytes();
    let xmp = [&plain[..2], &[0xFF, 0xE1], &length, &xmp[..], &plain[2..]].concat();
    for (name, bytes) in [("long.jpg", long), ("xmp.jpg", xmp)] {
        let path = written(name, &bytes);
        let options = OpenOptions { apply_orientation: true, ..OpenOptions::default() };
        assert_eq!(open_rgb_with(&path, &options).unwrap().dimensions(), (16, 32), "{name}");
        assert_eq!(inspect(&[path]).unwrap().integers("orientation").unwrap(), [6], "{name}");
    }
}

/// Pillow 13 reads it: it does not look at the check sums of pixels.
#[test]
fn a_png_with_a_wrong_check_sum_of_its_pixels() {
    let mut png = encoded(ImageFormat::Png);
    let sum = png.windows(4).position(|kind| kind == b"IEND").unwrap() - 5;
    png[sum] ^= 0x55;
    assert_eq!(open_rgb(written("sum.png", &png)).unwrap(), flag());
}

/// The modes that Pillow 13 gives.
#[test]
fn modes_of_gif_and_bmp_by_their_headers() {
    let mode = |name: &str, bytes: &[u8]| {
        inspect(&[written(name, bytes)]).unwrap().texts("mode").unwrap().remove(0)
    };
    let gif = |color: u8| {
        let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0";
        let image = b"\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x4C\x01\0\x3B";
        [&head[..], &[color; 3], image].concat()
    };
    assert_eq!((mode("gray.gif", &gif(1)), mode("color.gif", &gif(200))), ("L".into(), "P".into()));
    // OS/2: sizes of 16 bits, colors of three bytes.
    let os2 = b"BM\x24\0\0\0\0\0\0\0\x20\0\0\0\x0C\0\0\0\x01\0\x01\0\x01\0\x01\0\x09\x08\x07\x01\x02\x03\x80\0\0\0";
    assert_eq!(mode("os2.bmp", os2), "P");
    assert_eq!(open_rgb(written("os2.bmp", os2)).unwrap().into_raw(), [3, 2, 1]);
    let mut v4 =
        b"BM\0\0\0\0\0\0\0\0\x7A\0\0\0\x6C\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x20\0\x03\0\0\0"
            .to_vec();
    v4.resize(54, 0);
    for mask in [0xFF_0000_u32, 0xFF00, 0xFF, 0xFF00_0000] {
        v4.extend(mask.to_le_bytes());
    }
    v4.resize(122, 0);
    v4.extend([30, 20, 10, 128]);
    assert_eq!(mode("v4.bmp", &v4), "RGBA");
}

#[test]
fn a_web_page_behind_a_byte_order_mark_is_named() {
    for page in ["\u{feff}<!DOCTYPE html>", "<!-- saved -->\n<html><body>"] {
        let error = open_rgb(written("page.jpg", page.as_bytes())).unwrap_err().to_string();
        assert!(error.contains("a web page"), "{error}");
    }
}
