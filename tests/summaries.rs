//! Summaries of networks, against the figures of torchinfo 1.8 on torchvision's networks.

use cuaderno::data::Dataset;
use cuaderno::models::{self, TextCnn, TextCnnConfig};
use cuaderno::nn::{BatchNorm2d, Conv2d, Conv2dConfig, Init, Inputs, Linear, Model, Pass, Summary};
use cuaderno::table::FeatureMatrix;
use cuaderno::tensor::{Epilogue, Tensor2, global_average_pool2d, relu, tensor};
use cuaderno::train::{Learner, TrainConfig};
use cuaderno::{Result, modules};
use ndarray::Array2;

fn black(batch: usize, pixels: usize) -> Inputs {
    let images = vec![0.0; batch * 3 * pixels * pixels];
    let images = Some(tensor(images, (batch, 3, pixels, pixels)).unwrap());
    Inputs { images, ..Inputs::default() }
}

#[test]
fn figures_are_torchinfos() {
    // total_params, trainable_params, total_mult_adds, total_output_bytes of
    // `summary(model, (2, 3, pixels, pixels))`, where all but the last layer is frozen.
    let figures = [
        ("resnet18", 11_181_642, 5_130, 3_627_152_148, 79_478_944),
        ("resnet50", 23_528_522, 20_490, 8_174_419_732, 355_647_648),
        ("densenet121", 6_964_106, 10_250, 5_666_463_124, 361_066_656),
        ("squeezenet1_1", 727_626, 5_130, 531_822_516, 38_752_672),
        ("efficientnet_b0", 4_020_358, 12_810, 769_197_836, 215_755_872),
        ("small_cnn", 4_288_970, 1_290, 340_527_892, 14_682_272),
    ];
    for (name, total, trainable, multiply_adds, pass_bytes) in figures {
        let mut network = models::network(name, 10, 0).unwrap();
        network.freeze("").unwrap();
        let head = network.head().to_string();
        network.unfreeze(&head).unwrap();
        let summary = Summary::new(&network, &black(2, network.pixels())).unwrap();
        assert_eq!((summary.total, summary.trainable), (total, trainable), "{name}");
        assert_eq!(summary.multiply_adds(), multiply_adds, "{name}");
        assert_eq!(summary.pass_bytes(), pass_bytes, "{name}");
        assert_eq!(summary.inputs, 2 * 3 * network.pixels().pow(2), "{name}");
        let listed: usize = summary.rows.iter().map(|row| row.parameters).sum();
        assert_eq!(listed, total, "{name}");
    }
}

#[test]
fn a_table_and_what_is_below_it() {
    let mut network = models::simple_network(4, 5, 3, 0).unwrap();
    network.freeze("1").unwrap();
    let lines: Vec<String> =
        network.summary().unwrap().to_string().lines().map(String::from).collect();
    let expected = "\
Layer  Type     Output shape  Parameters  Trainable  Multiply-adds
0      Flatten  [1, 48]                                           
1      Linear   [1, 5]               245         no            245
2      ReLU     [1, 5]                                            
3      Linear   [1, 3]                18        yes             18

Total parameters: 263
Trainable parameters: 18
Non-trainable parameters: 245
Total multiply-adds: 263
Input size: 0.00 MB
Forward/backward pass size: 0.00 MB
Parameters size: 0.00 MB
Estimated total size: 0.00 MB";
    let given: Vec<&str> = expected.lines().collect();
    assert_eq!(lines[..given.len()], given);
    assert!(lines[given.len()].starts_with("Device: "), "{lines:?}");
}

#[test]
fn layers_outside_a_sequence_are_listed_too() {
    let config = TextCnnConfig {
        words: 50,
        dimensions: 8,
        windows: vec![2, 3],
        filters: 6,
        classes: 4,
        ..TextCnnConfig::default()
    };
    let model = TextCnn::new(&config, 0).unwrap();
    // Token 0 is the padding, of which the network takes only what the batch needs.
    let tokens = Some(Array2::ones((2, 7)));
    let summary = Summary::new(&model, &Inputs { tokens, ..Inputs::default() }).unwrap();
    let rows = summary.rows.iter();
    let rows: Vec<_> = rows
        .map(|row| (&*row.name, &*row.kind, &row.output[..], row.parameters, row.multiply_adds))
        .collect();
    // torchinfo's, but for the embedding, for which it counts a multiplication a weight.
    assert_eq!(
        rows,
        [
            ("embedding", "Embedding", &[2, 7, 8][..], 400, 0),
            ("convolutions.0", "Conv1d", &[2, 6, 6], 102, 2 * 6 * 102),
            ("convolutions.1", "Conv1d", &[2, 6, 5], 150, 2 * 5 * 150),
            ("head.dropout", "Dropout", &[2, 12], 0, 0),
            ("head", "Linear", &[2, 4], 52, 2 * 52),
        ]
    );
    assert_eq!(summary.total, 400 + 102 + 150 + 52);
}

/// A network that calls its layers one by one.
#[derive(Clone, Debug)]
struct Own {
    convolution: Conv2d,
    norm: BatchNorm2d,
    head: Linear,
}

impl Model for Own {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let flow = pass.enter("convolution", || {
            self.convolution.forward(inputs.images()?, Epilogue::default(), pass)
        })?;
        let flow = pass.enter("norm", || relu(self.norm.forward(flow, pass)?))?;
        pass.enter("head", || self.head.forward(global_average_pool2d(flow)?, false, pass))
    }

    modules!(convolution, norm, head);
}

#[test]
fn a_network_of_ones_own_is_listed_layer_by_layer() {
    let mut init = Init::seed(0);
    let model = Own {
        convolution: Conv2d::new(Conv2dConfig::same(3, 4, 3).no_bias(), &mut init).unwrap(),
        norm: BatchNorm2d::new(4).unwrap(),
        head: Linear::new(4, 2, &mut init).unwrap(),
    };
    let summary = Summary::new(&model, &black(2, 6)).unwrap();
    let rows = summary.rows.iter();
    let rows: Vec<_> =
        rows.map(|row| (&*row.name, &*row.kind, &row.output[..], row.multiply_adds)).collect();
    assert_eq!(
        rows,
        [
            ("convolution", "Conv2d", &[2, 4, 6, 6][..], 108 * 72),
            ("norm", "BatchNorm2d", &[2, 4, 6, 6], 16),
            ("head", "Linear", &[2, 2], 20),
        ]
    );
}

#[test]
fn a_learner_shows_its_network_on_its_data() {
    let values = Array2::zeros((4, 3));
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let set = Dataset::new(&[0, 1, 0, 1], &["no", "yes"])
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap();
    let model = cuaderno::nn::Sequential::new().add(Linear::new(3, 2, &mut Init::seed(0)).unwrap());
    let config = TrainConfig { batch_size: 1, ..TrainConfig::default() };
    let learner = Learner::new(model, &set, &set, &config).unwrap();
    let summary = learner.summary().unwrap();
    assert_eq!(
        (summary.rows[0].output.as_slice(), summary.total, summary.inputs),
        (&[1, 2][..], 8, 3)
    );
}
