//! Parts of networks that are not a plain sequence.

use super::{Pass, Sequential};
use crate::Result;
use crate::tensor::{Tensor4, concat_channels, scale_channels, stochastic_depth, twice};

/// `relu(body(x) + shortcut(x))`, the block of residual networks (He et al., 2016): without a shortcut of its own, x
/// itself is added; the final ReLU may be left out, as in inverted residuals (Sandler et al., 2018).
#[derive(Clone, Debug, Default)]
pub struct Residual {
    /// The layers. Their parameters are named as if they stood in the block itself.
    pub body: Sequential,
    /// What the input goes through to fit the body's output; its parameters are under `downsample`.
    pub shortcut: Option<Sequential>,
    /// Whether max(x, 0) ends the block.
    pub relu: bool,
    /// The probability that training skips the body for an example (stochastic depth; Huang et al., 2016). A frozen body is
    /// never skipped.
    pub skip: f32,
}

impl Residual {
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &Sequential)> {
        let shortcut = self.shortcut.as_ref().map(|shortcut| ("downsample", shortcut));
        std::iter::once(("", &self.body)).chain(shortcut)
    }

    pub(super) fn parts_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Sequential)> {
        let shortcut = self.shortcut.as_mut().map(|shortcut| ("downsample", shortcut));
        std::iter::once(("", &mut self.body)).chain(shortcut)
    }

    pub(super) fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let [input, around] = twice(input);
        let around = match &self.shortcut {
            Some(shortcut) => {
                pass.enter("downsample", || shortcut.forward(around, pass)?.images())?
            }
            None => around,
        };
        let trained = || self.body.parameters().iter().any(|(_, p)| p.is_trainable());
        if self.skip > 0.0 && pass.is_random() && trained() {
            let kept = self.body.forward(input, pass)?.images()?;
            let kept = stochastic_depth(kept, self.skip, pass.seed())?;
            let sum = crate::tensor::add(kept, around)?;
            return if self.relu { crate::tensor::relu(sum) } else { Ok(sum) };
        }
        self.body.forward_adding(input, around, self.relu, pass)
    }
}

/// Ways from the same input, whose outputs are joined along the channels. An empty way hands the input on, which makes
/// the layer of a dense block (Huang et al., 2017). Parameters are named as if they stood in the block itself.
#[derive(Clone, Debug, Default)]
pub struct Branches {
    /// The ways, in the order in which their channels come.
    pub ways: Vec<Sequential>,
}

impl Branches {
    pub(super) fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let mut rest = input;
        let mut outputs = Vec::new();
        for way in &self.ways {
            let [mine, others] = twice(rest);
            rest = others;
            outputs.push(way.forward(mine, pass)?.images()?);
        }
        concat_channels(outputs)
    }
}

/// `x · body(x)`, where the body makes one factor a channel: squeeze and excitation (Hu et al., 2018).
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// From `[batch, channels, height, width]` to `[batch, channels, 1, 1]`.
    pub body: Sequential,
}

impl Gate {
    pub(super) fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let [input, squeezed] = twice(input);
        let factors = self.body.forward(squeezed, pass)?.images()?;
        scale_channels(input, factors)
    }
}
