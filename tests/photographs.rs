//! EfficientNet-Lite0 with its published ImageNet weights on photographs. Neither may be in the repository: without them,
//! in `../shared/data` or where `CUADERNO_REAL_DATA` points, nothing is tested.
//!
//! The labels were written down from looking at the images, before the network had seen any: every class of ImageNet
//! that truly names what is shown.

use cuaderno::images::{ImageSet, Transform, open_rgb, resize_rgb};
use cuaderno::models::{Pretrained, efficientnet_lite0};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::{plain, read, tensor};
use std::path::{Path, PathBuf};

const PIXELS: u32 = 224;

/// Photographs of OASIS (Kurdi et al., 2017), and the classes that are right.
const LABELS: [(&str, &[usize]); 30] = [
    ("I1", &[988]),             // acorn
    ("I3", &[988]),             // acorn
    ("I13", &[407]),            // ambulance
    ("I55", &[427]),            // barrel
    ("I67", &[295]),            // American black bear
    ("I68", &[294]),            // brown bear
    ("I69", &[296]),            // ice bear
    ("I71", &[309]),            // bee
    ("I73", &[736]),            // pool table
    ("I113", &[470]),           // candle
    ("I167", &[314]),           // cockroach
    ("I170", &[967, 968, 504]), // espresso, cup, coffee mug
    ("I291", &[386, 101]),      // African elephant, tusker
    ("I398", &[366]),           // gorilla
    ("I410", &[402]),           // acoustic guitar
    ("I434", &[339]),           // sorrel
    ("I447", &[508]),           // computer keyboard
    ("I449", &[508, 620, 681]), // computer keyboard, laptop, notebook
    ("I481", &[291]),           // lion
    ("I483", &[291]),           // lion
    ("I488", &[299]),           // meerkat
    ("I500", &[373]),           // macaque
    ("I502", &[367]),           // chimpanzee
    ("I592", &[365]),           // orangutan
    ("I594", &[696]),           // paintbrush
    ("I604", &[701]),           // parachute
    ("I619", &[528]),           // dial telephone
    ("I624", &[341]),           // hog
    ("I837", &[292]),           // tiger
    ("I900", &[340]),           // zebra
];

fn data() -> PathBuf {
    std::env::var_os("CUADERNO_REAL_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from)
}

/// The middle square as the network's publisher takes it: 7/8 of the shorter side.
fn prepared(path: &Path) -> Vec<u8> {
    let image = open_rgb(path).unwrap();
    let (width, height) = image.dimensions();
    let side = width.min(height) * PIXELS / (PIXELS + 32);
    let [left, top] = [width, height].map(|size| (size - side).div_ceil(2));
    let middle = image::imageops::crop_imm(&image, left, top, side, side).to_image();
    resize_rgb(&middle, PIXELS, PIXELS).unwrap().into_raw()
}

#[test]
fn efficientnet_lite0_names_what_photographs_show() {
    let weights = data().join("weights/efficientnet_lite0.safetensors");
    let folder = data().join("sentiment/oasis_images");
    if !weights.is_file() || !folder.is_dir() {
        println!("skipped: there are no weights and photographs in {}", data().display());
        return;
    }
    let mut network = efficientnet_lite0(1000, 0).unwrap();
    Pretrained::file(weights).load_into(&mut network).unwrap();

    let images = LABELS.iter().flat_map(|(name, _)| prepared(&folder.join(format!("{name}.jpg"))));
    let set = ImageSet::from_pixels(images.collect(), PIXELS, PIXELS).unwrap();
    let transform = Transform::normalized([127.0 / 255.0; 3], [128.0 / 255.0; 3]);
    let mut values = vec![0.0; set.len() * set.numel()];
    let all: Vec<usize> = (0..set.len()).collect();
    set.fill_batch(&all, &transform, 0, 0, &mut values).unwrap();
    let side = PIXELS as usize;
    let images = tensor(values, (set.len(), 3, side, side)).unwrap();
    let inputs = Inputs { images: Some(images), ..Inputs::default() };
    let logits = plain(network.forward(&inputs, &Pass::inference()).unwrap());

    let mut right = 0;
    for ((name, wanted), row) in LABELS.iter().zip(read(&logits).chunks_exact(1000)) {
        let best = (0..1000).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        if wanted.contains(&best) {
            right += 1;
        } else {
            println!("{name}: class {best}, not {wanted:?}");
        }
    }
    println!("top-1: {right} of {}", LABELS.len());
    // PyTorch, with the same weights and pixels, names 28 and misses the same two; one may fall to rounding.
    assert!(right >= 27, "{right} of {} right", LABELS.len());
}
