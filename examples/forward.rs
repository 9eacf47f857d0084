//! A network's logits, to compare with those of any other framework.
//!
//! `cargo run --release --example forward -- --model resnet18 --classes 1000 --weights W.safetensors
//! --input X.safetensors --output Y.safetensors` reads images `[n, 3, height, width]` from the tensor `input` and
//! writes the logits, in inference, to the tensor `output`.

mod arguments;

use arguments::Arguments;
use cuaderno::models;
use cuaderno::nn::{Inputs, Model, Pass, StoredTensor, Weights};
use cuaderno::tensor::read;
use cuaderno::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;

fn main() -> Result<()> {
    let arguments = Arguments::read(&["model", "classes", "weights", "input", "output"])?;
    let classes = arguments.number("classes", 1000)?;
    let mut model = models::network(arguments.text("model")?, classes, 0)?;
    Weights::read(arguments.text("weights")?)?.load_into(&mut model)?;
    let file = arguments.text("input")?;
    let stored = Weights::read(file)?;
    let input = stored
        .get("input")
        .ok_or_else(|| Error::new(ErrorKind::Weights, "there is no tensor `input`").file(file))?;
    let images = input.tensor4().map_err(|error| error.file(file))?;
    let inputs = Inputs { images: Some(images), ..Inputs::default() };
    let logits = model.forward(&inputs, &Pass::inference())?;
    let (rows, columns) = *logits.shape();
    let values = read(&cuaderno::tensor::plain(logits)).into_owned();
    let mut output = Weights::default();
    output.insert("output", StoredTensor { shape: vec![rows, columns], values })?;
    output.write(arguments.text("output")?)
}
