//! Gradients against finite differences, on fresh random inputs of odd shapes: the fast operations, the
//! portable ones, and a whole network.

use cuaderno::models::{Hybrid, HybridConfig};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::cpu::Window;
use cuaderno::tensor::{
    ChannelStatistics, Conv1dOptions, Epilogue, LossOptions, NormEpilogue, Plain, Tape, Tensor0,
    Tensor1, Tensor2, Tensor3, Tensor4, add, backward, batch_norm2d, cross_entropy, fast, flatten,
    portable, read, relu, tensor,
};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{SumTo, TryMul};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The same cases each time; the variable `SEED` gives others.
fn source() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap()))
}

fn random<S: Shape>(source: &mut ChaCha8Rng, shape: S) -> Plain<S> {
    let values = (0..shape.num_elements()).map(|_| source.gen_range(-1.0f32..1.0)).collect();
    tensor(values, shape).unwrap()
}

fn on<S: Shape>(plain: &Plain<S>) -> cuaderno::tensor::Tensor<S> {
    plain.clone().put_tape(Tape::on())
}

/// The sum of the products with fixed random weights: a number that depends on every output.
fn weighted<S>(output: cuaderno::tensor::Tensor<S>, seed: u64) -> Tensor0
where
    S: Shape + dfdx::shapes::ReduceShape<S::AllAxes, Reduced = ()>,
{
    let weights = random(&mut ChaCha8Rng::seed_from_u64(seed), *output.shape());
    output.try_mul(weights.put_tape(Tape::off())).unwrap().sum()
}

/// Compares the gradient of `loss` with respect to `at` with central differences, in a few places.
///
/// ReLU and max-pooling have kinks: a step across one makes the difference wrong, not the gradient. Most show
/// by differences that depend on the side or the size of the step, and are left out; two that cancel do not,
/// so one place in eight may disagree. A wrong gradient disagrees almost everywhere.
fn check<S: Shape>(
    what: &str,
    at: &Plain<S>,
    loss: impl Fn(&Plain<S>) -> Tensor0,
    source: &mut ChaCha8Rng,
) {
    let value = |t: &Plain<S>| f64::from(read(&loss(t).split_tape().0)[0]);
    let gradients = backward(loss(at)).unwrap();
    let gradient = read(&gradients.get(at)).into_owned();
    let (count, step) = (gradient.len(), 4e-3f32);
    let places = 24.min(count);
    let (mut compared, mut wrong) = (0usize, Vec::new());
    for place in rand::seq::index::sample(source, count, places) {
        let moved = |by: f32| {
            let mut values = read(at).into_owned();
            values[place] += by;
            value(&tensor(values, *at.shape()).unwrap())
        };
        let here = value(at);
        let sides = [step, -step, step / 2.0, -step / 2.0, step / 4.0, -step / 4.0]
            .map(|by| (moved(by) - here) / f64::from(by));
        let difference = (sides[0] + sides[1]) / 2.0;
        let scale = 1.0 + sides[0].abs().max(sides[1].abs());
        if sides.iter().any(|side| (side - difference).abs() > 0.01 * scale) {
            continue;
        }
        compared += 1;
        let found = f64::from(gradient[place]);
        if (found - difference).abs() > 0.025 * scale {
            wrong.push(format!("[{place}]: {found}, differences {difference}"));
        }
    }
    let allowed = if compared < 4 { 0 } else { compared.div_ceil(8) };
    assert!(wrong.len() <= allowed, "{what}: {wrong:?} of {compared}");
    // A tensor of few values, each of which moves many outputs, may have kinks all around.
    assert!(compared * 4 >= places || count < 64, "{what}: kinks almost everywhere");
}

#[test]
fn convolution_with_and_without_what_follows() {
    let mut source = source();
    for form in [fast::conv2d, portable::conv2d] {
        for case in 0..10 {
            let groups = [1, 1, 2, 3][source.gen_range(0..4)];
            let (images, channels) = (source.gen_range(1..4), groups * source.gen_range(1..4));
            let outputs = groups * source.gen_range(1..4);
            let epilogue = Epilogue { relu: case % 2 == 0, pool: (case % 3 == 0).then_some(2) };
            let mut padding = || [source.gen_range(0..3), source.gen_range(0..3)];
            let padding = [padding(), padding()];
            let window = Window {
                kernel: [source.gen_range(1..4), source.gen_range(1..4)],
                stride: [source.gen_range(1..3), source.gen_range(1..3)],
                padding,
                dilation: [source.gen_range(1..3), source.gen_range(1..3)],
            };
            let (height, width) = (source.gen_range(9..14), source.gen_range(9..14));
            let x = random(&mut source, (images, channels, height, width));
            let [kh, kw] = window.kernel;
            let weight = random(&mut source, (outputs, channels / groups, kh, kw));
            let bias = random(&mut source, (outputs,));
            let run = |x: &_, weight: &_, bias: &_| {
                let y = form(on(x), on(weight), Some(on(bias)), &window, groups, epilogue).unwrap();
                weighted(y, 1)
            };
            check("x", &x, |x| run(x, &weight, &bias), &mut source);
            check("weight", &weight, |weight| run(&x, weight, &bias), &mut source);
            // A bias moves every output of its channel, so that with ReLU there is a kink at each step;
            // PyTorch's numbers cover that case.
            if !epilogue.relu {
                check("bias", &bias, |bias| run(&x, &weight, bias), &mut source);
            }
        }
    }
}

#[test]
fn the_other_operations() {
    let mut source = source();
    let (n, c, h, w) = (
        source.gen_range(1..4),
        source.gen_range(1..4),
        source.gen_range(5..9),
        source.gen_range(5..9),
    );
    let images = random(&mut source, (n, c, h, w));
    type Form = fn(Tensor4) -> cuaderno::Result<Tensor4>;
    const WINDOW: Window =
        Window { kernel: [3, 3], stride: [2, 2], padding: [[1, 1], [1, 1]], dilation: [1, 1] };
    let forms: [(&str, [Form; 2]); 11] = [
        ("relu", [fast::relu, portable::relu]),
        ("relu6", [fast::relu6, portable::relu6]),
        ("sigmoid", [fast::sigmoid, portable::sigmoid]),
        ("silu", [fast::silu, portable::silu]),
        ("maxima", [|x| fast::max_pool2d(x, &WINDOW), |x| portable::max_pool2d(x, &WINDOW)]),
        ("means", [|x| fast::average_pool2d(x, &WINDOW), |x| portable::average_pool2d(x, &WINDOW)]),
        (
            "means inside",
            [
                |x| fast::average_pool2d_exclude_pad(x, &WINDOW),
                |x| portable::average_pool2d_exclude_pad(x, &WINDOW),
            ],
        ),
        ("pixels", [|x| fast::subsample2d(x, 2, 1), |x| portable::subsample2d(x, 2, 1)]),
        (
            "cells",
            [
                |x| fast::adaptive_average_pool2d(x, [3, 7]),
                |x| portable::adaptive_average_pool2d(x, [3, 7]),
            ],
        ),
        ("dropout", [|x| fast::dropout(x, 0.4, 7), |x| portable::dropout(x, 0.4, 7)]),
        (
            "depth",
            [|x| fast::stochastic_depth(x, 0.4, 3), |x| portable::stochastic_depth(x, 0.4, 3)],
        ),
    ];
    for (what, pair) in forms {
        for (form, number) in pair.into_iter().zip(0..) {
            let what = format!("{what}, form {number}");
            check(&what, &images, |x| weighted(form(on(x)).unwrap(), 4), &mut source);
        }
    }
    type Rows = fn(Tensor4) -> cuaderno::Result<Tensor2>;
    for form in [fast::global_average_pool2d as Rows, portable::global_average_pool2d, flatten] {
        check("rows", &images, |x| weighted(form(on(x)).unwrap(), 5), &mut source);
    }
    // Used twice: the gradients of both uses add up.
    check("add", &images, |x| weighted(add(on(x), relu(on(x)).unwrap()).unwrap(), 7), &mut source);
    let (rows, a, b) = (source.gen_range(1..6), source.gen_range(1..9), source.gen_range(1..9));
    let (left, right) = (random(&mut source, (rows, a)), random(&mut source, (rows, b)));
    for form in [fast::concat, portable::concat] {
        check("left", &left, |x| weighted(form(on(x), on(&right)).unwrap(), 8), &mut source);
        check("right", &right, |x| weighted(form(on(&left), on(x)).unwrap(), 8), &mut source);
    }
    let weight = random(&mut source, (b, a));
    for form in [fast::linear, portable::linear] {
        check(
            "linear x",
            &left,
            |x| weighted(form(on(x), on(&weight), None, true).unwrap(), 9),
            &mut source,
        );
        check(
            "linear w",
            &weight,
            |w| weighted(form(on(&left), on(w), None, false).unwrap(), 9),
            &mut source,
        );
    }
    let labels: Vec<usize> = (0..rows).map(|_| source.gen_range(0..a)).collect();
    let options = LossOptions {
        class_weights: Some((0..a).map(|_| source.gen_range(0.1..2.0)).collect()),
        label_smoothing: 0.2,
        ..LossOptions::default()
    };
    for form in [fast::cross_entropy, portable::cross_entropy] {
        check("loss", &left, |x| form(on(x), &labels, &options).unwrap(), &mut source);
    }
}

type Sequences = fn(Tensor3, Tensor3, Option<Tensor1>, Conv1dOptions) -> cuaderno::Result<Tensor3>;
type Greatest = fn(Tensor2, &Array2<u32>, Tensor3, Tensor1) -> cuaderno::Result<Tensor2>;

#[test]
fn operations_on_sequences() {
    let source = &mut source();
    let groups = source.gen_range(1..3);
    let (channels, outputs) = (groups * source.gen_range(1..4), groups * source.gen_range(1..4));
    let (batch, length, taps) =
        (source.gen_range(1..4), source.gen_range(5..9), source.gen_range(1..4));
    let slide = Conv1dOptions {
        stride: source.gen_range(1..3),
        padding: source.gen_range(0..2),
        dilation: source.gen_range(1..3),
        groups,
    };
    let x = random(source, (batch, channels, length));
    let weight = random(source, (outputs, channels / groups, taps));
    let bias = random(source, (outputs,));
    for form in [fast::conv1d as Sequences, portable::conv1d] {
        let run = |x: &_, weight: &_, bias: &_| {
            weighted(form(on(x), on(weight), Some(on(bias)), slide).unwrap(), 1)
        };
        check("conv1d x", &x, |x| run(x, &weight, &bias), source);
        check("conv1d weight", &weight, |weight| run(&x, weight, &bias), source);
        check("conv1d bias", &bias, |bias| run(&x, &weight, bias), source);
    }
    let rows = random(source, (6, channels));
    let weight = random(source, (outputs, channels, taps));
    let places = Array2::from_shape_fn((batch, length), |_| source.gen_range(0..6));
    for form in [fast::conv1d_max as Greatest, portable::conv1d_max] {
        let run = |rows: &_, weight: &_| {
            weighted(form(on(rows), &places, on(weight), on(&bias)).unwrap(), 2)
        };
        check("conv1d_max rows", &rows, |rows| run(rows, &weight), source);
        check("conv1d_max weight", &weight, |weight| run(&rows, weight), source);
    }
}

type Words = fn(Tensor2, &Array2<u32>, Option<usize>) -> cuaderno::Result<Tensor3>;
type Attention = fn(Tensor3, Tensor2, Option<&Array2<bool>>) -> cuaderno::Result<Tensor2>;

#[test]
fn operations_on_texts() {
    let source = &mut source();
    let (words, dimensions) = (source.gen_range(3..8), source.gen_range(1..6));
    let (batch, length) = (source.gen_range(1..4), source.gen_range(2..7));
    let vectors = random(source, (words, dimensions));
    // Some words twice, the first one not at all.
    let tokens = Array2::from_shape_fn((batch, length), |_| source.gen_range(1..words) as u32);
    for form in [fast::embedding as Words, portable::embedding] {
        let run = |at: &_, padding| weighted(form(on(at), &tokens, padding).unwrap(), 1);
        check("embedding", &vectors, |at| run(at, None), source);
        // The padding's vector does count, but is not trained.
        let padding = tokens[[0, 0]] as usize;
        let [all, trained] = [None, Some(padding)].map(|padding| {
            let gradients = backward(run(&vectors, padding)).unwrap();
            read(&gradients.get(&vectors)).into_owned()
        });
        for (place, (all, trained)) in all.into_iter().zip(trained).enumerate() {
            assert_eq!(trained, if place / dimensions == padding { 0.0 } else { all });
        }
    }
    let values = random(source, (batch, length, dimensions));
    let scores = random(source, (batch, length));
    let mask =
        Array2::from_shape_fn((batch, length), |(_, place)| place == 0 || source.gen_bool(0.6));
    for form in [fast::attention_pool as Attention, portable::attention_pool] {
        for mask in [None, Some(&mask)] {
            let run =
                |values: &_, scores: &_| weighted(form(on(values), on(scores), mask).unwrap(), 2);
            check("attention values", &values, |values| run(values, &scores), source);
            check("attention scores", &scores, |scores| run(&values, scores), source);
        }
    }
}

type Join = fn(Vec<Tensor4>) -> cuaderno::Result<Tensor4>;
type Scale = fn(Tensor4, Tensor4) -> cuaderno::Result<Tensor4>;
type Loss = fn(Tensor2, &[usize], &LossOptions) -> cuaderno::Result<Tensor0>;

#[test]
fn joined_and_scaled_channels_and_losses() {
    let source = &mut source();
    let (batch, height, width) =
        (source.gen_range(1..4), source.gen_range(1..5), source.gen_range(1..5));
    let parts = [1, 3, 2].map(|channels| random(source, (batch, channels, height, width)));
    for form in [fast::concat_channels as Join, portable::concat_channels] {
        for place in 0..3 {
            let run = |at: &_| {
                let each = |i: usize| on(if i == place { at } else { &parts[i] });
                weighted(form((0..3).map(each).collect()).unwrap(), 1)
            };
            check("concat_channels", &parts[place], run, source);
        }
    }
    let factors = random(source, (batch, 3, 1, 1));
    for form in [fast::scale_channels as Scale, portable::scale_channels] {
        let run = |x: &_, factors: &_| weighted(form(on(x), on(factors)).unwrap(), 2);
        check("scale_channels x", &parts[1], |x| run(x, &factors), source);
        check("scale_channels factors", &factors, |factors| run(&parts[1], factors), source);
    }
    let (rows, classes) = (source.gen_range(1..6), source.gen_range(2..7));
    let logits = random(source, (rows, classes));
    let labels: Vec<usize> = (0..rows).map(|_| source.gen_range(0..classes)).collect();
    let class_weights = Some((0..classes).map(|_| source.gen_range(0.1..2.0)).collect());
    for options in [
        LossOptions {
            focal_gamma: source.gen_range(0.5..3.0),
            class_weights: class_weights.clone(),
            ..LossOptions::default()
        },
        LossOptions {
            label_smoothing: source.gen_range(0.0..0.5),
            class_weights,
            ..LossOptions::default()
        },
    ] {
        for form in [fast::cross_entropy as Loss, portable::cross_entropy] {
            let what = format!("{options:?}");
            check(&what, &logits, |x| form(on(x), &labels, &options).unwrap(), source);
        }
    }
}

#[test]
fn batch_normalization() {
    let mut source = source();
    let shape = (source.gen_range(2..4), source.gen_range(1..4), source.gen_range(2..6), 5);
    let images = random(&mut source, shape);
    let (scale, shift) = (random(&mut source, (shape.1,)), random(&mut source, (shape.1,)));
    let given = ChannelStatistics {
        mean: random(&mut source, (shape.1,)),
        variance: random(&mut source, (shape.1,)) * 0.7 + 1.3,
    };
    type Form<'a> = &'a dyn Fn(Tensor4, Tensor1, Tensor1) -> cuaderno::Result<Tensor4>;
    let forms: [(&str, Form<'_>); 4] = [
        ("training", &|x, w, b| Ok(fast::batch_norm2d(x, w, b, 1e-3, NormEpilogue::default())?.0)),
        ("portable training", &|x, w, b| {
            Ok(portable::batch_norm2d(x, w, b, 1e-3, NormEpilogue::default())?.0)
        }),
        ("inference", &|x, w, b| {
            fast::batch_norm2d_with(x, w, b, &given, 1e-3, NormEpilogue::default())
        }),
        ("portable inference", &|x, w, b| {
            portable::batch_norm2d_with(x, w, b, &given, 1e-3, NormEpilogue::default())
        }),
    ];
    for (what, form) in forms {
        let run = |x: &_, w: &_, b: &_| weighted(form(on(x), on(w), on(b)).unwrap(), 11);
        check(&format!("{what} x"), &images, |x| run(x, &scale, &shift), &mut source);
        check(&format!("{what} scale"), &scale, |w| run(&images, w, &shift), &mut source);
        check(&format!("{what} shift"), &shift, |b| run(&images, &scale, b), &mut source);
    }
    let one = random(&mut source, (1, 2, 1, 1));
    let two = random(&mut source, (2,));
    let error =
        batch_norm2d(on(&one), on(&two), on(&two), 1e-5, NormEpilogue::default()).unwrap_err();
    assert!(error.to_string().contains("more than one value"), "{error}");
    let three = random(&mut source, (3,));
    let error = batch_norm2d(
        on(&images),
        on(&three),
        on(&random(&mut source, (7,))),
        1e-5,
        NormEpilogue::default(),
    );
    assert!(error.unwrap_err().to_string().contains("7 shifts"));
}

#[test]
fn a_frozen_part_gets_no_gradient_and_no_backward_pass() {
    let config = HybridConfig { pixels: 16, features: 3, ..HybridConfig::default() };
    let mut model = Hybrid::new(&config, 0).unwrap();
    let mut source = source();
    let inputs = Inputs {
        images: Some(random(&mut source, (2, 3, 16, 16))),
        features: Some(random(&mut source, (2, 3))),
        ..Inputs::default()
    };
    for (name, parameter) in model.parameters_mut() {
        parameter.set_trainable(!name.starts_with("image."));
    }
    // The image branch leaves its tape off: its output is a constant to the rest.
    let images = inputs.images().unwrap();
    let branch = model.image.forward(images, &Pass::training(0)).unwrap().features().unwrap();
    assert!(!branch.split_tape().1.is_on());
    let logits = model.forward(&inputs, &Pass::training(0)).unwrap();
    let mut gradients =
        backward(cross_entropy(logits, &[0, 2], &LossOptions::default()).unwrap()).unwrap();
    for (name, parameter) in model.parameters_mut() {
        let moved = parameter.take_gradient(&mut gradients).unwrap().iter().any(|g| *g != 0.0);
        assert_eq!(moved, !name.starts_with("image."), "{name}");
    }
}

#[test]
fn shapes_that_do_not_fit_are_errors_that_name_the_layer() {
    let model =
        Hybrid::new(&HybridConfig { pixels: 16, features: 3, ..HybridConfig::default() }, 0)
            .unwrap();
    let mut source = source();
    let mut message = |images: (usize, usize, usize, usize), features: (usize, usize)| {
        let inputs = Inputs {
            images: Some(random(&mut source, images)),
            features: Some(random(&mut source, features)),
            ..Inputs::default()
        };
        model.forward(&inputs, &Pass::inference()).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        message((2, 1, 16, 16), (2, 3)),
        "layer `image.0`: expected 3 input channels, found 1"
    );
    assert_eq!(
        message((2, 3, 16, 16), (2, 4)),
        "layer `metadata.0`: expected 3 input features, found 4"
    );
    assert_eq!(
        message((2, 3, 32, 32), (2, 3)),
        "layer `head.0`: expected 544 input features, found 2080"
    );
    assert_eq!(
        message((2, 3, 16, 16), (3, 3)),
        "layer `head`: tensors to concatenate must have equal batches, found 2 and 3"
    );
    assert!(
        message((2, 3, 1, 1), (2, 3))
            .starts_with("layer `image.0`: the pooling window must fit the")
    );
}
