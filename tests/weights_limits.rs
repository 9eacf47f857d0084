//! PyTorch files that refer to the same bytes again and again: a small file must not take much memory or time. The pickles
//! are written by hand, with the opcodes of Python's `pickletools`.

use cuaderno::nn::Weights;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An archive as `torch.save` writes it: this pickle, and a storage of `count` numbers.
fn archive(program: &[u8], count: usize) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in
        [("a/data.pkl", program), ("a/data/0", 1_f32.to_le_bytes().repeat(count).as_slice())]
    {
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[track_caller]
fn refused(program: &[u8], part: &str) {
    let start = Instant::now();
    let error = Weights::from_bytes(&archive(program, 1024)).unwrap_err().to_string();
    assert!(error.contains(part), "{}", error.chars().take(300).collect::<String>());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// A tensor on the storage; `shape` and `strides` are tuples.
fn tensor(shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let storage =
        [b"(", &text("storage")[..], b"ctorch\nFloatStorage\n", &text("0"), b"NNtQ"].concat();
    let function: &[u8] = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    [function, &storage, b"K\0", shape, strides, b"\x89NtR"].concat()
}

/// A dictionary with the value in memo 9 under `count` names.
fn dictionary(value: &[u8], count: usize) -> Vec<u8> {
    let entries = (0..count).flat_map(|i| [text(&format!("layer.{i}")), b"h\x09".to_vec()]);
    [b"\x80\x02", value, b"q\x090}(", &entries.flatten().collect::<Vec<u8>>(), b"u."].concat()
}

#[test]
fn a_call_of_a_long_name_is_not_copied_without_end() {
    let name = [b"c", "n".repeat(100_000).as_bytes(), b"\nf\nq\x01)q\x020"].concat();
    // Each call makes an object with its class's name: 2 GB in all.
    let calls = b"h\x01h\x02R0".repeat(20_000);
    refused(&[b"\x80\x02", &name[..], &calls, b"}."].concat(), "repeats long texts");
}

#[test]
fn tensors_may_share_a_storage_but_not_without_end() {
    let shared = tensor(b"M\0\x04\x85", b"K\x01\x85");
    let bytes = archive(&dictionary(&shared, 24), 1024);
    let weights = Weights::from_bytes(&bytes).unwrap();
    assert_eq!(weights.names().len(), 24);
    assert_eq!(weights.get("layer.7").unwrap().values, vec![1.0; 1024]);
    refused(&dictionary(&shared, 20_000), "too many copies");
}

#[test]
fn dictionaries_that_contain_themselves_end() {
    let entry = [&text(&"k".repeat(10_000))[..], b"q\x01h\0"].concat();
    let program = [b"\x80\x02}q\0(", &entry[..], &b"h\x01h\0".repeat(1000), b"u."].concat();
    refused(&program, "too many entries");
}

#[test]
fn a_tensor_has_few_axes() {
    let ones = [b"(", &b"K\x01".repeat(20_000)[..], b"t"].concat();
    refused(&dictionary(&tensor(&ones, &ones), 1), "has 20000 axes, at most 64");
}

/// Every number type of a storage is another reading of the same bytes; PyTorch writes each storage under one.
#[test]
fn a_storage_is_read_once() {
    let kinds = (0..2000).flat_map(|kind| {
        let storage = [
            b"(",
            &text("storage")[..],
            format!("cm{kind}\nByteStorage\n").as_bytes(),
            &text("0"),
            b"NNtQ",
        ]
        .concat();
        let function: &[u8] = b"ctorch._utils\n_rebuild_tensor_v2\n(";
        let one: &[u8] = b"K\0K\x01\x85K\x01\x85\x89NtR";
        [text(&format!("layer.{kind}")), [function, &storage, one].concat()].concat()
    });
    let program = [b"\x80\x02}(", &kinds.collect::<Vec<u8>>()[..], b"u."].concat();
    let error = Weights::from_bytes(&archive(&program, 20_000)).unwrap_err().to_string();
    assert!(error.contains("`a/data/0`"), "{error}");
}
