//! Weights files as people have them: PyTorch's, with prefixes, and files of other kinds. `tests/reference/weights_files.py`
//! wrote the PyTorch files.

use cuaderno::models::Pretrained;
use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Init, Layer, Linear, Sequential, StoredTensor, Weights,
};
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/weights").join(name)
}

fn network() -> Sequential {
    let mut init = Init::seed(0);
    let convolution = Conv2dConfig::same(3, 4, 3).no_bias();
    Sequential::new()
        .named("conv1", Conv2d::new(convolution, &mut init).unwrap())
        .named("bn1", BatchNorm2d::new(4).unwrap())
        .named("relu", Layer::Relu)
        .named("pool", Layer::GlobalAveragePool2d)
        .named("fc", Linear::new(4, 3, &mut init).unwrap())
}

fn tensors(weights: &Weights) -> Vec<(String, StoredTensor)> {
    let names = weights.names().into_iter();
    names.map(|name| (name.to_string(), weights.get(name).unwrap().clone())).collect()
}

fn error(name: &str) -> String {
    Weights::read(file(name)).unwrap_err().to_string()
}

#[test]
fn state_dicts_of_pytorch_are_read() {
    let expected = tensors(&Weights::read(file("expected.safetensors")).unwrap());
    assert_eq!(expected.len(), 7);
    for name in ["plain.pth", "half.pth", "views.pth", "parameters.pth"] {
        let read = Weights::read(file(name)).unwrap();
        let mut found = tensors(&read);
        if name == "parameters.pth" {
            // `nn.Parameter` of every tensor, buffers too.
            assert_eq!(found.len(), 7);
        }
        found.retain(|(name, _)| !name.ends_with("num_batches_tracked"));
        assert_eq!(found, expected, "{name}");
        let mut model = network();
        Pretrained::file(file(name)).load_into(&mut model).unwrap();
        assert_eq!(tensors(&Weights::of(&model)), expected, "{name}");
    }
}

/// PyTorch 2.15 wrote both files of the same tensors.
#[test]
fn repeated_values_booleans_and_nested_state_dicts_are_read() {
    for name in ["repeated.pth", "repeated.safetensors"] {
        let weights = Weights::read(file(name)).unwrap();
        assert_eq!(weights.names(), ["buffer", "flag", "w"], "{name}");
        let w = weights.get("w").unwrap();
        assert_eq!(
            (&w.shape[..], &w.values[..]),
            (&[2, 3][..], &[0.5, 0.5, 0.5, -1.0, -1.0, -1.0][..])
        );
        assert_eq!(weights.get("flag").unwrap().values, [1.0, 0.0], "{name}");
        assert_eq!(weights.get("buffer").unwrap().values, [1.5], "{name}");
    }
}

#[test]
fn files_of_further_kinds_are_named() {
    let says = |bytes: &[u8]| Weights::from_bytes(bytes).unwrap_err().to_string();
    let whole = std::fs::read(file("plain.pth")).unwrap();
    assert!(says(&whole[..whole.len() / 2]).contains("cut off"));
    let index = br#"{"metadata": {}, "weight_map": {"w": "model-00001-of-00002.safetensors"}}"#;
    assert!(says(index).contains("the index of several weights files"));
    assert!(says(br#"{"error": "Repository not found"}"#).contains("JSON"));
    assert!(says(b"\x93NUMPY\x01\0v\0{'descr': '<f4'}").contains("NumPy"));
    assert!(says(b"\x1f\x8b\x08\0\0\0\0\0\0\x03").contains("gzip"));
}

#[test]
fn a_checkpoint_is_read_and_its_prefix_is_named() {
    let checkpoint = Weights::read(file("checkpoint.pth")).unwrap();
    let mut model = network();
    let error = checkpoint.load_into(&mut model).unwrap_err().to_string();
    assert!(error.contains("checkpoint.pth") && error.contains("start with `module.`"), "{error}");
    assert!(error.contains(".without_prefix(\"module.\").load_into(&mut model)?`"), "{error}");
    checkpoint.without_prefix("module.").load_into(&mut model).unwrap();
    let expected = tensors(&Weights::read(file("expected.safetensors")).unwrap());
    assert_eq!(tensors(&Weights::of(&model)), expected);
}

#[test]
fn prefixes_of_either_side_are_named() {
    let weights = Weights::of(&network());
    for prefix in ["_orig_mod.", "model.", "_orig_mod.module."] {
        let error = weights.clone().with_prefix(prefix).load_into(&mut network()).unwrap_err();
        let call = format!("without_prefix(\"{prefix}\")");
        assert!(error.to_string().contains(&call), "{error}");
        weights
            .clone()
            .with_prefix(prefix)
            .without_prefix(prefix)
            .load_into(&mut network())
            .unwrap();
    }
    let mut outer = Sequential::new().named("image", network());
    let error = weights.load_into(&mut outer).unwrap_err().to_string();
    assert!(error.contains("with_prefix(\"image.\")"), "{error}");
    weights.with_prefix("image.").load_into(&mut outer).unwrap();
}

#[test]
fn files_that_need_python_are_named_with_the_way_to_convert_them() {
    let message = error("whole_model.pth");
    assert!(message.contains("torch.nn.modules.container.Sequential"), "{message}");
    assert!(message.contains("model.state_dict()"), "{message}");
    let message = error("legacy.pth");
    assert!(message.contains("before version 1.6") && message.contains("torch.load"), "{message}");
}

#[test]
fn transposed_weights_are_named() {
    let mut weights = Weights::of(&network());
    let kernel = StoredTensor { shape: vec![4, 3], values: vec![0.0; 12] };
    weights.insert("fc.weight", kernel).unwrap();
    let error = weights.load_into(&mut network()).unwrap_err().to_string();
    assert!(error.contains("1 size mismatch") && error.contains("Keras"), "{error}");
}

#[test]
fn a_damaged_pytorch_file_is_an_error() {
    let bytes = std::fs::read(file("plain.pth")).unwrap();
    for end in (0..bytes.len()).step_by(7) {
        assert!(Weights::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
    // A changed byte never panics, and most change nothing but a value.
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x55;
        let _ = Weights::from_bytes(&changed);
    }
}

/// The small files of the shared folder, with the softmax that numpy gives for them.
#[test]
fn field_files_are_read_or_named() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/field/data/D18");
    if !folder.exists() {
        println!("skipped: {} does not exist", folder.display());
        return;
    }
    let says = |name: &str| {
        let error = Pretrained::file(folder.join(name)).load_into(&mut network()).unwrap_err();
        println!("{error}");
        error.to_string()
    };
    for name in ["plain.safetensors", "double.safetensors", "half.safetensors"] {
        Pretrained::file(folder.join(name)).load_into(&mut network()).unwrap();
    }
    assert!(says("module_prefix.safetensors").contains("without_prefix(\"module.\")"));
    assert!(says("model_prefix.safetensors").contains("without_prefix(\"model.\")"));
    assert!(says("head_of_10.safetensors").contains("size mismatch"));
    assert!(says("keras_order.safetensors").contains("Keras"));
    assert!(says("keras.h5").contains("HDF5"));
    assert!(says("pointer.safetensors").contains("git lfs pull"));
    assert!(says("checkpoint.pth").contains("no tensors"));
    assert!(says("absent.safetensors").contains("no such file"));
    for name in ["head_of_10.safetensors", "without_head.safetensors"] {
        let mut model = network();
        let head = Weights::of(&model).get("fc.weight").cloned();
        Pretrained::file(folder.join(name)).load_backbone_into(&mut model, &["fc"]).unwrap();
        assert_eq!(Weights::of(&model).get("fc.weight").cloned(), head, "{name}");
    }
}
