//! Decoded and resized pixels against Pillow's, and what a training batch holds.

use cuaderno::images::{
    Augmentation, FillMode, ImageSet, Transform, TrivialAugment, inspect, load_rgb, open_rgb,
    resize_rgb,
};
use std::path::PathBuf;

/// An image of 24×16 pixels that Pillow 13 wrote, with halved colors (4:2:0) and quality 88.
const JPEG: &str = "\
    ffd8ffe000104a46494600010100000100010000ffdb0043000403030303020403030304040405060a0606050506\
    0c0809070a0e0c0f0e0e0c0d0d0f1116130f1015110d0d131a131517181919190f121b1d1b181d16181918ffdb00\
    43010404040605060b06060b18100d10181818181818181818181818181818181818181818181818181818181818\
    1818181818181818181818181818181818181818ffc00011080010001803012200021101031101ffc40017000101\
    010100000000000000000000000007000506ffc40028100001030302030900000000000000000001020311000412\
    06310551b10713152122234171f0ffc400160101010100000000000000000000000000070506ffc4002111000201\
    0402020300000000000000000001110200030406053107411251b1ffda000c03010002110311003f0001b2d2286d\
    cf711823707106b7ad7815b77c865b492a5280039cec2992d34587252ab64e0601494c83b9eb5d0d8767f66975b7\
    7c3984e042924b60190779831f8d6c372df73ee648b98f95f0b6007140b2cb2c827a43bf553340dfb8b8621b7956\
    8caf32a42440010413fb7ea8af8768e2414a5b138921500cfd554ff61a3cc0058f4a7e48f3e67ad544bc8f9288be\
    54e9df89dd40c70e5f95ffd9";

/// What `Image.open(..).convert("RGB")` makes of it.
const DECODED: &str = "\
    0006f60003f20f00f32102e63000ce3401ca3401e23805e64309d9510ed05f0ac76a06be7b07c08808bf8d03b892\
    02b19a05a99f04a0ab069eb40699bc038fc8068dd5098ed7088a0014f10612f01510f02512ea3213db3812d73e13\
    e64316e54815d65114cb6013c56f13c07b11bc820cb68a0cb5950eb2a011aba60da3b210a1be139dca149ad71899\
    e01894de128b0b21d90b1fd80f1cda161edb1f1ede281dd9361dd1411ccb5227cf531fc16121bd7127bc7820b27c\
    1aab851cad9520afa019a3a8169bb51a9ac11d98cb1c91d61e8edd1c87db137d152fdc132dd8132bd5172bd8212c\
    e0342cd15429ac6627997630a07628957e2c928b31938c2b8c8c2689912a95972b9aa2299aac2999ba2e99c32e94\
    c92989d42c84dd2b81dc25781537f01535e81635dd1f35d83136da5837ba8f3471ae3048b42c44b42940b42b3db5\
    2d41b12d45ad2d4ea63062a03271a43c8ba43c91af3e8eb73d86c23d7fd24280de457edb3e750d43eb0e44e51143\
    d81b41d02f3dd15e3aa6a3314ac82b1acc2618d3291acd2717c62616c42c21bd2f2eb03345a93d61a94f85a34b88\
    a74880af4778bf4a77d3557bdc5576d54a690360d90861d70e60d0175acd2851cf5546a59f3549c5291cc82520d0\
    2b29ca2521c6231cc92c23bb2b2aaf3242b54c6aaf5d85aa5d87b25c81b95a78c65a74d86376e36573dd5b67006e\
    c50271ca0c71c9136ac72162ca4b54a1923d50b43129b32c30bd343bb62b2eb52a27bd342cab2e28a13942b66174\
    a05a72a6657db66b7fbc6875c36269d26868e26f6ce46d65007ec20074ba1282cc1071be277ac84f72ac77485892\
    3e3e8f3f488b3b46974247963c3b993d308f3d31814441a87679a8777da56e74bd7f80bd7672c77368cf7260dc76\
    60e0765c058fc00588be178dca1380bb268bbf4587aa6d6f7b866c6f7d6c768a79838a6d719c7771ad7e6e9e7360\
    9b7f71a38d809f8177a37d70bc8d7bbf876ecb8969d1865fda865adf87591399bc1798bf1d96c1178fb41e9ab22e\
    96a1549091638f8e5c919565989b7898977a8a808d8874958b728c87719a967d9b9072a2926eb49b72b89666c89b\
    64d0985bd59653dd9a5410a1b418a6ba19a0b6179fad1eaaa9209f9441a394489f8f49a69b4ca49668ad9b689880\
    7d987797a78090a27aa6b6899da470a9a76cafa464b39f58c5a558cda550d2a349deab4f05afaf0fb5b510afab17\
    b1a728bda727b09245b7934ab08957bb975fbb965eac826ead7e80b27784ad6b88b06a87a75ea1b367aeb565afad\
    58b6ab4fc6b04dd0b147d7b142e2b94706bfaf0dc2af0bbea115c09e27cca429c19242c78e48c2854fbf8455ba7e\
    63bd7f71c27d82c6798bc97391ca6c9bca6a9ebe5bacc15aadb84fbcbf4ec8bf46d3c143dac23edfc33c11cfab11\
    d0a711d19e13d09a24d9a627d09537d58a44d38154d38454c77971dc8a6ed07970ca6a84d56e82ca5a9bd8639ece\
    58a9cf55acc94bc1d550c5d045d1d341dbd43dd9ce3417d8ab15daa51ae2a419e09f2be7ad2cdf9e38e28c48e385\
    58de8567df866de08377e3807ddf7885df6e92e06892d456a6de5fafde5ab0d64dc7e454c7db46d4df43e0e241db\
    d936";

/// That, `.resize((10, 7), Image.BILINEAR)`.
const SMALLER: &str = "\
    070fec210ee2360eda4713d66412c37f0eb9950dafab0ea0c41096d8128d112bde1e29da4b28ba76279487288991\
    26879b2894af2a96c82c8bda2b800d4dde2148cf78397ebf2b2cc32927b82e35ab426aab4f84c35079da55730575\
    c71b70c4675680a13e42a93d3da5413aa6616ab06f7ac66f6ddc72641194be1b91b7478a966a84857e857f93836d\
    9c8f76ad9170c59362d793560eb3b01ab5a735b59450b58e68b28584b27497b56aadb15dc4b24ed8b54512d1a81b\
    d5a133d69351d3846cd47f81d36f98d260aed053c7d248dad33d";

/// That, `.resize((31, 20), Image.BILINEAR)`.
const LARGER: &str = "\
    0006f60004f30702f21300f02102e62c00d43201cc3401d13401e23704e53f08de490bd5530dce5e0ac76707c073\
    07bf7f07c08808bf8c04b99002b49503ae9b05a89f04a1a7059faf069cb60597bc038fc5058dcf088ed6098dd708\
    8a0010f2030ff10b0df1170bef240de92e0ddc340dd5380dd93b0ee53f11e54411dd4b12d35412cb5f10c66a0fc1\
    740fbe7e0dbc840bb98a0ab6910ab3980baf9f0da9a40aa3ac0ca1b50e9ebe0f9bc60f97d01295d81394dc1290dc\
    0f8b061be5081ae40d18e51416e51e18e32619de2d18da3318da3b18dc4119d9491cd54f1dce551ac5601ac16c1c\
    bf751bbb7b17b57f13b18614b19016b19916ada115a6a712a0b0149eba169cc21899cb1896d41b94db1b90de188b\
    dd13840e25da0e24d80f22d81120d91622da1e22dd2621da3121d24021c54a1fbe5726bf5d27bc5f22b36924b075\
    28b07c27ab7f22a5811ea18720a59122a79a21a6a21ea0a81c9bb21f9abc2198c32295ca208fd3228cda2188dc1e\
    82db187c1530de142fdb132dd8142cd7182cd8202dde2e2dd7422cc35b2aa46a2894772d947c2d937d298c832c8a\
    8c308b902e88902a848f2784922a8e962c949c2b97a32b99aa2b98b52e98bd3096c32f90c82b88d22d85d92d82dd\
    2c7edc27781536ee1535e91534e21834db1e34d82c35da4336ca6535a78b3374a23056ab2d4eae2b4bae2947af2b\
    45b02c48af2d4bac2d4eaa2c55a52e63a1306fa0357ea43a8da53a92ad3b90b43c8bbb3b85c33b80cf3f80d9427f\
    dd407bdb3c750f3fec1040e81140e0143fd81c3dd22b3cd4473abe703792a03252bb2d2ec42926c72825c92924c6\
    2822c22823c02a28bd2d2fb82e39af314aa9375ca74072a74987a3478ba84586ad4580b5457cc04679cf4e7cd850\
    7adb4d75d7466d0852e20a53e00d53da1251d3194ecf2749d04443ba703c8aa43346c12c22c9271ccd271fd12a21\
    cc261cc8251ac7291ec42d25bb2d2db23240b03e58ae4b71ab5685a75488ab5383b0527db85178c35276d25a78db\
    5d76de5a71d953680264d30565d30a66d10f64cd165fcb2258cd3d50b86945899e3647ba2d27c12823c52929c92c\
    2dc42725c22621c42a23c12e27b62c2aad333eb2465cb25674aa5d80a95f84b06082b65f7cbd5e76c55c71d36372\
    dd6671e2666edf60660070c50171c70672c90d71c9136bc61e66c9375eb4604f89923d4eac3431b0302fb33036b7\
    333ab32d31b22c2bb6302bb5332ba8302aa0383dac5360ad6074a25f75a6657bb16b7eb96c7abe6872c36469cf68\
    67db6d69e26f69e46e64007cc20076be0879c3127dc91070bf2176c63c73b95c63917c4655913e40933d42913c45\
    923b45994045993c3c9b3c35993c30913c3186423e9a6062a97479a7737ba56e76b6787cbd7979bf7470c77168cd\
    7163d67361de7560e0755d048ac10484be0c85c31586c8127cbc2183c03883b554789972636f865f63855f658561\
    6b8b656f8e6165976462a1685fa36859996453956c609e7c73a4837ca27d78a47972b58479bd8676c1826eca8269\
    cf8161d6815ddc815bdf825a0c94be0e91bf1491c21990c31588b81f90b82f91af468a9c628086727e80707e8371\
    838979888d81838588817c9582759c826f9a806a9583709a8c799e8f7b9e8874a28870b19075ba9271bf8f6aca92\
    67cf905fd58f59da8f57de9157129bba169cbc199bbe1b98bb1794b21c9cb0259ca635989a4f969259948f589693\
    599998619c99729e987493867f8d7b8c8f759693768f907497997b9d9c7b9d9670a3986dae9c6eb59c68bb9a62c7\
    9e60cd9d5ad29b53d79b51dd9f530fa2b414a5b817a4b718a1b317a1ac1da9aa20a69e2ba29442a59447a28f4aa5\
    974ca79952a89766ad99689f86739a7c849e7995a87e90a4799bae80a1af7d9fa56ea8a86bada665b1a35db7a157\
    c5a657cba651d0a54bd6a74adeac4e06aeaf0db2b310b1b212aeab17afa823b8a726b49c2fb09245b49249af8b51\
    b59258b9975eb6925fad856aac8077ae7b81af7486ac6d88ae6c89ab6693ab64a3b268adb466afae5db2ab55baab\
    50c6af4eceb049d4b045dbb345e2b84806baaf0bbdb00dbcab0ebaa316bca123c5a428c19b31be9143c28e48be87\
    4ebd8854bc8859ba8461b8806cbb7e79be7b83c07689c1718dc26c92c16999be63a1bb5facbd5daeb755b3b750be\
    b94dc7bb48d0bc45d6bd41dcbe3fe0c03f0cc7ad0ec9ac0fc8a60fc89f14c89c22d0a327cd9c2fcb923dce8b45cb\
    844dca8453c68158c37d69cc846eca7e75c9777dca7188cf7089cb6694ce659ccd62a0c65aaac858acc350b5c54e\
    c1ca4dc7c846d0ca43d7cb40dbca3cdcc93813d2ab12d3a813d4a414d69f15d59b22dba528d89f2dd69438d98a43\
    d8834fd78457d3815dd17f6fdc8770d77f72d37578d26e85d76d86d26191d45e9bd55da2d35aaad356accf4fb7d3\
    4ec3d84ec6d345cfd643d8d840dbd63bdad13517d8ab16d9a717dda51ae2a319e09f27e5aa2ce3a530e09839e28b\
    46e38652e0855ede8568df856de08374e2817ae17c7fdf7586df6e90e06992d95d99d859a7de5eaede5ab0d851bb\
    dd50c7e251c7db46d1de44dbe142dedf3ddbd936";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn jpeg(name: &str) -> PathBuf {
    let path = folder(name).join("pillow.jpg");
    std::fs::write(&path, bytes(JPEG)).unwrap();
    path
}

/// Mean and largest difference between two lists of bytes.
fn difference(a: &[u8], b: &[u8]) -> (f64, u8) {
    assert_eq!(a.len(), b.len());
    let differences = || a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let sum: f64 = differences().map(f64::from).sum();
    (sum / a.len() as f64, differences().max().unwrap_or(0))
}

#[test]
fn a_jpeg_decodes_as_with_pillow() {
    let image = open_rgb(jpeg("decode")).unwrap();
    assert_eq!(image.dimensions(), (24, 16));
    let (mean, largest) = difference(image.as_raw(), &bytes(DECODED));
    assert!(mean < 1.0 && largest <= 6, "mean {mean}, largest {largest}");
}

#[test]
fn resizing_averages_areas_as_pillow_does() {
    let image = image::RgbImage::from_raw(24, 16, bytes(DECODED)).unwrap();
    for (width, height, expected) in [(10, 7, SMALLER), (31, 20, LARGER)] {
        let resized = resize_rgb(&image, width, height).unwrap();
        let (mean, largest) = difference(resized.as_raw(), &bytes(expected));
        assert!(mean < 0.25 && largest <= 1, "{width}×{height}: mean {mean}, largest {largest}");
    }
}

#[test]
fn a_png_decodes_exactly_and_its_transparency_is_dropped() {
    let pixels: Vec<u8> = (0..5 * 4 * 4).map(|value| (value * 37 % 256) as u8).collect();
    let path = folder("png").join("transparent.png");
    image::RgbaImage::from_raw(5, 4, pixels.clone()).unwrap().save(&path).unwrap();
    let expected: Vec<u8> = pixels.chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
    assert_eq!(open_rgb(&path).unwrap().into_raw(), expected);
    let report = inspect(&[path]).unwrap();
    assert_eq!(report.texts("mode").unwrap(), ["RGBA"]);
    assert_eq!(report.texts("format").unwrap(), ["PNG"]);
    assert_eq!(report.integers("channels").unwrap(), [4]);
}

#[test]
fn inspection_reports_sound_files() {
    let path = jpeg("inspect");
    let report = inspect(std::slice::from_ref(&path)).unwrap();
    assert_eq!(report.integers("width").unwrap(), [24]);
    assert_eq!(report.integers("height").unwrap(), [16]);
    assert_eq!(report.texts("mode").unwrap(), ["RGB"]);
    assert_eq!(report.integers("bytes").unwrap(), [bytes(JPEG).len() as i64]);
    assert_eq!(report.column("problem").unwrap().nulls(), 1);
}

fn noise(count: usize, width: u32, height: u32) -> ImageSet {
    let size = count * (width * height * 3) as usize;
    let pixels = (0..size as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8);
    ImageSet::from_pixels(pixels.collect(), width, height).unwrap()
}

#[test]
fn a_plain_batch_is_normalized_channel_by_channel() {
    let set = noise(3, 5, 4);
    let transform = Transform::normalized([0.4, 0.5, 0.6], [0.2, 0.3, 0.4]);
    let mut out = vec![0.0; 2 * set.numel()];
    set.fill_batch(&[2, 0], &transform, 1, 1, &mut out).unwrap();
    for (place, index) in [2, 0].into_iter().enumerate() {
        for (at, pixel) in set.pixels(index).unwrap().chunks(3).enumerate() {
            for channel in 0..3 {
                let expected = (f32::from(pixel[channel]) / 255.0 - transform.mean[channel])
                    / transform.std[channel];
                let found = out[place * set.numel() + channel * 20 + at];
                assert!((found - expected).abs() < 1e-6);
            }
        }
    }
}

fn lively() -> Transform {
    Transform::imagenet().augmented(Augmentation {
        rotation_range: 20.0,
        width_shift_range: 0.1,
        height_shift_range: 0.1,
        shear_range: 5.0,
        zoom_range: 0.1,
        horizontal_flip: 0.5,
        vertical_flip: 0.5,
        brightness: 0.2,
        contrast: 0.2,
        fill_mode: FillMode::Nearest,
        ..Default::default()
    })
}

#[test]
fn a_draw_depends_on_seed_epoch_and_image_alone() {
    let set = noise(8, 12, 10);
    let batch = |indices: &[usize], seed, epoch| {
        let mut out = vec![0.0; indices.len() * set.numel()];
        set.fill_batch(indices, &lively(), seed, epoch, &mut out).unwrap();
        out
    };
    let all = batch(&[0, 1, 2, 3, 4, 5, 6, 7], 3, 5);
    let two = batch(&[6, 1], 3, 5);
    assert_eq!(two[..set.numel()], all[6 * set.numel()..7 * set.numel()]);
    assert_eq!(two[set.numel()..], all[set.numel()..2 * set.numel()]);
    assert_ne!(two, batch(&[6, 1], 3, 6));
    assert_ne!(two, batch(&[6, 1], 4, 5));
    assert!(all.iter().all(|value| value.is_finite() && value.abs() < 3.0));
}

#[test]
fn trivial_augment_comes_after_flips_and_before_erasing() {
    let set = noise(6, 12, 10);
    let trivial = Some(TrivialAugment::default());
    let plain = Augmentation { trivial_augment: trivial, ..Default::default() };
    let flipped = Augmentation { horizontal_flip: 1.0, ..plain.clone() };
    let mirrored: Vec<u8> = (0..6)
        .flat_map(|at| image::imageops::flip_horizontal(&set.image(at).unwrap()).into_raw())
        .collect();
    let mirrored = ImageSet::from_pixels(mirrored, 12, 10).unwrap();
    let (mut seen, transform) = (0, |augmentation: &Augmentation| {
        assert!(!augmentation.is_none());
        Transform::imagenet().augmented(augmentation.clone())
    });
    for (index, epoch) in (0..6).flat_map(|index| (0..20).map(move |epoch| (index, epoch))) {
        let found = set.augmented(index, &transform(&flipped), 5, epoch).unwrap();
        assert_eq!(found, mirrored.augmented(index, &transform(&plain), 5, epoch).unwrap());
        seen += usize::from(found != mirrored.image(index).unwrap());
        // Erased pixels are black whatever the operation makes of black.
        let erased = Augmentation { random_erasing: 1.0, ..flipped.clone() };
        let erased = set.augmented(index, &transform(&erased), 5, epoch).unwrap();
        let changed = erased.pixels().zip(found.pixels()).filter(|(a, b)| a != b);
        assert!(changed.into_iter().all(|(erased, _)| erased.0 == [0; 3]));
    }
    assert!(seen > 90, "{seen} of 120 images changed");
    let none = Augmentation {
        trivial_augment: Some(TrivialAugment { num_magnitude_bins: 1, fill: [0; 3] }),
        ..Default::default()
    };
    let error = set.augmented(0, &transform(&none), 0, 0).unwrap_err().to_string();
    assert!(error.contains("`num_magnitude_bins` must be from 2 to 1000, found 1"), "{error}");
}

#[test]
fn flips_alone_mirror_exactly() {
    let set = noise(1, 7, 5);
    let original = set.image(0).unwrap();
    let flip = |horizontal_flip, vertical_flip| {
        let augmentation = Augmentation { horizontal_flip, vertical_flip, ..Default::default() };
        set.augmented(0, &Transform::default().augmented(augmentation), 0, 0).unwrap()
    };
    assert_eq!(flip(0.0, 0.0), original);
    assert_eq!(flip(1.0, 0.0), image::imageops::flip_horizontal(&original));
    assert_eq!(flip(0.0, 1.0), image::imageops::flip_vertical(&original));
}

/// Each range is used whole and never left: seen in where a bright pixel lands over many draws.
#[test]
fn shifts_stay_within_their_range() {
    let mut pixels = vec![0; 41 * 41 * 3];
    pixels[(20 * 41 + 20) * 3..(20 * 41 + 21) * 3].fill(255);
    let set = ImageSet::from_pixels(pixels, 41, 41).unwrap();
    let augmentation = Augmentation { width_shift_range: 0.2, ..Default::default() };
    let transform = Transform::default().augmented(augmentation);
    let (mut low, mut high) = (41.0_f32, 0.0_f32);
    for epoch in 0..200 {
        let mut out = vec![0.0; set.numel()];
        set.fill_batch(&[0], &transform, 0, epoch, &mut out).unwrap();
        let weight: f32 = out[..41 * 41].iter().sum();
        let middle = (0..41 * 41).map(|at| out[at] * (at % 41) as f32).sum::<f32>() / weight;
        low = low.min(middle);
        high = high.max(middle);
    }
    assert!((20.0 - low - 8.2).abs() < 0.6 && (high - 20.0 - 8.2).abs() < 0.6, "{low} {high}");
}

#[test]
fn statistics_are_those_of_the_chosen_images() {
    let mut pixels = vec![255; 2 * 3 * 3];
    pixels[..9].copy_from_slice(&[0, 51, 102, 51, 51, 102, 102, 51, 102]);
    let set = ImageSet::from_pixels(pixels, 3, 1).unwrap();
    let (mean, std) = set.channel_statistics(&[0]).unwrap();
    // numpy: mean and std over the pixels of each channel, divided by 255.
    for (found, expected) in mean.iter().chain(&std).zip([0.2, 0.2, 0.4, 0.1632993, 0.0, 0.0]) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn images_load_in_order_and_resized() {
    let folder = folder("load");
    let paths: Vec<PathBuf> = (0..20_u8)
        .map(|shade| {
            let path = folder.join(format!("{shade}.png"));
            image::RgbImage::from_pixel(9, 6, image::Rgb([shade * 12; 3])).save(&path).unwrap();
            path
        })
        .collect();
    let set = load_rgb(&paths, 4, 3).unwrap();
    assert_eq!((set.len(), set.width(), set.height()), (20, 4, 3));
    for index in 0..20 {
        assert!(set.pixels(index).unwrap().iter().all(|value| *value == index as u8 * 12));
    }
}
