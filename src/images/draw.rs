//! One draw of an augmentation: the source of each pixel and the change of its color.

use super::color::ColorChange;
use super::operation::ImageOperation;

/// From the coordinates of an output pixel to those of its source, both from the middle of the image, in
/// pixels: `(a·x + b·y + shift_x, c·x + d·y + shift_y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) c: f32,
    pub(super) d: f32,
    pub(super) shift_x: f32,
    pub(super) shift_y: f32,
}

impl Matrix {
    /// `self · inner`: the point that `self` finds from what `inner` finds.
    pub(super) fn after(&self, inner: &Self) -> Self {
        Self {
            a: self.a * inner.a + self.b * inner.c,
            b: self.a * inner.b + self.b * inner.d,
            c: self.c * inner.a + self.d * inner.c,
            d: self.c * inner.b + self.d * inner.d,
            shift_x: self.a * inner.shift_x + self.b * inner.shift_y + self.shift_x,
            shift_y: self.c * inner.shift_x + self.d * inner.shift_y + self.shift_y,
        }
    }

    /// The same followed by mirroring left to right with `x`, and top to bottom with `y`.
    pub(super) fn flipped(self, x: bool, y: bool) -> Self {
        let sign = |flip: bool| if flip { -1.0 } else { 1.0 };
        Self {
            a: self.a * sign(x),
            b: self.b * sign(y),
            c: self.c * sign(x),
            d: self.d * sign(y),
            ..self
        }
    }
}

/// One draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Draw {
    pub(super) matrix: Matrix,
    pub(super) color: ColorChange,
    /// The operation of TrivialAugment.
    pub(super) operation: Option<ImageOperation>,
    /// Left, top, right and bottom of a rectangle that becomes black, in pixels.
    pub(super) erased: Option<[usize; 4]>,
}
