//! Operations on sequences, the parts of the zoo's blocks and focal loss against PyTorch's numbers, which
//! `tests/reference/make.py` computed; the fast form and the portable form alike.

mod reference;

use cuaderno::models::{TextCnn, TextCnnConfig};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::{
    ChannelStatistics, Conv1dOptions, LossOptions, NormEpilogue, Plain, Tensor0, Tensor1, Tensor2,
    Tensor3, Tensor4, backward, constant, cross_entropy, fast, portable, read, tensor,
};
use cuaderno::train::{Optimizer, OptimizerConfig};
use cuaderno::{ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{SumTo, TryMul};
use ndarray::Array2;
use reference::{Reference, gradient, on};

/// Checks the values, and makes the loss whose gradient is `r`.
macro_rules! against {
    ($reference:expr, $name:expr, $y:expr, $r:expr) => {{
        let (plain, tape) = $y.split_tape();
        $reference.check(&format!("{}/y", $name), &read(&plain), 1e-5);
        let loss: Tensor0 = plain.put_tape(tape).try_mul(constant(&$r)).unwrap().sum();
        loss
    }};
}

#[test]
fn convolutions_over_sequences() {
    let reference = Reference::open();
    type Form = fn(Tensor3, Tensor3, Option<Tensor1>, Conv1dOptions) -> Result<Tensor3>;
    for form in [fast::conv1d as Form, portable::conv1d] {
        for case in 0..3 {
            let name = format!("conv1d{case}");
            let of = |part: &str| format!("{name}/{part}");
            let [stride, padding, dilation, groups] = reference.integers(&of("config"))[..] else {
                panic!()
            };
            let (x, weight) = (reference.rank3(&of("x")), reference.rank3(&of("weight")));
            let bias = reference.rank1(&of("bias"));
            let slide = Conv1dOptions { stride, padding, dilation, groups };
            let y = form(on(&x), on(&weight), Some(on(&bias)), slide).unwrap();
            let gradients =
                backward(against!(reference, name, y, reference.rank3(&of("r")))).unwrap();
            reference.check(&of("dx"), &gradient(&gradients, &x), 1e-5);
            reference.check(&of("dweight"), &gradient(&gradients, &weight), 1e-5);
            reference.check(&of("dbias"), &gradient(&gradients, &bias), 1e-5);
        }
    }
}

#[test]
fn the_greatest_answer_of_each_filter() {
    let reference = Reference::open();
    type Form = fn(Tensor2, &Array2<u32>, Tensor3, Tensor1) -> Result<Tensor2>;
    // A row of its own for each position.
    let apart = |name: &str| {
        let [batch, length, channels] = reference.shape(name);
        let rows = tensor(reference.values(name), (batch * length, channels)).unwrap();
        let places = (0..(batch * length) as u32).collect();
        (rows, Array2::from_shape_vec((batch, length), places).unwrap())
    };
    for form in [fast::conv1d_max as Form, portable::conv1d_max] {
        for case in 0..3 {
            let name = format!("conv1d_max{case}");
            let of = |part: &str| format!("{name}/{part}");
            let ((x, places), weight) = (apart(&of("x")), reference.rank3(&of("weight")));
            let bias = reference.rank1(&of("bias"));
            let y = form(on(&x), &places, on(&weight), on(&bias)).unwrap();
            let gradients =
                backward(against!(reference, name, y, reference.rank2(&of("r")))).unwrap();
            reference.check(&of("dx"), &gradient(&gradients, &x), 1e-5);
            reference.check(&of("dweight"), &gradient(&gradients, &weight), 1e-5);
            reference.check(&of("dbias"), &gradient(&gradients, &bias), 1e-5);
        }
        let ((x, mut places), weight) =
            (apart("conv1d_max0/x"), reference.rank3("conv1d_max2/weight"));
        let bias = reference.rank1("conv1d_max2/bias");
        let error = form(on(&x), &places, on(&weight), on(&bias)).unwrap_err();
        assert!(error.to_string().contains("expected 9 input channels, found 5"), "{error}");
        let weight = reference.rank3("conv1d_max0/weight");
        let bias = reference.rank1("conv1d_max0/bias");
        places[[1, 2]] = 999;
        let error = form(on(&x), &places, on(&weight), on(&bias)).unwrap_err();
        assert!(error.to_string().contains("found 999 at position 2 of sequence 1"), "{error}");
    }
}

fn tokens(reference: &Reference<'_>, name: &str) -> Array2<u32> {
    let values = reference.values(name).iter().map(|value| *value as u32).collect();
    Array2::from_shape_vec(reference.shape::<2>(name), values).unwrap()
}

#[test]
fn embeddings() {
    let reference = Reference::open();
    let tokens = tokens(&reference, "embedding/tokens");
    type Form = fn(Tensor2, &Array2<u32>, Option<usize>) -> Result<Tensor3>;
    for form in [fast::embedding as Form, portable::embedding] {
        let weight = reference.rank2("embedding/weight");
        let y = form(on(&weight), &tokens, Some(0)).unwrap();
        let loss = against!(reference, "embedding", y, reference.rank3("embedding/r"));
        let gradients = backward(loss).unwrap();
        reference.check("embedding/dweight", &gradient(&gradients, &weight), 1e-6);
        let error = form(on(&weight), &(&tokens + 1), None).unwrap_err();
        assert!(error.to_string().contains("found 9 at position 1 of text 0"), "{error}");
    }
}

#[test]
fn attention_pooling() {
    let reference = Reference::open();
    let mask = reference.values("attention/mask").iter().map(|value| *value == 1.0).collect();
    let mask = Array2::from_shape_vec((3, 6), mask).unwrap();
    type Form = fn(Tensor3, Tensor2, Option<&Array2<bool>>) -> Result<Tensor2>;
    for form in [fast::attention_pool as Form, portable::attention_pool] {
        let (x, scores) = (reference.rank3("attention/x"), reference.rank2("attention/scores"));
        let y = form(on(&x), on(&scores), Some(&mask)).unwrap();
        let loss = against!(reference, "attention", y, reference.rank2("attention/r"));
        let gradients = backward(loss).unwrap();
        reference.check("attention/dx", &gradient(&gradients, &x), 1e-6);
        reference.check("attention/dscores", &gradient(&gradients, &scores), 1e-5);
        let nothing = Array2::from_elem((3, 6), false);
        let error = form(on(&x), on(&scores), Some(&nothing)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
    }
}

#[test]
fn focal_loss() {
    let reference = Reference::open();
    for case in 0..2 {
        let of = |part: &str| format!("focal{case}/{part}");
        let options = LossOptions {
            class_weights: Some(reference.values(&of("weight"))),
            focal_gamma: reference.values(&of("gamma"))[0],
            ..LossOptions::default()
        };
        let labels = reference.integers(&of("labels"));
        type Form = fn(Tensor2, &[usize], &LossOptions) -> Result<Tensor0>;
        for form in [fast::cross_entropy as Form, portable::cross_entropy] {
            let x = reference.rank2(&of("x"));
            let (value, tape) = form(on(&x), &labels, &options).unwrap().split_tape();
            reference.check(&of("loss"), &read(&value), 1e-6);
            let gradients = backward(value.put_tape(tape)).unwrap();
            reference.check(&of("dx"), &gradient(&gradients, &x), 1e-5);
            let both = LossOptions { label_smoothing: 0.1, ..options.clone() };
            let error = form(on(&x), &labels, &both).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Parameter);
        }
    }
}

#[test]
fn the_end_of_a_residual_block() {
    let reference = Reference::open();
    let of = |part: &str| format!("residual/{part}");
    type Form =
        fn(Tensor4, Tensor1, Tensor1, f32, NormEpilogue) -> Result<(Tensor4, ChannelStatistics)>;
    for form in [fast::batch_norm2d as Form, portable::batch_norm2d] {
        let [x, around] = ["x", "around"].map(|part| reference.rank4(&of(part)));
        let [weight, bias] = ["weight", "bias"].map(|part| reference.rank1(&of(part)));
        let finish = NormEpilogue { add: Some(on(&around)), relu: true };
        let (y, _) = form(on(&x), on(&weight), on(&bias), 1e-5, finish).unwrap();
        let gradients =
            backward(against!(reference, "residual", y, reference.rank4(&of("r")))).unwrap();
        reference.check(&of("dx"), &gradient(&gradients, &x), 1e-5);
        reference.check(&of("daround"), &gradient(&gradients, &around), 1e-5);
        reference.check(&of("dweight"), &gradient(&gradients, &weight), 1e-5);
        reference.check(&of("dbias"), &gradient(&gradients, &bias), 1e-5);
    }
}

#[test]
fn joined_and_scaled_channels() {
    let reference = Reference::open();
    type Join = fn(Vec<Tensor4>) -> Result<Tensor4>;
    for form in [fast::concat_channels as Join, portable::concat_channels] {
        let parts: Vec<Plain<_>> =
            (0..3).map(|i| reference.rank4(&format!("joined/x{i}"))).collect();
        let y = form(parts.iter().map(on).collect()).unwrap();
        let gradients =
            backward(against!(reference, "joined", y, reference.rank4("joined/r"))).unwrap();
        for (i, part) in parts.iter().enumerate() {
            reference.check(&format!("joined/dx{i}"), &gradient(&gradients, part), 0.0);
        }
        assert!(form(Vec::new()).is_err());
    }
    type Scale = fn(Tensor4, Tensor4) -> Result<Tensor4>;
    for form in [fast::scale_channels as Scale, portable::scale_channels] {
        let (x, factors) = (reference.rank4("scaled/x"), reference.rank4("scaled/factors"));
        let y = form(on(&x), on(&factors)).unwrap();
        let gradients =
            backward(against!(reference, "scaled", y, reference.rank4("scaled/r"))).unwrap();
        reference.check("scaled/dx", &gradient(&gradients, &x), 1e-6);
        reference.check("scaled/dfactors", &gradient(&gradients, &factors), 1e-5);
        assert!(form(on(&x), on(&x)).is_err());
    }
}

#[test]
fn twenty_training_steps_of_the_text_network() {
    let reference = Reference::open();
    let config = TextCnnConfig {
        words: 30,
        dimensions: 8,
        filters: 6,
        classes: 5,
        ..TextCnnConfig::default()
    };
    let mut model = TextCnn::new(&config, 0).unwrap();
    for (name, parameter) in model.parameters_mut() {
        let values = reference.values(&format!("text/start/{name}"));
        parameter.update(&mut |old| old.copy_from_slice(&values)).unwrap();
    }
    let (tokens, labels) = (tokens(&reference, "text/tokens"), reference.integers("text/labels"));
    let mut optimizer = Optimizer::new(OptimizerConfig::default()).unwrap();
    let mut losses = Vec::new();
    for step in 0..20 {
        let rows = step * 4..(step + 1) * 4;
        let part = tokens.slice(ndarray::s![rows.clone(), ..]).to_owned();
        let inputs = Inputs { tokens: Some(part), ..Inputs::default() };
        let logits = model.forward(&inputs, &Pass::training(0)).unwrap();
        let loss = cross_entropy(logits, &labels[rows], &LossOptions::default()).unwrap();
        let (value, tape) = loss.split_tape();
        losses.push(read(&value)[0]);
        let mut gradients = backward(value.put_tape(tape)).unwrap();
        optimizer.step(model.parameters_mut(), &mut gradients, 1e-2).unwrap();
    }
    reference.check("text/adam/losses", &losses, 1e-4);
}
