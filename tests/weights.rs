//! Weights from and to files: round trips, other libraries' files, broken ones; and freezing by name.

use cuaderno::models::resnet18;
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Init, Layer, Linear, Model, Sequential, StoredTensor,
    Weights,
};
use cuaderno::{Error, ErrorKind};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-weights-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn assert_says(error: &Error, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

/// A network with all that networks hold: parameters of rank 1, 2 and 4, and buffers.
fn network(seed: u64) -> Sequential {
    let mut init = Init::seed(seed);
    let block = |init: &mut Init| {
        Sequential::new().add(Conv2d::new(Conv2dConfig::same(2, 2, 1), init).unwrap())
    };
    Sequential::new()
        .named("conv1", Conv2d::new(Conv2dConfig::same(3, 2, 3).no_bias(), &mut init).unwrap())
        .named("bn1", BatchNorm2d::new(2).unwrap())
        .named("layer1", block(&mut init))
        .named("layer10", block(&mut init))
        .named("pool", Layer::GlobalAveragePool2d)
        .named("fc", Linear::new(2, 4, &mut init).unwrap())
}

/// One tensor of a file: name, type, shape, bytes.
type Entry = (String, &'static str, Vec<usize>, Vec<u8>);

/// A safetensors file written by hand.
fn file(entries: &[Entry]) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, shape, bytes) in entries {
        let (from, to) = (data.len(), data.len() + bytes.len());
        header.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{from},{to}]}}"#
        ));
        data.extend_from_slice(bytes);
    }
    let header = format!("{{{}}}", header.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

/// The entries that hold a network, as another library would write them.
fn entries(model: &dyn Model, dtype: &'static str, number: fn(f32) -> Vec<u8>) -> Vec<Entry> {
    let weights = Weights::of(model);
    let entry = |name: &&str| {
        let tensor = weights.get(name).unwrap();
        let bytes = tensor.values.iter().flat_map(|value| number(*value)).collect();
        (name.to_string(), dtype, tensor.shape.clone(), bytes)
    };
    weights.names().iter().map(entry).collect()
}

fn single(value: f32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

/// Loads, expecting an error that says all of `parts`, and a network that stays as it was.
#[track_caller]
fn assert_refused(weights: &Weights, model: &mut dyn Model, parts: &[&str]) {
    let before = Weights::of(model);
    let error = weights.load_into(model).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Weights);
    assert_says(&error, parts);
    assert_eq!(Weights::of(model), before, "a refused file changed the network");
}

#[test]
fn a_file_gives_back_what_was_written() {
    let path = folder().join("new/folder/network.safetensors");
    let (trained, mut other) = (network(1), network(2));
    trained.buffers()[0].1.set(vec![0.5, -3.0]).unwrap();
    Weights::of(&trained).write(&path).unwrap();
    let weights = Weights::read(&path).unwrap();
    weights.load_into(&mut other).unwrap();
    assert_eq!(Weights::of(&other), Weights::of(&trained));
    assert_eq!(weights.names().len(), 11);
}

#[test]
fn other_precisions_become_single() {
    // 1, −2, 1/3 and 65504, rounded to half precision; 2⁻²⁴, its smallest number.
    let half = [0x3c00u16, 0xc000, 0x3555, 0x7bff, 0x0001];
    // The upper halves of the single-precision 1, −2, 1/3, 3.39e38 and 2⁻¹²⁶.
    let brain = [0x3f80u16, 0xc000, 0x3eab, 0x7f7f, 0x0080];
    let bytes = |bits: [u16; 5]| bits.into_iter().flat_map(u16::to_le_bytes).collect();
    let doubles = [0.1f64, -1e30].into_iter().flat_map(f64::to_le_bytes).collect();
    let weights = Weights::from_bytes(&file(&[
        ("half".into(), "F16", vec![5], bytes(half)),
        ("brain".into(), "BF16", vec![5], bytes(brain)),
        ("double".into(), "F64", vec![2], doubles),
    ]))
    .unwrap();
    let values = |name| weights.get(name).unwrap().values.clone();
    assert_eq!(values("half"), [1.0, -2.0, 0.333_251_95, 65504.0, 5.960_464_5e-8]);
    assert_eq!(values("brain"), [1.0, -2.0, 0.333_984_38, 3.389_531_4e38, 1.175_494_4e-38]);
    assert_eq!(values("double"), [0.1, -1e30]);

    let mut model = network(1);
    let brain = |value: f32| (value.to_bits() >> 16).to_le_bytes()[..2].to_vec();
    let weights = Weights::from_bytes(&file(&entries(&network(2), "BF16", brain))).unwrap();
    weights.load_into(&mut model).unwrap();
    for ((name, found), (_, exact)) in model.parameters().iter().zip(network(2).parameters()) {
        for (found, exact) in found.values().iter().zip(exact.values().iter()) {
            assert!((found - exact).abs() <= exact.abs() / 128.0, "{name}: {found}, {exact}");
        }
    }
}

#[test]
fn whole_numbers_of_every_width_are_read() {
    let each = |bytes: &[&[u8]]| bytes.concat();
    let weights = Weights::from_bytes(&file(&[
        ("I64".into(), "I64", vec![2], each(&[&(-3i64).to_le_bytes(), &7i64.to_le_bytes()])),
        ("I32".into(), "I32", vec![2], each(&[&(-3i32).to_le_bytes(), &7i32.to_le_bytes()])),
        ("I16".into(), "I16", vec![2], each(&[&(-3i16).to_le_bytes(), &7i16.to_le_bytes()])),
        ("I8".into(), "I8", vec![2], each(&[&(-3i8).to_le_bytes(), &7i8.to_le_bytes()])),
        ("U64".into(), "U64", vec![2], each(&[&3u64.to_le_bytes(), &7u64.to_le_bytes()])),
        ("U32".into(), "U32", vec![2], each(&[&3u32.to_le_bytes(), &7u32.to_le_bytes()])),
        ("U16".into(), "U16", vec![2], each(&[&3u16.to_le_bytes(), &7u16.to_le_bytes()])),
        ("U8".into(), "U8", vec![2], vec![3, 7]),
    ]))
    .unwrap();
    for name in weights.names() {
        let tensor = weights.get(name).unwrap();
        if name.starts_with('I') {
            assert_eq!(tensor.values, [-3.0, 7.0], "{name}");
            assert_says(
                &tensor.indices().unwrap_err(),
                &["value 0 must be an index from 0, found -3"],
            );
        } else {
            assert_eq!(tensor.indices().unwrap(), [3, 7], "{name}");
        }
    }
}

#[test]
fn torchvisions_counters_of_batches_are_no_weights() {
    let mut entries = entries(&network(2), "F32", single);
    let counter = 1234i64.to_le_bytes().to_vec();
    entries.push(("bn1.num_batches_tracked".into(), "I64", vec![], counter));
    let mut model = network(1);
    Weights::from_bytes(&file(&entries)).unwrap().load_into(&mut model).unwrap();
    assert_eq!(Weights::of(&model), Weights::of(&network(2)));
}

#[test]
fn one_error_lists_all_that_does_not_fit() {
    let mut weights = Weights::default();
    let full = Weights::of(&network(2));
    for name in full.names() {
        let StoredTensor { mut shape, values } = full.get(name).unwrap().clone();
        match name {
            "conv1.weight" => shape.reverse(),
            "bn1.running_var" => continue,
            _ => {}
        }
        let name = name.replace("layer1.", "layer2.");
        weights.insert(&name, StoredTensor { shape, values }).unwrap();
    }
    let path = folder().join("other.safetensors");
    weights.write(&path).unwrap();
    let parts = [
        "other.safetensors",
        "3 missing: `bn1.running_var`, `layer1.0.bias`, `layer1.0.weight`",
        "2 unexpected: `layer2.0.bias`, `layer2.0.weight`",
        "1 size mismatch: `conv1.weight` is [3, 3, 3, 2], expected [2, 3, 3, 3]",
    ];
    assert_refused(&Weights::read(&path).unwrap(), &mut network(1), &parts);
}

#[test]
fn all_names_are_listed_but_for_another_network_altogether() {
    let weights = Weights::of(&resnet18(10, 1).unwrap());
    let mut without = Weights::default();
    let missing = |name: &str| name.starts_with("layer3.") || name.starts_with("layer4.");
    for name in weights.names().into_iter().filter(|name| !missing(name)) {
        without.insert(name, weights.get(name).unwrap().clone()).unwrap();
    }
    let mut model = resnet18(10, 2).unwrap();
    let error = without.load_into(&mut model).unwrap_err().to_string();
    let names: Vec<&str> = weights.names().into_iter().filter(|name| missing(name)).collect();
    assert!(error.starts_with(&format!("{} missing: ", names.len())), "{error}");
    assert!(names.iter().all(|name| error.contains(&format!("`{name}`"))), "{error}");

    let error = weights.load_into(&mut Sequential::new()).unwrap_err().to_string();
    assert!(
        error.starts_with("102 unexpected: `bn1.bias`") && error.ends_with(" and 94 more"),
        "{error}"
    );
}

#[test]
fn a_tensor_must_fill_its_shape() {
    let tensor = StoredTensor { shape: vec![2, 3], values: vec![0.0; 5] };
    let error = Weights::default().insert("fc.weight", tensor).unwrap_err();
    assert_says(&error, &["fc.weight", "expected 6 values for the shape [2, 3], found 5"]);
}

#[test]
fn weights_that_are_no_numbers() {
    for value in [f32::NAN, f32::NEG_INFINITY] {
        let mut weights = Weights::of(&network(2));
        let mut broken = weights.get("bn1.running_mean").unwrap().clone();
        broken.values[1] = value;
        weights.insert("bn1.running_mean", broken).unwrap();
        let says = format!("1 not finite: `bn1.running_mean` holds {value}");
        assert_refused(&weights, &mut network(1), &[&says]);
    }
    // A number of double precision beyond the single ones.
    let mut entries = entries(&network(2), "F64", |value| f64::from(value).to_le_bytes().to_vec());
    let fc = entries.iter_mut().find(|(name, ..)| name == "fc.bias").unwrap();
    fc.3[..8].copy_from_slice(&1e300f64.to_le_bytes());
    let weights = Weights::from_bytes(&file(&entries)).unwrap();
    assert_refused(&weights, &mut network(1), &["1 not finite: `fc.bias` holds inf"]);
    let truth = file(&[("mask".into(), "F8_E4M3", vec![2], vec![0, 1])]);
    assert_says(
        &Weights::from_bytes(&truth).unwrap_err(),
        &["`mask` has the unsupported number type F8_E4M3"],
    );
}

#[test]
fn a_head_for_other_classes_is_named_or_left_out() {
    let pretrained = Weights::of(&resnet18(10, 1).unwrap());
    let mut model = resnet18(12, 2).unwrap();
    let parts = [
        "2 size mismatch",
        "`fc.weight` is [10, 512], expected [12, 512]",
        "`fc.bias` is [10], expected [12]",
    ];
    assert_refused(&pretrained, &mut model, &parts);

    let head = Weights::of(&model).get("fc.weight").unwrap().clone();
    pretrained.load_backbone_into(&mut model, &["fc"]).unwrap();
    let now = Weights::of(&model);
    assert_eq!(now.get("fc.weight"), Some(&head), "the new head stays");
    assert_eq!(now.get("layer4.1.conv2.weight"), pretrained.get("layer4.1.conv2.weight"));
    assert_eq!(now.get("bn1.running_var"), pretrained.get("bn1.running_var"));

    let error = pretrained.load_backbone_into(&mut model, &["classifier"]).unwrap_err();
    assert_says(&error, &["no parameter is under `classifier`", "bn1, layer1", "fc"]);
    assert_eq!(Weights::of(&model), now);
}

#[test]
fn files_that_break_off_anywhere() {
    let whole = file(&entries(&network(1), "F32", single));
    Weights::from_bytes(&whole).unwrap();
    for length in 0..whole.len() {
        let error = Weights::from_bytes(&whole[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Weights);
        assert_says(&error, &["not a complete safetensors file", "download it again"]);
    }
    let path = folder().join("short.safetensors");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_says(&Weights::read(&path).unwrap_err(), &["short.safetensors", "not a complete"]);
}

#[test]
fn files_with_flipped_bits_never_panic() {
    let whole = file(&entries(&network(1), "F32", single));
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    for round in 0..20_000 {
        let mut broken = whole.clone();
        // Half of the flips in the header, where they do more.
        let end = if round % 2 == 0 { header } else { broken.len() };
        for _ in 0..1 + random.next_u32() % 3 {
            broken[random.next_u32() as usize % end] ^= 1 << (random.next_u32() % 8);
        }
        let mut model = network(2);
        let before = Weights::of(&model);
        let loaded = Weights::from_bytes(&broken).and_then(|w| w.load_into(&mut model));
        if loaded.is_err() {
            refused += 1;
            assert_eq!(Weights::of(&model), before);
        }
    }
    assert!(refused > 5_000, "only {refused} of 20000 refused");
}

#[test]
fn headers_that_lie_about_what_follows() {
    let with = |header: &str, values: &[f32]| {
        let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &values].concat()
    };
    let entry = |name: &str, dtype: &str, shape: &str, from: usize, to: usize| {
        format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let two = |a: String, b: String| format!("{{{a},{b}}}");
    let one = |a: String| format!("{{{a}}}");
    Weights::from_bytes(&with(&one(entry("a", "F32", "[2]", 0, 8)), &[1.0; 2])).unwrap();
    let lies = [
        // Offsets that overlap, leave a gap, run backwards, or go beyond the end.
        with(&two(entry("a", "F32", "[2]", 0, 8), entry("b", "F32", "[2]", 4, 12)), &[1.0; 3]),
        with(&two(entry("a", "F32", "[1]", 0, 4), entry("b", "F32", "[1]", 8, 12)), &[1.0; 3]),
        with(&one(entry("a", "F32", "[1]", 8, 4)), &[1.0; 3]),
        with(&one(entry("a", "F32", "[4]", 0, 16)), &[1.0; 3]),
        with(&one(entry("a", "F32", "[1]", usize::MAX - 3, usize::MAX)), &[1.0; 3]),
        // More bytes than tensors, and a shape that is not that of the bytes.
        with(&one(entry("a", "F32", "[2]", 0, 8)), &[1.0; 3]),
        with(&one(entry("a", "F32", "[3]", 0, 8)), &[1.0; 2]),
        with(&one(entry("a", "F16", "[2]", 0, 8)), &[1.0; 2]),
        with(&one(entry("a", "F32", "[4294967296, 4294967296]", 0, 8)), &[1.0; 2]),
        // Types and sizes that are none.
        with(&one(entry("a", "F33", "[2]", 0, 8)), &[1.0; 2]),
        with(&one(entry("a", "F32", "[-2]", 0, 8)), &[1.0; 2]),
        with(&one(entry("a", "F32", "[1.5]", 0, 8)), &[1.0; 2]),
        with(&one(entry("a", "F32", "2", 0, 8)), &[1.0; 2]),
        with("[]", &[]),
        with("", &[]),
    ];
    for (number, lie) in lies.iter().enumerate() {
        let error = Weights::from_bytes(lie).map(|_| number).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Weights);
        assert_says(&error, &["not a complete safetensors file"]);
    }
    // A header that is longer, shorter, or as long as the whole file.
    let whole = with(&one(entry("a", "F32", "[2]", 0, 8)), &[1.0; 2]);
    for length in [0, 1, whole.len() - 9, whole.len() - 8, whole.len(), 100_000_001, 1 << 40] {
        let mut lie = whole.clone();
        lie[..8].copy_from_slice(&(length as u64).to_le_bytes());
        assert_says(&Weights::from_bytes(&lie).unwrap_err(), &["not a complete safetensors file"]);
    }
}

#[test]
fn other_files_are_no_weights() {
    let header = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    let cases: [Vec<u8>; 7] = [
        b"PK\x03\x04 a PyTorch file is a zip archive".to_vec(),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".to_vec(),
        b"<!DOCTYPE html><title>404</title>".to_vec(),
        [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
        header(r#"{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,0]}}"#),
        header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#),
        header(&"[".repeat(100_000)),
    ];
    for bytes in cases {
        let error = Weights::from_bytes(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Weights);
    }
    let missing = Weights::read(folder().join("not-there.safetensors")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::File);
    assert_says(&missing, &["not-there.safetensors", "no such file"]);
    assert_eq!(Weights::read(folder()).unwrap_err().kind(), ErrorKind::File);
}

#[test]
fn parts_are_frozen_by_whole_names() {
    let mut model = network(1);
    let frozen = |model: &Sequential| -> Vec<String> {
        let parameters = model.parameters().into_iter();
        parameters.filter(|(_, p)| !p.is_trainable()).map(|(name, _)| name).collect()
    };
    model.freeze("layer1").unwrap();
    assert_eq!(frozen(&model), ["layer1.0.weight", "layer1.0.bias"]);
    model.freeze("").unwrap();
    assert_eq!(frozen(&model).len(), 9);
    model.unfreeze("fc.bias").unwrap();
    assert_eq!(frozen(&model).len(), 8);
    model.unfreeze("").unwrap();
    assert!(frozen(&model).is_empty());
    for part in ["layer", "layer1.", "Layer1", "layer1.0.weights"] {
        let error = model.freeze(part).unwrap_err();
        let says = format!("no parameter is under `{part}`");
        assert_says(&error, &[&says, "conv1, bn1, layer1, layer10, fc"]);
        assert!(frozen(&model).is_empty());
    }
}
