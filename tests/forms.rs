//! The fast form of every operation against the portable one: outputs and gradients on random inputs of odd
//! shapes.

use cuaderno::Result;
use cuaderno::tensor::cpu::Window;
use cuaderno::tensor::{
    Activation, AdamConfig, ChannelStatistics, Conv1dOptions, Epilogue, FusedOps, Gradients,
    LossOptions, NormEpilogue, OptimizerConfig, OptimizerState, Plain, SgdConfig, Tape, Tensor,
    backward, constant, fast, portable, read, tensor,
};
use dfdx::shapes::{HasShape, ReduceShape, Shape};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{SumTo, TryMul};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::panic::AssertUnwindSafe;

/// The same cases each time; the variable `SEED` gives others.
fn source() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap()))
}

fn random<S: Shape>(source: &mut ChaCha8Rng, shape: S) -> Plain<S> {
    let values = (0..shape.num_elements()).map(|_| source.gen_range(-1.0f32..1.0)).collect();
    tensor(values, shape).unwrap()
}

fn on<S: Shape>(plain: &Plain<S>) -> Tensor<S> {
    plain.clone().put_tape(Tape::on())
}

/// An operation's output, and the gradients of its inputs from a random direction of the output.
type Answer = (Vec<f32>, Vec<Vec<f32>>);

/// Runs one form of an operation: `of` names the inputs whose gradients are looked at.
macro_rules! answer {
    ($form:expr; $($of:expr),*) => {{
        let output = $form.unwrap();
        let (output, tape) = output.split_tape();
        let values = read(&output).into_owned();
        let direction = direction(&output);
        let gradients = backward(output.put_tape(tape).try_mul(direction).unwrap().sum()).unwrap();
        (values, vec![$(read(&gradients.get($of)).into_owned()),*])
    }};
}

fn direction<S: Shape + ReduceShape<S::AllAxes, Reduced = ()>>(like: &Plain<S>) -> Plain<S> {
    random(&mut ChaCha8Rng::seed_from_u64(7), *like.shape())
}

/// That two answers agree, within the rounding of sums in another order.
fn same(what: &str, fast: Answer, portable: Answer) {
    close(&format!("{what}, output"), &fast.0, &portable.0);
    assert_eq!(fast.1.len(), portable.1.len());
    for (at, (fast, portable)) in fast.1.iter().zip(&portable.1).enumerate() {
        close(&format!("{what}, gradient {at}"), fast, portable);
    }
}

fn close(what: &str, fast: &[f32], portable: &[f32]) {
    assert_eq!(fast.len(), portable.len(), "{what}");
    assert!(!fast.is_empty(), "{what}");
    // A small gradient is what is left of many terms around 1, and has their rounding.
    let scale = portable.iter().fold(0.05f32, |most, value| most.max(value.abs()));
    for (place, (a, b)) in fast.iter().zip(portable).enumerate() {
        assert!((a - b).abs() <= 1e-4 * scale, "{what}: {a} and {b} at {place}");
    }
}

#[test]
fn convolutions_agree() {
    let source = &mut source();
    for round in 0..30 {
        let groups = source.gen_range(1..4);
        let (inside, out) = (groups * source.gen_range(1..4), groups * source.gen_range(1..5));
        let window = Window {
            kernel: [source.gen_range(1..5), source.gen_range(1..4)],
            stride: [source.gen_range(1..3), source.gen_range(1..3)],
            padding: [[source.gen_range(0..3), 1], [source.gen_range(0..2), 0]],
            dilation: [source.gen_range(1..3), 1],
        };
        let size =
            (source.gen_range(1..4), inside, source.gen_range(7..14), source.gen_range(5..12));
        let x = random(source, size);
        let w = random(source, (out, inside / groups, window.kernel[0], window.kernel[1]));
        let b = random(source, (out,));
        let relu = round % 2 == 0;
        let pool = if round % 3 == 0 { window.output([size.2, size.3]) } else { None };
        let pool = pool.filter(|output| output.iter().all(|side| *side >= 2)).map(|_| 2);
        let epilogue = Epilogue { relu, pool };
        let what = format!("{size:?} {window:?} {groups} groups");
        same(
            &what,
            answer!(fast::conv2d(on(&x), on(&w), Some(on(&b)), &window, groups, epilogue); &x, &w, &b),
            answer!(portable::conv2d(on(&x), on(&w), Some(on(&b)), &window, groups, epilogue); &x, &w, &b),
        );
        let output = window.output([size.2, size.3]).unwrap();
        let quiet = |add: Option<Plain<_>>| FusedOps {
            scale: Some(b.clone()),
            shift: Some(b.clone() - 0.5),
            add,
            activation: [Activation::Relu6, Activation::Silu, Activation::Sigmoid][round % 3],
            ..FusedOps::default()
        };
        let add = random(source, (size.0, out, output[0], output[1]));
        for after in [quiet(Some(add)), FusedOps { pool, ..quiet(None) }] {
            let [a, b] = [fast::conv2d_fused, portable::conv2d_fused]
                .map(|form| form(&x, &w, &window, groups, after.clone()).unwrap());
            assert_eq!(a.shape(), b.shape());
            close(&format!("{what}, {after:?}"), &read(&a), &read(&b));
        }
    }
}

#[test]
fn pointwise_convolutions_agree_with_what_comes_before() {
    let source = &mut source();
    let x = random(source, (3, 5, 7, 9));
    let w = random(source, (11, 5, 1, 1));
    let factors = [0, 1].map(|_| random(source, (5,)));
    let after = FusedOps { before: Some((factors, Activation::Relu)), ..FusedOps::default() };
    let window = Window::square(1, 1, 0);
    let [a, b] = [fast::conv2d_fused, portable::conv2d_fused]
        .map(|form| form(&x, &w, &window, 1, after.clone()).unwrap());
    close("pointwise", &read(&a), &read(&b));
}

#[test]
fn sequences_agree() {
    let source = &mut source();
    for _ in 0..10 {
        let (batch, channels, length) =
            (source.gen_range(1..5), 2 * source.gen_range(1..4), source.gen_range(6..13));
        let slide =
            Conv1dOptions { stride: source.gen_range(1..3), padding: 1, dilation: 2, groups: 2 };
        let x = random(source, (batch, channels, length));
        let w = random(source, (4, channels / 2, 3));
        let b = random(source, (4,));
        same(
            "conv1d",
            answer!(fast::conv1d(on(&x), on(&w), Some(on(&b)), slide); &x, &w, &b),
            answer!(portable::conv1d(on(&x), on(&w), Some(on(&b)), slide); &x, &w, &b),
        );
        // Fewer and more channels and filters than a vector has lanes.
        let (wide, filters) = (source.gen_range(1..40), source.gen_range(1..80));
        let words = random(source, (5, wide));
        let w = random(source, (filters, wide, 3));
        let b = random(source, (filters,));
        // Texts share words, and most end in padding.
        let texts = Array2::from_shape_fn((batch, length), |(_, at)| {
            if at < length / 2 { source.gen_range(0..5) } else { 4 }
        });
        same(
            "conv1d_max",
            answer!(fast::conv1d_max(on(&words), &texts, on(&w), on(&b)); &words, &w, &b),
            answer!(portable::conv1d_max(on(&words), &texts, on(&w), on(&b)); &words, &w, &b),
        );
        let x = random(source, (batch, length, channels));
        let scores = random(source, (batch, length));
        let mask = Array2::from_shape_fn((batch, length), |(_, at)| at == 0 || source.r#gen());
        same(
            "attention",
            answer!(fast::attention_pool(on(&x), on(&scores), Some(&mask)); &x, &scores),
            answer!(portable::attention_pool(on(&x), on(&scores), Some(&mask)); &x, &scores),
        );
        let words = random(source, (9, channels));
        let tokens = Array2::from_shape_fn((batch, length), |_| source.gen_range(0..9));
        same(
            "embedding",
            answer!(fast::embedding(on(&words), &tokens, Some(3)); &words),
            answer!(portable::embedding(on(&words), &tokens, Some(3)); &words),
        );
    }
}

/// The fast form gives the gradient to the first of tied values, the portable one a share to each: the sums agree.
#[test]
fn tied_maxima_get_the_gradient_once() {
    let (size, window) = ((2, 3, 8, 8), Window::square(2, 2, 0));
    let even = tensor(vec![0.5; 2 * 3 * 64], size).unwrap();
    let [fast, portable] = [fast::max_pool2d, portable::max_pool2d]
        .map(|form| answer!(form(on(&even), &window); &even));
    assert_eq!(fast.0, portable.0);
    let direction = direction(&tensor(fast.0.clone(), (2, 3, 4, 4)).unwrap());
    for (at, expected) in read(&direction).iter().enumerate() {
        let (plane, row, column) = (at / 16, at / 4 % 4, at % 4);
        let four = [0, 1, 8, 9].map(|tap| plane * 64 + row * 16 + column * 2 + tap);
        for form in [&fast, &portable] {
            let sum: f32 = four.iter().map(|place| form.1[0][*place]).sum();
            assert!((sum - expected).abs() < 1e-6, "{sum} and {expected} at {at}");
        }
        assert!(four.iter().all(|place| (portable.1[0][*place] - expected / 4.0).abs() < 1e-6));
    }
}

#[test]
fn pooling_agrees() {
    let source = &mut source();
    for _ in 0..10 {
        let size = (source.gen_range(1..4), source.gen_range(1..5), source.gen_range(6..13), 9);
        let x = random(source, size);
        let window = Window::square(3, source.gen_range(1..4), 1);
        let forms: [[&dyn Fn(Tensor<_>) -> Result<Tensor<_>>; 2]; 6] = [
            [&|x| fast::max_pool2d(x, &window), &|x| portable::max_pool2d(x, &window)],
            [&|x| fast::average_pool2d(x, &window), &|x| portable::average_pool2d(x, &window)],
            [&|x| fast::average_pool2d_exclude_pad(x, &window), &|x| {
                portable::average_pool2d_exclude_pad(x, &window)
            }],
            [&|x| fast::adaptive_average_pool2d(x, [4, 2]), &|x| {
                portable::adaptive_average_pool2d(x, [4, 2])
            }],
            [&|x| fast::subsample2d(x, 2, 1), &|x| portable::subsample2d(x, 2, 1)],
            [&|x| fast::stochastic_depth(x, 0.3, 5), &|x| portable::stochastic_depth(x, 0.3, 5)],
        ];
        for (number, [a, b]) in forms.into_iter().enumerate() {
            same(
                &format!("pooling {number} of {size:?}"),
                answer!(a(on(&x)); &x),
                answer!(b(on(&x)); &x),
            );
        }
        same(
            "global means",
            answer!(fast::global_average_pool2d(on(&x)); &x),
            answer!(portable::global_average_pool2d(on(&x)); &x),
        );
    }
}

#[test]
fn normalization_agrees() {
    let source = &mut source();
    for round in 0..10 {
        let channels = source.gen_range(1..6);
        let size = (source.gen_range(1..4), channels, source.gen_range(2..7), 5);
        let (x, extra) = (random(source, size), random(source, size));
        let (scale, shift) = (random(source, (channels,)), random(source, (channels,)));
        let finish =
            || NormEpilogue { add: (round % 2 == 0).then(|| on(&extra)), relu: round % 3 == 0 };
        let given = ChannelStatistics { mean: shift.clone(), variance: scale.clone().abs() + 0.1 };
        let mut statistics = Vec::new();
        let mut training = |form: &dyn Fn() -> Result<(Tensor<_>, ChannelStatistics)>| {
            let (output, found) = form().unwrap();
            statistics.push(found);
            answer!(Ok::<_, cuaderno::Error>(output); &x, &scale, &shift)
        };
        let a = training(&|| fast::batch_norm2d(on(&x), on(&scale), on(&shift), 1e-3, finish()));
        let b =
            training(&|| portable::batch_norm2d(on(&x), on(&scale), on(&shift), 1e-3, finish()));
        same("training", a, b);
        close("mean", &read(&statistics[0].mean), &read(&statistics[1].mean));
        close("variance", &read(&statistics[0].variance), &read(&statistics[1].variance));
        let affine = [fast::batch_norm2d_affine, portable::batch_norm2d_affine]
            .map(|form| form(&scale, &shift, &given, 1e-3).unwrap());
        for (a, b) in affine[0].iter().zip(&affine[1]) {
            close("affine", &read(a), &read(b));
        }
        same(
            "inference",
            answer!(fast::batch_norm2d_with(on(&x), on(&scale), on(&shift), &given, 1e-3, finish()); &x, &scale, &shift),
            answer!(portable::batch_norm2d_with(on(&x), on(&scale), on(&shift), &given, 1e-3, finish()); &x, &scale, &shift),
        );
    }
}

#[test]
fn joins_factors_and_functions_agree() {
    let source = &mut source();
    let parts = [3, 1, 4].map(|channels| random(source, (2, channels, 5, 3)));
    let [a, b, c] = &parts;
    same(
        "channels",
        answer!(fast::concat_channels(parts.iter().map(on).collect()); a, b, c),
        answer!(portable::concat_channels(parts.iter().map(on).collect()); a, b, c),
    );
    let factors = random(source, (2, 4, 1, 1));
    same(
        "factors",
        answer!(fast::scale_channels(on(c), on(&factors)); c, &factors),
        answer!(portable::scale_channels(on(c), on(&factors)); c, &factors),
    );
    let (left, right) = (random(source, (5, 3)), random(source, (5, 7)));
    same(
        "columns",
        answer!(fast::concat(on(&left), on(&right)); &left, &right),
        answer!(portable::concat(on(&left), on(&right)); &left, &right),
    );
    let (weight, bias) = (random(source, (4, 7)), random(source, (4,)));
    same(
        "linear",
        answer!(fast::linear(on(&right), on(&weight), Some(on(&bias)), true); &right, &weight, &bias),
        answer!(portable::linear(on(&right), on(&weight), Some(on(&bias)), true); &right, &weight, &bias),
    );
    same(
        "dropout",
        answer!(fast::dropout(on(c), 0.4, 11); c),
        answer!(portable::dropout(on(c), 0.4, 11); c),
    );
    for activation in [Activation::Relu, Activation::Relu6, Activation::Sigmoid, Activation::Silu] {
        same(
            "activation",
            answer!(fast::activate(on(c), activation); c),
            answer!(portable::activate(on(c), activation); c),
        );
    }
}

#[test]
fn losses_agree() {
    let source = &mut source();
    for round in 0..20 {
        let (rows, classes) = (source.gen_range(1..9), source.gen_range(2..6));
        let logits = random(source, (rows, classes));
        let labels: Vec<usize> = (0..rows).map(|_| source.gen_range(0..classes)).collect();
        let options = LossOptions {
            class_weights: (round % 2 == 0)
                .then(|| (0..classes).map(|_| source.gen_range(0.2..3.0)).collect()),
            label_smoothing: if round % 4 < 2 { source.gen_range(0.0..0.5) } else { 0.0 },
            focal_gamma: if round % 4 < 2 { 0.0 } else { source.gen_range(0.5..3.0) },
            example_weights: (round % 3 == 0)
                .then(|| (0..rows).map(|_| source.gen_range(0.1..2.0)).collect()),
            ..LossOptions::default()
        };
        same(
            &format!("{options:?}"),
            answer!(fast::cross_entropy(on(&logits), &labels, &options); &logits),
            answer!(portable::cross_entropy(on(&logits), &labels, &options); &logits),
        );
        let ordered = LossOptions { label_smoothing: 0.0, focal_gamma: 0.0, ..options };
        same(
            "earth mover's distance",
            answer!(fast::earth_mover(on(&logits), &labels, &ordered); &logits),
            answer!(portable::earth_mover(on(&logits), &labels, &ordered); &logits),
        );
        let thresholds = random(source, (rows, classes - 1));
        same(
            "cumulative link",
            answer!(fast::cumulative_link(on(&thresholds), &labels, &ordered); &thresholds),
            answer!(portable::cumulative_link(on(&thresholds), &labels, &ordered); &thresholds),
        );
        let targets: Vec<f32> = (0..rows * classes).map(|_| source.gen_range(0.0..1.0)).collect();
        let binary = LossOptions { label_smoothing: 0.1, ..ordered };
        same(
            "binary cross-entropy",
            answer!(fast::binary_cross_entropy(on(&logits), &targets, &binary); &logits),
            answer!(portable::binary_cross_entropy(on(&logits), &targets, &binary); &logits),
        );
        same(
            "squared error",
            answer!(fast::squared_error(on(&logits), &targets, &binary); &logits),
            answer!(portable::squared_error(on(&logits), &targets, &binary); &logits),
        );
    }
}

#[test]
fn descent() {
    let source = &mut source();
    for round in 0..12 {
        let shape = (source.gen_range(1..5), source.gen_range(1..70));
        let weight_decay = if round % 3 == 0 { 0.0 } else { source.gen_range(0.0..0.3) };
        let config = if round % 2 == 0 {
            OptimizerConfig::Adam(AdamConfig {
                betas: [source.gen_range(0.0..0.99), source.gen_range(0.0..0.999)],
                epsilon: 1e-5,
                weight_decay,
                decoupled: round % 4 == 0,
            })
        } else {
            let momentum = if round % 3 == 1 { 0.0 } else { source.gen_range(0.0..0.95) };
            OptimizerConfig::Sgd(SgdConfig { momentum, weight_decay, nesterov: round % 4 == 1 })
        };
        let mut both = [random(source, shape), random(source, shape)];
        both[1] = tensor(read(&both[0]).into_owned(), shape).unwrap();
        let mut states = [OptimizerState::default(), OptimizerState::default()];
        for _ in 0..5 {
            let (rate, direction) = (source.gen_range(0.0..0.2), random(source, shape));
            for (form, (t, state)) in both.iter_mut().zip(&mut states).enumerate() {
                let loss = on(t).try_mul(direction.clone()).unwrap().sum();
                let mut gradients = backward(loss).unwrap();
                let optimizer_step = [fast::optimizer_step, portable::optimizer_step][form];
                optimizer_step(t, &mut gradients, state, &config, rate).unwrap();
            }
        }
        close(&format!("{config:?}"), &read(&both[0]), &read(&both[1]));
    }
}

/// The gradient of an input, where the backward pass made one.
fn made<S: Shape>(gradients: &Gradients, of: &Plain<S>) -> Option<Vec<f32>> {
    // Asking for one that is not there is dfdx's only way to tell.
    std::panic::catch_unwind(AssertUnwindSafe(|| read(&gradients.get(of)).into_owned())).ok()
}

/// Runs an operation with each choice of inputs that are trained, and checks that these get the gradients that they get
/// where all are, and the others none.
macro_rules! check_only_wanted {
    ($what:expr, |$($name:ident),*| $call:expr; $($input:expr),*) => {{
        let count = [$(stringify!($name)),*].len();
        let run = |trained: usize| {
            let mut is_trained = (0..count).map(|place| trained >> place & 1 == 1);
            $(let $name = if is_trained.next().unwrap() { on($input) } else { constant($input) };)*
            let (output, tape) = $call.unwrap().split_tape();
            let direction = direction(&output);
            let loss = output.put_tape(tape).try_mul(constant(&direction)).unwrap().sum();
            let gradients = backward(loss).unwrap();
            vec![$(made(&gradients, $input)),*]
        };
        let all = run((1 << count) - 1);
        for trained in 1..(1 << count) {
            for (place, (found, all)) in run(trained).iter().zip(&all).enumerate() {
                let what = format!("{}, input {place} of {trained:b}", $what);
                match found {
                    Some(found) => close(&what, found, all.as_ref().unwrap()),
                    None => assert!(trained >> place & 1 == 0, "{what}"),
                }
                assert_eq!(found.is_some(), trained >> place & 1 == 1, "{what}");
            }
        }
    }};
}

#[test]
fn what_is_frozen_gets_no_gradient() {
    let source = &mut source();
    let images = random(source, (3, 4, 6, 5));
    let kernels = random(source, (6, 2, 3, 3));
    let biases = random(source, (6,));
    let window = Window::square(3, 1, 1);
    let epilogue = Epilogue::default();
    for form in [fast::conv2d, portable::conv2d] {
        check_only_wanted!("conv2d", |x, w, b| form(x, w, Some(b), &window, 2, epilogue); &images, &kernels, &biases);
    }
    let rows = random(source, (5, 7));
    let matrix = random(source, (6, 7));
    for form in [fast::linear, portable::linear] {
        check_only_wanted!("linear", |x, w, b| form(x, w, Some(b), true); &rows, &matrix, &biases);
    }
    let [scale, shift] = [0, 1].map(|_| random(source, (4,)));
    let extra = random(source, (3, 4, 6, 5));
    let finish = |add| NormEpilogue { add: Some(add), relu: true };
    for form in [fast::batch_norm2d, portable::batch_norm2d] {
        check_only_wanted!(
            "training",
            |x, w, b, add| form(x, w, b, 1e-3, finish(add)).map(|(output, _)| output);
            &images, &scale, &shift, &extra
        );
    }
    let given = ChannelStatistics { mean: shift.clone(), variance: scale.clone().abs() + 0.1 };
    for form in [fast::batch_norm2d_with, portable::batch_norm2d_with] {
        check_only_wanted!(
            "inference",
            |x, w, b, add| form(x, w, b, &given, 1e-3, finish(add));
            &images, &scale, &shift, &extra
        );
    }
    let texts = random(source, (3, 8, 4));
    let taps = random(source, (6, 4, 3));
    let words = random(source, (9, 4));
    let sequences = Array2::from_shape_fn((3, 8), |_| source.gen_range(0..9));
    for form in [fast::conv1d_max, portable::conv1d_max] {
        check_only_wanted!("conv1d_max", |x, w, b| form(x, &sequences, w, b); &words, &taps, &biases);
    }
    let given_scores = random(source, (3, 8));
    for form in [fast::attention_pool, portable::attention_pool] {
        check_only_wanted!("attention", |x, scores| form(x, scores, None); &texts, &given_scores);
    }
    let given_factors = random(source, (3, 4, 1, 1));
    for form in [fast::scale_channels, portable::scale_channels] {
        check_only_wanted!("factors", |x, factors| form(x, factors); &images, &given_factors);
    }
}

#[test]
fn both_forms_refuse_what_does_not_fit() {
    let source = &mut source();
    let x = random(source, (2, 3, 5, 5));
    let w = random(source, (4, 2, 3, 3));
    let window = Window::square(3, 1, 1);
    let matrix = random(source, (2, 3));
    let weight = random(source, (4, 5));
    for pair in [
        [
            fast::conv2d(on(&x), on(&w), None, &window, 1, Epilogue::default()).map(|_| ()),
            portable::conv2d(on(&x), on(&w), None, &window, 1, Epilogue::default()).map(|_| ()),
        ],
        [
            fast::linear(on(&matrix), on(&weight), None, false).map(|_| ()),
            portable::linear(on(&matrix), on(&weight), None, false).map(|_| ()),
        ],
        [fast::concat_channels(vec![]).map(|_| ()), portable::concat_channels(vec![]).map(|_| ())],
        [
            fast::cross_entropy(on(&matrix), &[0, 3], &LossOptions::default()).map(|_| ()),
            portable::cross_entropy(on(&matrix), &[0, 3], &LossOptions::default()).map(|_| ()),
        ],
    ] {
        let [a, b] = pair.map(|answer| answer.unwrap_err().to_string());
        assert_eq!(a, b);
    }
}
