//! NASNet-A mobile (Zoph et al., 2018), with the names of the Python package `pretrainedmodels`.

use super::Network;
use super::network::{check_classes, pooled};
use crate::Result;
use crate::nn::{
    AveragePool2d, BatchNorm2d, BatchNorm2dConfig, Conv2d, Conv2dConfig, Dropout, Graph, Init,
    Layer, Linear, MaxPool2d, Node, Sequential, Subsample2d,
};

/// Channels of the first convolution.
const STEM: usize = 32;
/// Channels of each branch of a cell before the first reduction cell.
const FILTERS: usize = 44;

/// NASNet-A (4 @ 1056) with random weights that depend on `seed` alone. Its pretrained weights expect pixels scaled to −1 to
/// 1. Padding is TensorFlow's "SAME", so any size of image fits; for multiples of 32 it equals that of `pretrainedmodels`.
///
/// ```
/// let network = cuaderno::models::nasnet_mobile(1000, 0)?;
/// assert_eq!(network.summary()?.total, 5_289_978);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn nasnet_mobile(classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed);
    let stem = Conv2dConfig::new(3, STEM, 3).stride(2).no_bias();
    let stem =
        Sequential::new().named("conv", Conv2d::new(stem, &mut init)?).named("bn", norm(STEM)?);
    let features = cells(&mut init)?;
    let layers =
        Sequential::new().named("conv0", stem).named("", features).named("relu", Layer::Relu);
    let layers = pooled(layers)
        .named("dropout", Dropout::new(0.5)?)
        .named("last_linear", Linear::new(24 * FILTERS, classes, &mut init)?);
    Ok(Network::new("nasnet_mobile", layers, "last_linear", 224))
}

/// Three groups of normal cells, each after a reduction. Each cell takes the outputs of the two before it.
fn cells(init: &mut Init) -> Result<Graph> {
    let mut builder = Builder { graph: Graph::new(), init };
    let input = Map { node: builder.graph.input(), channels: STEM };
    let right = builder.pointwise("cell_stem_0.conv_1x1", input, FILTERS / 4)?;
    let mut before = builder.reduction("cell_stem_0", input, right)?;
    let left = builder.adjusted("cell_stem_1", input, FILTERS / 2)?;
    let right = builder.pointwise("cell_stem_1.conv_1x1", before, FILTERS / 2)?;
    let mut last = builder.reduction("cell_stem_1", left, right)?;
    // The names count cells as in the large network, which has more of them.
    for (run, first) in [0, 6, 12].into_iter().enumerate() {
        let filters = FILTERS << run;
        if run > 0 {
            let cell = format!("reduction_cell_{}", run - 1);
            let [left, right] = builder.pair(&cell, before, last, filters)?;
            [before, last] = [last, builder.reduction(&cell, left, right)?];
        }
        for place in 0..4 {
            let cell = format!("cell_{}", first + place);
            // Feature maps before a reduction are twice as large as those after it.
            let [left, right] = if place == 0 {
                let left = builder.adjusted(&cell, before, filters)?;
                [left, builder.pointwise(&format!("{cell}.conv_1x1"), last, filters)?]
            } else {
                builder.pair(&cell, before, last, filters)?
            };
            [before, last] = [last, builder.normal(&cell, left, right)?];
        }
    }
    Ok(builder.graph)
}

/// A node and the channels of its output.
#[derive(Clone, Copy)]
struct Map {
    node: Node,
    channels: usize,
}

struct Builder<'a> {
    graph: Graph,
    init: &'a mut Init,
}

impl Builder<'_> {
    /// A normal cell, which keeps the size of the feature maps.
    fn normal(&mut self, cell: &str, left: Map, right: Map) -> Result<Map> {
        let first = [
            self.separable(cell, "0_left", right, left.channels, 5, 1)?,
            self.separable(cell, "0_right", left, left.channels, 3, 1)?,
        ];
        let second = [
            self.separable(cell, "1_left", left, left.channels, 5, 1)?,
            self.separable(cell, "1_right", left, left.channels, 3, 1)?,
        ];
        let third = [self.pool(cell, "2_left", right, AveragePool2d::same(3, 1)), left];
        let fourth =
            ["3_left", "3_right"].map(|at| self.pool(cell, at, left, AveragePool2d::same(3, 1)));
        let fifth = [self.separable(cell, "4_left", right, right.channels, 3, 1)?, right];
        let mut parts = vec![left];
        for (place, pair) in [first, second, third, fourth, fifth].into_iter().enumerate() {
            parts.push(self.sum(cell, place, pair));
        }
        Ok(self.concat(cell, &parts))
    }

    /// A reduction cell, which halves the size of the feature maps.
    fn reduction(&mut self, cell: &str, left: Map, right: Map) -> Result<Map> {
        let channels = right.channels;
        let first = [
            self.separable(cell, "0_left", right, channels, 5, 2)?,
            self.separable(cell, "0_right", left, channels, 7, 2)?,
        ];
        let first = self.sum(cell, 0, first);
        let second = [
            self.pool(cell, "1_left", right, MaxPool2d::same(3, 2)),
            self.separable(cell, "1_right", left, channels, 7, 2)?,
        ];
        let second = self.sum(cell, 1, second);
        let third = [
            self.pool(cell, "2_left", right, AveragePool2d::same(3, 2)),
            self.separable(cell, "2_right", left, channels, 5, 2)?,
        ];
        let third = self.sum(cell, 2, third);
        let fourth = [self.pool(cell, "3_right", first, AveragePool2d::same(3, 1)), second];
        let fourth = self.sum(cell, 3, fourth);
        let fifth = [
            self.separable(cell, "4_left", first, channels, 3, 1)?,
            self.pool(cell, "4_right", right, MaxPool2d::same(3, 2)),
        ];
        let fifth = self.sum(cell, 4, fifth);
        Ok(self.concat(cell, &[second, third, fourth, fifth]))
    }

    /// Both inputs of a cell, projected to the same number of channels.
    fn pair(&mut self, cell: &str, before: Map, last: Map, channels: usize) -> Result<[Map; 2]> {
        let left = self.pointwise(&format!("{cell}.conv_prev_1x1"), before, channels)?;
        Ok([left, self.pointwise(&format!("{cell}.conv_1x1"), last, channels)?])
    }

    /// ReLU, pointwise convolution and normalization.
    fn pointwise(&mut self, name: &str, input: Map, channels: usize) -> Result<Map> {
        let config = Conv2dConfig::new(input.channels, channels, 1).no_bias();
        let layers = Sequential::new()
            .named("relu", Layer::Relu)
            .named("conv", Conv2d::new(config, self.init)?)
            .named("bn", norm(channels)?);
        Ok(self.layers(name, layers, input, channels))
    }

    /// Factorized reduction: feature maps of half the size, half of the channels from even pixels and half from odd ones.
    fn adjusted(&mut self, cell: &str, input: Map, channels: usize) -> Result<Map> {
        let mut path = |name: &str, from: usize| -> Result<Map> {
            let config = Conv2dConfig::new(input.channels, channels / 2, 1).no_bias();
            let layers = Sequential::new()
                .named("relu", Layer::Relu)
                .named("avgpool", Subsample2d { stride: 2, from })
                .named("conv", Conv2d::new(config, self.init)?);
            Ok(self.layers(&format!("{cell}.{name}"), layers, input, channels / 2))
        };
        let paths = [path("path_1", 0)?, path("path_2", 1)?];
        let both = self.concat(cell, &paths);
        let layers = Sequential::new().named("final_path_bn", norm(channels)?);
        Ok(self.layers(cell, layers, both, channels))
    }

    /// A separable convolution, twice: ReLU, depthwise convolution, pointwise convolution, normalization.
    fn separable(
        &mut self,
        cell: &str,
        place: &str,
        input: Map,
        channels: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Map> {
        let mut half = |inputs: usize, stride: usize| -> Result<Sequential> {
            let depthwise = Conv2dConfig::new(inputs, inputs, kernel).stride(stride);
            let depthwise = depthwise.same_padding().groups(inputs).no_bias();
            let pointwise = Conv2dConfig::new(inputs, channels, 1).no_bias();
            Ok(Sequential::new()
                .named("depthwise_conv2d", Conv2d::new(depthwise, self.init)?)
                .named("pointwise_conv2d", Conv2d::new(pointwise, self.init)?))
        };
        let layers = Sequential::new()
            .named("relu", Layer::Relu)
            .named("separable_1", half(input.channels, stride)?)
            .named("bn_sep_1", norm(channels)?)
            .named("relu1", Layer::Relu)
            .named("separable_2", half(channels, 1)?)
            .named("bn_sep_2", norm(channels)?);
        Ok(self.layers(&format!("{cell}.comb_iter_{place}"), layers, input, channels))
    }

    fn pool(&mut self, cell: &str, place: &str, input: Map, pool: impl Into<Layer>) -> Map {
        let layers = Sequential::new().named("", pool);
        self.layers(&format!("{cell}.comb_iter_{place}"), layers, input, input.channels)
    }

    fn layers(&mut self, name: &str, layers: Sequential, input: Map, channels: usize) -> Map {
        Map { node: self.graph.layers(name, layers, input.node), channels }
    }

    fn sum(&mut self, cell: &str, place: usize, [left, right]: [Map; 2]) -> Map {
        let name = format!("{cell}.comb_iter_{place}");
        Map { node: self.graph.add(&name, left.node, right.node), ..left }
    }

    fn concat(&mut self, name: &str, parts: &[Map]) -> Map {
        let nodes: Vec<Node> = parts.iter().map(|part| part.node).collect();
        let channels = parts.iter().map(|part| part.channels).sum();
        Map { node: self.graph.concat(name, &nodes), channels }
    }
}

fn norm(channels: usize) -> Result<BatchNorm2d> {
    let config = BatchNorm2dConfig { epsilon: 1e-3, ..BatchNorm2dConfig::default() };
    BatchNorm2d::with_config(channels, config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Inputs, Model, Pass, Summary};
    use crate::tensor::tensor;
    use dfdx::shapes::HasShape;

    fn black(height: usize, width: usize) -> Inputs {
        let images = tensor(vec![0.0; 3 * height * width], (1, 3, height, width)).unwrap();
        Inputs { images: Some(images), ..Inputs::default() }
    }

    #[test]
    fn it_is_as_large_as_in_the_paper() {
        let network = nasnet_mobile(1001, 0).unwrap();
        let summary = Summary::new(&network, &black(224, 224)).unwrap();
        let adds: usize = summary.rows.iter().map(|row| row.multiply_adds).sum();
        assert_eq!((summary.total + 50_000) / 100_000, 53, "5.3 million parameters");
        assert_eq!((adds + 500_000) / 1_000_000, 564, "564 million multiply-adds");
    }

    #[test]
    fn any_size_of_image_does() {
        let network = nasnet_mobile(3, 0).unwrap();
        for (height, width) in [(75, 91), (66, 33), (40, 100)] {
            let logits = network.forward(&black(height, width), &Pass::inference()).unwrap();
            assert_eq!(*logits.shape(), (1, 3));
        }
    }
}
