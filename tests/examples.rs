//! The programs that compare the zoo with other frameworks, run as a user runs them.
//!
//! They are built by `cargo test` without a `--test`; where they are not, these tests say that they are skipped.

use cuaderno::models::small_cnn;
use cuaderno::nn::{Inputs, Model, Pass, StoredTensor, Weights};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, plain, read, tensor};
use cuaderno::train::{Optimizer, OptimizerConfig, SgdConfig};
use dfdx::tensor::{PutTape, SplitTape};
use safetensors::tensor::{Dtype, TensorView};
use std::path::{Path, PathBuf};
use std::process::Command;

const PIXELS: usize = 128;
const ROWS: usize = 5;
const CLASSES: usize = 3;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn program(name: &str) -> Option<PathBuf> {
    let here = std::env::current_exe().unwrap();
    let program = here.parent()?.parent()?.join("examples").join(name);
    if !program.is_file() {
        println!("skipped: {name} is not built; `cargo build --examples` builds it");
        return None;
    }
    Some(program)
}

/// What it says when it fails.
fn run(program: &Path, arguments: &str, folder: &Path) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    Err(said)
}

fn pixels() -> Vec<f32> {
    (0..ROWS * 3 * PIXELS * PIXELS).map(|i| (i as f32 * 0.37).sin()).collect()
}

fn bytes<T: Copy, const N: usize>(values: &[T], write: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|value| write(*value)).collect()
}

/// A file of images, with labels of this type.
fn write(path: &Path, labels: (Dtype, Vec<u8>)) {
    let input = bytes(&pixels(), f32::to_le_bytes);
    let shape = vec![ROWS, 3, PIXELS, PIXELS];
    let tensors = [
        ("input", TensorView::new(Dtype::F32, shape, &input).unwrap()),
        ("labels", TensorView::new(labels.0, vec![ROWS], &labels.1).unwrap()),
    ];
    safetensors::serialize_to_file(tensors, None, path).unwrap();
}

/// That two programs computed the same. Not to the last digit: `cargo test --test examples` may meet programs that were
/// built with other features, and a GPU adds in another order every time.
#[track_caller]
fn assert_close(a: &[f32], b: &[f32]) {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * (1.0 + b.abs());
    assert!(a.len() == b.len() && a.iter().zip(b).all(near), "{a:?} {b:?}");
}

#[test]
fn logits() {
    let Some(program) = program("forward") else { return };
    let folder = folder("forward");
    let model = small_cnn(PIXELS, CLASSES, 7).unwrap();
    Weights::of(&model).write(folder.join("W.safetensors")).unwrap();
    write(&folder.join("X.safetensors"), (Dtype::U8, vec![0; ROWS]));
    let arguments = "--model small_cnn --classes 3 --weights W.safetensors --input X.safetensors \
                     --output Y.safetensors";
    run(&program, arguments, &folder).unwrap();
    let images = Some(tensor(pixels(), (ROWS, 3, PIXELS, PIXELS)).unwrap());
    let inputs = Inputs { images, ..Inputs::default() };
    let expected = plain(model.forward(&inputs, &Pass::inference()).unwrap());
    let found = Weights::read(folder.join("Y.safetensors")).unwrap();
    let StoredTensor { shape, values } = found.get("output").unwrap();
    assert_eq!(shape[..], [ROWS, CLASSES]);
    assert_close(values, &read(&expected));

    for (wrong, says) in [
        (arguments.replace("small_cnn", "resnet19"), "the zoo has no network `resnet19`"),
        (
            arguments.replace("--classes 3", "--classes 4"),
            "`classifier.3.weight` is [3, 128], expected [4, 128]",
        ),
        (
            arguments.replace("--classes 3", "--classes three"),
            "`--classes three` is no such number",
        ),
        (arguments.replace("X.saf", "Z.saf"), "Z.safetensors: there is no such file"),
        (arguments.replace("--input X", "--input W"), "W.safetensors: there is no tensor `input`"),
        (arguments.replace("--input", "--images"), "there is no argument `--images`"),
        (arguments.replace("--weights W.safetensors", ""), "`--weights` is missing"),
        (format!("{arguments} --classes"), "`--classes` has no value"),
    ] {
        let said = run(&program, &wrong, &folder).unwrap_err();
        assert!(said.contains(says), "`{says}` is not in: {said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Losses and final weights of steps that wrap round at the end.
fn steps(count: usize, batch: usize, labels: &[usize]) -> (Vec<f32>, Weights) {
    let mut model = small_cnn(PIXELS, CLASSES, 7).unwrap();
    let config = SgdConfig { momentum: 0.9, weight_decay: 0.01, ..SgdConfig::default() };
    let mut optimizer = Optimizer::new(OptimizerConfig::Sgd(config)).unwrap();
    let (pixels, size) = (pixels(), 3 * PIXELS * PIXELS);
    let (mut losses, mut row) = (Vec::new(), 0);
    for _ in 0..count {
        let (mut images, mut wanted) = (Vec::new(), Vec::new());
        for _ in 0..batch {
            images.extend_from_slice(&pixels[row * size..][..size]);
            wanted.push(labels[row]);
            row = if row + 1 == ROWS { 0 } else { row + 1 };
        }
        let images = Some(tensor(images, (batch, 3, PIXELS, PIXELS)).unwrap());
        let inputs = Inputs { images, ..Inputs::default() };
        let logits = model.forward(&inputs, &Pass::training_without_randomness()).unwrap();
        let loss = cross_entropy(logits, &wanted, &LossOptions::default()).unwrap();
        let (loss, tape) = loss.split_tape();
        losses.push(read(&loss)[0]);
        let mut gradients = backward(loss.put_tape(tape)).unwrap();
        optimizer.step(model.parameters_mut(), &mut gradients, 0.01).unwrap();
    }
    (losses, Weights::of(&model))
}

#[test]
fn training_steps() {
    let Some(program) = program("train_steps") else { return };
    let folder = folder("train-steps");
    Weights::of(&small_cnn(PIXELS, CLASSES, 7).unwrap())
        .write(folder.join("W.safetensors"))
        .unwrap();
    let arguments = "--model small_cnn --classes 3 --weights W.safetensors --input X.safetensors \
                     --output Y.safetensors --optimizer sgd --lr 0.01 --momentum 0.9 --weight-decay 0.01 \
                     --batch 3 --steps 4";
    let labels = [2usize, 0, 1, 1, 2];
    let (losses, weights) = steps(4, 3, &labels);
    let types = [
        (Dtype::I64, bytes(&labels.map(|l| l as i64), i64::to_le_bytes)),
        (Dtype::I32, bytes(&labels.map(|l| l as i32), i32::to_le_bytes)),
        (Dtype::U8, labels.map(|l| l as u8).to_vec()),
        (Dtype::F32, bytes(&labels.map(|l| l as f32), f32::to_le_bytes)),
    ];
    for labels in types {
        write(&folder.join("X.safetensors"), labels);
        run(&program, arguments, &folder).unwrap();
        let found = Weights::read(folder.join("Y.safetensors")).unwrap();
        assert_close(&found.get("losses").unwrap().values, &losses);
        for name in weights.names() {
            let [found, expected] = [&found, &weights].map(|weights| weights.get(name).unwrap());
            assert_eq!(found.shape, expected.shape, "{name}");
            assert_close(&found.values, &expected.values);
        }
    }
    let adam =
        arguments.replace("--optimizer sgd", "--optimizer adam").replace("--momentum 0.9", "");
    run(&program, &adam, &folder).unwrap();

    for (labels, says) in [
        ([0.0, 1.0, 3.0, 1.0, 1.0], "labels must be below the number of classes, 3, found 3"),
        ([0.0, -1.0, 2.0, 1.0, 1.0], "column `labels`: value 1 must be an index from 0, found -1"),
        ([0.0, 1.0, 0.5, 1.0, 1.0], "column `labels`: value 2 must be an index from 0, found 0.5"),
        (
            [0.0, 1.0, 1.0, f32::NAN, 1.0],
            "column `labels`: value 3 must be an index from 0, found NaN",
        ),
    ] {
        write(&folder.join("X.safetensors"), (Dtype::F32, bytes(&labels, f32::to_le_bytes)));
        let said = run(&program, arguments, &folder).unwrap_err();
        assert!(said.contains(says), "`{says}` is not in: {said}");
    }
    write(&folder.join("X.safetensors"), (Dtype::U8, vec![0; ROWS]));
    for (wrong, says) in [
        (
            arguments.replace("--optimizer sgd", "--optimizer lion"),
            "`lion` is neither sgd nor adam",
        ),
        (arguments.replace("--batch 3", "--batch 0"), "batches of 0"),
        (arguments.replace("--momentum 0.9", "--momentum 2"), "is out of range"),
    ] {
        let said = run(&program, &wrong, &folder).unwrap_err();
        assert!(said.contains(says), "`{says}` is not in: {said}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
