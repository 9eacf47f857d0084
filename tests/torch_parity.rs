//! Every operation, its gradients and whole training runs against PyTorch's numbers, which
//! `tests/reference/make.py` computed; the fast form and the portable form alike.

mod reference;

use cuaderno::models::{Hybrid, HybridConfig};
use cuaderno::nn::{
    AveragePool2d, BatchNorm2d, Conv2d, Conv2dConfig, Init, Inputs, Layer, Linear, Model,
    Parameter, Pass, Sequential,
};
use cuaderno::tensor::cpu::Window;
use cuaderno::tensor::{
    ChannelStatistics, Epilogue, Gradients, LossOptions, NormEpilogue, OptimizerState, Plain, Tape,
    Tensor0, Tensor1, Tensor2, Tensor4, backward, cross_entropy, fast, flatten, portable, read,
    tensor,
};
use cuaderno::train::{AdamConfig, Optimizer, OptimizerConfig, SgdConfig};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{ReshapeTo, SumTo, TryMul};
use reference::{Reference, gradient, on};

/// The sum of the products with `r`: a loss whose gradient is `r`.
fn against2(y: Tensor2, r: Plain<(usize, usize)>) -> Tensor0 {
    y.try_mul(r.put_tape(Tape::off())).unwrap().sum()
}

fn against4(y: Tensor4, r: Plain<(usize, usize, usize, usize)>) -> Tensor0 {
    y.try_mul(r.put_tape(Tape::off())).unwrap().sum()
}

/// Compares rows that an operation made of `x`, and the gradient of `x`, with PyTorch's.
fn check_rows<S: Shape>(reference: &Reference, name: &str, x: &Plain<S>, y: Tensor2) {
    let (plain, tape) = y.split_tape();
    reference.check(&format!("{name}/y"), &read(&plain), 1e-6);
    let r = reference.rank2(&format!("{name}/r"));
    let gradients = backward(against2(plain.put_tape(tape), r)).unwrap();
    reference.check(&format!("{name}/dx"), &gradient(&gradients, x), 1e-6);
}

type Convolution =
    fn(Tensor4, Tensor4, Option<Tensor1>, &Window, usize, Epilogue) -> cuaderno::Result<Tensor4>;

#[test]
fn convolutions_and_their_gradients() {
    let reference = Reference::open();
    for form in [fast::conv2d as Convolution, portable::conv2d] {
        for case in 0..9 {
            let name = |part: &str| format!("conv{case}/{part}");
            let config = reference.integers(&name("config"));
            let [kh, kw, sy, sx, top, bottom, left, right, dy, dx, groups, relu, pool] = config[..]
            else {
                panic!("{config:?}")
            };
            let window = Window {
                kernel: [kh, kw],
                stride: [sy, sx],
                padding: [[top, bottom], [left, right]],
                dilation: [dy, dx],
            };
            let epilogue = Epilogue { relu: relu == 1, pool: (pool > 0).then_some(pool) };
            let (x, weight) = (reference.rank4(&name("x")), reference.rank4(&name("weight")));
            let bias = reference.rank1(&name("bias"));
            let y = form(on(&x), on(&weight), Some(on(&bias)), &window, groups, epilogue).unwrap();
            let (plain, tape) = y.split_tape();
            reference.check(&name("y"), &read(&plain), 1e-5);
            let gradients =
                backward(against4(plain.put_tape(tape), reference.rank4(&name("r")))).unwrap();
            reference.check(&name("dx"), &gradient(&gradients, &x), 1e-5);
            reference.check(&name("dweight"), &gradient(&gradients, &weight), 1e-5);
            reference.check(&name("dbias"), &gradient(&gradients, &bias), 1e-5);
        }
    }
}

#[test]
fn max_pooling_and_its_gradient() {
    let reference = Reference::open();
    for form in [fast::max_pool2d as fn(Tensor4, &Window) -> _, portable::max_pool2d] {
        for case in 0..3 {
            let name = |part: &str| format!("pool{case}/{part}");
            let [kernel, stride, padding] = reference.integers(&name("config"))[..] else {
                panic!()
            };
            let x = reference.rank4(&name("x"));
            let y = form(on(&x), &Window::square(kernel, stride, padding)).unwrap();
            let (plain, tape) = y.split_tape();
            reference.check(&name("y"), &read(&plain), 0.0);
            let gradients =
                backward(against4(plain.put_tape(tape), reference.rank4(&name("r")))).unwrap();
            reference.check(&name("dx"), &gradient(&gradients, &x), 1e-6);
        }
    }
}

/// An operation on one tensor, in both forms: its output and its gradient.
fn check_both(
    reference: &Reference<'_>,
    name: &str,
    forms: [&dyn Fn(Tensor4) -> cuaderno::Result<Tensor4>; 2],
    exact: f32,
) {
    for form in forms {
        let x = reference.rank4(&format!("{name}/x"));
        let (plain, tape) = form(on(&x)).unwrap().split_tape();
        reference.check(&format!("{name}/y"), &read(&plain), exact);
        let r = reference.rank4(&format!("{name}/r"));
        let gradients = backward(against4(plain.put_tape(tape), r)).unwrap();
        reference.check(&format!("{name}/dx"), &gradient(&gradients, &x), exact);
    }
}

#[test]
fn average_pooling_and_its_gradient() {
    let reference = Reference::open();
    for case in 0..3 {
        let name = format!("average{case}");
        let [kh, kw, sy, sx, py, px] = reference.integers(&format!("{name}/config"))[..] else {
            panic!()
        };
        let window = Window {
            kernel: [kh, kw],
            stride: [sy, sx],
            padding: [[py; 2], [px; 2]],
            dilation: [1, 1],
        };
        let forms: [&dyn Fn(Tensor4) -> _; 2] =
            [&|x| fast::average_pool2d(x, &window), &|x| portable::average_pool2d(x, &window)];
        check_both(&reference, &name, forms, 1e-6);
    }
    for case in 0..4 {
        let name = format!("adaptive{case}");
        let [height, width] = reference.integers(&format!("{name}/config"))[..] else { panic!() };
        let size = [height, width];
        let forms: [&dyn Fn(Tensor4) -> _; 2] =
            [&|x| fast::adaptive_average_pool2d(x, size), &|x| {
                portable::adaptive_average_pool2d(x, size)
            }];
        check_both(&reference, &name, forms, 1e-6);
    }
    let window = Window::square(3, 2, 1);
    let forms: [&dyn Fn(Tensor4) -> _; 2] =
        [&|x| fast::average_pool2d_exclude_pad(x, &window), &|x| {
            portable::average_pool2d_exclude_pad(x, &window)
        }];
    check_both(&reference, "inside", forms, 1e-6);
}

#[test]
fn images_become_rows() {
    let reference = Reference::open();
    type Form = fn(Tensor4) -> cuaderno::Result<Tensor2>;
    let forms: [(&str, Form); 3] = [
        ("global", fast::global_average_pool2d),
        ("global", portable::global_average_pool2d),
        ("flatten", flatten),
    ];
    for (name, form) in forms {
        let x = reference.rank4(&format!("{name}/x"));
        check_rows(&reference, name, &x, form(on(&x)).unwrap());
    }
}

#[test]
fn features_side_by_side() {
    let reference = Reference::open();
    for form in [fast::concat as fn(Tensor2, Tensor2) -> _, portable::concat] {
        let (left, right) = (reference.rank2("columns/left"), reference.rank2("columns/right"));
        let (plain, tape) = form(on(&left), on(&right)).unwrap().split_tape();
        reference.check("columns/y", &read(&plain), 0.0);
        let gradients =
            backward(against2(plain.put_tape(tape), reference.rank2("columns/r"))).unwrap();
        reference.check("columns/dleft", &gradient(&gradients, &left), 0.0);
        reference.check("columns/dright", &gradient(&gradients, &right), 0.0);
    }
}

#[test]
fn activations_and_their_gradients() {
    let reference = Reference::open();
    type Form = fn(Tensor2) -> cuaderno::Result<Tensor2>;
    let forms: [(&str, [Form; 2]); 4] = [
        ("relu", [fast::relu, portable::relu]),
        ("relu6", [fast::relu6, portable::relu6]),
        ("sigmoid", [fast::sigmoid, portable::sigmoid]),
        ("silu", [fast::silu, portable::silu]),
    ];
    for (name, forms) in forms {
        for form in forms {
            let x = reference.rank2(&format!("{name}/x"));
            check_rows(&reference, name, &x, form(on(&x)).unwrap());
        }
    }
}

#[test]
fn batch_normalization_and_its_gradients() {
    let reference = Reference::open();
    type Form<'a> =
        Box<dyn Fn(Tensor4, Tensor1, Tensor1) -> (Tensor4, Option<ChannelStatistics>) + 'a>;
    for mode in ["training", "inference"] {
        let name = |part: &str| format!("batch_norm_{mode}/{part}");
        let given = ChannelStatistics {
            mean: reference.rank1(&name("mean")),
            variance: reference.rank1(&name("variance")),
        };
        let forms: [Form<'_>; 2] = if mode == "training" {
            [
                Box::new(|x, w, b| {
                    let (y, statistics) =
                        fast::batch_norm2d(x, w, b, 1e-5, NormEpilogue::default()).unwrap();
                    (y, Some(statistics))
                }),
                Box::new(|x, w, b| {
                    let (y, statistics) =
                        portable::batch_norm2d(x, w, b, 1e-5, NormEpilogue::default()).unwrap();
                    (y, Some(statistics))
                }),
            ]
        } else {
            [
                Box::new(|x, w, b| {
                    (
                        fast::batch_norm2d_with(x, w, b, &given, 1e-5, NormEpilogue::default())
                            .unwrap(),
                        None,
                    )
                }),
                Box::new(|x, w, b| {
                    (
                        portable::batch_norm2d_with(x, w, b, &given, 1e-5, NormEpilogue::default())
                            .unwrap(),
                        None,
                    )
                }),
            ]
        };
        for form in forms {
            let (x, weight) = (reference.rank4(&name("x")), reference.rank1(&name("weight")));
            let bias = reference.rank1(&name("bias"));
            let (y, statistics) = form(on(&x), on(&weight), on(&bias));
            let (plain, tape) = y.split_tape();
            reference.check(&name("y"), &read(&plain), 1e-5);
            let r = reference.rank4(&name("r"));
            let gradients = backward(against4(plain.put_tape(tape), r)).unwrap();
            reference.check(&name("dx"), &gradient(&gradients, &x), 1e-5);
            reference.check(&name("dweight"), &gradient(&gradients, &weight), 1e-5);
            reference.check(&name("dbias"), &gradient(&gradients, &bias), 1e-5);
            if let Some(batch) = statistics {
                // PyTorch's running statistics after this batch, with its momentum of 0.1.
                let count = (x.shape().0 * x.shape().2 * x.shape().3) as f32;
                let running = |old: &Plain<_>, new: &Plain<_>, factor: f32| -> Vec<f32> {
                    let both = read(old).into_owned().into_iter().zip(read(new).into_owned());
                    both.map(|(o, n)| 0.9 * o + 0.1 * n * factor).collect()
                };
                let mean = running(&given.mean, &batch.mean, 1.0);
                reference.check(&name("after/mean"), &mean, 1e-6);
                let factor = count / (count - 1.0);
                let variance = running(&given.variance, &batch.variance, factor);
                reference.check(&name("after/variance"), &variance, 1e-6);
            }
        }
    }
}

#[test]
fn linear_layers_and_their_gradients() {
    let reference = Reference::open();
    for form in [fast::linear as fn(Tensor2, Tensor2, Option<Tensor1>, bool) -> _, portable::linear]
    {
        let (x, weight) = (reference.rank2("linear/x"), reference.rank2("linear/weight"));
        let bias = reference.rank1("linear/bias");
        let (y, tape) = form(on(&x), on(&weight), Some(on(&bias)), true).unwrap().split_tape();
        reference.check("linear/y", &read(&y), 1e-6);
        let gradients = backward(against2(y.put_tape(tape), reference.rank2("linear/r"))).unwrap();
        reference.check("linear/dx", &gradient(&gradients, &x), 1e-6);
        reference.check("linear/dweight", &gradient(&gradients, &weight), 1e-6);
        reference.check("linear/dbias", &gradient(&gradients, &bias), 1e-6);
    }
}

type Loss = fn(Tensor2, &[usize], &LossOptions) -> cuaderno::Result<Tensor0>;

#[test]
fn cross_entropy_with_weights_and_smoothing() {
    let reference = Reference::open();
    for case in ["plain", "weighted", "smoothed"] {
        let name = |part: &str| format!("loss_{case}/{part}");
        let options = LossOptions {
            class_weights: (case != "plain").then(|| reference.values(&name("weight"))),
            label_smoothing: reference.values(&name("smoothing"))[0],
            ..LossOptions::default()
        };
        let labels = reference.integers(&name("labels"));
        for form in [fast::cross_entropy as Loss, portable::cross_entropy] {
            let x = reference.rank2(&name("x"));
            let (value, tape) = form(on(&x), &labels, &options).unwrap().split_tape();
            reference.check(&name("loss"), &read(&value), 1e-6);
            let gradients = backward(value.put_tape(tape)).unwrap();
            reference.check(&name("dx"), &gradient(&gradients, &x), 1e-6);
        }
    }
}

#[test]
fn twenty_training_steps_of_the_hybrid_network() {
    let reference = Reference::open();
    let config = HybridConfig {
        pixels: 16,
        filters: vec![4, 6, 8],
        features: 5,
        metadata: vec![7, 6],
        hidden: 9,
        dropout: 0.0,
        ..HybridConfig::default()
    };
    let adam = |weight_decay, decoupled| {
        OptimizerConfig::Adam(AdamConfig { weight_decay, decoupled, ..AdamConfig::default() })
    };
    let sgd = |weight_decay, nesterov| {
        OptimizerConfig::Sgd(SgdConfig { momentum: 0.9, weight_decay, nesterov })
    };
    let runs = [
        ("adam", adam(1e-3, false), 1e-2),
        ("adamw", adam(1e-1, true), 1e-2),
        ("sgd", sgd(1e-3, false), 5e-2),
        ("nesterov", sgd(0.0, true), 5e-2),
    ];
    for (name, optimizer, rate) in runs {
        let mut model = Hybrid::new(&config, 0).unwrap();
        for (parameter, values) in model.parameters_mut() {
            let given = reference.values(&format!("hybrid/start/{parameter}"));
            values.update(&mut |values| values.copy_from_slice(&given)).unwrap();
        }
        let mut optimizer = Optimizer::new(optimizer).unwrap();
        let (images, metadata) =
            (reference.values("hybrid/images"), reference.values("hybrid/metadata"));
        let labels = reference.integers("hybrid/labels");
        let mut losses = Vec::new();
        for step in 0..20 {
            let rows = step * 4..(step + 1) * 4;
            let image = images[rows.start * 768..rows.end * 768].to_vec();
            let inputs = Inputs {
                images: Some(tensor(image, (4, 3, 16, 16)).unwrap()),
                features: Some(
                    tensor(metadata[rows.start * 5..rows.end * 5].to_vec(), (4, 5)).unwrap(),
                ),
                ..Inputs::default()
            };
            let logits = model.forward(&inputs, &Pass::training(0)).unwrap();
            let loss = cross_entropy(logits, &labels[rows], &LossOptions::default()).unwrap();
            let (value, tape) = loss.split_tape();
            losses.push(read(&value)[0]);
            let mut gradients = backward(value.put_tape(tape)).unwrap();
            optimizer.step(model.parameters_mut(), &mut gradients, rate).unwrap();
        }
        reference.check(&format!("hybrid/{name}/losses"), &losses, 1e-4);
        let find = |wanted: &str| {
            let all = model.parameters();
            all.iter().find(|(name, _)| name == wanted).unwrap().1.values().into_owned()
        };
        reference.check(&format!("hybrid/{name}/head"), &find("head.3.weight"), 1e-3);
        reference.check(&format!("hybrid/{name}/conv"), &find("image.0.weight"), 1e-3);
    }
}

/// The settings of `make.py`'s optimizers.
fn optimizers() -> [(&'static str, OptimizerConfig); 5] {
    let sgd = |momentum, weight_decay, nesterov| {
        OptimizerConfig::Sgd(SgdConfig { momentum, weight_decay, nesterov })
    };
    let adam = AdamConfig {
        betas: [0.8, 0.95],
        epsilon: 1e-3,
        weight_decay: 0.1,
        ..AdamConfig::default()
    };
    let adamw = AdamConfig { weight_decay: 0.1, decoupled: true, ..AdamConfig::default() };
    [
        ("plain", sgd(0.0, 0.02, false)),
        ("momentum", sgd(0.8, 0.02, false)),
        ("nesterov", sgd(0.8, 0.0, true)),
        ("adam", OptimizerConfig::Adam(adam)),
        ("adamw", OptimizerConfig::Adam(adamw)),
    ]
}

type Descent = fn(
    &mut Plain<(usize,)>,
    &mut Gradients,
    &mut OptimizerState,
    &OptimizerConfig,
    f32,
) -> cuaderno::Result<()>;

#[test]
fn optimizers_take_the_same_steps() {
    let reference = Reference::open();
    let (start, given) = (reference.values("descent/values"), reference.values("descent/given"));
    for form in [fast::optimizer_step as Descent, portable::optimizer_step] {
        for (name, config) in optimizers() {
            let mut moved = Vec::new();
            for (tensor_of, first_step) in [(0, 0), (1, 2)] {
                let mut t = tensor(start[tensor_of * 7..][..7].to_vec(), (7,)).unwrap();
                let mut state = OptimizerState::default();
                for step in first_step..6 {
                    let gradient = given[(step * 2 + tensor_of) * 7..][..7].to_vec();
                    let gradient = tensor(gradient, (7,)).unwrap().put_tape(Tape::off());
                    let mut gradients = backward(on(&t).try_mul(gradient).unwrap().sum()).unwrap();
                    form(&mut t, &mut gradients, &mut state, &config, 0.1).unwrap();
                }
                moved.extend(read(&t).into_owned());
            }
            reference.check(&format!("descent/{name}"), &moved, 1e-5);
        }
    }
}

#[test]
fn what_thaws_later_begins_with_its_own_first_step() {
    let reference = Reference::open();
    let (start, given) = (reference.values("descent/values"), reference.values("descent/given"));
    for (name, config) in optimizers() {
        let mut parameters =
            [0, 1].map(|row| Parameter::new(start[row * 7..][..7].to_vec(), &[7]).unwrap());
        let mut optimizer = Optimizer::new(config).unwrap();
        for step in 0..6 {
            parameters[1].set_trainable(step >= 2);
            let pass = Pass::training(0);
            let mut loss: Option<Tensor0> = None;
            for (row, parameter) in parameters.iter().enumerate() {
                let gradient = given[(step * 2 + row) * 7..][..7].to_vec();
                let gradient = tensor(gradient, (7,)).unwrap().put_tape(Tape::off());
                let part = parameter.vector(&pass).unwrap().try_mul(gradient).unwrap().sum();
                loss = Some(match loss {
                    Some(sum) => sum + part,
                    None => part,
                });
            }
            let mut gradients = backward(loss.unwrap()).unwrap();
            let named = parameters.iter_mut().map(|p| ("some".to_string(), p)).collect();
            optimizer.step(named, &mut gradients, 0.1).unwrap();
        }
        let moved: Vec<f32> = parameters.iter().flat_map(|p| p.values().into_owned()).collect();
        reference.check(&format!("descent/{name}"), &moved, 1e-5);
    }
}

#[test]
fn an_optimizer_tells_when_it_gets_other_parameters() {
    let mut optimizer = Optimizer::new(OptimizerConfig::default()).unwrap();
    let mut step = |count: usize| {
        let mut parameter = Parameter::new(vec![1.0; count], &[count]).unwrap();
        let loss = parameter.vector(&Pass::training(0)).unwrap().sum();
        let named = vec![("head.bias".to_string(), &mut parameter)];
        optimizer.step(named, &mut backward(loss).unwrap(), 0.1)
    };
    step(3).unwrap();
    let error = step(4).unwrap_err().to_string();
    assert!(
        error.starts_with("layer `head.bias`: ") && error.contains("the same order"),
        "{error}"
    );
}

#[test]
fn twenty_training_steps_with_batch_normalization() {
    let reference = Reference::open();
    let mut init = Init::seed(0);
    // No bias before a normalization: its gradient would be rounding noise, which Adam blows up.
    let mut conv = |in_channels, out_channels, window| {
        let config =
            Conv2dConfig { in_channels, out_channels, window, groups: 1, bias: false, same: false };
        Conv2d::new(config, &mut init).unwrap()
    };
    let start = Sequential::new()
        .add(conv(3, 6, Window::square(3, 1, 1)))
        .add(BatchNorm2d::new(6).unwrap())
        .add(Layer::Relu6)
        .add(AveragePool2d::new(2))
        .add(conv(6, 8, Window::square(3, 2, 1)))
        .add(BatchNorm2d::new(8).unwrap())
        .add(Layer::Silu)
        .add(Layer::AdaptiveAveragePool2d([2, 2]))
        .add(Layer::Flatten)
        .add(Linear::new(32, 3, &mut init).unwrap())
        .add(Layer::Sigmoid);
    let runs = [
        ("adam", OptimizerConfig::Adam(AdamConfig::default()), 1e-2),
        ("sgd", OptimizerConfig::Sgd(SgdConfig { momentum: 0.9, ..SgdConfig::default() }), 5e-2),
    ];
    for (name, optimizer, rate) in runs {
        // A copy has running statistics of its own.
        let mut model = start.clone();
        for (parameter, values) in model.parameters_mut() {
            let given = reference.values(&format!("normalized/start/{parameter}"));
            values.update(&mut |values| values.copy_from_slice(&given)).unwrap();
        }
        let mut optimizer = Optimizer::new(optimizer).unwrap();
        let images = reference.values("hybrid/images");
        let labels = reference.integers("hybrid/labels");
        let batch = |step: usize| {
            let values = images[step * 4 * 768..(step + 1) * 4 * 768].to_vec();
            Inputs { images: Some(tensor(values, (4, 3, 16, 16)).unwrap()), ..Inputs::default() }
        };
        let mut losses = Vec::new();
        for step in 0..20 {
            let logits = Model::forward(&model, &batch(step), &Pass::training(0)).unwrap();
            let labels = &labels[step * 4..(step + 1) * 4];
            let loss = cross_entropy(logits, labels, &LossOptions::default()).unwrap();
            let (value, tape) = loss.split_tape();
            losses.push(read(&value)[0]);
            let mut gradients = backward(value.put_tape(tape)).unwrap();
            optimizer.step(model.parameters_mut(), &mut gradients, rate).unwrap();
        }
        reference.check(&format!("normalized/{name}/losses"), &losses, 1e-4);
        let logits = Model::forward(&model, &batch(0), &Pass::inference()).unwrap();
        let (logits, _) = logits.split_tape();
        reference.check(&format!("normalized/{name}/inference"), &read(&logits), 1e-3);
        let Layer::BatchNorm2d(norm) = &model.named_layers()[5].1 else { panic!("{model:?}") };
        reference.check(&format!("normalized/{name}/mean"), &norm.running_mean.values(), 1e-3);
        reference.check(&format!("normalized/{name}/variance"), &norm.running_var.values(), 1e-3);
    }
    let Layer::BatchNorm2d(norm) = &start.named_layers()[5].1 else { panic!("{start:?}") };
    assert_eq!(norm.running_mean.values(), [0.0; 8]);
    let error = norm.running_var.set(vec![1.0; 7]).unwrap_err();
    assert!(error.to_string().contains("found 7"), "{error}");
}

#[test]
fn a_reshaped_tensor_keeps_its_gradient() {
    let x = tensor(vec![1.0, -2.0, 3.0, 4.0], (1, 1, 2, 2)).unwrap();
    let flat: Tensor2 = on(&x).reshape_like(&(1, 4));
    assert_eq!(*flat.shape(), (1, 4));
    let r = tensor(vec![5.0, 6.0, 7.0, 8.0], (1, 4)).unwrap();
    assert_eq!(gradient(&backward(against2(flat, r)).unwrap(), &x), [5.0, 6.0, 7.0, 8.0]);
}
