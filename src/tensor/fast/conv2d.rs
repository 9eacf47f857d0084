//! Two-dimensional convolution on the tape.

use crate::tensor::cpu::{self, Conv2dShape, Window};
use crate::tensor::tape::{Tensor1, Tensor4, tensor};
use crate::tensor::{Plain, Tape, put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

pub use crate::tensor::cpu::Fused as Epilogue;
use crate::tensor::cpu::{Activation, After, Before};

/// Operations before and after a convolution without gradients, in this order and in the same pass.
#[derive(Clone, Debug, Default)]
pub struct FusedOps {
    /// Scale and shift of each input channel, and an activation. Only for pointwise windows of one group.
    pub before: Option<([Plain<(usize,)>; 2], Activation)>,
    /// Scale of each output channel.
    pub scale: Option<Plain<(usize,)>>,
    /// Shift of each output channel.
    pub shift: Option<Plain<(usize,)>>,
    /// A tensor of the output's shape to add.
    pub add: Option<Plain<(usize, usize, usize, usize)>>,
    /// The activation.
    pub activation: Activation,
    /// Max-pooling with non-overlapping windows of this side; not together with `add`.
    pub pool: Option<usize>,
}

/// [`conv2d`] without gradients, with batch normalization, the sum of a residual block and the activation in the same
/// pass.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes do not fit.
pub fn conv2d_fused(
    input: &Plain<(usize, usize, usize, usize)>,
    weight: &Plain<(usize, usize, usize, usize)>,
    window: &Window,
    groups: usize,
    after: FusedOps,
) -> Result<Plain<(usize, usize, usize, usize)>> {
    let shape = check_fused(input, weight, window, groups, &after)?;
    let first = after.before.as_ref().map(|(channels, activation)| {
        let [scale, shift] = channels.each_ref().map(read);
        (scale, shift, *activation)
    });
    let before = match &first {
        None => Before::default(),
        Some((scale, shift, activation)) => Before { scale, shift, activation: *activation },
    };
    let images = input.shape().0;
    let [height, width] = shape.pooled(after.pool);
    let whole = (images, shape.out_channels, height, width);
    let mut output = vec![0.0; images * shape.out_channels * height * width];
    let mut winners = vec![0; if after.pool.is_some() { output.len() } else { 0 }];
    let [scale, shift] = [&after.scale, &after.shift].map(|values| values.as_ref().map(read));
    let add = after.add.as_ref().map(read);
    let after = After {
        scale: scale.as_deref().unwrap_or(&[]),
        shift: shift.as_deref().unwrap_or(&[]),
        add: add.as_deref().unwrap_or(&[]),
        activation: after.activation,
        pool: after.pool,
    };
    cpu::conv2d(&shape, before, &after, &read(input), &read(weight), &mut output, &mut winners);
    tensor(output, whole)
}

/// Convolution of `input` `[batch, channels, height, width]` with `weight` `[out channels, channels / groups, kernel
/// height, kernel width]` (a cross-correlation, as in PyTorch) and an optional `bias` `[out channels]`, then ReLU and
/// max-pooling by `epilogue`.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes do not fit, or `weight` has not the size of `window.kernel`.
pub fn conv2d(
    input: Tensor4,
    weight: Tensor4,
    bias: Option<Tensor1>,
    window: &Window,
    groups: usize,
    epilogue: Epilogue,
) -> Result<Tensor4> {
    let (input, input_tape) = input.split_tape();
    let (weight, weight_tape) = weight.split_tape();
    let (bias, bias_tape) = match bias.map(SplitTape::split_tape) {
        Some((bias, tape)) => (Some(bias), tape),
        None => (None, Tape::off()),
    };
    let shape = check(&input, &weight, bias.as_ref(), window, groups, epilogue)?;
    let (images, ..) = *input.shape();
    let [height, width] = shape.pooled(epilogue.pool);
    let count = images * shape.out_channels * height * width;
    let mut output = vec![0.0; count];
    let mut winners = vec![0; if epilogue.pool.is_some() { count } else { 0 }];
    let biases = bias.as_ref().map(read);
    let after = After {
        shift: biases.as_deref().unwrap_or(&[]),
        activation: if epilogue.relu { Activation::Relu } else { Activation::Identity },
        pool: epilogue.pool,
        ..After::default()
    };
    let before = Before::default();
    cpu::conv2d(&shape, before, &after, &read(&input), &read(&weight), &mut output, &mut winners);
    drop(biases);
    let output = tensor(output, (images, shape.out_channels, height, width))?;
    let needed = (input_tape.is_on(), weight_tape.is_on(), bias_tape.is_on());
    let mut tape = input_tape.merge(weight_tape).merge(bias_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = needed.0.then(|| take_gradient(gradients, &input)).transpose()?;
            let mut dw = needed.1.then(|| take_gradient(gradients, &weight)).transpose()?;
            let bias = bias.filter(|_| needed.2);
            let mut db = bias.as_ref().map(|b| take_gradient(gradients, b)).transpose()?;
            cpu::conv2d_backward(
                &shape,
                epilogue,
                &read(&input),
                &read(&weight),
                &read(&result),
                &winners,
                &gradient,
                dx.as_deref_mut(),
                dw.as_deref_mut(),
                db.as_deref_mut(),
            );
            if let Some(dx) = dx {
                put_gradient(gradients, &input, dx)?;
            }
            if let Some(dw) = dw {
                put_gradient(gradients, &weight, dw)?;
            }
            match (bias, db) {
                (Some(bias), Some(db)) => put_gradient(gradients, &bias, db),
                _ => Ok(()),
            }
        });
    }
    Ok(output.put_tape(tape))
}

/// The sizes of a convolution without gradients, if everything fits.
pub(in crate::tensor) fn check_fused(
    input: &Plain<(usize, usize, usize, usize)>,
    weight: &Plain<(usize, usize, usize, usize)>,
    window: &Window,
    groups: usize,
    after: &FusedOps,
) -> Result<Conv2dShape> {
    let epilogue = Epilogue { relu: false, pool: after.pool };
    let shape = check(input, weight, None, window, groups, epilogue)?;
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    for (what, values) in [("scales", &after.scale), ("shifts", &after.shift)] {
        if let Some((count,)) = values.as_ref().map(|values| *values.shape())
            && count != shape.out_channels
        {
            return fail(format!("expected {} {what}, found {count}", shape.out_channels));
        }
    }
    if let Some(([scale, shift], _)) = &after.before {
        let fits = [scale, shift].iter().all(|values| values.shape().0 == shape.in_channels);
        if !fits || !shape.window.is_pointwise() || groups != 1 {
            return fail(format!(
                "expected {} scales before a pointwise convolution of one group, found {} before {shape:?}",
                shape.in_channels,
                scale.shape().0
            ));
        }
    }
    let [height, width] = shape.pooled(after.pool);
    let whole = (input.shape().0, shape.out_channels, height, width);
    if let Some(add) = &after.add
        && (*add.shape() != whole || after.pool.is_some())
    {
        return fail(format!("expected a tensor {whole:?} to add, found {:?}", add.shape()));
    }
    Ok(shape)
}

/// The sizes of a convolution, if everything fits.
pub(in crate::tensor) fn check(
    input: &Plain<(usize, usize, usize, usize)>,
    weight: &Plain<(usize, usize, usize, usize)>,
    bias: Option<&Plain<(usize,)>>,
    window: &Window,
    groups: usize,
    epilogue: Epilogue,
) -> Result<Conv2dShape> {
    let (_, in_channels, height, width) = *input.shape();
    let (out_channels, group_channels, kernel_height, kernel_width) = *weight.shape();
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if groups == 0 || in_channels % groups != 0 || out_channels % groups != 0 {
        return fail(format!(
            "`groups` must divide {in_channels} input and {out_channels} output channels, found {groups}"
        ));
    }
    if group_channels * groups != in_channels {
        return fail(format!(
            "expected {} input channels, found {in_channels}",
            group_channels * groups
        ));
    }
    if [kernel_height, kernel_width] != window.kernel {
        return fail(format!(
            "expected weights of the window's size, found {kernel_height}×{kernel_width} for a window of {}×{}",
            window.kernel[0], window.kernel[1]
        ));
    }
    if let Some(bias) = bias
        && bias.shape().0 != out_channels
    {
        return fail(format!("expected {out_channels} biases, found {}", bias.shape().0));
    }
    let Some(output) = window.output([height, width]) else {
        return fail(format!(
            "a window of {}×{} does not fit an image of {height}×{width}",
            window.kernel[0], window.kernel[1]
        ));
    };
    if let Some(side) = epilogue.pool
        && !(1..=15).contains(&side)
    {
        return fail(format!("the pooling window must be 1 to 15 pixels wide, found {side}"));
    }
    if epilogue.pool.is_some_and(|side| output[0] < side || output[1] < side) {
        return fail(format!(
            "the pooling window must fit the {}×{} output of the convolution",
            output[0], output[1]
        ));
    }
    Ok(Conv2dShape {
        in_channels,
        out_channels,
        groups,
        window: *window,
        input: [height, width],
        output,
    })
}
