//! What layers and networks of one's own refuse, and how they say so.

use cuaderno::ErrorKind;
use cuaderno::data::Dataset;
use cuaderno::nn::{
    BatchNorm2d, Conv1d, Conv2d, Conv2dConfig, Embedding, Init, Linear, Sequential,
};
use cuaderno::table::FeatureMatrix;
use cuaderno::train::{Learner, Silent, TrainConfig};
use ndarray::Array2;

#[test]
fn layers_of_no_size_are_refused_where_they_are_made() {
    let init = &mut Init::seed(0);
    let conv = |config, init: &mut Init| Conv2d::new(config, init).map(|_| ());
    for (refused, says) in [
        (Linear::new(0, 3, init).map(|_| ()), "[3, 0]"),
        (Linear::normal(3, 0, 0.1, init).map(|_| ()), "[0, 3]"),
        (Embedding::new(0, 8, None, init).map(|_| ()), "[0, 8]"),
        (Conv1d::new(4, 0, 3, init).map(|_| ()), "[0, 4, 3]"),
        (conv(Conv2dConfig::new(0, 4, 3), init), "[4, 0, 3, 3]"),
        (conv(Conv2dConfig::new(3, 4, 0), init), "[4, 3, 0, 0]"),
        (
            conv(Conv2dConfig::new(3, 4, 3).stride(0), init),
            "stride and dilation must be at least 1",
        ),
        (conv(Conv2dConfig::new(3, 4, 3).groups(2), init), "`groups` must divide"),
        (BatchNorm2d::new(0).map(|_| ()), "at least 1 channel, found 0"),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_network_for_other_classes_than_the_data_is_refused() {
    let values = Array2::zeros((4, 3));
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let set = Dataset::new(&[0, 1, 2, 1], &["x", "y", "z"])
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap();
    let config = TrainConfig { batch_size: 2, ..TrainConfig::default() };
    for outputs in [2, 4, 6] {
        let head = Linear::new(3, outputs, &mut Init::seed(0)).unwrap();
        let model = Sequential::new().add(head);
        let mut learner = Learner::new(model, &set, &set, &config).unwrap();
        let says = format!("the network has {outputs} outputs, the data set 3 classes: x, y, z; ");
        let error = learner.fit_with(1, &mut Silent).unwrap_err();
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(learner.evaluate(&set).unwrap_err().to_string().starts_with(&says));
    }
}

/// What is stored in a notebook's variables and sent to threads. On a GPU what holds tensors stays on its thread.
#[cfg(not(feature = "cuda"))]
#[test]
fn networks_layers_and_what_trains_them_can_be_sent() {
    use cuaderno::models::{Hybrid, Network, Pretrained, TextCnn};
    use cuaderno::nn::{
        Branches, Buffer, CachedFeatures, Graph, Inputs, Layer, Model, Parameter, Residual,
        SqueezeExcitation, Summary, Weights,
    };
    use cuaderno::tensor::{ChannelStatistics, Gradients, OptimizerState, Plain};
    use cuaderno::train::{Evaluation, History, Optimizer};
    fn sent<T: Send + Sync + std::fmt::Debug + 'static>() {}
    fn kept<T: Send + Sync + std::fmt::Debug + Clone + 'static>() {}
    kept::<(Network, Hybrid, TextCnn, Sequential, Box<dyn Model>)>();
    kept::<(
        Layer,
        Residual,
        Branches,
        SqueezeExcitation,
        Graph,
        Linear,
        Conv1d,
        Conv2d,
        BatchNorm2d,
        Embedding,
    )>();
    kept::<(Parameter, Buffer, Weights, Summary, Inputs, CachedFeatures)>();
    kept::<(Plain<(usize, usize)>, Gradients, ChannelStatistics, OptimizerState)>();
    kept::<(Pretrained, Dataset, TrainConfig, Optimizer, History, Evaluation)>();
    sent::<Learner>();
}

/// On a GPU a network stays on its thread, and its weights can be sent.
#[cfg(not(feature = "cuda"))]
#[test]
fn a_network_is_sent_to_a_thread_and_its_copy_trained_there() {
    use cuaderno::nn::{Model, Weights};
    let values =
        Array2::from_shape_fn((6, 3), |(row, column)| (row * 3 + column) as f32 / 9.0 - 1.0);
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let set = Dataset::new(&[0, 1, 0, 1, 0, 1], &["x", "y"])
        .unwrap()
        .with_features(&FeatureMatrix { values, names, unknown: Vec::new() })
        .unwrap();
    let model = Sequential::new().add(Linear::new(3, 2, &mut Init::seed(0)).unwrap());
    let before = Weights::of(&model);
    let copies = [0.1, 0.2].map(|learning_rate| {
        let (copy, set) = (model.boxed_clone(), set.clone());
        std::thread::spawn(move || {
            let config = TrainConfig { learning_rate, batch_size: 6, ..TrainConfig::default() };
            let mut learner = Learner::new(copy, &set, &set, &config).unwrap();
            learner.fit_with(3, &mut Silent).unwrap();
            learner
        })
    });
    let [a, b] = copies.map(|copy| Weights::of(copy.join().unwrap().model()));
    assert!(a != before && b != before && a != b);
    assert_eq!(Weights::of(&model), before);
}
