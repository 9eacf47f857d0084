//! The output of one layer, kept during a forward pass for Grad-CAM and the like.

use super::activations::Activations;
use super::prefix::joined;
use crate::tensor::{Plain, Tape};
use dfdx::tensor::{PutTape, SplitTape};
use std::cell::RefCell;

/// Which layer a forward pass captures, and its output.
#[derive(Debug)]
pub(crate) struct Capture {
    layer: String,
    output: RefCell<Option<CapturedOutput>>,
    /// Full names of the layers that ran, in order.
    passed: RefCell<Vec<String>>,
}

/// The output of a captured layer.
#[derive(Debug)]
pub(crate) enum CapturedOutput {
    /// Feature maps, `[batch, channels, height, width]`.
    Images(Plain<(usize, usize, usize, usize)>),
    /// The shape of an output that is not feature maps.
    Other(Vec<usize>),
}

impl Capture {
    pub(super) fn new(layer: &str) -> Self {
        Self { layer: layer.to_string(), output: RefCell::default(), passed: RefCell::default() }
    }

    /// Returns `true` if `name` under `place` is the captured layer. A layer without a name of its own never is: the layer
    /// around it has the same full name.
    pub(super) fn matches(&self, place: &str, name: &str) -> bool {
        if name.is_empty() {
            return false;
        }
        let full = joined(place, name);
        let found = full == self.layer;
        let mut passed = self.passed.borrow_mut();
        if !passed.contains(&full) {
            passed.push(full);
        }
        found
    }

    /// Keeps `output` and returns it with a fresh tape that records.
    pub(super) fn keep(&self, output: Activations) -> Activations {
        match output {
            Activations::Images(images) => {
                let (images, _) = images.split_tape();
                *self.output.borrow_mut() = Some(CapturedOutput::Images(images.clone()));
                Activations::Images(images.put_tape(Tape::on()))
            }
            other => {
                *self.output.borrow_mut() = Some(CapturedOutput::Other(other.shape()));
                other
            }
        }
    }

    /// The captured output, none when the layer did not run.
    pub(crate) fn into_output(self) -> (Option<CapturedOutput>, Vec<String>) {
        (self.output.into_inner(), self.passed.into_inner())
    }
}
