//! The fully connected layer on the tape.

use crate::tensor::cpu::{Matrix, MatrixMut, matmul_parallel};
use crate::tensor::tape::{Tensor1, Tensor2, tensor};
use crate::tensor::{Tape, put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

/// Fully connected layer, `input · weightᵀ + bias`, with `relu` followed by `max(·, 0)`: `input` is `[batch, in]`, `weight`
/// `[out, in]` as in PyTorch's `functional.linear`, `bias` `[out]`, the result `[batch, out]`.
///
/// ```
/// use cuaderno::tensor::{constant, linear, plain, read, tensor};
/// let x = constant(&tensor(vec![1.0, 2.0], (1, 2))?);
/// let weight = constant(&tensor(vec![3.0, -1.0, 0.0, -2.0], (2, 2))?);
/// let y = linear(x, weight, None, true)?; // 1 and −4 before ReLU
/// assert_eq!(read(&plain(y))[..], [1.0, 0.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes do not fit.
pub fn linear(
    input: Tensor2,
    weight: Tensor2,
    bias: Option<Tensor1>,
    relu: bool,
) -> Result<Tensor2> {
    let (input, input_tape) = input.split_tape();
    let (weight, weight_tape) = weight.split_tape();
    let (bias, bias_tape) = match bias.map(SplitTape::split_tape) {
        Some((bias, tape)) => (Some(bias), tape),
        None => (None, Tape::off()),
    };
    let (batch, inputs) = *input.shape();
    let (outputs, expected) = *weight.shape();
    check(inputs, (outputs, expected), bias.as_ref().map(|bias| bias.shape().0))?;
    let mut values = vec![0.0; batch * outputs];
    if let Some(bias) = &bias {
        let bias = read(bias);
        values.chunks_exact_mut(outputs.max(1)).for_each(|row| row.copy_from_slice(&bias));
    }
    matmul_parallel(
        MatrixMut::new(&mut values, batch, outputs),
        Matrix::new(&read(&input), batch, inputs),
        Matrix::new(&read(&weight), outputs, inputs).transposed(),
        true,
    );
    if relu {
        values.iter_mut().for_each(|v| *v = if *v < 0.0 { 0.0 } else { *v });
    }
    let output = tensor(values, (batch, outputs))?;
    let needed = (input_tape.is_on(), weight_tape.is_on(), bias_tape.is_on());
    let mut tape = input_tape.merge(weight_tape).merge(bias_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let mut gradient = take_gradient(gradients, &result)?;
            if relu {
                let alive = read(&result);
                gradient
                    .iter_mut()
                    .zip(&*alive)
                    .filter(|(_, y)| **y <= 0.0)
                    .for_each(|(g, _)| *g = 0.0);
            }
            let of_output = Matrix::new(&gradient, batch, outputs);
            if needed.0 {
                let mut dx = take_gradient(gradients, &input)?;
                let weight = read(&weight);
                let weight = Matrix::new(&weight, outputs, inputs);
                matmul_parallel(MatrixMut::new(&mut dx, batch, inputs), of_output, weight, true);
                put_gradient(gradients, &input, dx)?;
            }
            if needed.1 {
                let mut dw = take_gradient(gradients, &weight)?;
                let input = read(&input);
                let input = Matrix::new(&input, batch, inputs);
                let dw_matrix = MatrixMut::new(&mut dw, outputs, inputs);
                matmul_parallel(dw_matrix, of_output.transposed(), input, true);
                put_gradient(gradients, &weight, dw)?;
            }
            if let (true, Some(bias)) = (needed.2, &bias) {
                let mut db = take_gradient(gradients, bias)?;
                for row in gradient.chunks_exact(outputs.max(1)) {
                    db.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
                }
                put_gradient(gradients, bias, db)?;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// Checks the sizes of features, weights `[out, in]` and biases.
pub(in crate::tensor) fn check(
    inputs: usize,
    (outputs, expected): (usize, usize),
    biases: Option<usize>,
) -> Result<()> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if inputs != expected {
        return fail(format!("expected {expected} input features, found {inputs}"));
    }
    match biases.filter(|biases| *biases != outputs) {
        None => Ok(()),
        Some(biases) => fail(format!("expected {outputs} biases, found {biases}")),
    }
}
