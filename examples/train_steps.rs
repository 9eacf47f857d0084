//! Training steps on given data, to compare with those of any other framework.
//!
//! `cargo run --release --example train_steps -- --model resnet18 --classes 12 --weights W.safetensors
//! --input X.safetensors --output Y.safetensors --optimizer sgd --lr 0.01 --momentum 0.9 --weight-decay 0 --batch 16
//! --steps 20` reads images from the tensor `input` and classes from `labels`. Step i trains on the rows from i · batch
//! on, wrapping round at the end. The losses are written to the tensor `losses`, with the final weights beside them.
//!
//! Nothing is random in these steps: dropout and stochastic depth let everything through, as they do in PyTorch with a
//! probability of 0. Batch normalization trains: it normalizes by the batch, and its running statistics follow.

mod arguments;

use arguments::Arguments;
use cuaderno::models;
use cuaderno::nn::{Inputs, Model, Pass, StoredTensor, Weights};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, read, tensor};
use cuaderno::train::{AdamConfig, Optimizer, OptimizerConfig, SgdConfig};
use cuaderno::{Error, ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};

fn main() -> Result<()> {
    let arguments = Arguments::read(&[
        "model",
        "classes",
        "weights",
        "input",
        "output",
        "optimizer",
        "lr",
        "momentum",
        "weight-decay",
        "batch",
        "steps",
    ])?;
    let fail = |problem: String| Error::new(ErrorKind::Parameter, problem);
    let mut model =
        models::network(arguments.text("model")?, arguments.number("classes", 1000)?, 0)?;
    Weights::read(arguments.text("weights")?)?.load_into(&mut model)?;
    let (momentum, weight_decay) =
        (arguments.number("momentum", 0.0)?, arguments.number("weight-decay", 0.0)?);
    let config = match arguments.text("optimizer")? {
        "sgd" => OptimizerConfig::Sgd(SgdConfig { momentum, weight_decay, nesterov: false }),
        "adam" => OptimizerConfig::Adam(AdamConfig { weight_decay, ..AdamConfig::default() }),
        other => return Err(fail(format!("`{other}` is neither sgd nor adam"))),
    };
    let mut optimizer = Optimizer::new(config)?;
    let (rate, steps) = (arguments.number("lr", 1e-3f32)?, arguments.number("steps", 20usize)?);
    let batch = arguments.number("batch", 16usize)?;

    let file = arguments.text("input")?;
    let stored = Weights::read(file)?;
    let part = |name: &str| {
        stored.get(name).ok_or_else(|| {
            Error::new(ErrorKind::Weights, format!("there is no tensor `{name}`")).file(file)
        })
    };
    let (input, labels) = (part("input")?, part("labels")?);
    let labels = labels.indices().map_err(|error| error.file(file).column("labels"))?;
    let [rows, channels, height, width] = input.shape[..] else {
        return Err(fail(format!("`input` is {:?}, not of rank 4", input.shape)).file(file));
    };
    if rows == 0 || rows != labels.len() || batch == 0 {
        let problem = format!("{rows} images, {} labels, batches of {batch}", labels.len());
        return Err(fail(problem).file(file));
    }
    let size = channels * height * width;
    let mut losses = Vec::with_capacity(steps);
    for step in 0..steps {
        let indices: Vec<usize> = (0..batch).map(|row| (step * batch + row) % rows).collect();
        let images = indices.iter().flat_map(|row| &input.values[row * size..(row + 1) * size]);
        let images = tensor(images.copied().collect(), (batch, channels, height, width))?;
        let wanted: Vec<usize> = indices.iter().map(|row| labels[*row]).collect();
        let inputs = Inputs { images: Some(images), ..Inputs::default() };
        let logits = model.forward(&inputs, &Pass::training_without_randomness())?;
        let (loss, tape) = cross_entropy(logits, &wanted, &LossOptions::default())?.split_tape();
        losses.push(read(&loss)[0]);
        let mut gradients = backward(loss.put_tape(tape))?;
        optimizer.step(model.parameters_mut(), &mut gradients, rate)?;
    }
    let mut output = Weights::of(&model);
    output.insert("losses", StoredTensor { shape: vec![steps], values: losses })?;
    output.write(arguments.text("output")?)
}
