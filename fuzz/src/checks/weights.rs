//! What must hold for any bytes as a weights file.

use super::folder;
use cuaderno::nn::{Init, Linear, Sequential, Weights};

/// Reads `bytes`, writes the weights and reads them back, and loads them into a small network.
pub(super) fn check(bytes: &[u8]) {
    let weights = match Weights::from_bytes(bytes) {
        Ok(weights) => weights,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for name in weights.names() {
        let tensor = weights.get(name).unwrap();
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len(), "{name:?}");
    }
    let path = folder().join("weights.safetensors");
    weights.write(&path).unwrap();
    let again = Weights::read(&path).unwrap();
    assert_eq!(contents(&weights), contents(&again));
    let mut model = Sequential::new().add(Linear::new(3, 2, &mut Init::seed(0)).unwrap());
    let before = contents(&Weights::of(&model));
    match weights.load_into(&mut model) {
        Ok(()) => assert_eq!(contents(&weights), contents(&Weights::of(&model))),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(before, contents(&Weights::of(&model)));
        }
    }
    let _ = weights.load_backbone_into(&mut model, &["0"]);
}

/// Names, shapes and bits of the values, in which NaN equals itself.
fn contents(weights: &Weights) -> Vec<(String, Vec<usize>, Vec<u32>)> {
    let names = weights.names().into_iter();
    let tensors = names.map(|name| (name, weights.get(name).unwrap()));
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
    tensors.map(|(name, t)| (name.to_string(), t.shape.clone(), bits(&t.values))).collect()
}
