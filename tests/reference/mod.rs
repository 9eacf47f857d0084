//! PyTorch's numbers, as `make.py` computed them.
#![allow(dead_code, reason = "not every test needs all of it")]

use cuaderno::tensor::{Gradients, Plain, Tape, Tensor, read, tensor};
use dfdx::shapes::Shape;
use dfdx::tensor::PutTape;
use safetensors::SafeTensors;

const FILE: &[u8] = include_bytes!("operations.safetensors");

pub struct Reference<'a>(SafeTensors<'a>);

impl Reference<'_> {
    pub fn open() -> Reference<'static> {
        Self::read(FILE)
    }

    /// The numbers of another file.
    pub fn read(file: &[u8]) -> Reference<'_> {
        Reference(SafeTensors::deserialize(file).unwrap())
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        let view = self.0.tensor(name).unwrap();
        view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    }

    pub fn integers(&self, name: &str) -> Vec<usize> {
        self.values(name).iter().map(|v| *v as usize).collect()
    }

    pub fn shape<const N: usize>(&self, name: &str) -> [usize; N] {
        self.0.tensor(name).unwrap().shape().try_into().unwrap()
    }

    pub fn rank1(&self, name: &str) -> Plain<(usize,)> {
        let [a] = self.shape(name);
        tensor(self.values(name), (a,)).unwrap()
    }

    pub fn rank2(&self, name: &str) -> Plain<(usize, usize)> {
        let [a, b] = self.shape(name);
        tensor(self.values(name), (a, b)).unwrap()
    }

    pub fn rank3(&self, name: &str) -> Plain<(usize, usize, usize)> {
        let [a, b, c] = self.shape(name);
        tensor(self.values(name), (a, b, c)).unwrap()
    }

    pub fn rank4(&self, name: &str) -> Plain<(usize, usize, usize, usize)> {
        let [a, b, c, d] = self.shape(name);
        tensor(self.values(name), (a, b, c, d)).unwrap()
    }

    pub fn check(&self, what: &str, found: &[f32], tolerance: f32) {
        let expected = self.values(what);
        assert_eq!(found.len(), expected.len(), "{what}");
        let scale = expected.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!((a - b).abs() <= tolerance * scale, "{what}[{i}]: {a}, PyTorch {b}");
        }
    }
}

pub fn on<S: Shape>(plain: &Plain<S>) -> Tensor<S> {
    plain.clone().put_tape(Tape::on())
}

pub fn gradient<S: Shape>(gradients: &Gradients, of: &Plain<S>) -> Vec<f32> {
    read(&gradients.get(of)).into_owned()
}
