//! Embedding lookup on the tape.

use crate::tensor::tape::{Tensor2, Tensor3, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use ndarray::Array2;

/// The rows of `weight` `[vocabulary size, dimensions]` for the token ids `[batch, length]`: `[batch, length,
/// dimensions]`. The row `padding` gets no gradient, as in PyTorch.
///
/// # Errors
/// [`ErrorKind::Parameter`] when a token id is not below the vocabulary size.
pub fn embedding(weight: Tensor2, tokens: &Array2<u32>, padding: Option<usize>) -> Result<Tensor3> {
    let (weight, mut tape) = weight.split_tape();
    let (words, dimensions) = *weight.shape();
    check(tokens, words)?;
    let (batch, length) = tokens.dim();
    let tokens: Vec<usize> = tokens.iter().map(|token| *token as usize).collect();
    let mut values = Vec::with_capacity(tokens.len() * dimensions);
    {
        let rows = read(&weight);
        for token in &tokens {
            values.extend_from_slice(&rows[token * dimensions..(token + 1) * dimensions]);
        }
    }
    let output = tensor(values, (batch, length, dimensions))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut sum = take_gradient(gradients, &weight)?;
            let rows = tokens.iter().zip(gradient.chunks_exact(dimensions.max(1)));
            for (token, row) in rows.filter(|(token, _)| Some(**token) != padding) {
                let target = &mut sum[token * dimensions..(token + 1) * dimensions];
                target.iter_mut().zip(row).for_each(|(s, g)| *s += g);
            }
            put_gradient(gradients, &weight, sum)
        });
    }
    Ok(output.put_tape(tape))
}

/// Checks that each token id is below the vocabulary size.
pub(crate) fn check(tokens: &Array2<u32>, words: usize) -> Result<()> {
    match tokens.indexed_iter().find(|(_, token)| **token as usize >= words) {
        None => Ok(()),
        Some(((row, place), token)) => {
            let problem = format!(
                "token ids must be below the vocabulary size {words}, found {token} at position {place} of text {row}"
            );
            Err(Error::new(ErrorKind::Parameter, problem))
        }
    }
}
