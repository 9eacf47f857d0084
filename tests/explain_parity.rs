//! Grad-CAM, Grad-CAM++ and occlusion maps against `pytorch_grad_cam` and `captum` on the same weights and images;
//! `tests/reference/explain_outputs.py` computed the numbers.

use cuaderno::explain::{Heatmaps, OcclusionConfig, grad_cam, grad_cam_plus_plus, occlusion};
use cuaderno::models::{self, Hybrid, HybridConfig};
use cuaderno::nn::{Inputs, Model, Weights};
use cuaderno::tensor::tensor;
use formula::{fill_network, given, image_inputs};

#[path = "reference/formula.rs"]
mod formula;

const CLASSES: usize = 10;
const FEATURES: usize = 20;
const CLASS: usize = 3;

fn references() -> Weights {
    Weights::from_bytes(include_bytes!("reference/explain.safetensors")).unwrap()
}

/// The network of the reference with its weights, and the inputs of two examples.
fn case(name: &str) -> (Box<dyn Model>, Inputs) {
    let mut model: Box<dyn Model> = if name == "hybrid" {
        let config = HybridConfig {
            pixels: 64,
            features: FEATURES,
            classes: CLASSES,
            ..HybridConfig::default()
        };
        let resnet = models::resnet18(3, 0).unwrap();
        Box::new(Hybrid::with_branch(resnet.backbone().unwrap(), &config, 0).unwrap())
    } else {
        Box::new(models::network(name, CLASSES, 0).unwrap())
    };
    fill_network(&mut *model, if name == "efficientnet_b0" { 1.125 } else { 1.0 });
    let shape = if name == "small_cnn" { [2, 3, 128, 128] } else { [2, 3, 75, 91] };
    let features = tensor(given("metadata", &[2, FEATURES]), (2, FEATURES)).unwrap();
    let inputs = image_inputs(given("input", &shape), shape);
    (model, Inputs { features: (name == "hybrid").then_some(features), ..inputs })
}

fn check(name: &str, found: &Heatmaps, expected: &Weights) {
    let expected = expected.get(name).unwrap();
    assert_eq!(found.maps().shape(), expected.shape, "{name}");
    let scale = expected.values.iter().fold(0f32, |scale, value| scale.max(value.abs()));
    let apart = found.maps().iter().zip(&expected.values).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f32::max) / scale;
    println!("{name}: {apart:.1e}");
    assert!(apart < 2e-4, "{name} differs by {apart:.1e} of the maximum");
}

#[test]
fn class_activation_maps_are_those_of_pytorch_grad_cam() {
    let expected = references();
    let layers = [
        ("resnet18", "layer4.1", true),
        ("resnet50", "layer3.5", false),
        ("efficientnet_b0", "features.8.2", true),
        ("squeezenet1_1", "features.12", false),
        ("small_cnn", "features.7", true),
        ("hybrid", "image.layer4.1", true),
    ];
    for (name, layer, default) in layers {
        let (model, inputs) = case(name);
        for (class, of) in [(None, "predicted"), (Some(CLASS), "named")] {
            let named = if default { "" } else { layer };
            let maps = grad_cam(&*model, &inputs, class, named).unwrap();
            assert_eq!(maps.layer(), layer, "{name}");
            let classes = &expected.get(&format!("{name}/classes/{of}")).unwrap();
            assert_eq!(maps.classes(), classes.indices().unwrap(), "{name}");
            check(&format!("{name}/grad_cam/{of}"), &maps, &expected);
            let maps = grad_cam_plus_plus(&*model, &inputs, class, layer).unwrap();
            check(&format!("{name}/grad_cam_plus_plus/{of}"), &maps, &expected);
        }
    }
}

#[test]
fn occlusion_maps_are_those_of_captum() {
    let (expected, (model, inputs)) = (references(), case("small_cnn"));
    for (patch, stride) in [([32, 48], [32, 40]), ([50, 50], [30, 30])] {
        let config = OcclusionConfig { patch, stride, fill: 0.5 };
        let maps = occlusion(&*model, &inputs, Some(CLASS), &config).unwrap();
        check(&format!("occlusion/{}", patch[0]), &maps, &expected);
    }
}

#[test]
fn every_convolutional_network_of_the_zoo_has_a_default_layer() {
    for name in models::names() {
        let model = models::network(name, CLASSES, 0).unwrap();
        let images = tensor(given("input", &[1, 3, 128, 128]), (1, 3, 128, 128)).unwrap();
        let inputs = Inputs { images: Some(images), ..Inputs::default() };
        let maps = grad_cam(&model, &inputs, None, "").unwrap();
        println!("{name}: {} {:?}", maps.layer(), maps.maps().shape());
        assert!(maps.maps().shape()[1] > 1, "{name}");
        assert!(maps.maps().iter().all(|value| value.is_finite()), "{name}");
    }
}

#[test]
fn a_wrong_layer_or_class_is_named_with_what_there_is() {
    let (model, inputs) = case("small_cnn");
    let message = |class, layer| grad_cam(&*model, &inputs, class, layer).unwrap_err().to_string();
    let found = message(None, "layer4");
    assert!(found.contains("no layer `layer4`") && found.contains("features.7"), "{found}");
    let found = message(Some(10), "");
    assert!(found.contains("class 10") && found.contains("10 outputs"), "{found}");
    let found = message(None, "flatten");
    assert!(found.contains("layer `flatten`") && found.contains("[2, 32768]"), "{found}");
    let simple = models::simple_network(32, 8, 4, 0).unwrap();
    let inputs = image_inputs(given("input", &[1, 3, 32, 32]), [1, 3, 32, 32]);
    let found = grad_cam(&simple, &inputs, None, "").unwrap_err().to_string();
    assert!(found.contains("no convolutional layer"), "{found}");
    let config = OcclusionConfig { stride: [0, 8], ..OcclusionConfig::default() };
    assert!(occlusion(&simple, &inputs, None, &config).is_err());
}
